package dev.parley.sandbox;

import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * All that the database knows under one trace id, as rows.
 *
 * @param now the database's clock when it was read
 * @param related events under other trace ids that report on this one's outbound messages: echoes and statuses
 * @param ahead unfinished jobs of the same contact that come before this trace's first
 */
record Trace(
        UUID id,
        Instant now,
        List<Event> events,
        List<Job> jobs,
        List<Message> messages,
        List<Related> related,
        int ahead) {

    private static final Pattern HEX = Pattern.compile("[0-9a-f]{32}");

    /** When, attempt, who, why. */
    private static final Pattern ATTEMPT = Pattern.compile("^(\\S+Z) attempt (\\d+) \\((.*?)\\): (.*)$");

    record Event(
            UUID id,
            String tenant,
            boolean tenantEnabled,
            String provider,
            String type,
            @Nullable String providerMessageId,
            @Nullable String channel,
            @Nullable String address,
            Instant receivedAt) {}

    record Job(
            UUID id,
            UUID eventId,
            String type,
            String status,
            int attempts,
            Instant runAfter,
            @Nullable Instant lockedAt,
            @Nullable String lockedBy,
            @Nullable String lastError,
            Instant createdAt,
            Instant updatedAt) {

        boolean isSend() {
            return type.equals("send_outbound_message");
        }

        /** The attempts that failed, oldest first; {@code last_error} keeps the newest first. */
        List<Attempt> failures() {
            List<Attempt> failures = new ArrayList<>();
            for (String line : (lastError == null ? "" : lastError).split("\n")) {
                Matcher matcher = ATTEMPT.matcher(line);
                if (matcher.matches()) {
                    try {
                        failures.add(
                                0,
                                new Attempt(
                                        Instant.parse(matcher.group(1)),
                                        Integer.parseInt(matcher.group(2)),
                                        matcher.group(3),
                                        matcher.group(4)));
                    } catch (DateTimeParseException | NumberFormatException e) {
                        // Written by hand: told with the job's own times below.
                        failures.add(0, new Attempt(updatedAt, attempts, "", line));
                    }
                } else if (!line.isBlank()) {
                    failures.add(0, new Attempt(updatedAt, attempts, "", line));
                }
            }
            return failures;
        }
    }

    /** One line of {@code last_error}. */
    record Attempt(Instant at, int number, String who, String reason) {}

    record Message(
            UUID id,
            boolean inbound,
            String provider,
            @Nullable String providerMessageId,
            @Nullable String channel,
            @Nullable String text,
            JsonObject payload,
            Instant createdAt) {}

    record Related(UUID traceId, String type, @Nullable String status, String messageId, Instant receivedAt) {}

    /** A trace id as a person pastes it: a UUID, or the 32 hex digits that telemetry shows. */
    static UUID parse(String text) {
        String hex = text.strip().toLowerCase(Locale.ROOT).replace("-", "");
        if (!HEX.matcher(hex).matches()) {
            throw new SandboxException(
                    "a trace id is a UUID or its 32 hex digits, such as 0193a1b2c3d47e8f9a0b1c2d3e4f5061; this is neither: "
                            + text);
        }
        return new UUID(
                Long.parseUnsignedLong(hex.substring(0, 16), 16), Long.parseUnsignedLong(hex.substring(16), 16));
    }

    boolean isKnown() {
        return !events.isEmpty() || !jobs.isEmpty() || !messages.isEmpty();
    }
}
