package dev.parley.ingest.provider;

import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.params.Ed25519PublicKeyParameters;
import org.bouncycastle.crypto.signers.Ed25519Signer;

/** A public key that verifies. Safe from any thread. */
public final class Ed25519Key {
    public static final int SIGNATURE_LENGTH = 64;
    private static final int KEY_LENGTH = 32;
    // SubjectPublicKeyInfo of Ed25519 (RFC 8410) is these bytes and then the key; there is no other encoding of it.
    private static final byte[] SPKI_PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

    private static final byte[] NOBODYS = nobodys();

    private final Ed25519PublicKeyParameters key;

    private Ed25519Key(Ed25519PublicKeyParameters key) {
        this.key = key;
    }

    /**
     * @param base64 of the SubjectPublicKeyInfo
     * @throws IllegalArgumentException says what is wrong with it
     */
    public static Ed25519Key ofSpki(String base64) {
        byte[] spki = decoded(base64);
        boolean matches = spki.length == SPKI_PREFIX.length + KEY_LENGTH
                && Arrays.equals(SPKI_PREFIX, Arrays.copyOf(spki, SPKI_PREFIX.length));
        if (!matches) {
            throw new IllegalArgumentException("not the SubjectPublicKeyInfo of an Ed25519 key");
        }
        return ofRaw(Arrays.copyOfRange(spki, SPKI_PREFIX.length, spki.length));
    }

    /** @throws IllegalArgumentException says what is wrong with it */
    public static Ed25519Key ofRaw(byte[] key) {
        if (key.length != KEY_LENGTH) {
            throw new IllegalArgumentException("an Ed25519 key has 32 bytes, this one has " + key.length);
        }
        return new Ed25519Key(new Ed25519PublicKeyParameters(key));
    }

    private static byte[] decoded(String base64) {
        try {
            return Base64.getDecoder().decode(base64.strip());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("not base64");
        }
    }

    /** Well formed and nobody's: verifying it is as much work as verifying a good one. Do not change it. */
    public static byte[] nobodysSignature() {
        return NOBODYS;
    }

    private static byte[] nobodys() {
        Ed25519Signer signer = new Ed25519Signer();
        // A private key of zeros, known to all, for the empty message.
        signer.init(true, new Ed25519PrivateKeyParameters(new byte[KEY_LENGTH]));
        return signer.generateSignature();
    }

    /** Whether {@code signature} is this key's for the concatenation of {@code parts}. */
    public boolean verifies(byte[] signature, byte[]... parts) {
        if (signature.length != SIGNATURE_LENGTH) {
            return false;
        }
        Ed25519Signer signer = new Ed25519Signer();
        signer.init(false, key);
        for (byte[] part : parts) {
            signer.update(part, 0, part.length);
        }
        return signer.verifySignature(signature);
    }
}
