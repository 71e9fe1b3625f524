package dev.parley.benchmarks;

import dev.parley.inbound.EventKey;
import dev.parley.inbound.InboundEvent;
import dev.parley.inbound.InboundEventStore;
import dev.parley.inbound.Payload;
import dev.parley.queue.JobId;
import dev.parley.queue.JobType;
import dev.parley.queue.NewJob;
import dev.parley.queue.TimeOrderedId;
import dev.parley.session.Prepared;
import dev.parley.tenant.TenantId;
import io.vertx.mutiny.core.Vertx;
import io.vertx.mutiny.pgclient.PgConnection;
import io.vertx.pgclient.PgConnectOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The rows that ingest writes, by SQL alone: no HTTP, no signature, no JSON to read. */
final class FloorAndCeiling {
    private static final Pattern TPS = Pattern.compile("tps = ([0-9.]+) \\(without");
    private static final int[] CLIENTS = {1, 8, 16, 32, 64};
    private static final int SECONDS = 6;

    /** One event and its job in one statement and one commit, as a careful team would write it. */
    private static final String ONE = """
            WITH event AS (
                INSERT INTO bot.inbound_events (inbound_event_id, tenant_id, provider, event_type, provider_event_id,
                    provider_msg_id, channel, channel_address, received_at, dedupe_key, payload, trace_id)
                VALUES (uuidv7(), '%s', 'standard-webhooks', 'inbound_message', 'e', 'm', 'sms', '+15550000001', now(),
                    'wh:' || gen_random_uuid(), '%s', uuidv7())
                ON CONFLICT (tenant_id, dedupe_key) DO NOTHING
                RETURNING inbound_event_id, tenant_id, trace_id
            )
            INSERT INTO bot.job_queue (job_id, tenant_id, job_type, inbound_event_id, trace_id)
            SELECT uuidv7(), tenant_id, 'process_inbound_message', inbound_event_id, trace_id FROM event;
            """;

    private static final Payload PAYLOAD = Payload.json(body("0").getBytes(StandardCharsets.US_ASCII));

    private final Lab lab;

    FloorAndCeiling(Lab lab) {
        this.lab = lab;
    }

    boolean available() throws IOException, InterruptedException {
        return new ProcessBuilder("sh", "-c", "command -v pgbench").start().waitFor() == 0;
    }

    /** The number of clients with which one event per commit goes fastest here. */
    int bestClients() throws IOException, SQLException, InterruptedException {
        int best = 0;
        double most = 0;
        for (int clients : CLIENTS) {
            double rate = floor(clients);
            if (rate > most) {
                most = rate;
                best = clients;
            }
        }
        return best;
    }

    /** Events a second, one per commit. */
    double floor(int clients) throws IOException, SQLException, InterruptedException {
        lab.reset();
        Path script = lab.directory().resolve("one-event.sql");
        Files.writeString(script, ONE.formatted(lab.tenants().get(0), body("0")).replace('\n', ' '));
        String url = lab.stack().database().url();
        ProcessBuilder builder = new ProcessBuilder(
                        "pgbench",
                        "-n",
                        "-M",
                        "prepared",
                        "-c",
                        Integer.toString(clients),
                        "-j",
                        "1",
                        "-T",
                        Integer.toString(SECONDS),
                        "-f",
                        script.toString(),
                        url.replace("postgresql://", "postgresql://ingest@"))
                .redirectErrorStream(true);
        builder.environment()
                .put("PGPASSWORD", lab.stack().database().password("ingest").reveal());
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        Matcher tps = TPS.matcher(output);
        if (process.waitFor() != 0 || !tps.find()) {
            throw new IOException("pgbench failed: " + output);
        }
        return Double.parseDouble(tps.group(1));
    }

    /** Events a second, 256 per commit on two connections, by the very statement that ingest uses. */
    double ceiling() throws SQLException, InterruptedException {
        lab.reset();
        return batches(SECONDS);
    }

    /** The same on whatever is there. */
    double batches(int seconds) throws InterruptedException {
        Vertx vertx = Vertx.vertx();
        try {
            AtomicLong stored = new AtomicLong();
            long lead = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
            long end = lead + TimeUnit.SECONDS.toNanos(seconds);
            List<PgConnection> connections = new ArrayList<>();
            for (int number = 0; number < 2; number++) {
                connections.add(connect(vertx));
            }
            List<Thread> threads = new ArrayList<>();
            for (int number = 0; number < 2; number++) {
                int mine = number;
                Thread thread =
                        new Thread(() -> fill(connections.get(mine), mine, lead, end, stored), "ceiling-" + number);
                thread.start();
                threads.add(thread);
            }
            for (Thread thread : threads) {
                thread.join();
            }
            return stored.get() / (double) seconds;
        } finally {
            vertx.close().await().atMost(Duration.ofSeconds(10));
        }
    }

    private PgConnection connect(Vertx vertx) {
        return PgConnection.connect(
                        vertx,
                        Prepared.longStatementsToo(PgConnectOptions.fromUri(
                                        lab.stack().database().url()))
                                .setUser("ingest")
                                .setPassword(lab.stack()
                                        .database()
                                        .password("ingest")
                                        .reveal())
                                .setCachePreparedStatements(true))
                .call(session -> session.query(Prepared.KEEP_PLANS_BY_KEY).execute())
                .await()
                .atMost(Duration.ofSeconds(10));
    }

    private void fill(PgConnection connection, int number, long lead, long end, AtomicLong stored) {
        InboundEventStore store = new InboundEventStore(connection);
        long event = 0;
        while (System.nanoTime() < end) {
            List<InboundEvent> batch = new ArrayList<>(256);
            for (int i = 0; i < 256; i++) {
                batch.add(event(number + "-" + event++));
            }
            store.recordAll(batch).await().atMost(Duration.ofSeconds(30));
            long now = System.nanoTime();
            if (now >= lead && now < end) {
                stored.addAndGet(256);
            }
        }
        connection.close().await().atMost(Duration.ofSeconds(10));
    }

    private InboundEvent event(String number) {
        UUID id = TimeOrderedId.next();
        UUID trace = TimeOrderedId.next();
        TenantId tenant = new TenantId(lab.tenants().get(0));
        return new InboundEvent(
                id,
                tenant,
                "standard-webhooks",
                "inbound_message",
                "e" + number,
                "m" + number,
                "sms",
                "+15550000001",
                EventKey.of("standard-webhooks", "wh", "e" + number),
                PAYLOAD,
                trace,
                System.nanoTime(),
                new NewJob(new JobId(TimeOrderedId.next()), tenant, JobType.PROCESS_INBOUND_MESSAGE, id, trace));
    }

    private static String body(String number) {
        String start = "{\"type\":\"message.received\",\"data\":{\"message_id\":\"" + number
                + "\",\"channel\":\"sms\",\"address\":\"+15550000001\",\"text\":\"";
        return start + "x".repeat(1024 - start.length() - 3) + "\"}}";
    }
}
