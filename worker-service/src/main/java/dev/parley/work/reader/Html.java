package dev.parley.work.reader;

import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The words of an HTML mail. One pass, no parser: for reading, never for showing. */
final class Html {
    private static final Set<String> HIDDEN = Set.of("script", "style", "head", "title", "template");
    private static final Set<String> BREAKS = Set.of(
            "br", "p", "div", "li", "tr", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "hr");
    private static final Map<String, String> ENTITIES = Map.of(
            "amp", "&", "lt", "<", "gt", ">", "quot", "\"", "apos", "'", "nbsp", " ", "rsquo", "’", "lsquo", "‘");
    private static final int LONGEST_ENTITY = 10;

    private Html() {}

    static boolean looksLike(String text) {
        int open = text.indexOf('<');
        while (open >= 0 && open + 1 < text.length()) {
            char next = text.charAt(open + 1);
            if ((Character.isLetter(next) || next == '/' || next == '!') && text.indexOf('>', open) > 0) {
                return true;
            }
            open = text.indexOf('<', open + 1);
        }
        return false;
    }

    static String text(String html) {
        StringBuilder out = new StringBuilder(html.length());
        int at = 0;
        while (at < html.length()) {
            char c = html.charAt(at);
            if (c == '<' && startsTag(html, at)) {
                at = skipTag(html, at, out);
            } else if (c == '&') {
                at = entity(html, at, out);
            } else {
                // Line ends of the source are layout, not words.
                out.append(c == '\n' || c == '\r' || c == '\t' || c == '\u00A0' ? ' ' : c);
                at++;
            }
        }
        return tidy(out);
    }

    private static boolean startsTag(String html, int at) {
        if (at + 1 >= html.length()) {
            return false;
        }
        char next = html.charAt(at + 1);
        return Character.isLetter(next) || next == '/' || next == '!' || next == '?';
    }

    /** @return where the text goes on */
    private static int skipTag(String html, int at, StringBuilder out) {
        if (html.startsWith("<!--", at)) {
            int end = html.indexOf("-->", at + 4);
            return end < 0 ? html.length() : end + 3;
        }
        int close = html.indexOf('>', at);
        if (close < 0) {
            return html.length();
        }
        boolean isEnd = html.charAt(at + 1) == '/';
        int from = at + (isEnd ? 2 : 1);
        int to = from;
        while (to < close && Character.isLetterOrDigit(html.charAt(to))) {
            to++;
        }
        String name = html.substring(from, to).toLowerCase(Locale.ROOT);
        if (BREAKS.contains(name)) {
            out.append('\n');
        }
        if (!isEnd && HIDDEN.contains(name) && html.charAt(close - 1) != '/') {
            int end = indexOfEndTag(html, name, close + 1);
            return end < 0 ? html.length() : html.indexOf('>', end) < 0 ? html.length() : html.indexOf('>', end) + 1;
        }
        return close + 1;
    }

    private static int indexOfEndTag(String html, String name, int from) {
        for (int at = html.indexOf("</", from); at >= 0; at = html.indexOf("</", at + 2)) {
            if (html.regionMatches(true, at + 2, name, 0, name.length())) {
                return at;
            }
        }
        return -1;
    }

    private static int entity(String html, int at, StringBuilder out) {
        int end = html.indexOf(';', at);
        if (end < 0 || end - at > LONGEST_ENTITY) {
            out.append('&');
            return at + 1;
        }
        String name = html.substring(at + 1, end);
        String known = ENTITIES.get(name);
        if (known != null) {
            out.append(known);
            return end + 1;
        }
        int code = codePoint(name);
        if (code <= 0) {
            out.append('&');
            return at + 1;
        }
        out.appendCodePoint(code == 0xA0 ? ' ' : code);
        return end + 1;
    }

    /** Of {@code #233} or {@code #xE9}; 0 = not one that text can hold. */
    private static int codePoint(String name) {
        if (!name.startsWith("#") || name.length() < 2) {
            return 0;
        }
        try {
            boolean isHex = name.charAt(1) == 'x' || name.charAt(1) == 'X';
            int code = isHex ? Integer.parseInt(name.substring(2), 16) : Integer.parseInt(name.substring(1));
            boolean isText = Character.isValidCodePoint(code) && (code < 0xD800 || code > 0xDFFF);
            return isText ? code : 0;
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    private static String tidy(StringBuilder text) {
        StringBuilder out = new StringBuilder(text.length());
        for (String line : text.toString().split("\n", -1)) {
            String words = line.strip().replaceAll(" {2,}", " ");
            if (!words.isEmpty()) {
                out.append(out.isEmpty() ? "" : "\n").append(words);
            }
        }
        return out.toString();
    }
}
