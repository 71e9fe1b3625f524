package dev.parley.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import io.quarkus.reactive.pg.client.PgPoolCreator;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.vertx.core.Vertx;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.sqlclient.PoolOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The pool beside the lanes, as the service makes it. */
@Timeout(60)
class PoolIT {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private static WorkerConfig config(String deadAfter) {
        return new SmallRyeConfigBuilder()
                .withConverter(Duration.class, 200, new io.quarkus.runtime.configuration.DurationConverter())
                .withMapping(WorkerConfig.class)
                .withSources(new PropertiesConfigSource(
                        Map.of(
                                "parley.worker.db.url", "postgresql://nobody",
                                "parley.worker.db.user", "nobody",
                                "parley.worker.db.dead-after", deadAfter),
                        "test",
                        100))
                .build()
                .getConfigMapping(WorkerConfig.class);
    }

    private static Pool pool(PgConnectOptions options, String deadAfter) {
        return Pool.newInstance(new Wiring.Pools(config(deadAfter)).create(new PgPoolCreator.Input() {
            @Override
            public Vertx vertx() {
                return db.vertx().getDelegate();
            }

            @Override
            public PoolOptions poolOptions() {
                return new PoolOptions().setMaxSize(1);
            }

            @Override
            public List<PgConnectOptions> pgConnectOptionsList() {
                return List.of(options);
            }
        }));
    }

    private static String ask(Pool pool, String sql) {
        return pool.query(sql)
                .execute()
                .map(rows -> rows.iterator().next().getString(0))
                .await()
                .atMost(Duration.ofSeconds(20));
    }

    private static final String PLANS = "SELECT current_setting('enable_seqscan') || ' ' || current_setting('jit')";

    @Test
    void a_session_keeps_no_plan_that_reads_a_whole_table() {
        assertThat(ask(pool(db.connectOptions(Login.WORKER), "60s"), PLANS)).isEqualTo("off off");
    }

    @Test
    void behind_a_transaction_pooler_a_session_is_not_ours_to_set_up() {
        PgConnectOptions options = db.connectOptions(Login.WORKER).setCachePreparedStatements(false);

        assertThat(ask(pool(options, "60s"), PLANS)).isEqualTo("on on");
    }

    @Test
    void a_connection_that_falls_silent_gives_its_place_back() {
        Pool pool = pool(db.connectOptions(Login.WORKER), "500ms");

        assertThatThrownBy(() -> ask(pool, "SELECT pg_sleep(20)::text")).hasMessageContaining("connection");
        // The pool hears of it a moment after the statement does.
        await().ignoreExceptions().until(() -> ask(pool, "SELECT 'there'").equals("there"));
    }
}
