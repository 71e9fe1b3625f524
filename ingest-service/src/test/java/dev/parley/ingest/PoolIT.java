package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.inbound.InboundEvent;
import dev.parley.inbound.InboundEventStore;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.vertx.core.Vertx;
import io.vertx.core.impl.VertxInternal;
import io.vertx.mutiny.sqlclient.Pool;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The pool and the event loops, as the service configures them. */
@QuarkusTest
@QuarkusTestResource(value = IngestDatabase.class, restrictToAnnotatedClass = true)
@Timeout(60)
class PoolIT {
    @Inject
    Pool pool;

    @Inject
    Vertx vertx;

    @Test
    void there_is_one_event_loop_for_each_processor() {
        assertThat(((VertxInternal) vertx).nettyEventLoopGroup())
                .hasSize(Runtime.getRuntime().availableProcessors());
    }

    @Test
    void the_statement_that_stores_a_batch_is_prepared_once_for_all_batches() {
        List<InboundEvent> nothing = List.of();

        Long kept = pool.withConnection(connection -> new InboundEventStore(connection)
                        .recordAll(nothing)
                        .chain(() -> connection
                                .query("SELECT count(*) FROM pg_prepared_statements"
                                        + " WHERE statement LIKE '%INSERT INTO bot.inbound_events%'")
                                .execute())
                        .map(rows -> rows.iterator().next().getLong(0)))
                .await()
                .atMost(Duration.ofSeconds(10));

        assertThat(kept).isEqualTo(1);
    }

    @Test
    void a_session_keeps_no_plan_that_reads_a_whole_table() {
        String setting = pool.query("SELECT current_setting('enable_seqscan') || ' ' || current_setting('jit')")
                .execute()
                .map(rows -> rows.iterator().next().getString(0))
                .await()
                .atMost(Duration.ofSeconds(10));

        assertThat(setting).isEqualTo("off off");
    }
}
