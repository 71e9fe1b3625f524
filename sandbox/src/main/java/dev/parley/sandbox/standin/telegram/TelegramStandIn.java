package dev.parley.sandbox.standin.telegram;

import dev.parley.sandbox.standin.Answer;
import dev.parley.sandbox.standin.Fault;
import dev.parley.sandbox.standin.Switchboard;
import dev.parley.sandbox.standin.Switchboard.Call;
import dev.parley.sandbox.standin.Switchboard.Heard;
import dev.parley.tenant.Secret;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Telegram's Bot API for one bot, strict: unknown methods and parameters, wrong tokens, people who never wrote to the bot
 * and people who blocked it are refused in Telegram's words. Updates are numbered, bear the secret token, and come again
 * until they are taken.
 *
 * <p>Everything is in memory. All methods may be called from any thread; futures of updates end when an attempt was taken
 * or all were made, and never fail because of the receiver.
 */
public final class TelegramStandIn implements AutoCloseable {
    private static final List<Duration> PAUSES =
            List.of(Duration.ofMillis(200), Duration.ofMillis(400), Duration.ofMillis(600), Duration.ofMillis(800));
    private static final int LONGEST_TEXT = 4096;
    private static final Set<String> SEND = Set.of("chat_id", "text");
    private static final Set<String> SET_WEBHOOK =
            Set.of("url", "secret_token", "allowed_updates", "max_connections", "drop_pending_updates");

    /** What the bot sent. */
    public record Bubble(long chat, int id, String text) {}

    private final Secret token;
    private final Switchboard switchboard;
    private final Set<Long> started = new HashSet<>();
    private final Set<Long> blocked = new HashSet<>();
    private final List<Bubble> sent = new ArrayList<>();
    private final Map<Long, Integer> lastMessage = new HashMap<>();
    private @Nullable URI webhook;
    private @Nullable String secretToken;
    private int lastUpdate = 900_000;

    private TelegramStandIn(int port, Secret token) {
        this.token = token;
        this.switchboard = new Switchboard("Telegram", port, this::answer, TelegramStandIn::failure);
    }

    /** @throws IllegalStateException if the port is taken; 0 = any that is free */
    public static TelegramStandIn start(int port, String botToken) {
        return new TelegramStandIn(port, Secret.of(botToken));
    }

    /** What {@code PARLEY_TELEGRAM_BASE_URL} is to be. */
    public URI url() {
        return switchboard.url();
    }

    /** With {@code retryAfter} a 429 says so in {@code parameters}, as Telegram does. */
    public void fault(Fault fault) {
        switchboard.faults().add(fault);
    }

    public List<Call> calls() {
        return switchboard.calls();
    }

    public synchronized List<Bubble> sent() {
        return List.copyOf(sent);
    }

    // --- people

    /** Somebody writes to the bot in private; from then on it may write to them. */
    public CompletableFuture<Heard> personWrites(long person, String name, String text) {
        JsonObject update;
        synchronized (this) {
            started.add(person);
            update = update().put("message", message(person, name).put("text", text));
        }
        return deliver(update, PAUSES);
    }

    /** The update as it was, once more, as after a lost answer. */
    public CompletableFuture<Heard> deliverAgain(JsonObject update) {
        return deliver(update, List.of());
    }

    /** One with a number of its own and this content, such as {@code edited_message}. */
    public CompletableFuture<Heard> happens(String kind, JsonObject content) {
        JsonObject update;
        synchronized (this) {
            update = update().put(kind, content);
        }
        return deliver(update, PAUSES);
    }

    /** Somebody blocks the bot, or lets it speak again. */
    public CompletableFuture<Heard> personBlocks(long person, boolean isBlocked) {
        synchronized (this) {
            if (isBlocked) {
                blocked.add(person);
            } else {
                blocked.remove(person);
            }
        }
        return happens(
                "my_chat_member",
                new JsonObject()
                        .put("chat", chat(person, "Ada"))
                        .put("date", Instant.now().getEpochSecond())
                        .put("new_chat_member", new JsonObject().put("status", isBlocked ? "kicked" : "member")));
    }

    private JsonObject update() {
        return new JsonObject().put("update_id", ++lastUpdate);
    }

    private JsonObject message(long person, String name) {
        return new JsonObject()
                .put("message_id", lastMessage.merge(person, 1, Integer::sum))
                .put("date", Instant.now().getEpochSecond())
                .put("chat", chat(person, name))
                .put(
                        "from",
                        new JsonObject().put("id", person).put("is_bot", false).put("first_name", name));
    }

