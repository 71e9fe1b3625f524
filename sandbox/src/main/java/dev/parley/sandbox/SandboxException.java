package dev.parley.sandbox;

/** Something the person at the terminal can put right. The message says what is wrong and what to do; no secret in it. */
public final class SandboxException extends RuntimeException {
    public SandboxException(String message) {
        super(message);
    }

    public SandboxException(String message, Throwable cause) {
        super(message, cause);
    }
}
