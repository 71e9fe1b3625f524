package dev.parley.work.adapter.whatsapp;

import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.MessagingAdapter;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.Vault;
import dev.parley.work.adapter.Pauses;
import dev.parley.work.adapter.StoredCredentials;
import dev.parley.work.adapter.VendorCall;
import dev.parley.work.adapter.VendorHttp;
import dev.parley.work.adapter.VendorHttp.Answer;
import io.smallrye.mutiny.Uni;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.core.Vertx;
import io.vertx.mutiny.sqlclient.Pool;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Sends text through Meta's WhatsApp Cloud API. There is no idempotency key and no way to ask for a message, but Meta sends
 * {@code biz_opaque_callback_data} back with every status: our message's id goes there, so a report clears up what an
 * answer did not. Until one comes, and for ever if none does, an unclear send stays {@code unknown}.
 *
 * <p>Free text is for people who wrote within 24 hours; whether that is so is known before the call
 * ({@link #replyWindow}), and where Meta counts differently (131047) the message is blocked with that reason, too.
 *
 * <p>Read from {@code settings.whatsapp}: {@code phone_number_id}. Credentials {@code whatsapp}: {@code {"access_token"}},
 * the token of a system user.
 *
 * <p>Source: Meta, "Text messages", "Customer service windows" and "Business-scoped user IDs" of the WhatsApp Business
 * Platform documentation.
 */
@Singleton
public final class WhatsAppMessaging implements MessagingAdapter, AutoCloseable {
    private static final String NAME = "whatsapp";
    private static final Duration WINDOW = Duration.ofHours(24);
    private static final Duration REPORT_INTERVAL = Duration.ofSeconds(20);
    private static final int LONGEST_TEXT = 4096;

    private final VendorHttp client;
    private final StoredCredentials credentials;
    private final WhatsAppConfig config;
    private final Clock clock;
    private final Pauses pauses;

    @Inject
    public WhatsAppMessaging(WhatsAppConfig config, Vertx vertx, Pool db, Vault vault) {
        this(config, vertx, db, vault, Clock.systemUTC());
    }

    WhatsAppMessaging(WhatsAppConfig config, Vertx vertx, Pool db, Vault vault, Clock clock) {
        this.config = config;
        this.clock = clock;
        this.client = new VendorHttp(
                vertx.getDelegate(),
                NAME,
                "parley.whatsapp.base-url",
                config.baseUrl(),
                config.connectTimeout(),
                config.keepAlive(),
                config.poolSize());
        this.credentials = new StoredCredentials(db, vault);
        this.pauses = new Pauses(clock);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Optional<Duration> replyWindow(String channel) {
        return Optional.of(WINDOW);
    }

    @Override
    public Uni<Sent> send(Tenant tenant, OutboundMessage message) {
        return VendorCall.ending("send", true, config.callTimeout(), time -> {
            String number = tenant.settings()
                    .text("whatsapp.phone_number_id")
                    .filter(id -> id.matches("[A-Za-z0-9_-]{1,64}"))
                    .orElseThrow(
                            () -> refused("settings.whatsapp.phone_number_id does not name the number to send from"));
            pauses.check(tenant.id());
            JsonObject body = body(message);
            return credentials
                    .of(tenant.id(), NAME)
                    .flatMap(credential -> post(number, token(credential), body, message, time))
                    .map(answered -> sent(answered, tenant, message));
        });
    }

    private record Answered(Answer answer, String token) {}

    private Uni<Answered> post(String number, String token, JsonObject body, OutboundMessage message, VendorCall time) {
        return time.requesting(() -> client.exchange(
                        HttpMethod.POST,
                        "/" + config.apiVersion() + "/" + number + "/messages",
                        Map.ofEntries(
                                Map.entry("Authorization", "Bearer " + token),
                                Map.entry("Accept", "application/json"),
                                Map.entry("Content-Type", "application/json"),
                                VendorCall.trace(message)),
                        body.toBuffer(),
                        time.timeLeft()))
                .map(answer -> new Answered(answer, token));
    }

    private static String token(JsonObject credential) {
        return StoredCredentials.required(credential, "access_token", "{\"access_token\": \"…\"}")
                .reveal();
    }

    private static JsonObject body(OutboundMessage message) {
        if (!message.channel().equals("whatsapp")) {
            throw refused("Meta's Cloud API sends nothing on channel " + message.channel());
        }
        if (message.text().length() > LONGEST_TEXT) {
            throw refused("the text is longer than the " + LONGEST_TEXT + " characters of a WhatsApp message");
        }
        JsonObject body = new JsonObject()
                .put("messaging_product", "whatsapp")
                .put("recipient_type", "individual")
                .put("type", "text")
                .put("text", new JsonObject().put("preview_url", false).put("body", message.text()))
                .put("biz_opaque_callback_data", message.messageId().toString());
        String address = message.channelAddress();
        if (address.startsWith("+")) {
            // Meta's own way to write the number, where it told us: for some countries it is not the dialled one.
            return body.put("to", ref(message, "wa_id").orElse(address.substring(1)));
        }
        return body.put("recipient", ref(message, "user_id").orElse(address));
    }

    private static Optional<String> ref(OutboundMessage message, String key) {
        return message.contactRefs().getValue(NAME) instanceof JsonObject refs
                        && refs.getValue(key) instanceof String id
                        && !id.isBlank()
                ? Optional.of(id)
                : Optional.empty();
    }

    private Sent sent(Answered answered, Tenant tenant, OutboundMessage message) {
        Answer answer = answered.answer();
        if (!answer.isSuccess()) {
            throw failure(answered, tenant, message);
        }
        JsonObject json = answer.json();
        if (json == null) {
            throw new AdapterException(Kind.AMBIGUOUS, "Meta answered " + answer.status() + " without a JSON object");
        }
        JsonObject first = json.getValue("messages") instanceof JsonArray messages
                        && !messages.isEmpty()
                        && messages.getValue(0) instanceof JsonObject object
                ? object
                : new JsonObject();
        String id = first.getValue("id") instanceof String text && !text.isBlank() ? text : null;
        return new Sent(id, first.getValue("message_status") instanceof String status ? status : "accepted");
    }

    private AdapterException failure(Answered answered, Tenant tenant, OutboundMessage message) {
        Answer answer = answered.answer();
        String address = message.channelAddress();
        List<String> quotes = List.of(
                answered.token(), message.text(), address, address.startsWith("+") ? address.substring(1) : address);
        MetaError error = MetaError.of(answer, quotes);
        Duration asked = VendorHttp.retryAfter(answer.headers(), clock.instant());
        if (error.code() == MetaError.PAIR_TOO_FAST) {
            // Concerns this recipient alone: the number's other conversations go on.
            return new AdapterException(
                    Kind.TRANSIENT, error.reason(), asked == null ? config.pairPause() : asked, null);
        }
        if (error.isTooFast() || error.code() == MetaError.SPAM_LIMIT) {
            Duration otherwise = error.code() == MetaError.SPAM_LIMIT ? config.spamPause() : config.throttledPause();
            Duration told = asked == null ? regained(answer) : asked;
            Duration pause = pauses.begin(tenant.id(), told == null ? otherwise : told);
            return new AdapterException(Kind.THROTTLED, error.reason(), pause, null);
        }
        Kind kind = error.kind(asked != null);
        return new AdapterException(kind, error.reason(), kind == Kind.TRANSIENT ? asked : null, null);
    }

    /** {@code X-Business-Use-Case-Usage}: minutes until the account may call again; null = it does not say. */
    private static @Nullable Duration regained(Answer answer) {
        String header = answer.headers().get("X-Business-Use-Case-Usage");
        if (header == null) {
            return null;
        }
        try {
            int minutes = new JsonObject(header)
                    .stream()
                            .filter(account -> account.getValue() instanceof JsonArray)
                            .flatMap(account -> ((JsonArray) account.getValue()).stream())
                            .mapToInt(usage -> usage instanceof JsonObject json
                                            && json.getValue("estimated_time_to_regain_access") instanceof Integer left
                                    ? left
                                    : 0)
                            .max()
                            .orElse(0);
            return minutes > 0 ? Duration.ofMinutes(minutes) : null;
        } catch (DecodeException e) {
            return null;
        }
    }

    /** Meta has no question for it: its report of the message may still come, and clears it up without us. */
    @Override
    public Uni<Optional<Sent>> lookUp(Tenant tenant, OutboundMessage message, Instant attemptedAt) {
        return VendorCall.ending("look-up", false, config.callTimeout(), time -> {
            boolean mayStillCome = clock.instant().isBefore(attemptedAt.plus(config.reportPatience()));
            throw mayStillCome
                    ? new AdapterException(
                            Kind.AMBIGUOUS, "Meta cannot be asked, its report may still come", REPORT_INTERVAL, null)
                    : refused("Meta cannot be asked, and no report of the message came; it is not sent again");
        });
    }

    private static AdapterException refused(String reason) {
        return new AdapterException(Kind.REFUSED, reason);
    }

    @Override
    @PreDestroy
    public void close() {
        client.close();
    }
}
