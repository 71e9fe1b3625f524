package dev.parley.work.adapter.twilio;

import dev.parley.kit.MessagingAdapterContract;
import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import dev.parley.kit.VendorServer;
import dev.parley.kit.VendorServer.Behaviour;
import dev.parley.spi.MessagingAdapter.OutboundMessage;
import dev.parley.tenant.Settings;
import dev.parley.tenant.Tenant;
import dev.parley.work.adapter.Sealed;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** A tenant with an account at a scripted Twilio. */
final class TwilioSubject implements MessagingAdapterContract.Subject {
    static final String SID = "AC0123456789abcdef0123456789abcdef";
    static final String TOKEN = "auth-token-secret-0123456789abcdef";
    static final String PATH = "/2010-04-01/Accounts/" + SID + "/Messages.json";
    static final String SEND = "POST " + PATH;
    static final String LIST = "GET " + PATH;

    final VendorServer vendor = new VendorServer();
    final Sealed sealed;
    final TwilioMessaging adapter;
    private JsonObject settings = new JsonObject().put("twilio", new JsonObject().put("from", "+15559876543"));
    private String channel = "sms";
    private JsonObject refs = new JsonObject();
    private String text = "Hello, how can I help you today?";

    TwilioSubject(TestDatabase db) {
        this.sealed = new Sealed(db);
        sealed.put("twilio", new JsonObject().put("account_sid", SID).put("auth_token", TOKEN));
        TwilioConfig config = new SmallRyeConfigBuilder()
                .withDefaultValues(Map.of(
                        "parley.twilio.base-url", vendor.url(),
                        "parley.twilio.public-url", "https://hooks.example.com/",
                        "parley.twilio.call-timeout", "PT1.5S",
                        "parley.twilio.connect-timeout", "PT1S",
                        "parley.twilio.keep-alive", "PT10S",
                        "parley.twilio.pause", "PT5S",
                        "parley.twilio.look-up-skew", "PT5S",
                        "parley.twilio.look-up-pages", "2"))
                .withMapping(TwilioConfig.class)
                .build()
                .getConfigMapping(TwilioConfig.class);
        this.adapter = new TwilioMessaging(
                config,
                io.vertx.mutiny.core.Vertx.newInstance(db.vertx().getDelegate()),
                db.newPool(Login.WORKER, 4),
                sealed.vault());
    }

    TwilioSubject settings(JsonObject twilio) {
        settings = new JsonObject().put("twilio", twilio);
        return this;
    }

    TwilioSubject channel(String value) {
        channel = value;
        return this;
    }

    TwilioSubject refs(JsonObject twilio) {
        refs = new JsonObject().put("twilio", twilio);
        return this;
    }

    @Override
    public VendorServer vendor() {
        return vendor;
    }

    @Override
    public TwilioMessaging adapter() {
        return adapter;
    }

    @Override
    public Duration callTimeout() {
        return Duration.ofMillis(1500);
    }

    @Override
    public Tenant tenant() {
        return new Tenant(sealed.tenant(), "acme", "Acme Dental", true, "twilio", null, new Settings(settings));
    }

    @Override
    public OutboundMessage message() {
        return new OutboundMessage(UUID.randomUUID(), UUID.randomUUID(), channel, "+14394992990", text, refs);
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
    public Behaviour accepted(String providerMessageId) {
        return Behaviour.json(201, listed(providerMessageId, text, Instant.now()));
    }

    @Override
    public Behaviour acceptedWithoutId() {
        return Behaviour.json(201, new JsonObject().put("status", "queued"));
    }

    static Behaviour error(int status, int code, String message) {
        return Behaviour.json(
                status,
                new JsonObject()
                        .put("code", code)
                        .put("message", message)
                        .put("more_info", "https://www.twilio.com/docs/errors/" + code)
                        .put("status", status));
    }

    @Override
    public Behaviour tooFast(Duration comeAgainAfter) {
        return Behaviour.answer(
                429,
                Map.of("Retry-After", String.valueOf(comeAgainAfter.toSeconds()), "Content-Type", "application/json"),
                "{\"code\":20429,\"message\":\"Too Many Requests\",\"status\":429}");
    }

    @Override
    public Behaviour unknownContact() {
        return error(400, 21211, "The 'To' number +14394992990 is not a valid phone number.");
    }

    @Override
    public Behaviour optedOut() {
        return error(400, 21610, "Attempt to send to unsubscribed recipient +14394992990: \"" + text + "\"");
    }

    @Override
    public Behaviour expiredToken() {
        return error(401, 20003, "Authenticate " + TOKEN);
    }

    @Override
    public Behaviour forbidden() {
        return error(403, 20003, "Permission Denied");
    }

    static JsonObject listed(String sid, String body, Instant at) {
        return new JsonObject()
                .put("sid", sid)
                .put("status", "queued")
                .put("direction", "outbound-api")
                .put("to", "+14394992990")
                .put("from", "+15559876543")
                .put("body", body)
                .put("date_created", DateTimeFormatter.RFC_1123_DATE_TIME.format(at.atOffset(ZoneOffset.UTC)))
                .putNull("date_sent");
    }

    @Override
    public void planLookUp(Optional<String> providerMessageId) {
        JsonArray messages = new JsonArray();
        providerMessageId.ifPresent(sid -> messages.add(listed(sid, text, Instant.now())));
        planPage(messages, null);
    }

    void planPage(JsonArray messages, String next) {
        vendor.on(
                LIST,
                Behaviour.json(200, new JsonObject().put("messages", messages).put("next_page_uri", next)));
    }

    @Override
    public void planSilentLookUp() {
        vendor.on(LIST, Behaviour.silence());
    }

    @Override
    public List<String> secrets() {
        return List.of(TOKEN, "api-secret-0123", Sealed.KEY);
    }

    @Override
    public void close() {
        adapter.close();
        vendor.close();
    }
}
