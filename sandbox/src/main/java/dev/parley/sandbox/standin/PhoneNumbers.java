package dev.parley.sandbox.standin;

import java.util.regex.Pattern;

/** What counts as a telephone number here: E.164, after the separators people type are gone. */
final class PhoneNumbers {
    private static final Pattern E164 = Pattern.compile("\\+[1-9][0-9]{6,14}");
    private static final Pattern SEPARATORS = Pattern.compile("[\\s().\\-/]");

    private PhoneNumbers() {}

    static boolean isE164(String text) {
        return E164.matcher(text).matches();
    }

    static String withoutSeparators(String text) {
        return SEPARATORS.matcher(text).replaceAll("");
    }
}
