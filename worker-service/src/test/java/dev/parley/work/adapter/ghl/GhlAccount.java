package dev.parley.work.adapter.ghl;

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
import io.vertx.mutiny.sqlclient.Pool;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** A tenant with an account at a scripted GoHighLevel, and adapters that act for it. */
final class GhlAccount implements MessagingAdapterContract.Subject {
    static final String SEND = "POST /conversations/messages";
    static final String TOKEN = "POST /oauth/token";
    static final String SEARCH = "GET /conversations/search";
    static final String LOCATION = "ve9EPM428h8vShlRW1KT";
    static final String CONTACT = "abc123def456";
    static final String KEY = Vault.newKey();

    private static final Duration SOON = Duration.ofSeconds(20);

    final TestDatabase db;
    final VendorServer vendor = new VendorServer();
    final Vault vault = Vault.of(KEY);
    final CredentialStore store = new CredentialStore();
    final TenantId id;
    final Config config = new Config(vendor.url());

    private final List<GhlMessaging> adapters = new ArrayList<>();
    private Clock clock = Clock.systemUTC();
    private JsonObject settings = new JsonObject();
    private String channel = "sms";
    private JsonObject refs = new JsonObject().put("ghl", new JsonObject().put("contact_id", CONTACT));
    private String text = "Hello, how can I help you today?";
    private GhlMessaging adapter;

    /** With an OAuth token that is good for another day. */
    GhlAccount(TestDatabase db) {
        this.db = db;
        this.id = new Fixtures(db).tenant();
        seal(oauth(Instant.now().plusSeconds(86_000)));
    }

    GhlAccount clock(Clock value) {
        clock = value;
        return this;
    }

    GhlAccount settings(JsonObject value) {
        settings = value;
        return this;
    }

    GhlAccount channel(String value) {
        channel = value;
        return this;
    }

    GhlAccount refs(JsonObject value) {
        refs = value;
        return this;
    }

    GhlAccount text(String value) {
        text = value;
        return this;
    }

    JsonObject oauth(Instant expiresAt) {
        return new JsonObject()
                .put("access_token", "access-secret-one")
                .put("refresh_token", "refresh-secret-one")
                .put("expires_at", expiresAt.toString())
                .put("location_id", LOCATION)
                .put("user_type", "Location")
                .put("kept", "by us");
    }

    void seal(JsonObject credentials) {
        store.put(db.pool(), id, "ghl", vault.seal(id, "ghl", credentials), vault.currentVersion())
                .await()
                .atMost(SOON);
    }

    JsonObject stored() {
        return vault.open(
                id,
                "ghl",
                store.find(db.pool(), id, "ghl")
                        .await()
                        .atMost(SOON)
                        .orElseThrow()
                        .token());
    }

    /** A further one, as in another process: it shares nothing but the database. */
    GhlMessaging anotherAdapter() {
        return anotherAdapter(db.newPool(Login.WORKER, 4));
    }

    GhlMessaging anotherAdapter(Pool pool) {
        GhlMessaging one = new GhlMessaging(
                config, io.vertx.mutiny.core.Vertx.newInstance(db.vertx().getDelegate()), pool, vault, clock);
        adapters.add(one);
        return one;
    }

    @Override
    public VendorServer vendor() {
        return vendor;
    }

    @Override
    public MessagingAdapter adapter() {
        if (adapter == null) {
            adapter = anotherAdapter();
        }
        return adapter;
    }

    @Override
    public Duration callTimeout() {
        return config.callTimeout();
    }

    @Override
    public Tenant tenant() {
        return new Tenant(id, "acme", "Acme Dental", true, "ghl", "ghl", new Settings(settings));
    }

    @Override
    public OutboundMessage message() {
        return new OutboundMessage(
                UUID.randomUUID(),
                UUID.randomUUID(),
                channel,
                channel.equals("email") ? "a@example.org" : "+14394992990",
                text,
                refs);
    }

    @Override
    public String sendRoute() {
        return SEND;
    }

    @Override
    public String refreshRoute() {
        return TOKEN;
    }

    @Override
    public Behaviour accepted(String providerMessageId) {
        return Behaviour.json(
                201,
                new JsonObject()
                        .put("conversationId", "ABC12h2F6uBrIkfXYazb")
                        .put("messageId", providerMessageId)
                        .put("status", "pending")
                        .put("msg", "Message queued successfully."));
    }

    @Override
    public Behaviour acceptedWithoutId() {
        return Behaviour.json(201, new JsonObject().put("conversationId", "ABC12h2F6uBrIkfXYazb"));
    }

    @Override
    public Behaviour tooFast(Duration comeAgainAfter) {
        return Behaviour.answer(
                429,
                Map.of("Retry-After", String.valueOf(comeAgainAfter.toSeconds()), "Content-Type", "application/json"),
                error(429, "Too Many Requests").encode());
    }

    @Override
    public Behaviour unknownContact() {
        return refusal(404, "Contact with id " + CONTACT + " not found");
    }

