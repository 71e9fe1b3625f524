package dev.parley.sandbox;

import java.util.List;
import java.util.Objects;

/** Something the demo says about Parley, and what was found when it looked. */
record Claim(String says, String expected, String seen) {

    static Claim that(String says, Object expected, Object seen) {
        return new Claim(says, Objects.toString(expected), Objects.toString(seen));
    }

    boolean holds() {
        return expected.equals(seen);
    }

    static String table(List<Claim> claims) {
        StringBuilder text = new StringBuilder();
        for (Claim claim : claims) {
            text.append(claim.holds() ? "  ✓ " : "  ✗ ").append(claim.says());
            if (claim.holds()) {
                text.append(": ").append(claim.seen());
            }
            text.append('\n');
            if (!claim.holds()) {
                text.append("      expected: ").append(claim.expected()).append('\n');
                text.append("      seen:     ").append(claim.seen()).append('\n');
            }
        }
        return text.toString();
    }
}
