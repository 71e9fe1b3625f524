package dev.parley.work.outside;

/** This URL must not be called. The message says why and never repeats the URL: there may be a password in it. */
public final class UrlRefusedException extends Exception {
    public UrlRefusedException(String reason) {
        super(reason, null, false, false);
    }

    public String reason() {
        return String.valueOf(getMessage());
    }
}
