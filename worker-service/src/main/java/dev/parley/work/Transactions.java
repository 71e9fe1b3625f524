package dev.parley.work;

import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.time.Duration;
import java.util.function.Supplier;

/** One transaction on a connection that is ours alone. */
final class Transactions {
    private Transactions() {}

    /**
     * Runs {@code work} between BEGIN and COMMIT. Nobody waits for BEGIN: the work's first statement follows it in the same
     * packet. If the work fails, everything is rolled back and its failure is passed on.
     */
    static <T> Uni<T> in(SqlConnection connection, Supplier<Uni<T>> work) {
        return begunBy("BEGIN", connection, work);
    }

    /**
     * The same on a connection that nobody has told how long a statement may take: one behind a pooler keeps no settings.
     *
     * @param most for each statement of {@code work}; at least a millisecond
     */
    static <T> Uni<T> in(SqlConnection connection, Duration most, Supplier<Uni<T>> work) {
        return begunBy("BEGIN; SET LOCAL statement_timeout = " + most.toMillis(), connection, work);
    }

    private static <T> Uni<T> begunBy(String begun, SqlConnection connection, Supplier<Uni<T>> work) {
        return Uni.createFrom().<T>deferred(() -> {
            Uni<?> begin = connection.query(begun).execute();
            return Uni.combine()
                    .all()
                    .unis(begin, Uni.createFrom().deferred(work::get))
                    .asTuple()
                    .chain(both -> connection.query("COMMIT").execute().replaceWith(both.getItem2()))
                    .onFailure()
                    .call(() -> connection
                            .query("ROLLBACK")
                            .execute()
                            // the connection is gone, and the transaction with it
                            .onFailure()
                            .recoverWithNull());
        });
    }
}
