package dev.parley.sandbox.standin;

import java.util.List;
import java.util.TreeMap;
import java.util.function.LongFunction;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** The calls received, oldest first, bounded. Safe from any thread. */
final class CallBook {
    private static final int TEXT_KEPT = 8_192;
    private static final String SECRET_NAMES = "client_secret|refresh_token|access_token|code|password";
    private static final Pattern SECRET_IN_JSON =
            Pattern.compile("(\"(?:" + SECRET_NAMES + ")\"\\s*:\\s*)\"(?:[^\"\\\\]|\\\\.)*+\"?");
    private static final Pattern SECRET_IN_FORM = Pattern.compile("((?:^|&)(?:" + SECRET_NAMES + ")=)[^&]*");

    private final int size;
    private final TreeMap<Long, ReceivedCall> calls = new TreeMap<>();
    private long last;

    CallBook(int size) {
        this.size = size;
    }

    /** Before anything is answered, so that a caller who never gets an answer is in the book too. */
    synchronized long enter(LongFunction<ReceivedCall> numbered) {
        long number = ++last;
        calls.put(number, numbered.apply(number));
        if (calls.size() > size) {
            calls.pollFirstEntry();
        }
        return number;
    }

    synchronized void amend(long number, UnaryOperator<ReceivedCall> change) {
        calls.computeIfPresent(number, (same, call) -> change.apply(call));
    }

    synchronized List<ReceivedCall> all() {
        return List.copyOf(calls.values());
    }

    synchronized void clear() {
        calls.clear();
    }

    static String masked(String text) {
        String kept = text.length() <= TEXT_KEPT ? text : text.substring(0, TEXT_KEPT) + "…";
        String json = SECRET_IN_JSON.matcher(kept).replaceAll("$1\"***\"");
        return SECRET_IN_FORM.matcher(json).replaceAll("$1***");
    }
}
