package dev.parley.queue;

import dev.parley.queue.JobQueue.Floor;
import dev.parley.session.Prepared;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.core.Vertx;
import io.vertx.mutiny.pgclient.PgConnection;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.RowSet;
import io.vertx.mutiny.sqlclient.Tuple;
import io.vertx.pgclient.PgConnectOptions;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;

/**
 * An owner's turn cut down to its statements: read a page of due jobs, write them done, again. They are the queue's own, with
 * the part of one safety taken out of the text. Only to measure what that part costs: nothing here would survive a crash or a
 * second worker.
 *
 * <p>In this package because the queue's statements are nobody else's.
 */
@NullMarked
public final class PricedDrain {
    /** What can be left out. */
    public enum Safety {
        /** The floor up to which reading is final, the look at the state that is left, both in one transaction, rows counted. */
        FENCE,
        /** Lanes, and a page in the order of work. */
        ORDER,
        /** A finished job stays, as a row. */
        HISTORY,
        /** Who did it, when it was read and ended, how often it was tried. */
        TRACE
    }

    private static final int PAGE = 256;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Set<Safety> on;
    private final String read;
    private final String write;

    /** @param off what is left out */
    public PricedDrain(Set<Safety> off) {
        EnumSet<Safety> kept = EnumSet.allOf(Safety.class);
        kept.removeAll(off);
        this.on = kept;
        String reading = JobQueue.DUE.replace(":page", Integer.toString(PAGE));
        String writing = JobQueue.DONE_OWNED;
        if (!on.contains(Safety.ORDER)) {
            reading =
                    without(reading, "bot.lane_of(e.tenant_id, e.channel, e.channel_address, e.inbound_event_id)", "0");
            reading = without(reading, "ORDER BY j.run_after, j.created_at, j.job_id\n", "");
        }
        if (!on.contains(Safety.TRACE)) {
            reading = without(reading, "j.trace_id,", "");
            writing = without(writing, "    attempts = attempts + 1,\n    locked_at = $2,\n    locked_by = $3,\n", "");
            writing = without(writing, "'done',\n    updated_at = statement_timestamp()", "'done'");
        }
        if (!on.contains(Safety.HISTORY)) {
            writing = "DELETE FROM bot.job_queue\n" + writing.substring(writing.indexOf("WHERE"));
        }
        if (!on.contains(Safety.FENCE)) {
            writing = without(writing, "  AND (status = 'queued') IS TRUE\n", "");
        }
        this.read = reading;
        this.write = writing;
    }

    private static String without(String sql, String part, String instead) {
        if (!sql.contains(part)) {
            throw new IllegalStateException("the statement has changed, \"" + part + "\" is not in it:\n" + sql);
        }
        return sql.replace(part, instead);
    }

    /** Runs until {@code count} jobs of {@code type} were done, all lanes owned. @return nanoseconds from the first read that found something */
    public long run(PgConnectOptions database, String type, int count) {
        Vertx vertx = Vertx.vertx();
        try {
            PgConnection session = PgConnection.connect(
                            vertx,
                            Prepared.longStatementsToo(new PgConnectOptions(database))
                                    .setCachePreparedStatements(true)
                                    .setPipeliningLimit(64))
                    .call(open -> open.query(Prepared.KEEP_PLANS_BY_KEY + "; " + Prepared.PLAN_ONCE)
                            .execute())
                    .await()
                    .atMost(PATIENCE);
            return new Turns(session, type, count).run();
        } finally {
            vertx.close().await().atMost(PATIENCE);
        }
    }

    private final class Turns {
        private final JobQueue queue = new JobQueue();
        private final PgConnection session;
        private final String type;
        private final int count;
        private final Integer[] lanes = IntStream.range(0, Lane.COUNT).boxed().toArray(Integer[]::new);

        Turns(PgConnection session, String type, int count) {
            this.session = session;
            this.type = type;
            this.count = count;
        }

        long run() {
            Cursor cursor = Cursor.START;
            long begun = 0;
            int done = 0;
            while (done < count) {
                long now = System.nanoTime();
                List<Row> page = page(cursor).await().atMost(PATIENCE);
                if (page.isEmpty()) {
                    continue;
                }
                begun = begun == 0 ? now : begun;
                finish(page).await().atMost(PATIENCE);
                done += page.size();
                // Without an order the last row is any row.
                cursor = page.stream()
                        .map(this::place)
                        .max(Comparator.naturalOrder())
                        .orElseThrow();
            }
            return System.nanoTime() - begun;
        }

        private Cursor place(Row row) {
            return new Cursor(
                    row.getOffsetDateTime("run_after"),
                    row.getOffsetDateTime("created_at"),
                    new JobId(row.getUUID("job_id")));
        }

        private Uni<List<Row>> page(Cursor after) {
            Uni<List<Row>> due = session.preparedQuery(read)
                    .execute(Tuple.tuple(List.of(
                            lanes,
                            after.runAfter(),
                            after.createdAt(),
                            after.jobId().value(),
                            new String[] {type},
                            new UUID[0],
                            new UUID[0])))
                    .map(Turns::rows);
            if (!on.contains(Safety.FENCE)) {
                return due;
            }
            Uni<Floor> floor = queue.readFloor(session);
            return Uni.combine().all().unis(floor, due).asTuple().map(both -> both.getItem2());
        }

        private static List<Row> rows(RowSet<Row> found) {
            List<Row> rows = new ArrayList<>(found.size());
            found.forEach(rows::add);
            return rows;
        }

        private Uni<Void> finish(List<Row> page) {
            UUID[] ids = page.stream().map(row -> row.getUUID("job_id")).toArray(UUID[]::new);
            Tuple parameters = on.contains(Safety.TRACE) && on.contains(Safety.HISTORY)
                    ? Tuple.of(ids, OffsetDateTime.now(), "priced")
                    : Tuple.of((Object) ids);
            if (!on.contains(Safety.FENCE)) {
                return session.preparedQuery(write).execute(parameters).replaceWithVoid();
            }
            // As the worker does: BEGIN and the write leave together.
            Uni<?> begin = session.query("BEGIN").execute();
            Uni<RowSet<Row>> settle = session.preparedQuery(write).execute(parameters);
            return Uni.combine().all().unis(begin, settle).asTuple().chain(both -> {
                if (both.getItem2().rowCount() != ids.length) {
                    throw new IllegalStateException("somebody else was here");
                }
                return session.query("COMMIT").execute().replaceWithVoid();
            });
        }
    }
}
