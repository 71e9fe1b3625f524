package dev.parley.benchmarks;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * db-scheduler with its best settings: lock-and-fetch, 20 threads, fetching at 4 up to 20 times as many. Its process drains
 * twice, once to warm up, and prints how long the second time took.
 */
public final class DbSchedulerPeer {
    private static final String TABLE = """
            DROP TABLE IF EXISTS public.scheduled_tasks;
            CREATE TABLE public.scheduled_tasks (
                task_name text NOT NULL,
                task_instance text NOT NULL,
                task_data bytea,
                execution_time timestamptz NOT NULL,
                picked boolean NOT NULL,
                picked_by text,
                last_success timestamptz,
                last_failure timestamptz,
                consecutive_failures int,
                last_heartbeat timestamptz,
                version bigint NOT NULL,
                priority smallint,
                PRIMARY KEY (task_name, task_instance));
            CREATE INDEX execution_time_idx ON public.scheduled_tasks (execution_time);
            CREATE INDEX last_heartbeat_idx ON public.scheduled_tasks (last_heartbeat);
            CREATE INDEX priority_execution_time_idx ON public.scheduled_tasks (priority DESC, execution_time ASC);
            """;

    private static final String FILL = """
            INSERT INTO public.scheduled_tasks (task_name, task_instance, execution_time, picked, version)
            SELECT 'noop', 'n' || i, now(), false, 1 FROM generate_series(1, %d) i
            """;

    private DbSchedulerPeer() {}

    /** Jobs a second in a process of its own. */
    static double measure(Lab lab, Report report, int warm, int jobs)
            throws IOException, SQLException, InterruptedException {
        lab.reset();
        lab.execute(TABLE);
        try (Child child = Child.start(
                lab,
                "postgres",
                "db-scheduler-" + System.nanoTime(),
                DbSchedulerPeer.class.getName(),
                Integer.toString(warm),
                Integer.toString(jobs))) {
            String line = child.awaitLine("drained", 120);
            report.check("db-scheduler's jobs left", 0, lab.number("SELECT count(*) FROM public.scheduled_tasks"));
            return jobs / Double.parseDouble(line.split(" ")[1]);
        } finally {
            lab.execute("DROP TABLE public.scheduled_tasks");
        }
    }

    public static void main(String[] args) throws SQLException, InterruptedException {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl("jdbc:" + System.getenv("PARLEY_DB_URL"));
        config.setUsername(System.getenv("PARLEY_DB_USER"));
        config.setPassword(System.getenv("PARLEY_DB_PASSWORD"));
        config.setMaximumPoolSize(24);
        try (HikariDataSource pool = new HikariDataSource(config)) {
            drain(pool, Integer.parseInt(args[0]));
            double seconds = drain(pool, Integer.parseInt(args[1]));
            System.out.println("drained " + seconds + " s");
        }
        System.exit(0);
    }

    private static double drain(HikariDataSource pool, int jobs) throws SQLException, InterruptedException {
        try (Connection session = pool.getConnection();
                Statement statement = session.createStatement()) {
            statement.execute(FILL.formatted(jobs));
            statement.execute("VACUUM (ANALYZE) public.scheduled_tasks");
            statement.execute("CHECKPOINT");
            OneTimeTask<Void> noop = Tasks.oneTime("noop").execute((instance, context) -> {});
            Scheduler scheduler = Scheduler.create(pool, noop)
                    .threads(20)
                    .pollUsingLockAndFetch(4.0, 20.0)
                    .pollingInterval(Duration.ofMillis(50))
                    .build();
            long begun = System.nanoTime();
            scheduler.start();
            while (left(statement) > 0) {
                TimeUnit.MILLISECONDS.sleep(20);
            }
            double seconds = (System.nanoTime() - begun) / 1e9;
            scheduler.stop();
            return seconds;
        }
    }

    /** Cheap however many there are. */
    private static int left(Statement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery("SELECT EXISTS (SELECT FROM public.scheduled_tasks)")) {
            row.next();
            return row.getBoolean(1) ? 1 : 0;
        }
    }
}
