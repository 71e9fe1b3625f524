package dev.parley.schema;

import io.vertx.pgclient.PgException;
import java.util.Set;

/** A prepared statement met another server than the one it was prepared on: a pooler in between moves statements about. */
public final class PoolerException extends RuntimeException {
    /** No such prepared statement; one of this name already. */
    private static final Set<String> STATES = Set.of("26000", "42P05");

    PoolerException(Throwable cause) {
        super(
                "a transaction-mode pooler that does not know prepared statements stands before the database; set"
                        + " PARLEY_DB_PREPARED_STATEMENTS=false (docs/operations.md, behind a pooler)",
                cause);
    }

    static boolean isReasonOf(Throwable failure) {
        return failure instanceof PgException refused && STATES.contains(refused.getSqlState());
    }
}
