package dev.parley.work;

/** Fewer rows were settled than were read: somebody else has had them. What was done with them is rolled back. */
final class OwnershipLostException extends RuntimeException {
    OwnershipLostException(int expected, int settled) {
        super("expected to settle " + expected + " jobs, settled " + settled + ": result dropped");
    }
}
