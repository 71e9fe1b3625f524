package dev.parley.benchmarks.pure;

import dev.parley.spi.Delivery;
import dev.parley.spi.Verdict;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.signers.Ed25519Signer;

/** What the benchmarks of the pure parts are given: bodies as providers send them, keys, signatures. */
public final class Signed {
    private static final byte[] SPKI_PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");
    private static final SecureRandom RANDOM = new SecureRandom();

    /** An Ed25519 key pair of its own. */
    public static final class Key {
        private final Ed25519PrivateKeyParameters secret = new Ed25519PrivateKeyParameters(RANDOM);

        public byte[] raw() {
            return secret.generatePublicKey().getEncoded();
        }

        /** Base64 of the SubjectPublicKeyInfo. */
        public String spki() {
            byte[] raw = raw();
            byte[] spki = Arrays.copyOf(SPKI_PREFIX, SPKI_PREFIX.length + raw.length);
            System.arraycopy(raw, 0, spki, SPKI_PREFIX.length, raw.length);
            return Base64.getEncoder().encodeToString(spki);
        }

        /** Base64 of the signature of the concatenation of {@code parts}. */
        public String sign(byte[]... parts) {
            Ed25519Signer signer = new Ed25519Signer();
            signer.init(true, secret);
            for (byte[] part : parts) {
                signer.update(part, 0, part.length);
            }
            return Base64.getEncoder().encodeToString(signer.generateSignature());
        }
    }

    private Signed() {}

    /** A customer's message as JSON of exactly {@code size} bytes: a text, and a list of what a provider adds to it. */
    public static byte[] body(int size) {
        String start = """
                {"type":"InboundMessage","locationId":"ve9EPM428h8vShlRW1KT","appId":"67a1b2c3d4e5f60718293a4b",\
                "webhookId":"0b6fd5a1-6f0e-4c0f-9a52-1d7f7ad1f0c1","contactId":"GKAWb4yu7A4LSc0skQ6g",\
                "conversationId":"fcanlLgpbQgQhderivVs","messageId":"pO8SMFfZbIGuZ2hLlnf8","messageType":"SMS",\
                "direction":"inbound","status":"delivered","from":"+15550100200","to":"+15550100300",\
                "dateAdded":"2026-11-21T10:15:30.000Z","body":"Do you have a slot tomorrow? \\u00fc","attachments":[""";
        String attachment =
                "{\"url\":\"https://files.example.com/a/1234567890.jpg\",\"type\":\"image/jpeg\",\"size\":48213},";
        StringBuilder json = new StringBuilder(start);
        String end = "\"\"],\"note\":\"";
        int fixed = end.length() + 2;
        while (json.length() + attachment.length() + fixed <= size) {
            json.append(attachment);
        }
        json.append(end);
        json.append("x".repeat(size - json.length() - 2)).append("\"}");
        return json.toString().getBytes(StandardCharsets.US_ASCII);
    }

    /** Received at {@code at}, with these headers, as names and values in turn. */
    public static Delivery delivery(byte[] body, Instant at, String... headers) {
        Map<String, List<String>> all = new LinkedHashMap<>();
        // What every request carries beside what is looked for.
        all.put("Host", List.of("hooks.example.com"));
        all.put("Content-Type", List.of("application/json"));
        all.put("User-Agent", List.of("webhooks/1.0"));
        for (int name = 0; name < headers.length; name += 2) {
            all.put(headers[name], List.of(headers[name + 1]));
        }
        return new Delivery(body, all, at, 0);
    }

    /**
     * A fast wrong verdict is no result.
     *
     * @throws IllegalStateException if {@code found} is another kind than {@code wanted}
     */
    public static void expect(Class<? extends Verdict> wanted, Verdict found) {
        if (!wanted.isInstance(found)) {
            throw new IllegalStateException(found + " instead of " + wanted.getSimpleName());
        }
    }
}
