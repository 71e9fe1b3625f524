package dev.parley.ingest;

/** Nothing wrong with the delivery, it just cannot be taken now. */
final class LaterException extends RuntimeException {
    private final Answer.Delay why;

    LaterException(Answer.Delay why, String message) {
        super(message);
        this.why = why;
    }

    LaterException(Answer.Delay why, String message, Throwable cause) {
        super(message, cause);
        this.why = why;
    }

    Answer.Delay why() {
        return why;
    }
}
