package dev.parley.work.adapter.ghl;

import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.MessagingAdapter.OutboundMessage;
import dev.parley.spi.MessagingAdapter.Sent;
import dev.parley.tenant.Tenant;
import dev.parley.work.adapter.VendorCall;
import dev.parley.work.adapter.ghl.GhlClient.Call;
import dev.parley.work.adapter.ghl.GhlClient.Request;
import io.smallrye.mutiny.Uni;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One question: is this message among the contact's? Reads newest first until it is older than the attempt. */
final class GhlLookUp {
    private static final int PAGE = 100;
    private static final int CONVERSATIONS = 3;

    private final GhlClient api;
    private final GhlConfig config;
    private final Tenant tenant;
    private final OutboundMessage message;
    private final Instant notBefore;
    private final String words;
    private final VendorCall left;

    GhlLookUp(
            GhlClient api,
            GhlConfig config,
            Tenant tenant,
            OutboundMessage message,
            Instant attemptedAt,
            VendorCall left) {
        this.api = api;
        this.config = config;
        this.tenant = tenant;
        this.message = message;
        this.notBefore = attemptedAt.minus(config.lookUpSkew());
        this.words = words(message.text());
        this.left = left;
    }

    Uni<Optional<Sent>> run() {
        Optional<String> known = GhlClient.ref(message, "conversation_id");
        if (known.isEmpty()) {
            return search();
        }
        // Conversations are merged and deleted: one that is not there any more says nothing about the message.
        return page(known.get(), null, 1).onItem().ifNull().switchTo(this::search);
    }

    private Uni<Optional<Sent>> search() {
        String contactId = GhlClient.contactId(message);
        return api.locationOf(tenant)
                .flatMap(location -> get("/conversations/search?locationId=" + GhlClient.encoded(location)
                        + "&contactId=" + GhlClient.encoded(contactId) + "&limit=20"))
                .flatMap(call -> {
                    if (!call.answer().isSuccess()) {
                        throw call.failure(false);
                    }
                    JsonObject json = readable(call);
                    List<String> ids = objects(json.getValue("conversations")).stream()
                            .filter(each -> !(each.getValue("contactId") instanceof String id) || id.equals(contactId))
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
        String path = "/conversations/" + GhlClient.encoded(conversation) + "/messages?limit=" + PAGE
                + (after == null ? "" : "&lastMessageId=" + GhlClient.encoded(after));
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
        return api.call(
                tenant,
                new Request(HttpMethod.GET, path, Map.of(), null, List.of(message.text(), message.channelAddress())),
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
