package dev.parley.ingest;

import dev.parley.ingest.fuzz.WhatsAppSubject;
import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import dev.parley.tenant.Vault;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.util.HashMap;
import java.util.Map;

/** A database of its own for each test class, reached as the role the service has in production. */
public class IngestDatabase implements QuarkusTestResourceLifecycleManager {
    static final TestKey GHL = new TestKey(1);
    static final String APP = "6878cec452e7c8d29d4dd3d9";
    static final String WHATSAPP_SECRET = WhatsAppSubject.APP_SECRET;
    static final String WHATSAPP_TOKEN = "a-token-that-meta-shows";
    static final String VAULT_KEY = Vault.newKey();

    private TestDatabase db;
    private FaultyNetwork network;

    @Override
    public Map<String, String> start() {
        db = TestDatabase.create();
        network = new FaultyNetwork(db.host(), db.port());
        Map<String, String> config = new HashMap<>();
        config.put("parley.ingest.db.url", "postgresql://127.0.0.1:" + network.port() + "/" + db.name());
        config.put("parley.ingest.db.user", Login.INGEST.user());
        config.put("parley.ingest.db.password", Login.INGEST.password());
        config.put("parley.ingest.db.dead-after", "4S");
        config.put("quarkus.datasource.reactive.idle-timeout", "2S");
        config.put("parley.ingest.encryption-keys", VAULT_KEY);
        config.put("parley.ingest.ghl.app-ids", APP);
        config.put("parley.ingest.ghl.public-keys", GHL.spki());
        config.put("parley.ingest.whatsapp.app-secrets", WHATSAPP_SECRET + ",older-app-secret");
        config.put("parley.ingest.whatsapp.verify-tokens", WHATSAPP_TOKEN);
        config.put("parley.ingest.max-body", "256K");
        config.put("parley.ingest.body-timeout", "1S");
        return config;
    }

    @Override
    public void inject(TestInjector injector) {
        injector.injectIntoFields(db, new TestInjector.MatchesType(TestDatabase.class));
        injector.injectIntoFields(network, new TestInjector.MatchesType(FaultyNetwork.class));
    }

    @Override
    public void stop() {
        network.close();
        db.close();
    }
}
