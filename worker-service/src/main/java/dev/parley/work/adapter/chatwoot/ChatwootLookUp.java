package dev.parley.work.adapter.chatwoot;

import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.MessagingAdapter.OutboundMessage;
import dev.parley.spi.MessagingAdapter.Sent;
import dev.parley.tenant.Tenant;
import dev.parley.work.adapter.VendorCall;
import dev.parley.work.adapter.VendorHttp.Answer;
import dev.parley.work.reader.ChatwootEvents;
import io.smallrye.mutiny.Uni;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One question: is this message in its conversation? Reads newest first until it is older than the attempt. "No" is said
 * only after all of that was read; whatever stops the reading earlier leaves the question open.
 */
final class ChatwootLookUp {
    private final ChatwootApi api;
    private final ChatwootConfig config;
    private final Tenant tenant;
    private final OutboundMessage message;
    private final String path;
    private final String token;
    private final Instant notBefore;
    private final VendorCall time;

    /** @param path of the conversation's messages */
    ChatwootLookUp(
            ChatwootApi api,
            ChatwootConfig config,
            Tenant tenant,
            OutboundMessage message,
            String path,
            String token,
            Instant attemptedAt,
            VendorCall time) {
        this.api = api;
        this.config = config;
        this.tenant = tenant;
        this.message = message;
        this.path = path;
        this.token = token;
        this.notBefore = attemptedAt.minus(config.lookUpSkew());
        this.time = time;
    }

    Uni<Optional<Sent>> run() {
        return page(null, 1);
    }

    /** Newest page first; within a page the oldest stands first. */
    private Uni<Optional<Sent>> page(@Nullable String before, int number) {
        String page = path + (before == null ? "" : "?before=" + before);
        return api.call(tenant, message, HttpMethod.GET, page, token, null, time)
                .flatMap(answer -> {
                    if (!answer.isSuccess()) {
                        throw notAllowed(answer);
                    }
                    List<JsonObject> messages = messages(answer);
                    Optional<JsonObject> found = messages.stream()
                            .filter(this::isMarked)
                            .findFirst()
                            .or(() -> messages.stream().filter(this::isLike).reduce((earlier, later) -> later));
                    if (found.isPresent() || messages.isEmpty() || reachesBack(messages)) {
                        return Uni.createFrom().item(found.map(ChatwootMessaging::sent));
                    }
                    String oldest = ChatwootApi.id(messages.get(0));
                    if (oldest == null || !oldest.matches(ChatwootMessaging.NUMBER) || oldest.equals(before)) {
                        throw undecided("Chatwoot does not say where its older messages are");
                    }
                    if (number >= config.lookUpPages()) {
                        throw undecided("more than " + number + " pages of messages since the attempt");
                    }
                    return page(oldest, number + 1);
                });
    }

    private static List<JsonObject> messages(Answer answer) {
        JsonObject json = answer.json();
        if (json == null || !(json.getValue("payload") instanceof JsonArray listed)) {
            throw new AdapterException(Kind.TRANSIENT, "look-up: Chatwoot answered 2xx without a list of messages");
        }
        return listed.stream()
                .filter(JsonObject.class::isInstance)
                .map(JsonObject.class::cast)
                .toList();
    }

    private boolean isMarked(JsonObject each) {
        return each.getValue("content_attributes") instanceof JsonObject attributes
                && message.messageId().toString().equals(attributes.getValue(ChatwootEvents.OUR_ID));
    }

    /** As it looks where a version keeps no attributes: our words, since the attempt, from nobody we know better. */
    private boolean isLike(JsonObject each) {
        boolean isOutgoing = Integer.valueOf(1).equals(each.getValue("message_type"))
                || "outgoing".equals(each.getValue("message_type"));
        boolean isMarkedOtherwise = each.getValue("content_attributes") instanceof JsonObject attributes
                && attributes.containsKey(ChatwootEvents.OUR_ID);
        Instant at = time(each);
        return isOutgoing
                && !isMarkedOtherwise
                && !Boolean.TRUE.equals(each.getValue("private"))
                && each.getValue("content") instanceof String content
                && words(content).equals(words(message.text()))
                && at != null
                && !at.isBefore(notBefore);
    }

    private boolean reachesBack(List<JsonObject> messages) {
        return messages.stream().map(ChatwootLookUp::time).anyMatch(at -> at != null && at.isBefore(notBefore));
    }

    private static String words(String text) {
        return text.replaceAll("\\s+", " ").strip();
    }

    private static @Nullable Instant time(JsonObject each) {
        return each.getValue("created_at") instanceof Number seconds
                ? Instant.ofEpochSecond(seconds.longValue())
                : null;
    }

    /** A conversation that is gone says nothing about the message, and a bot's token may not look. */
    private AdapterException notAllowed(Answer answer) {
        AdapterException failure =
                api.failure(answer, tenant, List.of(token, message.text(), message.channelAddress()), false);
        return failure.kind() == Kind.UNAUTHORIZED
                ? new AdapterException(
                        Kind.REFUSED,
                        "look-up not allowed (a bot's token may not read; credentials chatwoot need a user's"
                                + " read_token): " + failure.getMessage())
                : failure;
    }

    private static AdapterException undecided(String reason) {
        return new AdapterException(Kind.AMBIGUOUS, "look-up undecided: " + reason);
    }
}
