package dev.parley.work.handler;

import dev.parley.dialog.ConversationId;
import dev.parley.dialog.Dialog;
import dev.parley.dialog.Dialog.Found;
import dev.parley.dialog.Dialog.Lookup;
import dev.parley.queue.Job;
import dev.parley.queue.JobType;
import dev.parley.spi.BatchJobHandler;
import dev.parley.spi.Outcome;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantId;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the provider tells about messages that went out: how far ours came, and what others said on the same thread. Our
 * own sends are recognised by the provider's id, or, while that is not known yet, by our own id where the provider gives it
 * back, else by contact and words. A person's message is recorded and pauses the bot. Nothing here is ever answered.
 */
public final class ProcessDeliveryStatus implements BatchJobHandler {
    private static final Duration UNTIL_TENANT_IS_KNOWN = Duration.ofSeconds(5);

    private final Dialog dialog;
    private final EventReaders readers;
    private final TenantSettings tenants;

    public ProcessDeliveryStatus(Dialog dialog, EventReaders readers, Function<TenantId, Optional<Tenant>> tenants) {
        this.dialog = dialog;
        this.readers = readers;
        this.tenants = new TenantSettings(tenants);
    }

    @Override
    public JobType type() {
        return JobType.PROCESS_DELIVERY_STATUS;
    }

    @Override
    public Uni<List<Outcome>> handle(SqlConnection tx, List<Job> jobs) {
        List<Outcome> outcomes = new ArrayList<>(jobs.size());
        List<@Nullable Told> told = new ArrayList<>(jobs.size());
        List<Lookup> lookups = new ArrayList<>();
        for (Job job : jobs) {
            Told next = tenants.find(job.tenant())
                    .map(tenant -> Told.of(job, tenant, readers))
                    .orElse(null);
            told.add(next);
            outcomes.add(
                    next == null
                            ? Outcome.snooze("tenant not known to this worker yet", UNTIL_TENANT_IS_KNOWN)
                            : Outcome.done());
            if (next != null) {
                lookups.addAll(next.lookups());
            }
        }
        if (lookups.isEmpty()) {
            return Uni.createFrom().item(outcomes);
        }
        return dialog.readReported(tx, lookups).chain(reading -> {
            List<List<Found>> found = distribute(told, reading.found());
            return dialog.readInFlight(tx, inQuestion(told, found)).chain(inFlight -> {
                StatusDecision decision = new StatusDecision(reading.now(), inFlight);
                for (int at = 0; at < told.size(); at++) {
                    Told next = told.get(at);
                    if (next != null) {
                        outcomes.set(at, decision.take(next, found.get(at)));
                    }
                }
                return dialog.write(tx, decision.draft().changes()).replaceWith(outcomes);
            });
        });
    }

    /** The answers to each one's questions; none for a job that asked nothing. */
    private static List<List<Found>> distribute(List<@Nullable Told> told, List<Found> found) {
        List<List<Found>> each = new ArrayList<>(told.size());
        int from = 0;
        for (Told next : told) {
            int to = next == null ? from : from + next.lookups().size();
            each.add(found.subList(from, to));
            from = to;
        }
        return each;
    }

    /** Conversations in which an unknown provider id may be one of our own sends. */
    private static Set<ConversationId> inQuestion(List<@Nullable Told> told, List<List<Found>> found) {
        Set<ConversationId> ids = new HashSet<>();
        for (int at = 0; at < told.size(); at++) {
            Told next = told.get(at);
            if (next != null && next.report() != null) {
                for (Found answer : found.get(at)) {
                    if (answer.sentAs().isEmpty()) {
                        answer.conversation().ifPresent(conversation -> ids.add(conversation.id()));
                    }
                }
            }
        }
        return ids;
    }
}
