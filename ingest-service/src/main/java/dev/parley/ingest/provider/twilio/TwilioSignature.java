package dev.parley.ingest.provider.twilio;

import dev.parley.inbound.Form;
import dev.parley.ingest.provider.Hmac;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What Twilio signs (its guide "Webhooks security"): HMAC-SHA1, by the account's auth token, over the URL as it was
 * configured there and, for forms, every parameter's name and value in order of the names. For other bodies the URL bears
 * {@code bodySHA256} and is signed alone.
 *
 * <p>Which of the two it is depends on the signed URL only, never on the content type, which anybody may change. All in
 * bytes: nothing is read as text before it is believed.
 */
final class TwilioSignature {
    private static final String BODY_HASH = "bodySHA256=";
    private static final Comparator<Form.Field> BY_NAME =
            (one, other) -> Arrays.compareUnsigned(one.name(), other.name());
    private static final Comparator<Form.Field> BY_NAME_AND_VALUE =
            BY_NAME.thenComparing((one, other) -> Arrays.compareUnsigned(one.value(), other.value()));

    private TwilioSignature() {}

    /** The hash of the body that the URL names; empty = none, or not exactly one: then the body is a form. */
    static Optional<String> bodyHash(String target) {
        int query = target.indexOf('?');
        if (query < 0) {
            return Optional.empty();
        }
        List<String> hashes = Arrays.stream(target.substring(query + 1).split("&", -1))
                .filter(part -> part.startsWith(BODY_HASH))
                .toList();
        return hashes.size() == 1 ? Optional.of(hashes.get(0).substring(BODY_HASH.length())) : Optional.empty();
    }

    /** Whether the hash in the URL is that of {@code body}. */
    static boolean isHashOf(String hash, byte[] body) {
        try {
            return Hmac.isHex(MessageDigest.getInstance("SHA-256").digest(body), "", hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** @param url as configured at Twilio, with its query */
    static byte[] of(byte[] key, String url, Form parameters) {
        return Hmac.of(Hmac.SHA1, key, signed -> {
            signed.accept(url.getBytes(StandardCharsets.UTF_8));
            Form.Field last = null;
            for (Form.Field field :
                    parameters.fields().stream().sorted(BY_NAME_AND_VALUE).toList()) {
                // Twilio's libraries take a value that stands there twice once.
                if (last == null || BY_NAME_AND_VALUE.compare(last, field) != 0) {
                    signed.accept(field.name());
                    signed.accept(field.value());
                }
                last = field;
            }
        });
    }

    /** The ways Twilio may write one URL: as it is, and with or without the port that its scheme implies. */
    static Set<String> spellings(String url) {
        Set<String> spellings = new LinkedHashSet<>(List.of(url));
        try {
            URI uri = new URI(url);
            int implied = "https".equals(uri.getScheme()) ? 443 : 80;
            String authority = uri.getRawAuthority();
            if (authority != null && uri.getHost() != null) {
                String head = uri.getScheme() + "://";
                String tail = url.substring(head.length() + authority.length());
                if (uri.getPort() == implied) {
                    spellings.add(head + authority.substring(0, authority.lastIndexOf(':')) + tail);
                } else if (uri.getPort() < 0) {
                    spellings.add(head + authority + ":" + implied + tail);
                }
            }
        } catch (URISyntaxException e) {
            // Only as it is, then: a stranger's path may hold anything.
            return spellings;
        }
        return spellings;
    }
}
