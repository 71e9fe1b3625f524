package dev.parley.work.handler;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A vendor's words made fit for {@code last_error} and for a message's history: no address, no token, no novel. */
final class Reason {
    private static final int LONGEST = 300;
    private static final Pattern TOKEN = Pattern.compile("(?i)\\bbearer\\s+\\S+"
            + "|[\\w-]{0,40}(?:token|secret|password|key)\"?\\s?[:=]\\s?\"?[^\\s\",}]+\"?"
            + "|\\beyJ[\\w.-]+|\\bpit-[\\w-]+");
    private static final Pattern EMAIL = Pattern.compile("[\\w.+%-]{1,64}@[\\w.-]{1,255}");
    private static final Pattern PHONE = Pattern.compile("\\+?\\d[\\d ().-]{5,20}(\\d\\d)\\b");
    private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}\\s]+");
    private static final Pattern DO_NOT_DISTURB = Pattern.compile(
            "(?i)\\bDND\\b|do[- ]not[- ]disturb|\\bopt(?:ed)?[-_ ]?out\\b|\\bunsubscribed\\b|\\b21610\\b");

    private Reason() {}

    static String of(Throwable failure) {
        String said = failure.getMessage();
        return said == null || said.isBlank() ? failure.getClass().getSimpleName() : of(said);
    }

    static String of(String said) {
        String line = CONTROL.matcher(said.length() > 2_000 ? said.substring(0, 2_000) : said)
                .replaceAll(" ")
                .strip();
        line = TOKEN.matcher(line).replaceAll("***");
        line = EMAIL.matcher(line).replaceAll("…@…");
        line = PHONE.matcher(line).replaceAll("…$1");
        if (line.length() <= LONGEST) {
            return line;
        }
        int end = Character.isHighSurrogate(line.charAt(LONGEST - 1)) ? LONGEST - 1 : LONGEST;
        return line.substring(0, end) + "…";
    }

    /** Does the vendor say that this contact does not want messages? */
    static boolean saysDoNotDisturb(@Nullable String said) {
        return said != null && DO_NOT_DISTURB.matcher(said).find();
    }
}
