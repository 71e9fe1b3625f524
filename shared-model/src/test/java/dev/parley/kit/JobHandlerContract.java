package dev.parley.kit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.kit.TestDatabase.Login;
import dev.parley.queue.Job;
import dev.parley.spi.Outcome;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * What every job handler promises. A handler's test supplies the subject: jobs that all have an effect, and how they are
 * run. Everything happens with the rights of the worker's role.
 */
public abstract class JobHandlerContract {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** The database of the test class. */
    protected abstract TestDatabase database();

    /** At least two stored jobs of a tenant of their own, each of which has an effect and ends as {@code Done}. */
    protected abstract List<Job> jobsWithAnEffect();

    /** The handler at work, all of it through {@code tx}. */
    protected abstract Uni<List<Outcome>> handle(SqlConnection tx, List<Job> jobs);

    /** Runs {@code work} in one transaction under the worker's rights. */
    protected <T> T inTransaction(Function<SqlConnection, Uni<T>> work) {
        return database()
                .pool(Login.WORKER)
                .withTransaction(work::apply)
                .await()
                .atMost(PATIENCE);
    }

    /** Every row the handler may have touched, with its version: an update that changes nothing shows, too. */
    protected List<Map<String, Object>> rows() {
        return database().rows("""
                SELECT 'contact' AS kind, xmin::text AS version, to_jsonb(c)::text AS row FROM bot.contacts c
                UNION ALL
                SELECT 'conversation', xmin::text, to_jsonb(v)::text FROM bot.conversations v
                UNION ALL
                SELECT 'message', xmin::text, to_jsonb(m)::text FROM bot.messages m
                UNION ALL
                SELECT 'job', xmin::text, to_jsonb(j)::text FROM bot.job_queue j
                ORDER BY 1, 3
                """);
    }

    @Test
    void every_job_gets_its_outcome() {
        List<Job> jobs = jobsWithAnEffect();

        List<Outcome> outcomes = inTransaction(tx -> handle(tx, jobs));

        assertThat(jobs).hasSizeGreaterThan(1);
        assertThat(outcomes).hasSameSizeAs(jobs).containsOnly(Outcome.done());
    }

    @Test
    void a_second_run_changes_nothing() {
        List<Job> jobs = jobsWithAnEffect();
        List<Map<String, Object>> before = rows();
        inTransaction(tx -> handle(tx, jobs));
        List<Map<String, Object>> once = rows();

        List<Outcome> again = inTransaction(tx -> handle(tx, jobs));

        assertThat(once).isNotEqualTo(before);
        assertThat(again).containsOnly(Outcome.done());
        assertThat(rows()).isEqualTo(once);
    }

    @Test
    void a_run_that_is_rolled_back_leaves_nothing_and_can_be_repeated() {
        List<Job> jobs = jobsWithAnEffect();
        List<Map<String, Object>> before = rows();

        assertThatThrownBy(() -> inTransaction(tx -> handle(tx, jobs).map(outcomes -> {
                    throw new IllegalStateException("the worker dies before the commit");
                })))
                .hasMessageContaining("the worker dies");

        assertThat(rows()).isEqualTo(before);
        List<Outcome> outcomes = inTransaction(tx -> handle(tx, jobs));
        assertThat(outcomes).containsOnly(Outcome.done());
        assertThat(rows()).isNotEqualTo(before);
    }

    @Test
    void the_event_loop_is_free_while_the_database_takes_its_time() throws Exception {
        List<Job> jobs = jobsWithAnEffect();
        try (Connection other = database().connect();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("LOCK TABLE bot.contacts, bot.messages IN ACCESS EXCLUSIVE MODE");
            CompletableFuture<String> loop = new CompletableFuture<>();
            CompletableFuture<List<Outcome>> handled = database()
                    .pool(Login.WORKER)
                    .withTransaction(tx -> {
                        Uni<List<Outcome>> work = handle(tx, jobs);
                        String handlersLoop = Thread.currentThread().getName();
                        // Queued behind whatever the handler does on this thread.
                        io.vertx.core.Vertx.currentContext().runOnContext(ignored -> loop.complete(handlersLoop));
                        return work;
                    })
                    .subscribeAsCompletionStage();

            assertThat(loop.get(10, TimeUnit.SECONDS)).contains("eventloop");
            assertThat(handled).isNotDone();
            other.rollback();
            assertThat(handled.get(20, TimeUnit.SECONDS)).hasSameSizeAs(jobs);
        }
    }
}
