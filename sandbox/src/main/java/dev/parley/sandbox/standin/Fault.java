package dev.parley.sandbox.standin;

import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Something that goes wrong on purpose. Without {@link #times} or {@link #lasting} it lasts until it is cleared; without
 * {@link #on} or {@link #at} it strikes every call.
 *
 * @param status answered by {@link Kind#STATUS}
 * @param delay waited by {@link Kind#SLOW}
 * @param retryAfter sent with {@link Kind#STATUS}; the real API sends none
 * @param pathPrefix of the calls it strikes
 * @param location whose calls it strikes; null all
 */
public record Fault(
        Kind kind,
        int status,
        Duration delay,
        @Nullable Duration retryAfter,
        @Nullable Integer times,
        @Nullable Duration lasting,
        @Nullable String method,
        String pathPrefix,
        @Nullable String location) {

    public enum Kind {
        /** Answers {@link Fault#status()}, nothing is done. */
        STATUS,
        /** Does its work, {@link Fault#delay()} late. */
        SLOW,
        /** Never answers, nothing is done. */
        SILENCE,
        /** Does its work and never answers: the message is sent, the caller does not know. */
        ACCEPT_THEN_SILENCE,
        /** Closes the connection, nothing is done. */
        CUT,
        /** Does its work and closes the connection. */
        ACCEPT_THEN_CUT,
        /** 200 with a page instead of JSON, nothing is done. */
        HTML,
        /** {@code POST /oauth/token} answers {@code invalid_grant}; the refresh token stays unused. */
        REFUSE_REFRESH;

        static Kind of(String text) {
            try {
                return valueOf(text.toUpperCase(Locale.ROOT).replace('-', '_'));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("no such fault: " + text, e);
            }
        }
    }

    public Fault {
        if (kind == Kind.STATUS && (status < 200 || status > 599)) {
            throw new IllegalArgumentException("a fault of kind status needs a status of 200 to 599, not " + status);
        }
        if (times != null && times < 1) {
            throw new IllegalArgumentException("times must be at least 1");
        }
    }

    public static Fault status(int status) {
        return plain(Kind.STATUS, status, Duration.ZERO);
    }

    public static Fault slow(Duration delay) {
        return plain(Kind.SLOW, 0, delay);
    }

    /** Any kind but {@link Kind#STATUS} and {@link Kind#SLOW}, which have their own. */
    public static Fault of(Kind kind) {
        return plain(kind, 0, Duration.ZERO);
    }

    private static Fault plain(Kind kind, int status, Duration delay) {
        String path = kind == Kind.REFUSE_REFRESH ? "/oauth/token" : "/";
        return new Fault(kind, status, delay, null, null, null, null, path, null);
    }

    /** Only the next so many calls. */
    public Fault times(int number) {
        return new Fault(kind, status, delay, retryAfter, number, lasting, method, pathPrefix, location);
    }

    /** Only for so long from now. */
    public Fault lasting(Duration span) {
        return new Fault(kind, status, delay, retryAfter, times, span, method, pathPrefix, location);
    }

    public Fault retryAfter(Duration wait) {
        return new Fault(kind, status, delay, wait, times, lasting, method, pathPrefix, location);
    }

    public Fault on(String onlyMethod, String prefix) {
        return new Fault(kind, status, delay, retryAfter, times, lasting, onlyMethod, prefix, location);
    }

    public Fault at(String onlyLocation) {
        return new Fault(kind, status, delay, retryAfter, times, lasting, method, pathPrefix, onlyLocation);
    }
}
