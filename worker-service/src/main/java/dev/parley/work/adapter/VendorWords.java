package dev.parley.work.adapter;

import java.util.List;
import java.util.regex.Pattern;

/** What a vendor said, made fit for a log and for {@code last_error}: no token, no address, nothing of the message. */
public final class VendorWords {
    private static final int MAX_TEXT = 300;
    private static final Pattern SECRET_LIKE =
            Pattern.compile("(?i)bearer\\s+\\S+|eyJ[\\w.-]{10,}|pit-[\\w-]{6,}|\\b[\\w-]{32,}\\b");
    private static final Pattern MAIL = Pattern.compile("[\\w.+-]+@[\\w-]+(\\.[\\w-]+)+");
    private static final Pattern PHONE = Pattern.compile("\\+?\\d[\\d ().-]{5,}\\d");

    private VendorWords() {}

    /** @param quotes what the vendor may repeat and nobody may read in a log: the token, the message, the address */
    public static String shown(String raw, List<String> quotes) {
        String text = raw;
        for (String quote : quotes) {
            if (quote.length() >= 4) {
                text = text.replace(quote, "***");
            }
        }
        text = text.replaceAll("[\\p{Cntrl}\\u2028\\u2029]+", " ");
        text = SECRET_LIKE.matcher(text).replaceAll("***");
        text = MAIL.matcher(text).replaceAll("***");
        text = PHONE.matcher(text).replaceAll("***");
        text = text.strip();
        return text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT) + "…";
    }
}
