package dev.parley.dialog;

/**
 * A row was not as it had been read: somebody else works on the same contact (a former owner that woke up, an operator).
 * The transaction must be rolled back; a second try reads what is there now.
 */
public final class DialogConflictException extends RuntimeException {
    public DialogConflictException(String what, int expected, int written) {
        super(what + ": expected to write " + expected + " rows, wrote " + written + "; somebody else changed them");
    }
}
