package dev.parley.work;

import dev.parley.dialog.Dialog;
import dev.parley.dialog.FirstDialog;
import dev.parley.queue.Job;
import dev.parley.queue.JobQueue;
import dev.parley.queue.JobType;
import dev.parley.spi.BatchJobHandler;
import dev.parley.spi.MessagingAdapter;
import dev.parley.spi.Outcome;
import dev.parley.tenant.TenantDirectory;
import dev.parley.tenant.TenantStore;
import dev.parley.work.handler.EventReaders;
import dev.parley.work.handler.MessagingAdapters;
import dev.parley.work.handler.ProcessInboundMessage;
import dev.parley.work.reader.StandardWebhookEvents;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.core.Vertx;
import io.vertx.mutiny.pgclient.PgBuilder;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.SqlConnection;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.sqlclient.PoolOptions;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;

/**
 * The worker as it is deployed, {@link Worker} itself, with the handlers of one scenario: {@code noop} does nothing to every
 * job, {@code message} is the real handling of an inbound message. What calls the outside has no handler here, so the replies
 * that are planned stay queued: they are counted, not sent.
 *
 * <p>In this package because the worker's spine is nobody else's.
 */
@NullMarked
public final class BenchWorker {
    private BenchWorker() {}

    /** Arguments: {@code noop | message}, then settings of {@code parley.worker} as {@code key=value}. */
    public static void main(String[] args) throws IOException {
        Map<String, String> settings = new HashMap<>(Map.of(
                "parley.worker.db.url", System.getenv("PARLEY_DB_URL"),
                "parley.worker.db.user", System.getenv("PARLEY_DB_USER"),
                "parley.worker.db.password", System.getenv("PARLEY_DB_PASSWORD")));
        for (int i = 1; i < args.length; i++) {
            String[] setting = args[i].split("=", 2);
            settings.put("parley.worker." + setting[0], setting[1]);
        }
        WorkerConfig config = new SmallRyeConfigBuilder()
                .withConverter(Duration.class, 200, new DurationConverter())
                .withMapping(WorkerConfig.class)
                .withSources(new PropertiesConfigSource(settings, "arguments", 100))
                .build()
                .getConfigMapping(WorkerConfig.class);
        Vertx vertx = Vertx.vertx();
        Pool pool = PgBuilder.pool()
                .with(new PoolOptions().setMaxSize(8))
                .connectingTo(PgConnectOptions.fromUri(config.db().url())
                        .setUser(config.db().user())
                        .setPassword(config.db().password().orElse(""))
                        .setCachePreparedStatements(true))
                .using(vertx)
                .build();
        JobQueue queue = new JobQueue();
        TenantDirectory tenants = new TenantDirectory(new TenantStore(pool), Map.of());
        BatchJobHandler handler = args[0].equals("noop")
                ? new Nothing()
                : new ProcessInboundMessage(
                        new Dialog(),
                        new FirstDialog(),
                        new EventReaders(List.of(new StandardWebhookEvents())),
                        new MessagingAdapters(List.of(adapter())),
                        queue::enqueueAll,
                        tenants::find);
        Worker worker =
                new Worker(config, vertx, pool, queue, tenants, new SimpleMeterRegistry(), List.of(handler), List.of());
        worker.start(new StartupEvent());
        System.out.println("begun");
        while (System.in.read() >= 0) {
            // until the benchmark ends, or ends us
        }
        worker.stop(new ShutdownEvent());
        System.exit(0);
    }

    /** Known by name; nobody sends with it here. */
    private static MessagingAdapter adapter() {
        return (MessagingAdapter) Proxy.newProxyInstance(
                BenchWorker.class.getClassLoader(), new Class<?>[] {MessagingAdapter.class}, (proxy, method, given) -> {
                    if (method.getName().equals("name")) {
                        return "ghl";
                    }
                    throw new UnsupportedOperationException(method.getName());
                });
    }

    private static final class Nothing implements BatchJobHandler {
        @Override
        public JobType type() {
            return JobType.PROCESS_INBOUND_MESSAGE;
        }

        @Override
        public Uni<List<Outcome>> handle(SqlConnection tx, List<Job> jobs) {
            return Uni.createFrom().item(Collections.nCopies(jobs.size(), Outcome.done()));
        }
    }
}
