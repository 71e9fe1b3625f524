package dev.parley.work.reader;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What somebody wrote in a mail, without what their mail program put around it. */
final class Mail {
    private static final Pattern QUOTE_BEGINS = Pattern.compile(
            "^(?:On .{1,300} wrote:|Am .{1,300} schrieb .{0,200}:|Le .{1,300} a écrit ?:|El .{1,300} escribió:"
                    + "|-{2,}\\s?Original Message\\s?-{2,}|_{10,}|From: .{1,300})$");
    private static final int LONGEST_NAME = 100;

    private Mail() {}

    /** The new words of a reply: up to where the quoted mail begins; all of it if nothing is left. */
    static String withoutQuote(String text) {
        StringBuilder own = new StringBuilder();
        for (String line : text.split("\\R", -1)) {
            String words = line.strip();
            if (QUOTE_BEGINS.matcher(words).matches()) {
                break;
            }
            if (!words.startsWith(">")) {
                own.append(line).append('\n');
            }
        }
        String said = own.toString().strip();
        return said.isEmpty() ? text.strip() : said;
    }

    /** {@code Jane} of {@code "Jane" <jane@example.com>}; null where there is no name. */
    static @Nullable String name(String from) {
        int open = from.lastIndexOf('<');
        if (open <= 0) {
            return null;
        }
        String name = from.substring(0, open).strip();
        if (name.length() > 1 && name.startsWith("\"") && name.endsWith("\"")) {
            name = name.substring(1, name.length() - 1).strip();
        }
        return name.isEmpty() || name.length() > LONGEST_NAME || name.contains("@") ? null : name;
    }
}
