package dev.parley.sandbox.standin;

import dev.parley.tenant.Secret;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
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
 * Chatwoot on 127.0.0.1: one account with one website inbox and an agent bot. Its API takes and lists messages, lists
 * conversations and toggles statuses; whatever happens in a conversation is sent as a webhook, signed as of 4.13, or as older versions do with the
 * password that stands in the URL. Everything is in memory and gone with {@link #close()}.
 *
 * <p>Stricter than Chatwoot: unknown fields are refused. Like Chatwoot, a bot's token may write and toggle, not read.
 */
public final class ChatwootStandIn implements AutoCloseable {
    public static final int ACCOUNT = 2;

    private static final int INBOX = 3;
    private static final int PAGE = 20;
    private static final int CONVERSATIONS = 25;
    private static final Pattern LIST = Pattern.compile("/api/v1/accounts/(\\d+)/conversations");
    private static final Pattern LIST_QUERY =
            Pattern.compile("(?:status=(all|open|resolved|pending|snoozed))?&?(?:page=(\\d{1,5}))?");
    private static final Pattern PATH =
            Pattern.compile("/api/v1/accounts/(\\d+)/conversations/(\\d+)/(messages|toggle_status)");
    private static final Set<String> FIELDS =
            Set.of("content", "message_type", "private", "content_attributes", "content_type", "echo_id");
    private static final Set<String> STATUSES = Set.of("open", "resolved", "pending", "snoozed");

    /**
     * How it behaves.
     *
     * @param signingSecret null = a version that cannot sign
     * @param keepsAttributes false = a version that drops {@code content_attributes}
     */
    public record Settings(
            int port,
            Secret botToken,
            Secret userToken,
            @Nullable Secret signingSecret,
            boolean keepsAttributes) {}

    /** What came of one webhook. */
    public record Delivered(String event, int attempts, int status, String answer) {}

    /** A message as its conversation has it. */
    public record Message(int id, int conversation, String direction, String content, JsonObject attributes) {}

    private final class Conversation {
        final int id;
        final int contact;
        final String name;
        final List<JsonObject> messages = new ArrayList<>();
        String status = "pending";

        Conversation(int id, int contact, String name) {
            this.id = id;
            this.contact = contact;
            this.name = name;
        }

        long lastActivity() {
            return messages.isEmpty() ? 0 : messages.get(messages.size() - 1).getLong("created_at");
        }
    }

    private final Switchboard switchboard;
    private final Settings settings;
    private final Map<Integer, Conversation> conversations = new HashMap<>();
    private final List<CompletableFuture<Delivered>> deliveries = new CopyOnWriteArrayList<>();
    private volatile @Nullable URI webhook;
    private int last = 4700;

    private ChatwootStandIn(Settings settings) {
        this.settings = settings;
        this.switchboard = new Switchboard("Chatwoot", settings.port(), this::answer, fault -> failing(fault.status()));
    }

    public static ChatwootStandIn start(Settings settings) {
        return new ChatwootStandIn(settings);
    }

    /** What {@code PARLEY_CHATWOOT_BASE_URL} is to be. */
    public URI url() {
        return switchboard.url();
    }

    /** Where webhooks go; a user and password in it are sent as a login, as Chatwoot's HTTP client does. */
    public void webhooksTo(URI url) {
        webhook = url;
    }

    /** Something goes wrong from now on. */
    public void fault(Fault fault) {
        switchboard.faults().add(fault);
    }

    /** Everything sent so far, once it is answered or given up. */
    public CompletableFuture<List<Delivered>> delivered() {
        List<CompletableFuture<Delivered>> all = List.copyOf(deliveries);
        return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
                .thenApply(done -> all.stream().map(CompletableFuture::join).toList());
    }

    /** Oldest first. */
    public synchronized List<Message> messages(int conversation) {
        return conversation(conversation).messages.stream()
                .map(json -> new Message(
                        json.getInteger("id"),
                        conversation,
                        json.getInteger("message_type") == 0 ? "incoming" : "outgoing",
                        json.getString("content"),
                        json.getJsonObject("content_attributes")))
                .toList();
    }

    public synchronized String status(int conversation) {
        return conversation(conversation).status;
    }

    /** Somebody new opens the chat; returns the conversation's number. */
    public synchronized int begin(String name) {
        int id = conversations.size() + 99;
        conversations.put(id, new Conversation(id, id - 82, name));
        return id;
    }

    /** The contact writes; the webhook's fate comes back. */
    public synchronized CompletableFuture<Delivered> contactWrites(int conversation, String text) {
        Conversation in = conversation(conversation);
        if (in.status.equals("resolved")) {
            change(in, "pending");
        }
        return tell(in, add(in, 0, text, new JsonObject(), person(in)));
    }

    /** A colleague answers in Chatwoot's own window. */
    public synchronized CompletableFuture<Delivered> agentWrites(int conversation, String text) {
        Conversation in = conversation(conversation);
        return tell(in, add(in, 1, text, new JsonObject(), agent()));
    }

    /** As an agent does with the button; nothing happens if it is so already. */
    public synchronized void setStatus(int conversation, String status) {
        change(conversation(conversation), status);
    }

    private Conversation conversation(int id) {
        Conversation found = conversations.get(id);
        if (found == null) {
            throw new IllegalArgumentException("no conversation " + id);
        }
        return found;
    }

    private JsonObject add(Conversation in, int type, String text, JsonObject attributes, JsonObject sender) {
        Instant now = Instant.now();
        JsonObject message = new JsonObject()
                .put("id", ++last)
                .put("content", text)
                .put("account_id", ACCOUNT)
                .put("inbox_id", INBOX)
                .put("conversation_id", in.id)
                .put("message_type", type)
                .put("content_type", "text")
                .put("content_attributes", settings.keepsAttributes() ? attributes : new JsonObject())
                .put("private", false)
                .put("status", "sent")
                .put("source_id", null)
                .put("sender", sender)
                .put("created_at", now.getEpochSecond());
        in.messages.add(message);
        return message;
    }

    private static JsonObject person(Conversation in) {
        return new JsonObject().put("id", in.contact).put("name", in.name).put("type", "contact");
    }

    private static JsonObject agent() {
        return new JsonObject()
                .put("id", 5)
                .put("name", "Maria")
                .put("email", "maria@example.org")
                .put("type", "user");
    }

    // --- webhooks

    private JsonObject json(Conversation in) {
        return new JsonObject()
                .put("id", in.id)
                .put("inbox_id", INBOX)
                .put("channel", "Channel::WebWidget")
                .put("status", in.status)
                .put(
                        "contact_inbox",
                        new JsonObject().put("contact_id", in.contact).put("inbox_id", INBOX))
                .put("meta", new JsonObject().put("sender", person(in)))
                .put(
                        "messages",
                        in.messages.isEmpty()
                                ? new JsonArray()
                                : new JsonArray()
                                        .add(in.messages
                                                .get(in.messages.size() - 1)
                                                .copy()))
                .put("updated_at", Instant.now().toEpochMilli() / 1000.0)
                .put("timestamp", Instant.now().getEpochSecond());
    }

    private CompletableFuture<Delivered> tell(Conversation in, JsonObject message) {
        return send(message.copy()
                .put("event", "message_created")
                .put("message_type", message.getInteger("message_type") == 0 ? "incoming" : "outgoing")
                .put(
                        "created_at",
                        Instant.ofEpochSecond(message.getLong("created_at")).toString())
                .put("account", new JsonObject().put("id", ACCOUNT).put("name", "Smile Dental"))
                .put("inbox", new JsonObject().put("id", INBOX).put("name", "Website"))
                .put("conversation", json(in)));
    }

    private void change(Conversation in, String status) {
        String before = in.status;
        if (before.equals(status)) {
            return;
        }
        in.status = status;
        var unused = send(json(in).put("event", "conversation_status_changed")
                .put(
                        "changed_attributes",
                        new JsonArray()
                                .add(new JsonObject()
                                        .put(
                                                "status",
                                                new JsonObject()
                                                        .put("previous_value", before)
                                                        .put("current_value", status)))));
    }

    private CompletableFuture<Delivered> send(JsonObject event) {
        String name = event.getString("event");
        URI to = webhook;
        if (to == null) {
            return CompletableFuture.completedFuture(new Delivered(name, 0, 0, ""));
        }
        byte[] body = event.encode().getBytes(StandardCharsets.UTF_8);
        String delivery = UUID.randomUUID().toString();
        String login = to.getUserInfo();
        URI bare = login == null ? to : URI.create(to.toString().replace(to.getRawUserInfo() + "@", ""));
        CompletableFuture<Delivered> fate = switchboard
                .deliver(
                        bare,
                        body,
                        () -> headers(body, delivery, login),
                        List.of(Duration.ofMillis(300), Duration.ofSeconds(1)))
                .thenApply(heard -> new Delivered(name, heard.attempts(), heard.status(), heard.body()));
        deliveries.add(fate);
        return fate;
    }

    private Map<String, String> headers(byte[] body, String delivery, @Nullable String login) {
        Map<String, String> headers = new HashMap<>();
        headers.put("Content-Type", "application/json");
        if (login != null) {
            headers.put(
                    "Authorization",
                    "Basic " + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8)));
        }
        if (settings.signingSecret() != null) {
            String time = String.valueOf(Instant.now().getEpochSecond());
            headers.put("X-Chatwoot-Timestamp", time);
            headers.put("X-Chatwoot-Signature", new HmacKey(settings.signingSecret()).sign(time + ".", body));
            headers.put("X-Chatwoot-Delivery", delivery);
        }
        return headers;
    }

    // --- the API

    private synchronized Answer answer(Switchboard.Call call) {
        Matcher path = PATH.matcher(call.path());
        String token = call.header("api_access_token");
        boolean isBot = settings.botToken().matches(token);
        if (!isBot && !settings.userToken().matches(token)) {
            return error(401, "Invalid Access Token");
        }
        Matcher list = LIST.matcher(call.path());
        if (!path.matches() && !list.matches()) {
            return error(404, "Resource could not be found");
        }
        boolean reads = call.method().equals("GET");
        if (isBot && reads) {
            return error(401, "Access to this endpoint is not authorized for bots");
        }
        if (list.matches()) {
            return reads && list.group(1).equals(String.valueOf(ACCOUNT))
                    ? conversations(call.query())
                    : error(404, "Resource could not be found");
        }
        // Of seven digits at most here: what is longer is nobody's.
        Conversation in = path.group(2).length() > 7 ? null : conversations.get(Integer.valueOf(path.group(2)));
        if (!path.group(1).equals(String.valueOf(ACCOUNT)) || in == null) {
            return error(404, "Resource could not be found");
        }
        boolean isMessages = path.group(3).equals("messages");
        if (reads) {
            return isMessages ? list(in, call.query()) : error(404, "Resource could not be found");
        }
        if (!call.method().equals("POST") || !call.header("Content-Type").startsWith("application/json")) {
            return error(422, "stand-in: a POST with application/json is expected");
        }
        try {
            JsonObject body = new JsonObject(call.body());
            return isMessages ? create(in, body, isBot) : toggle(in, body);
        } catch (DecodeException e) {
            return error(400, "There was a problem in the JSON you submitted");
        }
    }

    private Answer create(Conversation in, JsonObject body, boolean isBot) {
        for (String field : body.fieldNames()) {
            if (!FIELDS.contains(field)) {
                return error(422, "stand-in: unknown field " + field);
            }
        }
        if (!(body.getValue("content") instanceof String content) || content.isBlank()) {
            return error(422, "Content can't be blank");
        }
        if (!"outgoing".equals(body.getValue("message_type"))) {
            return error(422, "Incoming messages are only allowed in Api inboxes");
        }
        if (!(body.getValue("private") instanceof Boolean isPrivate) || isPrivate) {
            return error(422, "stand-in: private notes are not imitated");
        }
        Object attributes = body.getValue("content_attributes");
        JsonObject kept = attributes instanceof JsonObject object ? object : new JsonObject();
        JsonObject sender = isBot ? new JsonObject().put("id", 1).put("type", "agent_bot") : agent();
        JsonObject message = add(in, 1, content, kept, sender);
        var unused = tell(in, message);
        return Answer.ok(message.copy());
    }

    private Answer toggle(Conversation in, JsonObject body) {
        if (!(body.getValue("status") instanceof String status) || !STATUSES.contains(status)) {
            return error(422, "stand-in: status must be one of " + STATUSES);
        }
        change(in, status);
        return Answer.ok(new JsonObject()
                .put("meta", new JsonObject())
                .put(
                        "payload",
                        new JsonObject()
                                .put("success", true)
                                .put("current_status", status)
                                .put("conversation_id", in.id)));
    }

    /** Twenty-five a page, those that were active last first; open ones unless asked for others. */
    private Answer conversations(String query) {
        Matcher asked = LIST_QUERY.matcher(query);
        if (!asked.matches()) {
            return error(422, "stand-in: only status and page are imitated");
        }
        String status = asked.group(1) == null ? "open" : asked.group(1);
        int page = asked.group(2) == null ? 1 : Math.max(1, Integer.parseInt(asked.group(2)));
        List<Conversation> all = conversations.values().stream()
                .filter(each -> status.equals("all") || each.status.equals(status))
                .sorted(Comparator.comparing(Conversation::lastActivity).reversed())
                .toList();
        JsonArray listed = new JsonArray();
        all.stream()
                .skip((long) (page - 1) * CONVERSATIONS)
                .limit(CONVERSATIONS)
                .forEach(each -> listed.add(listed(each)));
        JsonObject meta = new JsonObject()
                .put("mine_count", 0)
                .put("unassigned_count", all.size())
                .put("all_count", all.size());
        return Answer.ok(
                new JsonObject().put("data", new JsonObject().put("meta", meta).put("payload", listed)));
    }

    /** Other names in other places than in a webhook, as in life. */
    private static JsonObject listed(Conversation in) {
        return new JsonObject()
                .put("id", in.id)
                .put("account_id", ACCOUNT)
                .put("inbox_id", INBOX)
                .put("status", in.status)
                .put(
                        "meta",
                        new JsonObject()
                                .put(
                                        "sender",
                                        new JsonObject().put("id", in.contact).put("name", in.name))
                                .put("channel", "Channel::WebWidget"))
                .put("timestamp", in.lastActivity())
                .put("last_activity_at", in.lastActivity());
    }

    private static Answer list(Conversation in, String query) {
        int before = Integer.MAX_VALUE;
        if (!query.isEmpty()) {
            if (!query.matches("before=\\d{1,9}")) {
                return error(422, "stand-in: only before=<id> is imitated");
            }
            before = Integer.parseInt(query.substring("before=".length()));
        }
        int limit = before;
        List<JsonObject> older = in.messages.stream()
                .filter(message -> message.getInteger("id") < limit)
                .toList();
        JsonArray page = new JsonArray();
        older.subList(Math.max(0, older.size() - PAGE), older.size()).forEach(message -> page.add(message.copy()));
        return Answer.ok(new JsonObject().put("meta", new JsonObject()).put("payload", page));
    }

    private static Answer failing(int status) {
        return status == 429
                ? Answer.of(429, "text/plain", "Retry later\n")
                : error(status, status == 401 ? "Invalid Access Token" : "Failed on purpose");
    }

    private static Answer error(int status, String words) {
        return Answer.json(status, new JsonObject().put("error", words));
    }

    @Override
    public void close() {
        switchboard.close();
    }
}
