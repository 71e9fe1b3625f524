package dev.parley.dialog;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A text with placeholders. Pure. */
final class Phrase {
    private static final Pattern PLACEHOLDER = Pattern.compile("( ?)\\{([a-z_]{1,40})}");
    private static final int LONGEST_NAME = 40;

    private Phrase() {}

    /**
     * Fills in {@code {name}}s in one pass: what a contact calls itself is never read as a placeholder. An empty value
     * takes the space before it along ("Hi {name}!" becomes "Hi!"); an unknown placeholder stays as it is.
     */
    static String fill(String text, Map<String, String> values) {
        Matcher matcher = PLACEHOLDER.matcher(text);
        StringBuilder filled = new StringBuilder();
        while (matcher.find()) {
            String value = values.get(matcher.group(2));
            String replacement;
            if (value == null) {
                replacement = matcher.group();
            } else {
                replacement = value.isEmpty() ? "" : matcher.group(1) + value;
            }
            matcher.appendReplacement(filled, Matcher.quoteReplacement(replacement));
        }
        return matcher.appendTail(filled).toString().strip();
    }

    /** The first word of a display name, or nothing if it does not look like a name (a number, an address, markup). */
    static String firstName(String displayName) {
        String[] words = displayName.strip().split("[\\s\\p{Cntrl}]+", 2);
        String first = words[0];
        boolean isName = !first.isEmpty()
                && first.length() <= LONGEST_NAME
                && first.codePoints()
                        .allMatch(c -> Character.isLetter(c)
                                || Character.getType(c) == Character.NON_SPACING_MARK
                                || c == '-'
                                || c == '\''
                                || c == '’'
                                || c == '.');
        return isName ? first : "";
    }
}
