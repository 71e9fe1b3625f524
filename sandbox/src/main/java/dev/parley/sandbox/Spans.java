package dev.parley.sandbox;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times and spans of time as people type them. */
final class Spans {
    private static final Pattern SHORT = Pattern.compile("([0-9]{1,9})(ms|s|m|h|d)");
    /** Nobody's messages are kept longer in earnest; a year typed wrong should not list a decade. */
    private static final Duration LONGEST = Duration.ofDays(400);

    private Spans() {}

    /**
     * {@code 90s}, {@code 30m}, {@code 2h}, {@code 3d}, or as ISO-8601 has it ({@code PT2H}).
     *
     * @throws IllegalArgumentException saying what is expected
     */
    static Duration parse(String text) {
        Matcher simple = SHORT.matcher(text.strip().toLowerCase(java.util.Locale.ROOT));
        if (simple.matches()) {
            long number = Long.parseLong(simple.group(1));
            return switch (simple.group(2)) {
                case "ms" -> Duration.ofMillis(number);
                case "s" -> Duration.ofSeconds(number);
                case "m" -> Duration.ofMinutes(number);
                case "h" -> Duration.ofHours(number);
                default -> Duration.ofDays(number);
            };
        }
        try {
            return Duration.parse(text.strip());
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("not a span of time such as 30m, 2h or 3d: " + text);
        }
    }

    /**
     * A moment in the past: {@code 2026-11-28T10:00:00Z}, {@code 2026-11-28T11:00:00+01:00}, a day (its begin in UTC), or so
     * long ago ({@code 2h}).
     *
     * @throws SandboxException saying what is expected, for what is none of these, lies ahead, or is absurdly long ago
     */
    static Instant past(String text, Instant now) {
        Instant moment = moment(text.strip(), now);
        if (moment.isAfter(now)) {
            throw new SandboxException("--since " + text + " lies ahead: it is " + now + " now");
        }
        if (moment.isBefore(now.minus(LONGEST))) {
            throw new SandboxException("--since " + text + " is more than " + LONGEST.toDays() + " days ago");
        }
        return moment;
    }

    private static Instant moment(String text, Instant now) {
        if (SHORT.matcher(text).matches()) {
            return now.minus(parse(text));
        }
        try {
            return text.length() == 10
                    ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant()
                    : OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException e) {
            throw new SandboxException("--since takes a time with its zone such as 2026-11-28T10:00:00Z, a day such as"
                    + " 2026-11-28, or how long ago such as 2h or 3d; this is none of them: " + text);
        }
    }

    /** {@code 3 h 12 min}: as far as a person wants to know. */
    static String inWords(Duration span) {
        long minutes = span.toMinutes();
        if (minutes < 1) {
            return span.toSeconds() + " s";
        }
        if (minutes < 60) {
            return minutes + " min";
        }
        return span.toHours() < 48
                ? span.toHours() + " h" + (span.toMinutesPart() == 0 ? "" : " " + span.toMinutesPart() + " min")
                : span.toDays() + " days";
    }
}
