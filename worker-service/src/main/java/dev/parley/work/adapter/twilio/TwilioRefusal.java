package dev.parley.work.adapter.twilio;

import dev.parley.work.adapter.VendorHttp.Answer;
import dev.parley.work.adapter.VendorWords;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Set;

/**
 * What an answer other than 2xx means: Twilio numbers its errors ({@code code} of the body, its "Error and Warning
 * Dictionary"), and the numbers are what is relied on.
 *
 * @param code 0 = none was given
 */
record TwilioRefusal(int code, String text) {
    /** The customer wrote STOP to this sender (21610), or is blocked (63032, 63033 on WhatsApp). */
    private static final Set<Integer> OPTED_OUT = Set.of(21610, 63032, 63033);

    /** Too many requests, or too many messages queued for the sender. */
    private static final Set<Integer> TOO_FAST = Set.of(20429, 14107, 21611, 63018);

    /** More than a day after the customer's last message only templates reach a WhatsApp user. */
    private static final int OUTSIDE_WINDOW = 63016;

    static TwilioRefusal of(Answer answer, List<String> quotes) {
        JsonObject json = answer.json();
        if (json == null) {
            return new TwilioRefusal(0, "");
        }
        int code = json.getValue("code") instanceof Number number ? number.intValue() : 0;
        String said = json.getValue("message") instanceof String text ? text : "";
        return new TwilioRefusal(code, VendorWords.shown(said, quotes));
    }

    boolean isOptOut() {
        return OPTED_OUT.contains(code);
    }

    boolean isOutsideWindow() {
        return code == OUTSIDE_WINDOW;
    }

    boolean isTooFast(int status) {
        return status == 429 || TOO_FAST.contains(code);
    }

    boolean isAboutOurCredentials(int status) {
        return status == 401 || status == 403 || code == 20003;
    }

    /** Begins with a stable word where programs care. */
    String reason(int status) {
        String word = isOptOut() ? "dnd: " : isOutsideWindow() ? "window: " : "";
        return word + "Twilio answered " + status + (code == 0 ? "" : " (error " + code + ")")
                + (text.isEmpty() ? "" : " \"" + text + "\"");
    }
}
