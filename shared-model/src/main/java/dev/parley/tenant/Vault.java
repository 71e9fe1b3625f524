package dev.parley.tenant;

import io.vertx.core.json.JsonObject;

/** The only cipher: Fernet tokens of JSON objects, several keys, newest first. */
public final class Vault {
    private Vault() {}

    /**
     * @param keys one or several Fernet keys (base64url of 32 bytes), newest first, comma separated
     * @throws IllegalArgumentException says which key is malformed and how, never the key
     */
    public static Vault of(String keys) {
        throw new UnsupportedOperationException();
    }

    /** A token of {@code credentials} under the newest key that opens for this tenant and provider only. */
    public byte[] seal(TenantId tenant, String provider, JsonObject credentials) {
        throw new UnsupportedOperationException();
    }

    /** @throws VaultException if no key opens it or it was sealed for another row; the message holds no secret */
    public JsonObject open(TenantId tenant, String provider, byte[] token) {
        throw new UnsupportedOperationException();
    }

    /** Version of the key that seals: keys are numbered from the oldest = 1. */
    public int currentVersion() {
        throw new UnsupportedOperationException();
    }
}
