package dev.parley.work.adapter.ghl;

import dev.parley.dialog.Lenient;
import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.MessageHistory;
import dev.parley.spi.MessagingAdapter;
import dev.parley.tenant.CredentialStore;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.Vault;
import dev.parley.work.adapter.VendorCall;
import dev.parley.work.adapter.VendorHttp;
import dev.parley.work.adapter.VendorHttp.Answer;
import dev.parley.work.adapter.ghl.GhlBudget.Account;
import dev.parley.work.reader.References;
import io.smallrye.mutiny.Uni;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.core.Vertx;
import io.vertx.mutiny.sqlclient.Pool;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Sends through GoHighLevel's conversations API. The API has no idempotency key and bills every attempt, so one
 * {@link #send} is one accepted request at most, and whatever may have arrived without a clear answer is
 * {@code AMBIGUOUS}:
 *
 * <table>
 *   <caption>What an end means</caption>
 *   <tr><td>2xx with a JSON object</td><td>sent</td></tr>
 *   <tr><td>2xx with anything else</td><td>AMBIGUOUS: probably accepted, perhaps a proxy's page</td></tr>
 *   <tr><td>no connection, or time was up before there was one</td><td>TRANSIENT</td></tr>
 *   <tr><td>connection lost or time up after the request left</td><td>AMBIGUOUS</td></tr>
 *   <tr><td>5xx</td><td>AMBIGUOUS: no 5xx is documented as not processed, and gateways give them for requests that
 *       were. Only 503 with {@code Retry-After} says that it did nothing: TRANSIENT</td></tr>
 *   <tr><td>429</td><td>THROTTLED for the whole account, also for calls not yet made</td></tr>
 *   <tr><td>401 for an expired or invalid token</td><td>one refresh and one more request (the first was certainly not
 *       accepted), then UNAUTHORIZED</td></tr>
 *   <tr><td>401 or 403 of another kind</td><td>UNAUTHORIZED; the reason begins with {@code scope: user-type:
 *       auth-class: location:}</td></tr>
 *   <tr><td>contact does not want to be written to</td><td>REFUSED; the reason begins with {@code dnd:}</td></tr>
 *   <tr><td>3xx, 408, 425</td><td>TRANSIENT: refused before it was looked at</td></tr>
 *   <tr><td>any other 4xx</td><td>REFUSED</td></tr>
 * </table>
 *
 * <p>{@link #media} asks for one message, so often as it is called; nothing it does is ever AMBIGUOUS.
 *
 * <p>Read from {@code settings.ghl} of the tenant, all optional: {@code location_id} (where the credential names none),
 * {@code from_number}, {@code send_to_number} (true = name the contact's number too), {@code conversation_provider_id}
 * (channel {@code custom}), {@code email_subject}.
 */
@Singleton
public final class GhlMessaging implements MessagingAdapter, AutoCloseable {
    private static final String NAME = "ghl";

    /** The conversations API's own; {@code v3} exists and changes nothing for these calls. */
    private static final String VERSION = "2021-04-15";

    private static final Map<String, String> TYPES = Map.of(
            "sms", "SMS",
            "whatsapp", "WhatsApp",
            "email", "Email",
            "instagram", "IG",
            "facebook", "FB",
            "webchat", "Live_Chat",
            "custom", "Custom");

    private static final int PAGE = 100;
    private static final int CONVERSATIONS = 3;

    private final VendorHttp client;
    private final GhlTokens tokens;
    private final GhlBudget budget;
    private final GhlConfig config;
    private final Clock clock;

    @Inject
    public GhlMessaging(GhlConfig config, Vertx vertx, Pool db, Vault vault) {
        this(config, vertx, db, vault, Clock.systemUTC());
    }

    GhlMessaging(GhlConfig config, Vertx vertx, Pool db, Vault vault, Clock clock) {
        this.config = config;
        this.clock = clock;
        this.client = new VendorHttp(
                vertx.getDelegate(),
                NAME,
                "parley.ghl.base-url",
                config.baseUrl(),
                config.connectTimeout(),
                config.keepAlive(),
                config.poolSize());
        this.tokens = new GhlTokens(db, new CredentialStore(), vault, client, config, clock);
        this.budget = new GhlBudget(clock, config);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Uni<Sent> send(Tenant tenant, OutboundMessage message) {
        return VendorCall.ending("send", true, config.callTimeout(), left -> {
            JsonObject body = body(tenant, message);
            List<String> quotes = List.of(message.text(), message.channelAddress());
            Request request = new Request(
                    HttpMethod.POST, "/conversations/messages", Map.ofEntries(VendorCall.trace(message)), body, quotes);
            return call(tenant, request, left).map(call -> sent(call, tenant));
        });
    }

    @Override
    public Uni<Optional<Sent>> lookUp(Tenant tenant, OutboundMessage message, Instant attemptedAt) {
        return VendorCall.ending(
                "look-up", false, config.callTimeout(), left -> new LookUp(tenant, message, attemptedAt, left).run());
    }

    @Override
    public Uni<JsonArray> media(Tenant tenant, String providerMessageId) {
        String path = "/conversations/messages/" + encoded(providerMessageId);
        return read("media", tenant, path, List.of(providerMessageId)).map(json -> {
            // The API wraps the message; its description does not.
            JsonObject message = json.getValue("message") instanceof JsonObject wrapped ? wrapped : json;
            return References.toUrls(Lenient.array(message, "attachments"));
        });
    }

    @Override
    public Optional<MessageHistory> history() {
        return Optional.of(
                new GhlHistory((tenant, path) -> read("list of messages", tenant, path, List.of()), this::locationOf));
    }

    /** One GET, of a JSON object. */
    private Uni<JsonObject> read(String what, Tenant tenant, String path, List<String> quotes) {
        return VendorCall.ending(
                what,
                false,
                config.callTimeout(),
                left -> call(tenant, new Request(HttpMethod.GET, path, Map.of(), null, quotes), left)
                        .map(call -> {
                            if (!call.answer().isSuccess()) {
                                throw call.failure(false);
                            }
                            JsonObject json = call.answer().json();
                            if (json == null) {
                                throw new AdapterException(
                                        Kind.TRANSIENT, what + ": GoHighLevel answered 2xx without a JSON object");
                            }
                            return json;
                        }));
    }

    private Uni<String> locationOf(Tenant tenant) {
        return tokens.current(tenant.id())
                .map(credential -> location(tenant, credential)
                        .orElseThrow(() -> refused("the account's location is not known: neither the credentials nor"
                                + " settings.ghl.location_id name it")));
    }

    private static JsonObject body(Tenant tenant, OutboundMessage message) {
        String type = TYPES.get(message.channel());
        if (type == null) {
            throw refused("GoHighLevel sends nothing on channel " + message.channel());
        }
        JsonObject settings = tenant.settings().section(NAME);
        JsonObject body = new JsonObject()
                .put("type", type)
                .put("contactId", contactId(message))
                .put("message", message.text());
        switch (type) {
            case "SMS", "WhatsApp" -> {
                if (settings.getValue("from_number") instanceof String from && !from.isBlank()) {
                    body.put("fromNumber", from);
                }
                if (Boolean.TRUE.equals(settings.getValue("send_to_number"))) {
                    body.put("toNumber", message.channelAddress());
                }
            }
            case "Email" -> {
                Object subject = settings.getValue("email_subject");
                body.put("html", html(message.text()))
                        .put("subject", subject instanceof String text && !text.isBlank() ? text : tenant.name());
            }
            case "Custom" -> {
                if (settings.getValue("conversation_provider_id") instanceof String id && !id.isBlank()) {
                    body.put("conversationProviderId", id);
                } else {
                    // The vendor would answer 2xx and deliver nothing.
                    throw refused("channel custom needs settings.ghl.conversation_provider_id");
                }
            }
            default -> {}
        }
        return body;
    }

    private static String contactId(OutboundMessage message) {
        return ref(message, "contact_id")
                .orElseThrow(() -> refused("the contact's GoHighLevel id is not known (refs.ghl.contact_id)"));
    }

    private static Optional<String> ref(OutboundMessage message, String key) {
        return message.contactRefs().getValue(NAME) instanceof JsonObject refs
                        && refs.getValue(key) instanceof String id
                        && !id.isBlank()
                ? Optional.of(id)
                : Optional.empty();
    }

    /** W3C Trace Context: the trace is the message's, the span this attempt's (never all zeros). */
    private static String html(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\n", "<br>");
    }

    private static Sent sent(Call call, Tenant tenant) {
        if (!call.answer().isSuccess()) {
            throw call.failure(true);
        }
        JsonObject json = call.answer().json();
        if (json == null) {
            throw new AdapterException(
                    Kind.AMBIGUOUS, "GoHighLevel answered " + call.answer().status() + " without a JSON object");
        }
        String id = json.getValue("messageId") instanceof String text && !text.isBlank() ? text : null;
        return new Sent(id, json.getValue("status") instanceof String status ? status : "sent");
    }

    private static AdapterException refused(String reason) {
        return new AdapterException(Kind.REFUSED, reason);
    }

    /** What to ask; {@code quotes} may come back in an error text and must not be shown. */
    private record Request(
            HttpMethod method,
            String path,
            Map<String, String> headers,
            @Nullable JsonObject body,
            List<String> quotes) {
        Request quoting(GhlCredential credential) {
            List<String> more = new ArrayList<>(quotes);
            more.add(credential.accessToken().reveal());
            return new Request(method, path, headers, body, more);
        }
    }

    /** An answered request. */
    private final class Call {
        private final Answer answer;
        private final GhlCredential credential;
        private final Account account;
        private final List<String> quotes;

        Call(Answer answer, GhlCredential credential, Account account, List<String> quotes) {
            this.answer = answer;
            this.credential = credential;
            this.account = account;
            this.quotes = quotes;
        }

        Answer answer() {
            return answer;
        }

        GhlRefusal refusal() {
            return GhlRefusal.of(answer, quotes);
        }

        boolean asksForFreshToken() {
            return answer.status() == 401
                    && credential.refreshToken() != null
                    && refusal().kind() == GhlRefusal.Kind.TOKEN;
        }

        /** @param writes whether the request would have changed something */
        AdapterException failure(boolean writes) {
            int status = answer.status();
            GhlRefusal refusal = refusal();
            String reason = refusal.reason(status);
            if (status == 429) {
                return new AdapterException(Kind.THROTTLED, reason, budget.refused(account, answer.headers()), null);
            }
            if (status >= 500) {
                Duration after = VendorHttp.retryAfter(answer.headers(), clock.instant());
                boolean saysItDidNothing = status == 503 && after != null;
                Kind kind = writes && !saysItDidNothing ? Kind.AMBIGUOUS : Kind.TRANSIENT;
                return new AdapterException(kind, reason, kind == Kind.TRANSIENT ? after : null, null);
            }
            if (status == 408 || status == 425 || status < 400) {
                return new AdapterException(Kind.TRANSIENT, reason);
            }
            boolean aboutUs = status == 401 || status == 403;
            return new AdapterException(
                    aboutUs && refusal.kind() != GhlRefusal.Kind.DND ? Kind.UNAUTHORIZED : Kind.REFUSED, reason);
        }
    }

    /** One request with the tenant's token; once more with a fresh one if the vendor did not accept the first. */
    private Uni<Call> call(Tenant tenant, Request request, VendorCall left) {
        return tokens.current(tenant.id())
                .flatMap(credential -> once(tenant, credential, request, left))
                .flatMap(first -> first.asksForFreshToken()
                        ? tokens.insteadOf(tenant.id(), first.credential)
                                .flatMap(fresh -> once(tenant, fresh, request.quoting(first.credential), left))
                        : Uni.createFrom().item(first));
    }

    private Uni<Call> once(Tenant tenant, GhlCredential credential, Request request, VendorCall left) {
        Account account = new Account(tenant.id(), location(tenant, credential).orElse(""));
        Duration wait = budget.take(account);
        if (wait != null) {
            return Uni.createFrom()
                    .failure(new AdapterException(
                            Kind.THROTTLED, "the account's requests are used up; not asked", wait, null));
        }
        Map<String, String> headers = new HashMap<>(request.headers());
        headers.put("Authorization", "Bearer " + credential.accessToken().reveal());
        headers.put("Version", VERSION);
        headers.put("Accept", "application/json");
        Buffer body = null;
        if (request.body() != null) {
            headers.put("Content-Type", "application/json");
            body = request.body().toBuffer();
        }
        Buffer sent = body;
        return left.requesting(() -> client.exchange(request.method(), request.path(), headers, sent, left.timeLeft()))
                .onItemOrFailure()
                .invoke((answer, failure) -> {
                    if (answer == null) {
                        budget.unanswered(account);
                    } else {
                        budget.answered(account, answer.headers());
                    }
                })
                .map(answer -> new Call(
                        answer, credential, account, request.quoting(credential).quotes()));
    }

    private static Optional<String> location(Tenant tenant, GhlCredential credential) {
        return Optional.ofNullable(credential.locationId())
                .or(() -> tenant.settings().text("ghl.location_id"));
    }

    /** One question: is this message among the contact's? Reads newest first until it is older than the attempt. */
    private final class LookUp {
        private final Tenant tenant;
        private final OutboundMessage message;
        private final Instant notBefore;
        private final String words;
        private final VendorCall left;

        LookUp(Tenant tenant, OutboundMessage message, Instant attemptedAt, VendorCall left) {
            this.tenant = tenant;
            this.message = message;
            this.notBefore = attemptedAt.minus(config.lookUpSkew());
            this.words = words(message.text());
            this.left = left;
        }

        Uni<Optional<Sent>> run() {
            Optional<String> known = ref(message, "conversation_id");
            if (known.isEmpty()) {
                return search();
            }
            // Conversations are merged and deleted: one that is not there any more says nothing about the message.
            return page(known.get(), null, 1).onItem().ifNull().switchTo(this::search);
        }

        private Uni<Optional<Sent>> search() {
            String contactId = contactId(message);
            return locationOf(tenant)
                    .flatMap(location -> get("/conversations/search?locationId=" + encoded(location) + "&contactId="
                            + encoded(contactId) + "&limit=20"))
                    .flatMap(call -> {
                        if (!call.answer().isSuccess()) {
                            throw call.failure(false);
                        }
                        JsonObject json = readable(call);
                        List<String> ids = objects(json.getValue("conversations")).stream()
                                .filter(each ->
                                        !(each.getValue("contactId") instanceof String id) || id.equals(contactId))
                                .filter(each -> each.getValue("id") instanceof String)
                                .map(each -> each.getString("id"))
                                .toList();
                        if (ids.size() > CONVERSATIONS) {
                            throw undecided("the contact has " + ids.size() + " conversations");
                        }
                        return inOneOf(ids);
                    });
        }

        private Uni<Optional<Sent>> inOneOf(List<String> ids) {
            if (ids.isEmpty()) {
                return Uni.createFrom().item(Optional.empty());
            }
            return page(ids.get(0), null, 1)
                    .onItem()
                    .ifNull()
                    .continueWith(Optional.empty())
                    .flatMap(found ->
                            found.isPresent() ? Uni.createFrom().item(found) : inOneOf(ids.subList(1, ids.size())));
        }

        /** Null = there is no such conversation. */
        private Uni<Optional<Sent>> page(String conversation, @Nullable String after, int number) {
            String path = "/conversations/" + encoded(conversation) + "/messages?limit=" + PAGE
                    + (after == null ? "" : "&lastMessageId=" + encoded(after));
            return get(path).flatMap(call -> {
                if (call.answer().status() == 404 && number == 1) {
                    return Uni.createFrom().nullItem();
                }
                if (!call.answer().isSuccess()) {
                    throw call.failure(false);
                }
                JsonObject json = readable(call);
                // The API wraps the page in an object of the same name; its description does not.
                JsonObject page = json.getValue("messages") instanceof JsonObject wrapped ? wrapped : json;
                List<JsonObject> messages = objects(page.getValue("messages"));
                Optional<Sent> found = newestMatch(messages);
                if (found.isPresent() || reachesBack(messages)) {
                    return Uni.createFrom().item(found);
                }
                String last = page.getValue("lastMessageId") instanceof String id ? id : null;
                if (!Boolean.TRUE.equals(page.getValue("nextPage")) || last == null || messages.isEmpty()) {
                    return Uni.createFrom().item(Optional.empty());
                }
                if (number >= config.lookUpPages()) {
                    throw undecided("more than " + number * PAGE + " messages since the attempt");
                }
                return page(conversation, last, number + 1);
            });
        }

        /** The newest, because an older message with the same words may be another one; ours was sent last. */
        private Optional<Sent> newestMatch(List<JsonObject> messages) {
            JsonObject best = null;
            Instant bestTime = Instant.MIN;
            for (JsonObject each : messages) {
                if (!isOurs(each)) {
                    continue;
                }
                Instant time = time(each);
                if (time == null) {
                    throw undecided("GoHighLevel lists a message with these words without its time");
                }
                if (!time.isBefore(notBefore) && time.isAfter(bestTime)) {
                    best = each;
                    bestTime = time;
                }
            }
            return Optional.ofNullable(best)
                    .map(each -> new Sent(
                            each.getValue("id") instanceof String id ? id : null,
                            each.getValue("status") instanceof String status ? status : "sent"));
        }

        private boolean isOurs(JsonObject each) {
            if (!"outbound".equals(each.getValue("direction"))) {
                return false;
            }
            // Where the source is told, a person's or a campaign's message is not ours.
            if (each.getValue("source") instanceof String source && !source.equals("api")) {
                return false;
            }
            String body = each.getValue("body") instanceof String text ? words(text) : "";
            // The vendor may add its own words about opting out behind ours.
            return body.equals(words) || body.startsWith(words + " ");
        }

        private boolean reachesBack(List<JsonObject> messages) {
            return messages.stream().anyMatch(each -> {
                Instant time = time(each);
                return time != null && time.isBefore(notBefore);
            });
        }

        private String words(String text) {
            String plain = message.channel().equals("email")
                    ? text.replaceAll("(?s)<[^>]*>", " ")
                            .replace("&lt;", "<")
                            .replace("&gt;", ">")
                            .replace("&amp;", "&")
                    : text;
            return plain.replaceAll("\\s+", " ").strip();
        }

        private Uni<Call> get(String path) {
            return call(
                    tenant,
                    new Request(
                            HttpMethod.GET, path, Map.of(), null, List.of(message.text(), message.channelAddress())),
                    left);
        }

        private static JsonObject readable(Call call) {
            JsonObject json = call.answer().json();
            if (json == null) {
                throw new AdapterException(Kind.TRANSIENT, "look-up: GoHighLevel answered 2xx without a JSON object");
            }
            return json;
        }

        private static AdapterException undecided(String reason) {
            return new AdapterException(Kind.AMBIGUOUS, "look-up undecided: " + reason);
        }

        private static List<JsonObject> objects(@Nullable Object value) {
            return value instanceof JsonArray array
                    ? array.stream()
                            .filter(JsonObject.class::isInstance)
                            .map(JsonObject.class::cast)
                            .toList()
                    : List.of();
        }

        private static @Nullable Instant time(JsonObject each) {
            try {
                return each.getValue("dateAdded") instanceof String text
                        ? OffsetDateTime.parse(text).toInstant()
                        : null;
            } catch (DateTimeException e) {
                return null;
            }
        }
    }

    static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    @Override
    @PreDestroy
    public void close() {
        client.close();
    }
}
