package dev.parley.tenant;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The Fernet token format (github.com/fernet/spec), version 0x80, as pure functions. A token is
 * {@code base64url(0x80 | seconds, 8 bytes | IV, 16 | AES-128-CBC with PKCS#7 | HMAC-SHA256 of all before, 32)}.
 *
 * <p>Stricter than the specification in one point: only the canonical base64url of a token is a token (padding may be
 * left out), so that a token cannot be changed without changing its meaning.
 */
final class Fernet {
    static final int IV_BYTES = 16;

    /** How far ahead of our clock a token may be dated; looked at only when a time to live is asked for. */
    private static final Duration MAX_CLOCK_SKEW = Duration.ofSeconds(60);

    private static final byte VERSION = (byte) 0x80;
    private static final int HEADER_BYTES = 1 + Long.BYTES + IV_BYTES;
    private static final int MAC_BYTES = 32;
    private static final int BLOCK_BYTES = 16;

    private Fernet() {}

    /** The token is not one, or not one of this key's. The message never holds any part of it. */
    static final class InvalidToken extends Exception {
        enum Reason {
            /** Not the text of a token at all; no key will change that. */
            MALFORMED,
            /** Well-formed, but made with another key or altered. */
            OTHER_KEY,
            /** Genuine, but too old or from the future for the time to live asked for. */
            NOT_NOW
        }

        private final Reason reason;

        InvalidToken(Reason reason, String message) {
            super(message);
            this.reason = reason;
        }

        Reason reason() {
            return reason;
        }
    }

    /** 32 secret bytes: sixteen to sign, sixteen to encrypt. */
    static final class Key {
        private final SecretKeySpec signing;
        private final SecretKeySpec encryption;
        private final byte[] fingerprint;

        private Key(byte[] bytes) {
            this.signing = new SecretKeySpec(bytes, 0, 16, "HmacSHA256");
            this.encryption = new SecretKeySpec(bytes, 16, 16, "AES");
            this.fingerprint = digest(bytes);
        }

        /** @throws IllegalArgumentException says what is wrong with the text, never the text */
        static Key parse(String text) {
            if (text.indexOf('+') >= 0 || text.indexOf('/') >= 0) {
                throw new IllegalArgumentException(
                        "is standard base64; a Fernet key is base64url (write - for + and _ for /)");
            }
            byte[] bytes;
            try {
                bytes = decodeCanonical(text);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "is not base64url (44 characters of A-Z a-z 0-9 - _ =; this has " + text.length() + ")");
            }
            if (bytes.length != 32) {
                throw new IllegalArgumentException(
                        "decodes to " + bytes.length + " bytes; a Fernet key has exactly 32");
            }
            return new Key(bytes);
        }

        boolean isSameAs(Key other) {
            return MessageDigest.isEqual(fingerprint, other.fingerprint);
        }

        private static byte[] digest(byte[] bytes) {
            try {
                return MessageDigest.getInstance("SHA-256").digest(bytes);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("every Java platform has SHA-256", e);
            }
        }

        @Override
        public String toString() {
            return "***";
        }
    }

    /** What a genuine token says. */
    record Opened(Instant sealedAt, byte[] plaintext) {}

    static byte[] seal(Key key, Instant sealedAt, byte[] iv, byte[] plaintext) {
        try {
            Cipher cipher = Cipher.getInstance("AES/CBC/PKCS5Padding");
            cipher.init(Cipher.ENCRYPT_MODE, key.encryption, new IvParameterSpec(iv));
            byte[] ciphertext = cipher.doFinal(plaintext);
            ByteBuffer token = ByteBuffer.allocate(HEADER_BYTES + ciphertext.length + MAC_BYTES)
                    .put(VERSION)
                    .putLong(sealedAt.getEpochSecond())
                    .put(iv)
                    .put(ciphertext);
            token.put(mac(key, token.array(), token.position()));
            return Base64.getUrlEncoder().encode(token.array());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has AES and HMAC-SHA256", e);
        }
    }

    /**
     * Opens {@code token} (ASCII). The MAC is checked, in constant time, before anything is decrypted.
     *
     * @param timeToLive refuse a token older than this, or dated more than a minute ahead; null = any age
     */
    static Opened open(Key key, byte[] token, @Nullable Duration timeToLive, Instant now) throws InvalidToken {
        byte[] bytes;
        try {
            bytes = decodeCanonical(new String(token, StandardCharsets.ISO_8859_1));
        } catch (IllegalArgumentException e) {
            throw new InvalidToken(InvalidToken.Reason.MALFORMED, "not canonical base64url");
        }
        int ciphertextBytes = bytes.length - HEADER_BYTES - MAC_BYTES;
        if (ciphertextBytes < BLOCK_BYTES) {
            throw new InvalidToken(InvalidToken.Reason.MALFORMED, "too short for a Fernet token");
        }
        if (bytes[0] != VERSION) {
            throw new InvalidToken(InvalidToken.Reason.MALFORMED, "not version 0x80 of the Fernet format");
        }
        byte[] expected = mac(key, bytes, bytes.length - MAC_BYTES);
        if (!MessageDigest.isEqual(expected, Arrays.copyOfRange(bytes, bytes.length - MAC_BYTES, bytes.length))) {
            throw new InvalidToken(InvalidToken.Reason.OTHER_KEY, "made with another key, or altered");
        }
        long seconds = ByteBuffer.wrap(bytes, 1, Long.BYTES).getLong();
        if (timeToLive != null) {
            checkAge(seconds, timeToLive.toSeconds(), now.getEpochSecond());
        }
        if (ciphertextBytes % BLOCK_BYTES != 0) {
            throw new InvalidToken(InvalidToken.Reason.MALFORMED, "not a whole number of cipher blocks");
        }
        try {
            Cipher cipher = Cipher.getInstance("AES/CBC/PKCS5Padding");
            cipher.init(Cipher.DECRYPT_MODE, key.encryption, new IvParameterSpec(bytes, 1 + Long.BYTES, IV_BYTES));
            byte[] plaintext = cipher.doFinal(bytes, HEADER_BYTES, ciphertextBytes);
            return new Opened(instant(seconds), plaintext);
        } catch (GeneralSecurityException e) {
            throw new InvalidToken(InvalidToken.Reason.MALFORMED, "signed by this key, but its padding is broken");
        }
    }

    private static void checkAge(long sealedAt, long timeToLive, long now) throws InvalidToken {
        // The time is 64 unsigned bits of somebody else's clock: compare without sums that could overflow.
        if (sealedAt < 0 || sealedAt > now && sealedAt - now > MAX_CLOCK_SKEW.toSeconds()) {
            throw new InvalidToken(InvalidToken.Reason.NOT_NOW, "dated in the future");
        }
        if (sealedAt < now && now - sealedAt > timeToLive) {
            throw new InvalidToken(InvalidToken.Reason.NOT_NOW, "older than its time to live");
        }
    }

    private static Instant instant(long seconds) {
        return seconds >= 0 && seconds <= Instant.MAX.getEpochSecond() ? Instant.ofEpochSecond(seconds) : Instant.MAX;
    }

    private static byte[] mac(Key key, byte[] bytes, int length) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(key.signing);
            mac.update(bytes, 0, length);
            return mac.doFinal();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HMAC-SHA256", e);
        }
    }

    /** Java's decoder ignores stray low bits of the last character; encoding again finds them. */
    private static byte[] decodeCanonical(String text) {
        byte[] bytes = Base64.getUrlDecoder().decode(text);
        String canonical = Base64.getUrlEncoder().encodeToString(bytes);
        if (!text.equals(canonical) && !text.equals(canonical.replace("=", ""))) {
            throw new IllegalArgumentException("not canonical base64url");
        }
        return bytes;
    }
}
