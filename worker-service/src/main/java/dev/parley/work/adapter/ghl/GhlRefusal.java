package dev.parley.work.adapter.ghl;

import dev.parley.work.adapter.VendorHttp.Answer;
import dev.parley.work.adapter.VendorWords;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What an answer other than 2xx means. The vendor tells its kinds apart by text alone, so this is the one place that
 * knows the texts; each kind has a stable word with which the reason begins.
 */
record GhlRefusal(Kind kind, String text) {
    enum Kind {
        /** The access token is no longer good; the only kind that a fresh token can mend. */
        TOKEN("token"),
        /** The token lacks a scope: the app must be installed again with it. */
        SCOPE("scope"),
        /** An agency's private token where a location's is needed. */
        USER_TYPE("user-type"),
        /** A company's OAuth token where a location's is needed. */
        AUTH_CLASS("auth-class"),
        /** The token belongs to another location. */
        LOCATION("location"),
        /** The {@code Version} header is missing or unknown: our fault. */
        VERSION("version"),
        /** The contact does not want to be written to on this channel. */
        DND("dnd"),
        OTHER("");

        private final String word;

        Kind(String word) {
            this.word = word;
        }
    }

    private static final Pattern DND =
            Pattern.compile("\\bdnd\\b|do not disturb|\\bopted[ -]?out\\b|\\bunsubscribed\\b");
    private static final Pattern TOKEN = Pattern.compile("\\bexpired\\b|invalid[ _](jwt|token|access[ _]token|auth)"
            + "|\\bjwt\\b|token is (invalid|malformed|revoked)");

    /**
     * @param quotes what the vendor may repeat and nobody may read in a log: the token, the message, the address
     */
    static GhlRefusal of(Answer answer, List<String> quotes) {
        String raw = said(answer);
        return new GhlRefusal(kind(answer, raw.toLowerCase(Locale.ROOT)), VendorWords.shown(raw, quotes));
    }

    /** Begins with the kind's word, for readers that are programs. */
    String reason(int status) {
        String prefix = kind == Kind.OTHER ? "" : kind.word + ": ";
        return prefix + "GoHighLevel answered " + status + (text.isEmpty() ? "" : " \"" + text + "\"");
    }

    private static Kind kind(Answer answer, String said) {
        int status = answer.status();
        if (said.contains("version header")) {
            return Kind.VERSION;
        }
        if (status == 401 || status == 403) {
            if (said.contains("not authorized for this scope")) {
                return Kind.SCOPE;
            }
            if (said.contains("user type mismatch")) {
                return Kind.USER_TYPE;
            }
            if (said.contains("authclass type is not allowed")) {
                return Kind.AUTH_CLASS;
            }
            if (said.contains("not have access to this location")) {
                return Kind.LOCATION;
            }
        }
        if (status != 401 && status < 500 && DND.matcher(said).find()) {
            return Kind.DND;
        }
        String challenge = answer.headers().get("WWW-Authenticate");
        boolean tokenNamed = TOKEN.matcher(said).find()
                // RFC 6750 and plain bearer servers say it in the header, or say nothing at all.
                || challenge != null && challenge.contains("invalid_token")
                || said.isEmpty();
        return status == 401 && tokenNamed ? Kind.TOKEN : Kind.OTHER;
    }

    /** The vendor's own words: {@code message} (text or list), else {@code error} and {@code error_description}. */
    private static String said(Answer answer) {
        JsonObject json = answer.json();
        if (json == null) {
            return "";
        }
        Object message = json.getValue("message");
        if (message instanceof JsonArray several) {
            return String.join("; ", several.stream().map(String::valueOf).toList());
        }
        if (message instanceof String text && !text.isBlank()) {
            return text;
        }
        String error = json.getValue("error") instanceof String text ? text : "";
        String description = json.getValue("error_description") instanceof String text ? text : "";
        return description.isEmpty() ? error : error + ": " + description;
    }
}