    private static JsonObject chat(long person, String name) {
        return new JsonObject().put("id", person).put("type", "private").put("first_name", name);
    }

    private CompletableFuture<Heard> deliver(JsonObject update, List<Duration> pauses) {
        URI to;
        Map<String, String> headers = new HashMap<>(Map.of("Content-Type", "application/json"));
        synchronized (this) {
            to = webhook;
            if (secretToken != null) {
                headers.put("X-Telegram-Bot-Api-Secret-Token", secretToken);
            }
        }
        if (to == null) {
            throw new IllegalStateException("setWebhook first: nobody said where updates go");
        }
        return switchboard.deliver(to, update.encode().getBytes(StandardCharsets.UTF_8), () -> headers, pauses);
    }

    // --- the API

    private Answer answer(Call call) {
        String prefix = "/bot" + token.reveal() + "/";
        if (!call.path().startsWith("/bot")) {
            return refuse(404, "Not Found");
        }
        if (!call.path().startsWith(prefix)) {
            return refuse(401, "Unauthorized");
        }
        if (!call.header("Content-Type").startsWith("application/json")) {
            return refuse(400, "Bad Request: stand-in: parameters are sent as JSON");
        }
        JsonObject given;
        try {
            given = new JsonObject(call.text());
        } catch (DecodeException | ClassCastException e) {
            return refuse(400, "Bad Request: can't parse JSON");
        }
        return switch (call.path().substring(prefix.length())) {
            case "getMe" -> ok(new JsonObject().put("id", 1).put("is_bot", true).put("username", "sandbox_bot"));
            case "setWebhook" -> setWebhook(given);
            case "sendMessage" -> sendMessage(given);
            default -> refuse(404, "Not Found: method not found");
        };
    }

    private Answer setWebhook(JsonObject given) {
        for (String name : given.fieldNames()) {
            if (!SET_WEBHOOK.contains(name)) {
                return refuse(400, "Bad Request: stand-in: parameter " + name + " is unknown or not imitated");
            }
        }
        String url = given.getString("url", "");
        String secret = given.getString("secret_token");
        if (secret != null && !secret.matches("[A-Za-z0-9_-]{1,256}")) {
            return refuse(400, "Bad Request: secret token contains unallowed characters");
        }
        boolean isLoopback = url.startsWith("http://127.0.0.1:");
        if (!url.startsWith("https://") && !isLoopback) {
            return refuse(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook");
        }
        synchronized (this) {
            webhook = URI.create(url);
            secretToken = secret;
        }
        return Answer.json(200, new JsonObject().put("ok", true).put("result", true));
    }

    private synchronized Answer sendMessage(JsonObject given) {
        for (String name : given.fieldNames()) {
            if (!SEND.contains(name)) {
                return refuse(400, "Bad Request: stand-in: parameter " + name + " is unknown or not imitated");
            }
        }
        Object chat = given.getValue("chat_id");
        Object text = given.getValue("text");
        if (!(chat instanceof Integer || chat instanceof Long)) {
            return refuse(400, "Bad Request: chat_id is empty");
        }
        long person = ((Number) chat).longValue();
        if (!(text instanceof String words) || words.isBlank()) {
            return refuse(400, "Bad Request: message text is empty");
        }
        if (words.length() > LONGEST_TEXT) {
            return refuse(400, "Bad Request: message is too long");
        }
        if (blocked.contains(person)) {
            return refuse(403, "Forbidden: bot was blocked by the user");
        }
        if (!started.contains(person)) {
            return refuse(403, "Forbidden: bot can't initiate conversation with a user");
        }
        int id = lastMessage.merge(person, 1, Integer::sum);
        sent.add(new Bubble(person, id, words));
        return ok(new JsonObject()
                .put("message_id", id)
                .put("date", Instant.now().getEpochSecond())
                .put("chat", chat(person, "Ada"))
                .put("text", words));
    }

    private static Answer ok(JsonObject result) {
        return Answer.json(200, new JsonObject().put("ok", true).put("result", result));
    }

    private static Answer refuse(int status, String description) {
        return Answer.json(status, refusal(status, description));
    }

    private static JsonObject refusal(int status, String description) {
        return new JsonObject().put("ok", false).put("error_code", status).put("description", description);
    }

    private static Answer failure(Fault fault) {
        Duration after = fault.retryAfter();
        JsonObject body = refusal(fault.status(), "on purpose");
        return Answer.json(
                fault.status(),
                after == null
                        ? body
                        : body.put("parameters", new JsonObject().put("retry_after", (int) after.toSeconds())));
    }

    @Override
    public void close() {
        switchboard.close();
    }
}
