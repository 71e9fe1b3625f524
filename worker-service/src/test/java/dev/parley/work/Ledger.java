package dev.parley.work;

import dev.parley.kit.TestDatabase;
import dev.parley.queue.Job;
import dev.parley.queue.JobType;
import dev.parley.spi.BatchJobHandler;
import dev.parley.spi.Outcome;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlConnection;
import io.vertx.mutiny.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;

/**
 * A handler whose effect is one row per job, written in the job's transaction: what is in the table happened, in the order
 * of its numbers.
 */
final class Ledger implements BatchJobHandler {
    private final JobType type;
    private final Function<Job, Outcome> decide;

    Ledger(JobType type, Function<Job, Outcome> decide) {
        this.type = type;
        this.decide = decide;
    }

    static Ledger of(JobType type) {
        return new Ledger(type, job -> Outcome.done());
    }

    static void open(TestDatabase db) {
        db.execute("CREATE SCHEMA IF NOT EXISTS test");
        db.execute(
                "CREATE TABLE IF NOT EXISTS test.ledger (n bigserial PRIMARY KEY, job_id uuid, address text, attempt int)");
        db.execute("GRANT USAGE ON SCHEMA test TO parley_worker");
        db.execute("GRANT ALL ON ALL TABLES IN SCHEMA test TO parley_worker");
        db.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA test TO parley_worker");
    }

    /** The jobs of one address in the order they took effect. */
    static List<UUID> of(TestDatabase db, String address) {
        return db.rows("SELECT job_id FROM test.ledger WHERE address = ? ORDER BY n", address).stream()
                .map(row -> (UUID) row.get("job_id"))
                .toList();
    }

    static List<Map<String, Object>> all(TestDatabase db) {
        return db.rows("SELECT * FROM test.ledger ORDER BY n");
    }

    @Override
    public JobType type() {
        return type;
    }

    @Override
    public Uni<List<Outcome>> handle(SqlConnection tx, List<Job> jobs) {
        List<Outcome> outcomes = new ArrayList<>();
        List<Tuple> rows = new ArrayList<>();
        for (Job job : jobs) {
            Outcome outcome = decide.apply(job);
            outcomes.add(outcome);
            if (outcome instanceof Outcome.Done) {
                rows.add(Tuple.of(job.id().value(), job.event().channelAddress(), job.attempts()));
            }
        }
        if (rows.isEmpty()) {
            return Uni.createFrom().item(outcomes);
        }
        return tx.preparedQuery("INSERT INTO test.ledger (job_id, address, attempt) VALUES ($1, $2, $3)")
                .executeBatch(rows)
                .replaceWith(outcomes);
    }
}
