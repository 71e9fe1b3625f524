package dev.parley.sandbox.standin;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One copy of one webhook and everything that came of it so far.
 *
 * @param number counts from 1
 * @param webhookId from the body; empty if it has none
 * @param messageId whose news it carries; null if none
 * @param copy 1, or more where copies were ordered
 * @param body as sent
 */
public record WebhookDelivery(
        long number,
        String webhookId,
        String type,
        @Nullable String locationId,
        @Nullable String messageId,
        int copy,
        @Nullable Forgery forgery,
        State state,
        List<Attempt> attempts,
        String body) {

    public enum State {
        /** Its first answer, or its next attempt, is awaited. */
        UNDER_WAY,
        /** Answered 2xx. */
        TAKEN,
        /** Not taken by the last attempt there is. */
        GIVEN_UP,
        /** No URL to send it to was set. */
        NOWHERE
    }

    /**
     * @param status 0 if none came
     * @param answer the body answered, its beginning
     * @param error why there is no status; null if there is one
     */
    public record Attempt(
            Instant at, int status, String answer, @Nullable String error, Duration took) {}

    public WebhookDelivery {
        attempts = List.copyOf(attempts);
    }

    public Optional<Attempt> lastAttempt() {
        return attempts.isEmpty() ? Optional.empty() : Optional.of(attempts.get(attempts.size() - 1));
    }

    /** The trace id answered, if the last answer was Parley's. */
    public Optional<String> traceId() {
        return answered("trace_id");
    }

    /** Parley's word for what it did: {@code accepted}, {@code duplicate}… */
    public Optional<String> verdict() {
        return answered("status");
    }

    private Optional<String> answered(String field) {
        return lastAttempt().flatMap(attempt -> {
            try {
                return new JsonObject(attempt.answer()).getValue(field) instanceof String text
                        ? Optional.of(text)
                        : Optional.empty();
            } catch (DecodeException notJson) {
                return Optional.empty();
            }
        });
    }

    JsonObject toJson() {
        JsonArray tries = new JsonArray();
        for (Attempt attempt : attempts) {
            JsonObject one = new JsonObject()
                    .put("at", Wire.time(attempt.at()))
                    .put("status", attempt.status())
                    .put("answer", attempt.answer())
                    .put("took_ms", attempt.took().toMillis());
            if (attempt.error() != null) {
                one.put("error", attempt.error());
            }
            tries.add(one);
        }
        return new JsonObject()
                .put("number", number)
                .put("webhook_id", webhookId)
                .put("type", type)
                .put("location", locationId)
                .put("message_id", messageId)
                .put("copy", copy)
                .put("forgery", forgery == null ? null : Words.of(forgery))
                .put("state", Words.of(state))
                .put("verdict", verdict().orElse(null))
                .put("trace_id", traceId().orElse(null))
                .put("attempts", tries)
                .put("body", body);
    }
}
