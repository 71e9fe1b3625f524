package dev.parley.benchmarks;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What the settings that docs/operations.md names do to a server under full load: all as recommended, and each in turn at the
 * value a server has from its package. The load is what ingest and a worker write: events by the product's statement, 256 per
 * commit, on a table with a past; then a drain; then, for what needs a minute to show, a drain of a million. Settings that only
 * do something in an accident have no row.
 */
final class SettingsScenario implements Scenario {
    private static final int SECONDS = 6;
    private static final int JOBS = 60_000;
    private static final int MILLION = 1_000_000;
    private static final int CONTACTS = 5_000;
    private static final String RECOMMENDED = "as recommended";
    private static final String SMALL = "shared_buffers = 128MB";
    private static final String STORED = "stored";
    private static final String DRAINED = "drained";
    private static final String LONG = "a million drained";
    private static final String LOG = "SELECT pg_current_wal_insert_lsn() - '0/0'";

    /** A server's defaults; compression, which the lab leaves out; the last two show a cost, and are no advice. */
    private static final List<String> OTHERWISE = List.of(
            "max_wal_size = '1GB'",
            // The embedded server is built without lz4, which costs less.
            "wal_compression = pglz",
            "random_page_cost = 4",
            "jit = on",
            "full_page_writes = off",
            "synchronous_commit = off");

    /** Who cleans up, and when everything is written out. A checkpoint comes in five minutes by default, which no run lasts. */
    private static final List<String> OTHERWISE_FOR_LONG =
            List.of("autovacuum_naptime = '1min'", "autovacuum_vacuum_cost_limit = 200", "checkpoint_timeout = '30s'");

    @Override
    public Report run(Lab lab, int rounds) throws IOException, SQLException, InterruptedException {
        Report report = new Report("settings: the server as recommended, and one setting otherwise");
        try (Lab small = lab.withServer("small", "shared_buffers", "128MB")) {
            // Whoever comes first pays for cold files and cold code: nobody's round.
            store(lab, new Report("warm-up"), RECOMMENDED);
            store(small, new Report("warm-up"), SMALL);
            alternate(
                    lab,
                    rounds,
                    Stream.concat(OTHERWISE.stream(), Stream.of(SMALL)).toList(),
                    side -> store(side.equals(SMALL) ? small : lab, report, side));
        }
        try (Workers running = Workers.start(lab, 1, "noop")) {
            running.warm(lab, JOBS, CONTACTS);
            running.warm(lab, JOBS, CONTACTS);
            alternate(lab, rounds, OTHERWISE, side -> drain(lab, running, report, side, DRAINED, JOBS));
            alternate(lab, rounds, OTHERWISE_FOR_LONG, side -> {
                drain(lab, running, report, side, LONG, MILLION);
                report.series(name(side, "queue and its indexes after a million"), "MB")
                        .add(lab.real("SELECT pg_total_relation_size('bot.job_queue') / 1e6"));
            });
        }
        note(report, OTHERWISE, STORED);
        note(report, List.of(SMALL), STORED);
        note(report, OTHERWISE, DRAINED);
        note(report, OTHERWISE_FOR_LONG, LONG);
        return report;
    }

    /** Every side once a round, under its setting. */
    private static void alternate(Lab lab, int rounds, List<String> otherwise, Measured measured)
            throws SQLException, InterruptedException {
        String[] sides =
                Stream.concat(Stream.of(RECOMMENDED), otherwise.stream()).toArray(String[]::new);
        for (int round = 0; round < rounds; round++) {
            for (String side : Alternating.order(round, sides)) {
                with(lab, side, measured);
            }
        }
    }

    private static String name(String side, String what) {
        return side + ", " + what;
    }

    private static void note(Report report, List<String> sides, String what) {
        Series recommended = report.series(name(RECOMMENDED, what), "/s");
        for (String side : sides) {
            report.note(String.format(
                    Locale.ROOT,
                    "%s: %.2f times as much %s",
                    side,
                    report.series(name(side, what), "/s").ratioTo(recommended),
                    what));
        }
    }

    /** A run under a setting. */
    private interface Measured {
        void run(String side) throws SQLException, InterruptedException;
    }

    private static void with(Lab lab, String side, Measured measured) throws SQLException, InterruptedException {
        if (!side.equals(RECOMMENDED) && !side.equals(SMALL)) {
            lab.execute("ALTER SYSTEM SET " + side);
        }
        lab.execute("SELECT pg_reload_conf()");
        try {
            measured.run(side);
        } finally {
            lab.execute("ALTER SYSTEM RESET ALL");
        }
    }

    private static void store(Lab lab, Report report, String side) throws SQLException, InterruptedException {
        lab.reset();
        // A past: inserting into pages that a checkpoint has seen is what costs images of them.
        Work.load(lab, JOBS, CONTACTS);
        double before = lab.real(LOG);
        double rate = new FloorAndCeiling(lab).batches(SECONDS);
        long stored = lab.number("SELECT count(*) FROM bot.inbound_events") - JOBS;
        report.series(name(side, STORED), "/s").add(rate);
        report.series(name(side, "log per event stored"), "bytes").add((lab.real(LOG) - before) / stored);
    }

    private static void drain(Lab lab, Workers running, Report report, String side, String what, int jobs)
            throws SQLException, InterruptedException {
        lab.reset();
        Work.load(lab, jobs, CONTACTS);
        double before = lab.real(LOG);
        Work.await(lab, Duration.ofMinutes(5));
        running.checkAlive();
        Work.checkDone(lab, report, jobs);
        report.series(name(side, what), "/s").add(Work.doneRate(lab));
        report.series(name(side, "log per job, " + what), "bytes").add((lab.real(LOG) - before) / jobs);
    }
}