    @Override
    public Behaviour optedOut() {
        return refusal(400, "Cannot send message as DND is active for SMS: +14394992990, \"" + text + "\"");
    }

    @Override
    public Behaviour expiredToken() {
        return refusal(401, "Invalid JWT: access-secret-one is expired");
    }

    @Override
    public Behaviour forbidden() {
        return refusal(401, "The token is not authorized for this scope.");
    }

    @Override
    public Behaviour refreshed() {
        return refreshed("two", 86_399);
    }

    Behaviour refreshed(String name, long seconds) {
        return Behaviour.json(
                200,
                new JsonObject()
                        .put("access_token", "access-secret-" + name)
                        .put("token_type", "Bearer")
                        .put("expires_in", seconds)
                        .put("refresh_token", "refresh-secret-" + name)
                        .put("scope", "conversations/message.write")
                        .put("userType", "Location")
                        .put("locationId", LOCATION));
    }

    @Override
    public Behaviour refreshRefused() {
        return Behaviour.json(
                400,
                new JsonObject()
                        .put("error", "invalid_grant")
                        .put("error_description", "Invalid grant: refresh-secret-one is invalid"));
    }

    static Behaviour refusal(int status, String message) {
        return Behaviour.json(status, error(status, message));
    }

    private static JsonObject error(int status, String message) {
        return new JsonObject().put("statusCode", status).put("message", message);
    }

    @Override
    public void planLookUp(Optional<String> providerMessageId) {
        JsonArray messages = new JsonArray();
        providerMessageId.ifPresent(known -> messages.add(outbound(known, text, Instant.now())));
        conversations("conv1");
        messages("conv1", messages, false);
    }

    void conversations(String... ids) {
        JsonArray found = new JsonArray();
        for (String each : ids) {
            found.add(new JsonObject().put("id", each).put("contactId", CONTACT).put("locationId", LOCATION));
        }
        vendor.on(
                SEARCH,
                Behaviour.json(200, new JsonObject().put("conversations", found).put("total", ids.length)));
    }

    void messages(String conversation, JsonArray messages, boolean more) {
        String last = messages.isEmpty()
                ? ""
                : messages.getJsonObject(messages.size() - 1).getString("id");
        vendor.on(
                "GET /conversations/" + conversation + "/messages",
                Behaviour.json(
                        200,
                        new JsonObject()
                                .put(
                                        "messages",
                                        new JsonObject()
                                                .put("lastMessageId", last)
                                                .put("nextPage", more)
                                                .put("messages", messages))));
    }

    static JsonObject outbound(String id, String body, Instant at) {
        return new JsonObject()
                .put("id", id)
                .put("type", 2)
                .put("messageType", "TYPE_SMS")
                .put("contactId", CONTACT)
                .put("direction", "outbound")
                .put("source", "api")
                .put("status", "delivered")
                .put("body", body)
                .put("dateAdded", at.toString());
    }

    @Override
    public void planSilentLookUp() {
        vendor.on(SEARCH, Behaviour.silence());
    }

    @Override
    public List<String> secrets() {
        return List.of(
                "access-secret-one",
                "refresh-secret-one",
                "access-secret-two",
                "refresh-secret-two",
                "client-secret-x",
                KEY);
    }

    @Override
    public void close() {
        adapters.forEach(GhlMessaging::close);
        vendor.close();
    }

    /** The documented defaults, with times a test can wait for. */
    static final class Config implements GhlConfig {
        private final String baseUrl;
        Optional<String> clientId = Optional.of("client-id");
        Optional<String> clientSecret = Optional.of("client-secret-x");
        Duration callTimeout = Duration.ofMillis(1500);
        Duration refreshTimeout = Duration.ofSeconds(5);
        Duration refreshRetry = Duration.ofMinutes(1);
        int lookUpPages = 3;
        int concurrentRefreshes = 2;

        Config(String baseUrl) {
            this.baseUrl = baseUrl;
        }

        @Override
        public String baseUrl() {
            return baseUrl;
        }

        @Override
        public Optional<String> clientId() {
            return clientId;
        }

        @Override
        public Optional<String> clientSecret() {
            return clientSecret;
        }

        @Override
        public Duration callTimeout() {
            return callTimeout;
        }

        @Override
        public Duration connectTimeout() {
            return Duration.ofSeconds(1);
        }

        @Override
        public Duration refreshTimeout() {
            return refreshTimeout;
        }

        @Override
        public Duration refreshRetry() {
            return refreshRetry;
        }

        @Override
        public int concurrentRefreshes() {
            return concurrentRefreshes;
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
        public Duration window() {
            return Duration.ofSeconds(10);
        }

        @Override
        public Duration dailyPause() {
            return Duration.ofMinutes(15);
        }

        @Override
        public Duration lookUpSkew() {
            return Duration.ofSeconds(5);
        }

        @Override
        public int lookUpPages() {
            return lookUpPages;
        }
    }
}
