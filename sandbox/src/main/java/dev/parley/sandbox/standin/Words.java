package dev.parley.sandbox.standin;

import java.util.Locale;

/** Constants as the control API writes them: lower case. */
final class Words {
    private Words() {}

    static String of(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
