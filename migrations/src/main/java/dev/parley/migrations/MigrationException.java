package dev.parley.migrations;

/** Why nothing was migrated. The message is one line for a person and holds no secret. */
public final class MigrationException extends RuntimeException {
    private final Reason reason;

    MigrationException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    MigrationException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }

    /** Each has its own exit code, so that whoever starts the program can tell "try again" from "call someone". */
    public enum Reason {
        /** Anything not named below. */
        UNEXPECTED(1),
        /** A setting is missing or malformed. */
        CONFIGURATION(2),
        /** Nothing answers, or it is not ready yet: worth another try. */
        UNREACHABLE(3),
        /** Wrong user or password, or the server does not let this user in. */
        NOT_LET_IN(4),
        /** The server has no database of that name. */
        NO_DATABASE(5),
        /** The user may not do what the scripts do. */
        NOT_ALLOWED(6),
        /** The database was migrated by a newer Parley. */
        NEWER_SCHEMA(7),
        /** A script that already ran was changed, or is gone. */
        CHANGED_SCRIPT(8),
        /** A script failed; it was rolled back. */
        FAILED_SCRIPT(9),
        /** The server is too old. */
        OLD_SERVER(10);

        private final int exitCode;

        Reason(int exitCode) {
            this.exitCode = exitCode;
        }

        public int exitCode() {
            return exitCode;
        }
    }
}
