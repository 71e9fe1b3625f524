package dev.parley.work.adapter.telegram;

import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.MessagingAdapter;
import dev.parley.tenant.Secret;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.Vault;
import dev.parley.work.adapter.Pauses;
import dev.parley.work.adapter.StoredCredentials;
import dev.parley.work.adapter.VendorCall;
import dev.parley.work.adapter.VendorHttp;
import dev.parley.work.adapter.VendorHttp.Answer;
import dev.parley.work.adapter.VendorWords;
import io.smallrye.mutiny.Uni;
import io.vertx.core.http.HttpMethod;
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
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Sends as a Telegram bot ({@code sendMessage}). The Bot API has neither an idempotency key nor a way to ask what was sent,
 * so whatever may have arrived without a clear answer stays unknown: a person decides, nothing is sent twice.
 *
 * <table>
 *   <caption>What an end means</caption>
 *   <tr><td>2xx with {@code ok: true}</td><td>sent</td></tr>
 *   <tr><td>2xx with anything else; 5xx; a lost answer</td><td>AMBIGUOUS</td></tr>
 *   <tr><td>no connection; 3xx, 408, 425</td><td>TRANSIENT</td></tr>
 *   <tr><td>429</td><td>THROTTLED for {@code parameters.retry_after} (or {@code Retry-After})</td></tr>
 *   <tr><td>401, 404 (a token that no bot has)</td><td>UNAUTHORIZED</td></tr>
 *   <tr><td>403 blocked by the user, or who is gone</td><td>REFUSED, the reason begins with {@code dnd:}</td></tr>
 *   <tr><td>any other 403</td><td>UNAUTHORIZED: the bot may not do it</td></tr>
 *   <tr><td>any other 4xx</td><td>REFUSED</td></tr>
 * </table>
 */
@Singleton
public final class TelegramMessaging implements MessagingAdapter, AutoCloseable {
    private static final String NAME = "telegram";
    private static final String SHAPE = "{\"bot_token\": \"123456:ABC…\"}";
    private static final Pattern TOKEN = Pattern.compile("[0-9]{1,20}:[A-Za-z0-9_-]{10,100}");
    private static final Pattern CHAT = Pattern.compile("-?[0-9]{1,19}");
    private static final Pattern UNREACHABLE =
            Pattern.compile("blocked by the user|user is deactivated|can't initiate conversation");

    private final VendorHttp http;
    private final StoredCredentials credentials;
    private final Pauses pauses;
    private final TelegramConfig config;
    private final Clock clock;

