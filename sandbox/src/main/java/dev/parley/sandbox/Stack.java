package dev.parley.sandbox;

import dev.parley.migrations.Migrated;
import dev.parley.sandbox.standin.GhlStandIn;
import dev.parley.tenant.TenantId;
import dev.parley.tenant.Vault;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A whole Parley on this machine: Postgres, schema, tenants, the GoHighLevel stand-in, one ingest and any number of
 * workers, each service a process of its own. {@link #close()} stops all in the order that loses nothing. If this JVM is
 * killed, a guard ends what it leaves within seconds, and the next start on the same directory heals the rest.
 */
public final class Stack implements AutoCloseable {
    private static final String INGEST = "ingest";

    /** As in the images, which say why. */
    private static final List<String> INGEST_JAVA = List.of("-XX:+UseG1GC", "-Xms32m");

    /** The last one since 17.0.9; an older Java does without. */
    private static final List<String> WORKER_JAVA = List.of(
            "-XX:+UseSerialGC", "-Xms16m", "-XX:+IgnoreUnrecognizedVMOptions", "-XX:TrimNativeHeapInterval=10000");

    private static final Duration READY = Duration.ofSeconds(120);
    private static final Duration INGEST_STOP = Duration.ofSeconds(20);
    /** Longer than a worker needs to finish what it holds. */
    private static final Duration WORKER_STOP = Duration.ofSeconds(40);

    private final StackPlan plan;
    private final DataDirectory data;
    private final DataDirectory.Hold hold;
    private final ScheduledExecutorService later = Executors.newScheduledThreadPool(4, task -> {
        Thread thread = new Thread(task, "sandbox-later");
        thread.setDaemon(true);
        return thread;
    });
    private final List<ServiceProcess> workers = new ArrayList<>();
    private final CompletableFuture<String> broken = new CompletableFuture<>();

    private @Nullable Postgres postgres;
    private @Nullable Guard guard;
    private @Nullable Database database;
    private @Nullable GhlStandIn standIn;
    private @Nullable ServiceProcess ingest;
    private @Nullable EncryptionKeys keys;
    private boolean postgresIsAway;
    private Map<String, String> common = Map.of();
    private int workersStarted;
    private boolean closed;

    private Stack(StackPlan plan, DataDirectory data, DataDirectory.Hold hold) {
        this.plan = plan;
        this.data = data;
        this.hold = hold;
    }

    /**
     * Starts everything and returns when every service says it is ready.
     *
     * @throws SandboxException with what failed; then nothing is left running
     */
    public static Stack start(StackPlan plan) {
        return start(plan, started -> {});
    }

    /** @param begun given the stack before anything runs, so that whoever is interrupted can close it */
    static Stack start(StackPlan plan, java.util.function.Consumer<Stack> begun) {
        plan.layout().service("ingest-service");
        plan.layout().service("worker-service");
        DataDirectory data = DataDirectory.at(plan.data());
        Stack stack = new Stack(plan, data, data.lock());
        begun.accept(stack);
        boolean up = false;
        try {
            stack.startAll();
            up = true;
            return stack;
        } catch (SQLException e) {
            throw new SandboxException("preparing the database failed: " + e.getMessage(), e);
        } finally {
            if (!up) {
                stack.close();
            }
        }
    }

    private void startAll() throws SQLException {
        Narrator say = plan.narrator();
        PostgresBinaries binaries = PostgresBinaries.unpackedIn(plan.layout().binaries());
        Guard.awaitEarlier(data, say);
        ServiceProcess.endLeftOver(data, say);
        Postgres.endLeftOver(binaries, data, say);
        plan.ports().checkUntaken(plan.workers());

        Secrets secrets = Secrets.in(data);
        EncryptionKeys sealing = EncryptionKeys.of(data, secrets);
        keys = sealing;
        int port = plan.ports().postgres();

        long began = System.nanoTime();
        Postgres server;
        synchronized (this) {
            checkOpen();
            server = Postgres.start(binaries, data, port, Database.superuserPassword(secrets), plan.postgresSettings());
            postgres = server;
        }
        later.scheduleWithFixedDelay(this::look, 1, 1, TimeUnit.SECONDS);
        Guard watch = Guard.over(data, server.stopCommand());
        guard = watch;
        watch.watchPostgres(server.pid());
        say.line("postgres   127.0.0.1:" + port + ", " + seconds(began));

        Database db = Database.on(port, secrets);
        database = db;
        Migrated migrated = db.prepare();
        say.line("schema     " + migrated);

        Businesses businesses = new Businesses(secrets);
        GhlStandIn ghl = startStandIn(businesses);
        try (Connection admin = db.connect(Postgres.SUPERUSER)) {
            businesses.install(new Tenants(admin, sealing.vault()), ghl);
        }
        Endpoints.write(data, db, port, sealing.text().reveal(), vendors(ghl));

        common = Map.of(
                "PARLEY_DB_URL",
                db.url(),
                "TENANT_ENCRYPTION_KEY",
                sealing.text().reveal(),
                "PARLEY_GHL_APP_IDS",
                ghl.app().appId());
        long services = System.nanoTime();
        ServiceProcess first = startIngest();
        for (int number = 1; number <= plan.workers(); number++) {
            addWorker();
        }
        first.awaitReady(READY);
        for (ServiceProcess worker : workers()) {
            worker.awaitReady(READY);
        }
        say.line("services   ingest and " + plan.workers() + " worker" + (plan.workers() == 1 ? "" : "s") + " ready, "
                + seconds(services));
    }

    private GhlStandIn startStandIn(Businesses businesses) {
        synchronized (this) {
            checkOpen();
            GhlStandIn started =
                    businesses.startStandIn(plan.ports().standIn(), plan.ports().ingest());
            standIn = started;
            plan.narrator().line("stand-in   " + started.url());
            return started;
        }
    }

    private ServiceProcess startIngest() {
        Map<String, String> environment =
                environment(INGEST, plan.ports().ingest(), plan.ports().ingestManagement());
        environment.put("PARLEY_GHL_PUBLIC_KEYS", standIn().publicKey());
        environment.putAll(plan.ingestEnvironment());
        ServiceProcess service = process(
                INGEST,
                plan.layout().service("ingest-service"),
                plan.ports().ingest(),
                plan.ports().ingestManagement(),
                environment);
        synchronized (this) {
            checkOpen();
            ingest = service;
            service.start();
        }
        return service;
    }

    /** Starts one more worker; the caller waits for it with {@link ServiceProcess#awaitReady}. */
    public ServiceProcess addWorker() {
        return addWorker(workerJar(), Map.of());
    }

    /** The program every worker runs unless told otherwise. */
    public Path workerJar() {
        return plan.layout().service("worker-service");
    }

    /**
     * One more worker that differs from the others.
     *
     * @param jar its {@code quarkus-run.jar}: another version's, for instance
     * @param more on top of what every worker's environment has
     */
    public ServiceProcess addWorker(Path jar, Map<String, String> more) {
        synchronized (this) {
            checkOpen();
            int number = ++workersStarted;
            int port = plan.ports().worker(number);
            int management = plan.ports().workerManagement(number);
            Map<String, String> environment = environment("worker", port, management);
            environment.putAll(callingGhl(standIn()));
            // Where the stand-in keeps media; everything else that is not public stays closed.
            environment.put("PARLEY_MEDIA_ALLOWED_NETWORKS", "127.0.0.1");
            environment.putAll(plan.workerEnvironment());
            environment.putAll(more);
            ServiceProcess service = process("worker-" + number, jar, port, management, environment);
            workers.add(service);
            service.start();
            return service;
        }
    }

    private static Map<String, String> callingGhl(GhlStandIn ghl) {
        return Map.of(
                "PARLEY_GHL_CLIENT_ID", ghl.app().clientId(),
                "PARLEY_GHL_CLIENT_SECRET", ghl.app().clientSecret().reveal(),
                "PARLEY_GHL_BASE_URL", ghl.url().toString());
    }

    /** What an operator's command must know of vendors to read and ask as the services do. */
    private Map<String, String> vendors(GhlStandIn ghl) {
        Map<String, String> settings = new LinkedHashMap<>(callingGhl(ghl));
        settings.put("PARLEY_GHL_APP_IDS", ghl.app().appId());
        plan.workerEnvironment().forEach((name, value) -> {
            if (name.startsWith("PARLEY_") && !name.startsWith("PARLEY_WORKER_")) {
                settings.put(name, value);
            }
        });
        return settings;
    }

    private ServiceProcess process(String name, Path jar, int port, int management, Map<String, String> environment) {
        return new ServiceProcess(
                new ServiceProcess.Plan(
                        name, jar, port, management, name.equals(INGEST) ? INGEST_JAVA : WORKER_JAVA, environment),
                data,
                present(guard),
                later,
                plan.narrator(),
                plan.restartsServices());
    }

    private Map<String, String> environment(String login, int port, int management) {
        Map<String, String> environment = new LinkedHashMap<>(common);
        environment.put("PARLEY_DB_USER", login);
        environment.put("PARLEY_DB_PASSWORD", database().password(login).reveal());
        environment.put("QUARKUS_HTTP_HOST", "127.0.0.1");
        environment.put("QUARKUS_HTTP_PORT", Integer.toString(port));
        environment.put("QUARKUS_MANAGEMENT_HOST", "127.0.0.1");
        environment.put("QUARKUS_MANAGEMENT_PORT", Integer.toString(management));
        return environment;
    }

    public ServiceProcess ingest() {
        return present(ingest);
    }

    /** Every worker started so far, dead ones too, in the order of their start. */
    public synchronized List<ServiceProcess> workers() {
        return List.copyOf(workers);
    }

    /** GoHighLevel, as far as this stack is concerned. */
    public GhlStandIn standIn() {
        return present(standIn);
    }

    /** Seals credentials that this stack's services can open. */
    public Vault vault() {
        return present(keys).vault();
    }

    public Database database() {
        return present(database);
    }

    /** One more business: a location at the stand-in, a tenant with its tokens in the database. */
    public TenantId addBusiness(SandboxTenant business) {
        standIn().addLocation(business.location());
        try (Connection admin = database().connect(Postgres.SUPERUSER)) {
            return Businesses.add(business, new Tenants(admin, present(keys).vault()), standIn());
        } catch (SQLException e) {
            throw new SandboxException("cannot add " + business.slug() + ": " + e.getMessage(), e);
        }
    }

    /** Takes the database away from everything that uses it, on purpose; {@link #startPostgres()} brings it back. */
    public void stopPostgres(Postgres.Stop how) {
        Postgres server;
        synchronized (this) {
            checkOpen();
            postgresIsAway = true;
            server = present(postgres);
        }
        server.stop(how);
    }

    /** Returns when it accepts connections again. */
    public void startPostgres() {
        synchronized (this) {
            checkOpen();
            PostgresBinaries binaries =
                    PostgresBinaries.unpackedIn(plan.layout().binaries());
            // One that was killed and not collected yet would pass for a running one.
            Postgres.endLeftOver(binaries, data, plan.narrator());
            Postgres server = Postgres.start(
                    binaries,
                    data,
                    plan.ports().postgres(),
                    database().password(Postgres.SUPERUSER),
                    plan.postgresSettings());
            postgres = server;
            present(guard).watchPostgres(server.pid());
            postgresIsAway = false;
        }
    }

    /** Every process that belongs to this stack now. */
    List<Long> pids() {
        List<Long> pids = new ArrayList<>();
        pids.add(present(postgres).pid());
        pids.add(ingest().pid());
        workers().forEach(worker -> pids.add(worker.pid()));
        return pids;
    }

    public Path logs() {
        return data.log();
    }

    public Path data() {
        return data.root();
    }

    /** Completes with the reason when the stack can no longer work (its database is gone). */
    CompletableFuture<String> broken() {
        return broken;
    }

    /** Stops all: no new webhooks, ingest, the workers (which finish what they hold), then Postgres. Can be repeated. */
    @Override
    public void close() {
        List<ServiceProcess> running;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            running = List.copyOf(workers);
        }
        plan.narrator().line("stopping");
        later.shutdownNow();
        try {
            if (standIn != null) {
                // No new webhooks; its API stays until the workers have finished what they are sending.
                Businesses.stopWebhooks(standIn);
            }
            if (ingest != null) {
                ingest.stop(INGEST_STOP);
            }
            stopTogether(running);
        } finally {
            try {
                if (standIn != null) {
                    standIn.close();
                }
                if (postgres != null) {
                    postgres.stop();
                }
            } finally {
                if (guard != null) {
                    guard.close();
                }
                hold.close();
                plan.narrator().line("stopped");
            }
        }
    }

    private static void stopTogether(List<ServiceProcess> services) {
        CompletableFuture<?>[] stops = services.stream()
                .map(service -> CompletableFuture.runAsync(() -> service.stop(WORKER_STOP)))
                .toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(stops).orTimeout(60, TimeUnit.SECONDS).join();
    }

    private void look() {
        Postgres server;
        synchronized (this) {
            server = present(postgres);
            if (closed || postgresIsAway || !server.isGone() || broken.isDone()) {
                return;
            }
        }
        broken.complete("Postgres (pid " + server.pid() + ") ended unasked. Last lines of its log:\n"
                + LogTail.of(data.log("postgres"), 10));
    }

    private synchronized void checkOpen() {
        if (closed) {
            throw new SandboxException("stopped while starting");
        }
    }

    private static <T> T present(@Nullable T part) {
        if (part == null) {
            throw new IllegalStateException("the stack has not come that far");
        }
        return part;
    }

    private static String seconds(long since) {
        return String.format(java.util.Locale.ROOT, "%.1f s", (System.nanoTime() - since) / 1e9);
    }
}
