package dev.parley.sandbox.standin;

import dev.parley.tenant.Secret;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Meta's WhatsApp Cloud API on 127.0.0.1: takes text messages as strictly as Meta does, reports on them, and sends what
 * customers write as signed webhooks, several in one POST if asked. Everything is in memory and gone with {@link #close()}.
 *
 * <p>Stricter than Meta: an unknown field is refused, and so is every type of message but text. Like Meta, it takes a
 * message outside the 24-hour window and then reports that it failed (131047).
 */
public final class WhatsAppStandIn implements AutoCloseable {
    private static final Pattern MESSAGES = Pattern.compile("/v\\d+\\.\\d+/([A-Za-z0-9_-]+)/messages");
    private static final Duration WINDOW = Duration.ofHours(24);
    private static final int LONGEST_TEXT = 4096;
    private static final Set<String> FIELDS = Set.of(
            "messaging_product",
            "recipient_type",
            "to",
            "recipient",
            "type",
            "text",
            "biz_opaque_callback_data",
            "context");

    /** One of a business's numbers. */
    public record Line(String phoneNumberId, String displayNumber, Secret token) {}

    /** Somebody with WhatsApp. {@code waId} null = hides the number; then {@code userId} is known. */
    public record Person(@Nullable String waId, @Nullable String userId, String name) {
        public Person {
            if (waId == null && userId == null) {
                throw new IllegalArgumentException("a person has a number or an id");
            }
        }

        private String key() {
            return waId == null ? String.valueOf(userId) : waId;
        }
    }

    /** A message that was taken. */
    public record Taken(
            String id,
            String phoneNumberId,
            String to,
            String text,
            @Nullable String callbackData) {}

    /** What came of one webhook. */
    public record Delivered(int attempts, int status, String answer) {}

    private final Switchboard switchboard;
    private final HmacKey key;
    private final Secret verifyToken;
    private final Map<String, Line> lines = new HashMap<>();
    private final Map<String, Instant> heard = new HashMap<>();
    private final List<Taken> taken = new CopyOnWriteArrayList<>();
    private final List<CompletableFuture<Delivered>> reports = new CopyOnWriteArrayList<>();
    private final Clock clock;
    private volatile @Nullable URI webhook;
    private volatile List<Duration> retries =
            List.of(Duration.ofMillis(200), Duration.ofMillis(500), Duration.ofSeconds(1));

    private WhatsAppStandIn(int port, Secret appSecret, Secret verifyToken, List<Line> lines, Clock clock) {
        this.key = new HmacKey(appSecret);
        this.verifyToken = verifyToken;
        this.clock = clock;
        lines.forEach(line -> this.lines.put(line.phoneNumberId(), line));
        this.switchboard = new Switchboard("WhatsApp", port, this::answer, fault -> failing(fault.status()));
    }

    /** @param port 0 = any */
    public static WhatsAppStandIn start(int port, Secret appSecret, Secret verifyToken, List<Line> lines) {
        return start(port, appSecret, verifyToken, lines, Clock.systemUTC());
    }

    static WhatsAppStandIn start(int port, Secret appSecret, Secret verifyToken, List<Line> lines, Clock clock) {
        return new WhatsAppStandIn(port, appSecret, verifyToken, lines, clock);
    }

    /** What {@code PARLEY_WHATSAPP_BASE_URL} is to be. */
    public URI url() {
        return switchboard.url();
    }

    /** Something goes wrong from now on; statuses are answered with Meta's usual error of that status. */
    public void fault(Fault fault) {
        switchboard.faults().add(fault);
    }

    /** Pauses before further attempts of webhooks that are not answered 200. */
    public void retryAfter(List<Duration> pauses) {
        retries = List.copyOf(pauses);
    }

    /** What was taken, oldest first. */
    public List<Taken> taken() {
        return List.copyOf(taken);
    }

    /** Completes when every report of a status so far has been answered or given up. */
    public CompletableFuture<Void> reported() {
        return CompletableFuture.allOf(reports.toArray(CompletableFuture[]::new));
    }

    /** As the "Verify and save" button does: true if the URL proved itself; from then on webhooks go there. */
    public CompletableFuture<Boolean> subscribe(URI url) {
        String challenge = String.valueOf(UUID.randomUUID().getLeastSignificantBits() >>> 1);
        URI question = URI.create(url + "?hub.mode=subscribe&hub.challenge=" + challenge + "&hub.verify_token="
                + URLEncoder.encode(verifyToken.reveal(), StandardCharsets.UTF_8));
        return switchboard.get(question).thenApply(response -> {
            boolean proved = response.statusCode() == 200 && response.body().equals(challenge);
            if (proved) {
                webhook = url;
            }
            return proved;
        });
    }

    /** Without asking it anything. */
    void webhooksTo(URI url) {
        webhook = url;
    }

    /** A message somebody wrote, to be sent with {@link #deliver}. */
    public JsonObject written(String phoneNumberId, Person from, String text) {
        synchronized (this) {
            heard.put(phoneNumberId + "/" + from.key(), clock.instant());
        }
        JsonObject message = new JsonObject()
                .put("id", "wamid." + UUID.randomUUID())
                .put("timestamp", String.valueOf(clock.instant().getEpochSecond()))
                .put("type", "text")
                .put("text", new JsonObject().put("body", text));
        JsonObject contact = new JsonObject().put("profile", new JsonObject().put("name", from.name()));
        if (from.waId() != null) {
            message.put("from", from.waId());
            contact.put("wa_id", from.waId());
        }
        if (from.userId() != null) {
            message.put("from_user_id", from.userId());
            contact.put("user_id", from.userId());
        }
        return change(line(phoneNumberId))
                .put("contacts", new JsonArray().add(contact))
                .put("messages", new JsonArray().add(message));
    }

    /** Signs and sends these changes in one POST, an entry each, as Meta does under load. */
    public CompletableFuture<Delivered> deliver(JsonObject... values) {
        JsonArray entries = new JsonArray();
        for (JsonObject value : values) {
            entries.add(new JsonObject()
                    .put("id", "102290129340398")
                    .put(
                            "changes",
                            new JsonArray()
                                    .add(new JsonObject()
                                            .put("field", "messages")
                                            .put("value", value))));
        }
        byte[] body = new JsonObject()
                .put("object", "whatsapp_business_account")
                .put("entry", entries)
                .encode()
                .getBytes(StandardCharsets.UTF_8);
        URI to = webhook;
        if (to == null) {
            throw new IllegalStateException("no webhook URL has been verified: subscribe first");
        }
        return switchboard
                .deliver(
                        to,
                        body,
                        () -> Map.of("Content-Type", "application/json", "X-Hub-Signature-256", key.sign("", body)),
                        retries)
                .thenApply(heard -> new Delivered(heard.attempts(), heard.status(), heard.body()));
    }

    private Line line(String phoneNumberId) {
        Line line = lines.get(phoneNumberId);
        if (line == null) {
            throw new IllegalArgumentException("no number " + phoneNumberId);
        }
        return line;
    }

    private static JsonObject change(Line line) {
        return new JsonObject()
                .put("messaging_product", "whatsapp")
                .put(
                        "metadata",
                        new JsonObject()
                                .put("display_phone_number", line.displayNumber())
                                .put("phone_number_id", line.phoneNumberId()));
    }

    // --- the API

    private Answer answer(Switchboard.Call call) {
        Matcher path = MESSAGES.matcher(call.path());
        if (!path.matches() || !call.method().equals("POST")) {
            return error(404, 2500, "Unknown path components: " + call.path());
        }
        Line line = lines.get(path.group(1));
        String authorization = call.header("Authorization");
        if (!authorization.startsWith("Bearer ")
                || lines.values().stream().noneMatch(known -> known.token().matches(authorization.substring(7)))) {
            return error(401, 190, "Invalid OAuth access token - Cannot parse access token");
        }
        if (line == null) {
            return error(400, 100, "Unsupported post request. Object with ID '" + path.group(1) + "' does not exist");
        }
        if (!line.token().matches(authorization.substring(7))) {
            return error(403, 10, "(#10) Application does not have permission for this action");
        }
        if (!call.header("Content-Type").startsWith("application/json")) {
            return error(400, 100, "(#100) The parameter messaging_product is required.");
        }
        JsonObject body;
        try {
            body = new JsonObject(call.body());
        } catch (DecodeException e) {
            return error(400, 100, "(#100) Invalid JSON");
        }
        String objection = objection(body);
        return objection == null
                ? take(line, body)
                : error(400, objection.startsWith("(#131009") ? 131009 : 100, objection);
    }

    /** What is wrong with it; null = nothing. */
    private static @Nullable String objection(JsonObject body) {
        for (String field : body.fieldNames()) {
            if (!FIELDS.contains(field)) {
                return "(#100) Unexpected key \"" + field + "\" on param \"message\"";
            }
        }
        if (!"whatsapp".equals(body.getValue("messaging_product"))) {
            return "(#100) The parameter messaging_product is required.";
        }
        if (!"text".equals(body.getValue("type"))) {
            return "(#100) stand-in: only text is imitated";
        }
        if (body.containsKey("recipient_type") && !"individual".equals(body.getValue("recipient_type"))) {
            return "(#100) Param recipient_type must be one of {INDIVIDUAL}";
        }
        boolean hasNumber = body.getValue("to") instanceof String to && to.matches("\\+?[0-9]{7,15}");
        boolean hasId = body.getValue("recipient") instanceof String id && id.matches("[A-Z]{2}\\.[A-Za-z0-9.]{1,132}");
        if (body.containsKey("to") ? !hasNumber : !hasId) {
            return "(#131009) Parameter value is not valid: the recipient is malformed";
        }
        if (!(body.getValue("text") instanceof JsonObject text)
                || !(text.getValue("body") instanceof String words)
                || words.isEmpty()
                || words.length() > LONGEST_TEXT) {
            return "(#100) Param text['body'] must be between 1 and " + LONGEST_TEXT + " characters long.";
        }
        Object data = body.getValue("biz_opaque_callback_data");
        return data == null || (data instanceof String back && back.length() <= 512)
                ? null
                : "(#100) Param biz_opaque_callback_data must be at most 512 characters long.";
    }

    private Answer take(Line line, JsonObject body) {
        boolean byNumber = body.containsKey("to");
        String to = byNumber ? body.getString("to").replace("+", "") : body.getString("recipient");
        String id = "wamid." + UUID.randomUUID();
        String data = body.getString("biz_opaque_callback_data");
        taken.add(new Taken(
                id, line.phoneNumberId(), to, body.getJsonObject("text").getString("body"), data));
        Instant last;
        synchronized (this) {
            last = heard.get(line.phoneNumberId() + "/" + to);
        }
        boolean mayWrite = last != null && last.plus(WINDOW).isAfter(clock.instant());
        for (String status : mayWrite ? List.of("sent", "delivered") : List.of("failed")) {
            report(line, id, to, byNumber, data, status);
        }
        return Answer.ok(new JsonObject()
                .put("messaging_product", "whatsapp")
                .put(
                        "contacts",
                        new JsonArray().add(new JsonObject().put("input", to).put(byNumber ? "wa_id" : "user_id", to)))
                .put("messages", new JsonArray().add(new JsonObject().put("id", id))));
    }

    private void report(Line line, String id, String to, boolean byNumber, @Nullable String data, String status) {
        if (webhook == null) {
            return;
        }
        JsonObject report = new JsonObject()
                .put("id", id)
                .put("status", status)
                .put("timestamp", String.valueOf(clock.instant().getEpochSecond()))
                .put(byNumber ? "recipient_id" : "recipient_user_id", to);
        if (data != null) {
            report.put("biz_opaque_callback_data", data);
        }
        if (status.equals("failed")) {
            report.put(
                    "errors",
                    new JsonArray()
                            .add(new JsonObject()
                                    .put("code", 131047)
                                    .put("title", "Re-engagement message")
                                    .put("message", "Re-engagement message")));
        }
        reports.add(deliver(change(line).put("statuses", new JsonArray().add(report))));
    }

    private static Answer failing(int status) {
        return switch (status) {
            case 401 -> error(401, 190, "Error validating access token: Session has expired");
            case 403 -> error(403, 10, "(#10) Application does not have permission for this action");
            case 429 -> error(429, 130429, "(#130429) Rate limit hit");
            case 503 -> error(503, 131016, "(#131016) Service unavailable");
            default ->
                error(
                        status,
                        status >= 500 ? 131000 : 100,
                        status >= 500 ? "(#131000) Something went wrong" : "(#100)");
        };
    }

    private static Answer error(int status, int code, String message) {
        return Answer.json(
                status,
                new JsonObject()
                        .put(
                                "error",
                                new JsonObject()
                                        .put("message", message)
                                        .put("type", "OAuthException")
                                        .put("code", code)
                                        .put(
                                                "fbtrace_id",
                                                UUID.randomUUID().toString().substring(0, 12))));
    }

    @Override
    public void close() {
        switchboard.close();
    }
}
