package dev.parley.benchmarks;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Somebody's long transaction (a dump, an analyst): nothing that dies meanwhile can be cleaned away. */
final class Snapshot implements AutoCloseable {
    /**
     * A transaction younger than five seconds may still commit a job, so reading is not final beyond its beginning and what is
     * done is read past again; an older one that has written nothing is a reader's. Four seconds pass until the work is due.
     */
    private static final Duration UNTIL_IT_IS_A_READERS = Duration.ofSeconds(2);

    private final @Nullable Connection session;

    private Snapshot(@Nullable Connection session) {
        this.session = session;
    }

    static Snapshot none() {
        return new Snapshot(null);
    }

    static Snapshot hold(Lab lab) throws SQLException, InterruptedException {
        Connection session = lab.connect("operator");
        session.setAutoCommit(false);
        session.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        Snapshot snapshot = new Snapshot(session);
        snapshot.check();
        TimeUnit.NANOSECONDS.sleep(UNTIL_IT_IS_A_READERS.toNanos());
        return snapshot;
    }

    /** @throws IllegalStateException if it is not the same snapshot any more */
    void check() throws SQLException {
        if (session == null) {
            return;
        }
        try (Statement statement = session.createStatement();
                ResultSet row = statement.executeQuery("SELECT count(*) FROM bot.job_queue WHERE status = 'done'")) {
            row.next();
            if (row.getLong(1) != 0) {
                throw new IllegalStateException("the snapshot saw what was done after it");
            }
        }
    }

    @Override
    public void close() throws SQLException {
        if (session != null) {
            session.rollback();
            session.close();
        }
    }
}