    @Inject
    public TelegramMessaging(TelegramConfig config, Vertx vertx, Pool db, Vault vault) {
        this.config = config;
        this.clock = Clock.systemUTC();
        this.credentials = new StoredCredentials(db, vault);
        this.pauses = new Pauses(clock);
        this.http = new VendorHttp(
                vertx.getDelegate(),
                NAME,
                "parley.telegram.base-url",
                config.baseUrl(),
                config.connectTimeout(),
                config.keepAlive(),
                config.poolSize());
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Uni<Sent> send(Tenant tenant, OutboundMessage message) {
        return VendorCall.ending(
                "send",
                true,
                config.callTimeout(),
                call -> Uni.createFrom()
                        .deferred(() -> credentials.of(tenant.id(), NAME))
                        .map(TelegramMessaging::token)
                        .flatMap(token -> {
                            JsonObject body = body(message);
                            pauses.check(tenant.id());
                            return call.requesting(() -> http.exchange(
                                            HttpMethod.POST,
                                            "/bot" + token.reveal() + "/sendMessage",
                                            Map.ofEntries(
                                                    Map.entry("Content-Type", "application/json"),
                                                    Map.entry("Accept", "application/json"),
                                                    VendorCall.trace(message)),
                                            body.toBuffer(),
                                            call.timeLeft()))
                                    .map(answer -> sent(tenant, message, token, answer));
                        }));
    }

    private static Secret token(JsonObject credentials) {
        Secret token = StoredCredentials.required(credentials, "bot_token", SHAPE);
        if (!TOKEN.matcher(token.reveal()).matches()) {
            // It becomes part of a URL.
            throw new AdapterException(Kind.UNAUTHORIZED, "credentials: bot_token is not such as " + SHAPE);
        }
        return token;
    }

    private static JsonObject body(OutboundMessage message) {
        if (!message.channel().equals(NAME)) {
            throw new AdapterException(Kind.REFUSED, "Telegram sends nothing on channel " + message.channel());
        }
        String chat = message.contactRefs().getValue(NAME) instanceof JsonObject refs
                        && refs.getValue("chat_id") instanceof String id
                ? id
                : message.channelAddress();
        if (!CHAT.matcher(chat).matches()) {
            throw new AdapterException(
                    Kind.REFUSED, "the contact's Telegram chat is not known (refs.telegram.chat_id)");
        }
        // Without parse_mode: what the customer's name or ours contains is text, whatever it looks like.
        return new JsonObject().put("chat_id", Long.parseLong(chat)).put("text", message.text());
    }

    private Sent sent(Tenant tenant, OutboundMessage message, Secret token, Answer answer) {
        JsonObject json = answer.json();
        if (!answer.isSuccess()) {
            throw failure(tenant, message, token, answer, json == null ? new JsonObject() : json);
        }
        if (json == null || !Boolean.TRUE.equals(json.getValue("ok"))) {
            throw new AdapterException(Kind.AMBIGUOUS, "Telegram answered " + answer.status() + " without ok");
        }
        JsonObject result = json.getValue("result") instanceof JsonObject object ? object : new JsonObject();
        Object chat = result.getValue("chat") instanceof JsonObject object ? object.getValue("id") : null;
        Object id = result.getValue("message_id");
        return new Sent(id instanceof Number && chat instanceof Number ? chat + ":" + id : null, "sent");
    }

    private AdapterException failure(
            Tenant tenant, OutboundMessage message, Secret token, Answer answer, JsonObject json) {
        int status = answer.status();
        String said = json.getValue("description") instanceof String text ? text : "";
        String shown = VendorWords.shown(said, List.of(token.reveal(), message.text(), message.channelAddress()));
        String reason = "Telegram answered " + status + (shown.isEmpty() ? "" : " \"" + shown + "\"");
        if (status == 429) {
            Duration asked = retryAfter(json, answer);
            return new AdapterException(
                    Kind.THROTTLED, reason, pauses.begin(tenant.id(), asked == null ? config.pause() : asked), null);
        }
        if (status >= 500) {
            return new AdapterException(Kind.AMBIGUOUS, reason);
        }
        if (status == 408 || status == 425 || status < 400) {
            return new AdapterException(Kind.TRANSIENT, reason);
        }
        if (status == 403 && UNREACHABLE.matcher(said.toLowerCase(Locale.ROOT)).find()) {
            return new AdapterException(Kind.REFUSED, "dnd: " + reason);
        }
        return new AdapterException(
                status == 401 || status == 403 || status == 404 ? Kind.UNAUTHORIZED : Kind.REFUSED, reason);
    }

    private @Nullable Duration retryAfter(JsonObject json, Answer answer) {
        return json.getValue("parameters") instanceof JsonObject parameters
                        && parameters.getValue("retry_after") instanceof Integer seconds
                        && seconds >= 0
                ? Duration.ofSeconds(seconds)
                : VendorHttp.retryAfter(answer.headers(), clock.instant());
    }

    /** Nobody can be asked, and nothing is worse than twice: a person decides. */
    @Override
    public Uni<Optional<Sent>> lookUp(Tenant tenant, OutboundMessage message, Instant attemptedAt) {
        return VendorCall.ending(
                "look-up",
                false,
                config.callTimeout(),
                call -> Uni.createFrom()
                        .failure(new AdapterException(
                                Kind.REFUSED,
                                "Telegram cannot be asked whether it has the message: look into the chat")));
    }

    @Override
    @PreDestroy
    public void close() {
        http.close();
    }
}
