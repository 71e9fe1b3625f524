package dev.parley.work.adapter.chatwoot;

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
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** A tenant with an account at a scripted Chatwoot, and the adapter that acts for it. */
final class ChatwootAccount implements MessagingAdapterContract.Subject {
    static final String CONVERSATION = "/api/v1/accounts/2/conversations/99";
    static final String SEND = "POST " + CONVERSATION + "/messages";
    static final String LIST = "GET " + CONVERSATION + "/messages";
    static final String TOGGLE = "POST " + CONVERSATION + "/toggle_status";
    static final String TOKEN = "bot-secret-access-token";
    static final String READ_TOKEN = "user-secret-access-token";
    static final String KEY = Vault.newKey();

    private static final Duration SOON = Duration.ofSeconds(20);

    final TestDatabase db;
    final VendorServer vendor = new VendorServer();
    final TenantId id;
    JsonObject settings = new JsonObject();
    JsonObject refs = new JsonObject()
            .put(
                    "chatwoot",
                    new JsonObject()
                            .put("conversation_id", "99")
                            .put("account_id", "2")
                            .put("contact_id", "17"));
    String text = "Hello, how can I help you today?";
    boolean handsOff;

    final UUID messageId = UUID.randomUUID();
    private final Vault vault = Vault.of(KEY);
    private ChatwootMessaging adapter;

    ChatwootAccount(TestDatabase db) {
        this.db = db;
        this.id = new Fixtures(db).tenant();
        seal(new JsonObject().put("access_token", TOKEN).put("read_token", READ_TOKEN));
    }

    void seal(JsonObject credentials) {
        new CredentialStore()
                .put(db.pool(), id, "chatwoot", vault.seal(id, "chatwoot", credentials), vault.currentVersion())
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
            adapter = new ChatwootMessaging(
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
        return new Tenant(id, "acme", "Acme Dental", true, "chatwoot", null, new Settings(settings));
    }

    @Override
    public OutboundMessage message() {
        return new OutboundMessage(messageId, UUID.randomUUID(), "webchat", "contact-17/3", text, refs, handsOff);
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
    public boolean tellsOptOut() {
        return false;
    }

    @Override
    public Behaviour accepted(String providerMessageId) {
        return Behaviour.json(200, message(providerMessageId, text, Instant.now(), messageId));
    }

    @Override
    public Behaviour acceptedWithoutId() {
        return Behaviour.json(200, new JsonObject().put("content", text));
    }

    /** @param ours null = a version that keeps no attributes, or somebody else's message */
    static JsonObject message(String id, String content, Instant at, UUID ours) {
        return new JsonObject()
                .put("id", id.matches("[0-9]+") ? (Object) Integer.valueOf(id) : id)
                .put("content", content)
                .put("message_type", 1)
                .put("status", "sent")
                .put("private", false)
                .put("created_at", at.getEpochSecond())
                .put(
                        "content_attributes",
                        ours == null ? new JsonObject() : new JsonObject().put("parley_message_id", ours.toString()))
                .put("conversation_id", 99);
    }

    @Override
    public Behaviour tooFast(Duration comeAgainAfter) {
        return Behaviour.answer(429, Map.of("Retry-After", String.valueOf(comeAgainAfter.toSeconds())), "Retry later");
    }

    @Override
    public Behaviour unknownContact() {
        return Behaviour.json(404, new JsonObject().put("error", "Resource could not be found"));
    }

    @Override
    public Behaviour expiredToken() {
        return Behaviour.json(401, new JsonObject().put("error", "Invalid Access Token " + TOKEN));
    }

    @Override
    public Behaviour forbidden() {
        return Behaviour.json(401, new JsonObject().put("error", "You are not authorized to do this action"));
    }

    @Override
    public void planLookUp(Optional<String> providerMessageId) {
        JsonArray messages = new JsonArray();
        providerMessageId.ifPresent(known -> messages.add(message(known, text, Instant.now(), messageId)));
        page(messages);
    }

    void page(JsonArray messages) {
        vendor.on(
                LIST,
                Behaviour.json(
                        200, new JsonObject().put("meta", new JsonObject()).put("payload", messages)));
    }

    @Override
    public void planSilentLookUp() {
        vendor.on(LIST, Behaviour.silence());
    }

    @Override
    public List<String> secrets() {
        return List.of(TOKEN, READ_TOKEN, KEY);
    }

    @Override
    public void close() {
        if (adapter != null) {
            adapter.close();
        }
        vendor.close();
    }

    record Config(String baseUrl) implements ChatwootConfig {
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
            return Duration.ofSeconds(60);
        }

        @Override
        public Duration lookUpSkew() {
            return Duration.ofSeconds(5);
        }

        @Override
        public int lookUpPages() {
            return 3;
        }
    }
}
