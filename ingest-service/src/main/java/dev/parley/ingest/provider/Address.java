package dev.parley.ingest.provider;

import java.util.Locale;
import java.util.Optional;

/** One way to write an address, so that one person is one contact. */
public final class Address {
    private static final int SHORTEST_NUMBER = 3;
    private static final int LONGEST_NUMBER = 20;

    private Address() {}

    /** {@code +} and digits; empty if it is none: letters, too few or too many digits. */
    public static Optional<String> phone(String text) {
        StringBuilder digits = new StringBuilder();
        String number = text.strip();
        for (int at = 0; at < number.length(); at++) {
            char c = number.charAt(at);
            if (c >= '0' && c <= '9') {
                digits.append(c);
            } else if (c == '+' ? at != 0 : " -.()/\u00A0\u2011\u2013".indexOf(c) < 0) {
                return Optional.empty();
            }
        }
        if (digits.length() < SHORTEST_NUMBER || digits.length() > LONGEST_NUMBER) {
            return Optional.empty();
        }
        return Optional.of(number.startsWith("+") ? "+" + digits : digits.toString());
    }

    /** {@code text} as an address of {@code channel}; as it stands where it is none, or the channel has its own kind. */
    public static String on(String channel, String text) {
        return switch (channel) {
            case "sms", "whatsapp", "call", "voicemail" -> phone(text).orElse(text.strip());
            case "email" -> email(text).orElse(text.strip());
            default -> text.strip();
        };
    }

    /** Lower case, without display name: {@code Jane <Jane@Example.com>} is {@code jane@example.com}. */
    public static Optional<String> email(String text) {
        String address = text.strip();
        int open = address.lastIndexOf('<');
        int close = address.lastIndexOf('>');
        if (open >= 0 && close > open) {
            address = address.substring(open + 1, close).strip();
        }
        int at = address.indexOf('@');
        boolean plain = at > 0
                && at == address.lastIndexOf('@')
                && at < address.length() - 1
                && address.chars()
                        .noneMatch(c -> Character.isWhitespace(c) || c == ',' || c == ';' || c == '<' || c == '>');
        return plain ? Optional.of(address.toLowerCase(Locale.ROOT)) : Optional.empty();
    }
}
