package dev.parley.sandbox;

import dev.parley.dialog.Dialog;
import dev.parley.dialog.FirstDialog;
import dev.parley.inbound.InboundEvent;
import dev.parley.queue.Job;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantDirectory;
import dev.parley.tenant.TenantStore;
import dev.parley.work.handler.Rehearsal;
import dev.parley.work.handler.Rehearsal.Rehearsed;
import io.vertx.mutiny.sqlclient.Pool;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Runs the job of an event again, or tells what that would come to. */
final class ReplayCommand {
    private ReplayCommand() {}

    static int run(List<String> words) {
        Arguments arguments = Arguments.parse(words, Set.of("--data"), Set.of("--dry-run"));
        if (arguments.rest().size() != 1) {
            throw new SandboxException("replay takes one trace id; see `./parley help replay`");
        }
        UUID id = Trace.parse(arguments.rest().get(0));
        Path data = Parley.data(arguments);
        Trace trace;
        try (Connection db = Reach.of(data).connect("operator")) {
            trace = new TraceReader(db).read(id);
        } catch (SQLException e) {
            throw new SandboxException("the trace cannot be read: " + e.getMessage(), e);
        }
        if (trace.events().isEmpty()) {
            System.out.println("unknown: no event has this trace id");
            return 1;
        }
        Map<String, String> environment = Operator.environment(data);
        try {
            return Operator.connected(environment, (vertx, db) -> {
                new Run(db, new Vendors(environment), trace, arguments.has("--dry-run")).run();
                return 0;
            });
        } catch (SandboxException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw new SandboxException("replay: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            throw new SandboxException("replay: " + Operator.explain(e, environment), e);
        }
    }

    /** One trace's events, one after the other. */
    private static final class Run {
        private final Pool db;
        private final Trace trace;
        private final boolean isDry;
        private final TenantDirectory tenants;
        private final SecondReading second;

        Run(Pool db, Vendors vendors, Trace trace, boolean isDry) {
            this.db = db;
            this.trace = trace;
            this.isDry = isDry;
            this.tenants = new TenantDirectory(new TenantStore(db), SecondReading.accountSettings(vendors));
            this.second = new SecondReading(vendors, tenants);
        }

        void run() {
            tenants.refresh().await().atMost(Operator.QUICK);
            for (StoredEvent event : StoredEvent.ofTrace(db, trace.id()).await().atMost(Operator.QUICK)) {
                say("event    " + event.id() + "  " + event.provider() + " " + event.type() + ", tenant "
                        + slug(event.tenant()) + ", received "
                        + event.receivedAt().toInstant());
                Replay.Step step =
                        Replay.step(event, trace, event.wasHeard(db).await().atMost(Operator.QUICK), reading(event));
                if (isDry) {
                    rehearse(event, step);
                    say("replay   would " + Replay.announced(step));
                } else {
                    say("replay   " + Replay.perform(db, event, step));
                }
            }
            say(isDry ? "Nothing was sent, nothing was written." : "Follow it: ./parley trace " + trace.id());
        }

        /** Null = it has a job, or had one, or its kind needs none and never will. */
        private SecondReading.@org.jspecify.annotations.Nullable Outcome reading(StoredEvent event) {
            boolean hasJob = trace.jobs().stream().anyMatch(job -> job.eventId().equals(event.id()));
            boolean wasPutAside = event.type().equals(InboundEvent.QUARANTINED)
                    || event.type().startsWith("other:");
            return hasJob || !wasPutAside ? null : second.of(event);
        }

        private void rehearse(StoredEvent event, Replay.Step step) {
            boolean isMessage = event.type().equals("inbound_message");
            Job job = event.asJob();
            if (step instanceof Replay.Step.ReadAgain again) {
                isMessage = again.fact().type().equals("inbound_message");
                job = SecondReading.asJob(again.fact(), Instant.now());
            }
            Optional<Tenant> tenant = tenants.find(job.tenant());
            if (!isMessage || tenant.isEmpty()) {
                say("now      an event of this kind is not answered: nothing would be sent");
                return;
            }
            Rehearsal rehearsal = new Rehearsal(new Dialog(), new FirstDialog(), Vendors.readers());
            Job rehearsed = job;
            Rehearsed told = db.withTransaction(tx -> tx.query("SET TRANSACTION READ ONLY")
                            .execute()
                            .chain(() -> rehearsal.of(tx, rehearsed, tenant.get())))
                    .await()
                    .atMost(Operator.QUICK);
            new Difference(told, tenant.get(), job.event()).lines().forEach(Run::say);
        }

        private String slug(dev.parley.tenant.TenantId id) {
            return tenants.find(id)
                    .map(Tenant::slug)
                    .orElse(id.equals(TenantDirectory.UNROUTED) ? "unrouted" : id.toString());
        }

        private static void say(String line) {
            System.out.println(line);
        }
    }
}
