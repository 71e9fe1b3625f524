package dev.parley.sandbox.standin;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Instants as GoHighLevel writes them: always three digits of milliseconds. */
final class Wire {
    private static final DateTimeFormatter MILLIS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private Wire() {}

    static String time(Instant instant) {
        return MILLIS.format(instant);
    }
}
