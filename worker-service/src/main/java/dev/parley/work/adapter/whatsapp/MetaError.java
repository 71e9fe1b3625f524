package dev.parley.work.adapter.whatsapp;

import dev.parley.spi.AdapterException.Kind;
import dev.parley.work.adapter.VendorHttp.Answer;
import dev.parley.work.adapter.VendorWords;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Set;

/**
 * What an answer other than 2xx means: Meta's documentation says to go by {@code error.code}, not by status or text.
 *
 * <p>Source: Meta, "Error codes" of the WhatsApp Business Platform documentation
 * (developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes).
 *
 * @param code 0 where Meta gave none
 */
record MetaError(int status, int code, String text) {
    static final int OUTSIDE_WINDOW = 131047;
    static final int OPTED_OUT = 131050;
    static final int PAIR_TOO_FAST = 131056;
    static final int SPAM_LIMIT = 131048;

    private static final Set<Integer> TOO_FAST = Set.of(4, 613, 80007, 130429);
    /** Meta is down or busy, and says so in its own error: the message was not taken. */
    private static final Set<Integer> UNAVAILABLE = Set.of(2, 131016, 133004);

    private static final Set<Integer> TOKEN = Set.of(102, 190, 463, 467);
    private static final Set<Integer> PERMISSION = Set.of(3, 10, 131005);
    /** Nothing goes out before somebody mends the account: restricted, locked, unpaid, not registered. */
    private static final Set<Integer> ACCOUNT = Set.of(368, 131031, 131042, 131045, 133010);

    /** @param quotes what Meta may repeat and nobody may read in a log */
    static MetaError of(Answer answer, List<String> quotes) {
        JsonObject json = answer.json();
        JsonObject error =
                json != null && json.getValue("error") instanceof JsonObject object ? object : new JsonObject();
        String message = error.getValue("message") instanceof String text ? text : "";
        String details = error.getValue("error_data") instanceof JsonObject data
                        && data.getValue("details") instanceof String text
                        && !message.contains(text)
                ? ": " + text
                : "";
        int code = error.getValue("code") instanceof Integer number ? number : 0;
        return new MetaError(answer.status(), code, VendorWords.shown(message + details, quotes));
    }

    boolean isTooFast() {
        return TOO_FAST.contains(code) || status == 429;
    }

    /** Of everything but {@link #isTooFast}, {@link #PAIR_TOO_FAST} and {@link #SPAM_LIMIT}. */
    Kind kind(boolean saysWhenToComeAgain) {
        if (code == OUTSIDE_WINDOW) {
            return Kind.BLOCKED;
        }
        if (TOKEN.contains(code) || isPermission() || ACCOUNT.contains(code)) {
            return Kind.UNAUTHORIZED;
        }
        if (UNAVAILABLE.contains(code) || status == 503 && saysWhenToComeAgain) {
            return Kind.TRANSIENT;
        }
        if (status >= 500) {
            return Kind.AMBIGUOUS;
        }
        if (status == 408 || status == 425 || status < 400) {
            return Kind.TRANSIENT;
        }
        return status == 401 || status == 403 ? Kind.UNAUTHORIZED : Kind.REFUSED;
    }

    private boolean isPermission() {
        return PERMISSION.contains(code) || (code >= 200 && code <= 299);
    }

    /** Begins with a word for readers that are programs, where there is one. */
    String reason() {
        String word = TOKEN.contains(code)
                ? "token: "
                : isPermission()
                        ? "permission: "
                        : ACCOUNT.contains(code)
                                ? "account: "
                                : code == OPTED_OUT ? "dnd: " : code == OUTSIDE_WINDOW ? "window: " : "";
        String number = code == 0 ? "" : " (#" + code + ")";
        // Its texts usually begin with the number.
        String words = text.startsWith("(#" + code + ")")
                ? text.substring(number.length() - 1).strip()
                : text;
        return word + "Meta answered " + status + number + (words.isEmpty() ? "" : " \"" + words + "\"");
    }
}
