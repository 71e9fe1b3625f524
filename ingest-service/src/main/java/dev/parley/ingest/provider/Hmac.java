package dev.parley.ingest.provider;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.function.Consumer;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Keyed hashes by which vendors sign, and the one way to compare them. */
public final class Hmac {
    public static final String SHA1 = "HmacSHA1";
    public static final String SHA256 = "HmacSHA256";

    private Hmac() {}

    /** The {@code algorithm}'s code of the concatenation of {@code parts}. {@code key} must not be empty. */
    public static byte[] of(String algorithm, byte[] key, byte[]... parts) {
        return of(algorithm, key, signed -> {
            for (byte[] part : parts) {
                signed.accept(part);
            }
        });
    }

    /** The same of all that {@code writer} gives to the consumer it is called with. */
    public static byte[] of(String algorithm, byte[] key, Consumer<Consumer<byte[]>> writer) {
        try {
            Mac mac = Mac.getInstance(algorithm);
            mac.init(new SecretKeySpec(key, algorithm));
            writer.accept(mac::update);
            return mac.doFinal();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has " + algorithm, e);
        }
    }

    /**
     * Whether {@code presented} is {@code scheme} followed by {@code expected} in hexadecimal digits of either case, and
     * nothing else. The bytes are compared in constant time.
     */
    public static boolean isHex(byte[] expected, String scheme, String presented) {
        if (!presented.startsWith(scheme) || presented.length() != scheme.length() + 2 * expected.length) {
            return false;
        }
        try {
            return MessageDigest.isEqual(
                    expected, HexFormat.of().parseHex(presented, scheme.length(), presented.length()));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
