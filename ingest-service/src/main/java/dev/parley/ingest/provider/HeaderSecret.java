package dev.parley.ingest.provider;

import dev.parley.spi.Delivery;
import dev.parley.spi.Verdict;
import dev.parley.tenant.Secret;
import java.util.List;
import java.util.Optional;

/** What a vendor shows that signs nothing: a secret in a header, exactly once. A body is as safe as TLS and that secret. */
public final class HeaderSecret {
    private static final Secret DECOY = Secret.of("nobody has this secret, comparing with it only takes time");

    private final String header;

    public HeaderSecret(String header) {
        this.header = header;
    }

    /** Genuine if the header shows any of {@code secrets}; compares in constant time, and as much where there are none. */
    public Verdict verify(Delivery delivery, List<Secret> secrets) {
        Optional<String> shown = delivery.only(header);
        boolean matches = false;
        // All of them, even after a match: time must not tell which one it was.
        for (Secret secret : secrets.isEmpty() ? List.of(DECOY) : secrets) {
            matches |= secret.matches(shown.orElse(""));
        }
        if (shown.isEmpty()) {
            return Verdict.forged("no secret");
        }
        return matches && !secrets.isEmpty() ? Verdict.genuine() : Verdict.forged("wrong secret");
    }
}
