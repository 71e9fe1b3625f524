package dev.parley.ingest;

import java.util.Base64;
import java.util.HexFormat;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.signers.Ed25519Signer;

/** An Ed25519 pair made from a number: for tests, trusted by nobody else. */
public final class TestKey {
    private final Ed25519PrivateKeyParameters key;

    public TestKey(int number) {
        byte[] seed = new byte[32];
        seed[0] = (byte) number;
        this.key = new Ed25519PrivateKeyParameters(seed);
    }

    public byte[] publicKey() {
        return key.generatePublicKey().getEncoded();
    }

    public String spki() {
        byte[] spki = HexFormat.of()
                .parseHex("302a300506032b6570032100" + HexFormat.of().formatHex(publicKey()));
        return Base64.getEncoder().encodeToString(spki);
    }

    public String sign(byte[] message) {
        Ed25519Signer signer = new Ed25519Signer();
        signer.init(true, key);
        signer.update(message, 0, message.length);
        return Base64.getEncoder().encodeToString(signer.generateSignature());
    }
}
