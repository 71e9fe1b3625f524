package dev.parley.work.adapter.whatsapp;

import dev.parley.kit.Fixtures;
import dev.parley.kit.MessagingAdapterContract;
import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import dev.parley.kit.VendorServer;
import dev.parley.kit.VendorServer.Behaviour;
import dev.parley.spi.MessagingAdapter;
import dev.parley.spi.MessagingAdapter.OutboundMessage;
import dev.parley.tenant.CredentialStore;
import dev.parley.tenant.Settings;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantId;
import dev.parley.tenant.Vault;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** A tenant with a number at a scripted Meta, and the adapter that acts for it. */
final class WhatsAppAccount implements MessagingAdapterContract.Subject {
    static final String NUMBER = "106540352242922";
    static final String SEND = "POST /v23.0/" + NUMBER + "/messages";
    static final String TOKEN = "EAAGsecret-system-user-token";
    static final String KEY = Vault.newKey();

    private static final Duration SOON = Duration.ofSeconds(20);

    final TestDatabase db;
    final VendorServer vendor = new VendorServer();
    final TenantId id;
    JsonObject settings = new JsonObject().put("whatsapp", new JsonObject().put("phone_number_id", NUMBER));
    String channel = "whatsapp";
    String address = "+16505551234";
    JsonObject refs = new JsonObject();
    String text = "Hello, how can I help you today?";

    private final Vault vault = Vault.of(KEY);
    private final UUID messageId = UUID.randomUUID();
    private WhatsAppMessaging adapter;

    WhatsAppAccount(TestDatabase db) {
        this.db = db;
        this.id = new Fixtures(db).tenant();
        seal(new JsonObject().put("access_token", TOKEN));
    }

    void seal(JsonObject credentials) {
        new CredentialStore()
                .put(db.pool(), id, "whatsapp", vault.seal(id, "whatsapp", credentials), vault.currentVersion())
                .await()
                .atMost(SOON);
    }

    @Override
    public VendorServer vendor() {
        return vendor;
    }

    @Override
    public MessagingAdapter adapter() {
        if (adapter == null) {
            adapter = new WhatsAppMessaging(
                    new Config(vendor.url()),
                    io.vertx.mutiny.core.Vertx.newInstance(db.vertx().getDelegate()),
                    db.newPool(Login.WORKER, 4),
                    vault,
                    Clock.systemUTC());
        }
        return adapter;
    }

    @Override
    public Duration callTimeout() {
        return Duration.ofMillis(1500);
    }

    @Override
    public Tenant tenant() {
        return new Tenant(id, "acme", "Acme Dental", true, "whatsapp", null, new Settings(settings));
    }

    @Override
    public OutboundMessage message() {
        return new OutboundMessage(messageId, UUID.randomUUID(), channel, address, text, refs);
    }

    @Override
    public String sendRoute() {
        return SEND;
    }

    @Override
    public boolean canRefresh() {
        return false;
    }

    @Override
    public boolean canLookUp() {
        return false;
    }

    @Override
    public Behaviour accepted(String providerMessageId) {
        return Behaviour.json(
                200, answer().put("messages", new JsonArray().add(new JsonObject().put("id", providerMessageId))));
    }

    @Override
    public Behaviour acceptedWithoutId() {
        return Behaviour.json(200, answer());
    }

    private static JsonObject answer() {
        return new JsonObject()
                .put("messaging_product", "whatsapp")
                .put(
                        "contacts",
                        new JsonArray()
                                .add(new JsonObject()
                                        .put("input", "16505551234")
                                        .put("wa_id", "16505551234")));
    }

    @Override
    public Behaviour tooFast(Duration comeAgainAfter) {
        return Behaviour.answer(
                429,
                Map.of("Retry-After", String.valueOf(comeAgainAfter.toSeconds()), "Content-Type", "application/json"),
                error(130429, "(#130429) Rate limit hit").encode());
    }

    @Override
    public Behaviour unknownContact() {
        return refusal(400, 131026, "(#131026) Message undeliverable to 16505551234");
    }

    @Override
    public Behaviour optedOut() {
        return refusal(400, 131050, "(#131050) The recipient chose to stop receiving: \"" + text + "\" to " + address);
    }

    @Override
    public Behaviour expiredToken() {
        return refusal(401, 190, "Error validating access token " + TOKEN + ": Session has expired");
    }

    @Override
    public Behaviour forbidden() {
        return refusal(403, 10, "(#10) Application does not have permission for this action");
    }

    static Behaviour refusal(int status, int code, String message) {
        return Behaviour.json(status, error(code, message));
    }

    private static JsonObject error(int code, String message) {
        return new JsonObject()
                .put(
                        "error",
                        new JsonObject()
                                .put("message", message)
                                .put("type", "OAuthException")
                                .put("code", code)
                                .put("fbtrace_id", "Az8or2yhqkZfEZ"));
    }

    @Override
    public List<String> secrets() {
        return List.of(TOKEN, KEY);
    }

    @Override
    public void close() {
        if (adapter != null) {
            adapter.close();
        }
        vendor.close();
    }

    record Config(String baseUrl) implements WhatsAppConfig {
        @Override
        public String apiVersion() {
            return "v23.0";
        }

        @Override
        public Duration callTimeout() {
            return Duration.ofMillis(1500);
        }

        @Override
        public Duration connectTimeout() {
            return Duration.ofSeconds(1);
        }

        @Override
        public int poolSize() {
            return 16;
        }

        @Override
        public Duration keepAlive() {
            return Duration.ofSeconds(10);
        }

        @Override
        public Duration throttledPause() {
            return Duration.ofSeconds(10);
        }

        @Override
        public Duration spamPause() {
            return Duration.ofMinutes(15);
        }

        @Override
        public Duration pairPause() {
            return Duration.ofSeconds(20);
        }

        @Override
        public Duration reportPatience() {
            return Duration.ofMinutes(2);
        }
    }
}
