package dev.parley.tenant;

/** A sealed credential did not open. The message says why and never holds a secret. */
public final class VaultException extends RuntimeException {
    public VaultException(String message) {
        super(message);
    }
}
