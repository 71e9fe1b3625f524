package dev.parley.ingest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** With limits that a test can reach, behind a proxy that is trusted. */
public class DoorDatabase extends IngestDatabase {
    static final int ADDRESS_BURST = 20;
    static final int TENANT_BURST = 50;
    static final int MAX_JOBS = 300;
    static final Duration REFUSAL_DELAY = Duration.ofMillis(20);
    static final Path KEYS = file("ghl-keys");
    static final Path APP_SECRETS = file("whatsapp-app-secrets");

    @Override
    public Map<String, String> start() {
        Map<String, String> config = super.start();
        config.put("parley.ingest.limits.trusted-proxies", "127.0.0.0/8,::1");
        config.put("parley.ingest.limits.address-rate", "1");
        config.put("parley.ingest.limits.address-burst", String.valueOf(ADDRESS_BURST));
        config.put("parley.ingest.limits.tenant-rate", "1");
        config.put("parley.ingest.limits.tenant-burst", String.valueOf(TENANT_BURST));
        config.put("parley.ingest.limits.backlog.max-jobs", String.valueOf(MAX_JOBS));
        config.put("parley.ingest.limits.backlog.max-age", "1H");
        config.put("parley.ingest.limits.backlog.max-overdue", "10");
        config.put("parley.ingest.limits.backlog.every", "20ms");
        config.put("parley.ingest.max-body-of.standard-webhooks", "1K");
        config.put("parley.ingest.disabled-providers", "ghl-workflow,twilio," + CountingWebhooks.SWITCHED_OFF);
        config.put("parley.ingest.refusal-delay", REFUSAL_DELAY.toMillis() + "ms");
        config.put("parley.ingest.whatsapp.app-secrets-file", APP_SECRETS.toString());
        config.put("parley.ingest.whatsapp.app-secrets-every", "20ms");
        config.put("parley.ingest.ghl.public-keys-file", KEYS.toString());
        config.put("parley.ingest.ghl.public-keys-every", "20ms");
        return config;
    }

    private static Path file(String name) {
        try {
            Path file = Files.createTempFile(name, ".txt");
            file.toFile().deleteOnExit();
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
