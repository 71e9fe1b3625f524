package dev.parley.work.handler;

import dev.parley.dialog.Contact;
import dev.parley.dialog.ContactKey;
import dev.parley.dialog.Conversation;
import dev.parley.dialog.Delivery;
import dev.parley.dialog.Dialog;
import dev.parley.dialog.Dialog.Found;
import dev.parley.dialog.Dialog.Lookup;
import dev.parley.dialog.DialogConflictException;
import dev.parley.dialog.FirstDialog;
import dev.parley.dialog.Lenient;
import dev.parley.dialog.Media;
import dev.parley.dialog.Media.State;
import dev.parley.dialog.Message;
import dev.parley.dialog.MessageId;
import dev.parley.queue.Job;
import dev.parley.queue.JobId;
import dev.parley.queue.JobType;
import dev.parley.queue.NewJob;
import dev.parley.queue.TimeOrderedId;
import dev.parley.spi.BatchJobHandler;
import dev.parley.spi.EventReader.Incoming;
import dev.parley.spi.Outcome;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantId;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a customer wrote becomes contact, conversation and message, and a planned reply with the job that sends it; media
 * get a job of their own, which nobody waits for. One read, a decision in memory, one pipelined write: several messages of one contact are folded in order and their final
 * state is written once.
 */
public final class ProcessInboundMessage implements BatchJobHandler {
    private static final Duration UNTIL_TENANT_IS_KNOWN = Duration.ofSeconds(5);
    private static final String NOBODY = "parley";
    /** Where a message that no webhook brought says how it was found; in an event led by {@code $}, as all that is ours. */
    static final String BACKFILL = "backfill";

    private final Dialog dialog;
    private final FirstDialog firstDialog;
    private final EventReaders readers;
    private final MessagingAdapters adapters;
    private final JobEnqueuer queue;
    private final TenantSettings tenants;

    public ProcessInboundMessage(
            Dialog dialog,
            FirstDialog firstDialog,
            EventReaders readers,
            MessagingAdapters adapters,
            JobEnqueuer queue,
            Function<TenantId, Optional<Tenant>> tenants) {
        this.dialog = dialog;
        this.firstDialog = firstDialog;
        this.readers = readers;
        this.adapters = adapters;
        this.queue = queue;
        this.tenants = new TenantSettings(tenants);
    }

    @Override
    public JobType type() {
        return JobType.PROCESS_INBOUND_MESSAGE;
    }

    /** One job with what its event says. */
    private record Heard(Job job, TenantSettings.Known tenant, ContactKey from, Incoming incoming, List<Media> media) {
        Lookup lookup() {
            Job.Event event = job.event();
            return new Lookup(
                    from,
                    new MessageId(event.id()),
                    event.provider(),
                    tenant.tenant().messagingAdapter(),
                    event.providerMessageId());
        }
    }

    @Override
    public Uni<List<Outcome>> handle(SqlConnection tx, List<Job> jobs) {
        List<Heard> heard = new ArrayList<>(jobs.size());
        List<Outcome> outcomes = new ArrayList<>(jobs.size());
        for (Job job : jobs) {
            Optional<TenantSettings.Known> tenant = tenants.find(job.tenant());
            if (tenant.isEmpty()) {
                outcomes.add(Outcome.snooze("tenant not known to this worker yet", UNTIL_TENANT_IS_KNOWN));
            } else {
                outcomes.add(Outcome.done());
                heard.add(hear(job, tenant.get()));
            }
        }
        if (heard.isEmpty()) {
            return Uni.createFrom().item(outcomes);
        }
        return dialog.read(tx, heard.stream().map(Heard::lookup).toList())
                .chain(reading ->
                        new Decision(reading.now()).take(heard, reading.found()).write(tx))
                .replaceWith(outcomes);
    }

    private Heard hear(Job job, TenantSettings.Known tenant) {
        Incoming incoming = readers.incoming(job.event(), tenant.tenant().settings());
        List<Media> media = Media.listOf(incoming.media()).stream()
                .map(told -> Media.told(told.json()))
                .toList();
        boolean isLate = media.isEmpty() && readers.showsMediaLater(job.event());
        return new Heard(job, tenant, from(job), incoming, isLate ? List.of(Media.late()) : media);
    }

    /** Where an event names no address, its sender is somebody of whom we know this one event. */
    static ContactKey from(Job job) {
        Job.Event event = job.event();
        return new ContactKey(
                job.tenant(),
                event.channel() == null ? "custom" : event.channel(),
                event.channelAddress() == null ? event.id().toString() : event.channelAddress());
    }

    /**
     * What is made of a message. One that was found long after it was written ({@code $backfill.silence} beside the provider's
     * fields) is not answered: what it says about consent counts, the conversation stays where it was.
     */
    static FirstDialog.Move decided(FirstDialog dialog, JsonObject payload, FirstDialog.Turn turn) {
        FirstDialog.Move move = dialog.answer(turn);
        String silence = Lenient.text(Lenient.object(payload, "$" + BACKFILL), "silence");
        if (silence == null) {
            return move;
        }
        boolean isConsent = !move.consent().json().equals(turn.consent().json());
        return new FirstDialog.Move(
                isConsent
                        ? move.state()
                        : turn.state().at(turn.state().step(), turn.state().intent()),
                move.consent(),
                move.intent(),
                null,
                silence);
    }

    private record ProviderMessage(TenantId tenant, String provider, String id) {}

    /** The fold over one set of jobs. */
    private final class Decision {
        private final Instant now;
        private final Draft draft = new Draft();
        private final Set<ProviderMessage> seen = new HashSet<>();
        private final List<NewJob> jobs = new ArrayList<>();

        Decision(Instant now) {
            this.now = now;
        }

        Decision take(List<Heard> heard, List<Found> found) {
            for (int at = 0; at < heard.size(); at++) {
                Found known = found.get(at);
                draft.know(heard.get(at).from(), known.contact(), known.conversation());
                if (!known.isStored()
                        && !known.wasHeard()
                        && isFirst(heard.get(at).job())) {
                    take(heard.get(at));
                }
            }
            return this;
        }

        /** The same message may come under two event ids: only the first of a set counts. */
        private boolean isFirst(Job job) {
            String id = job.event().providerMessageId();
            return id == null
                    || seen.add(new ProviderMessage(job.tenant(), job.event().provider(), id));
        }

        private void take(Heard heard) {
            Job.Event event = heard.job().event();
            Incoming incoming = heard.incoming();
            Contact contact =
                    draft.contact(heard.from()).named(incoming.displayName()).withRefs(incoming.contactRefs());
            Conversation conversation = draft.conversation(heard.from()).reopened();

            FirstDialog.Move move = decided(
                    firstDialog,
                    event.payload(),
                    new FirstDialog.Turn(
                            heard.tenant().dialog(),
                            conversation.state(),
                            contact.consent(),
                            heard.from().channel(),
                            incoming.text(),
                            contact.displayName(),
                            conversation.lastOutboundAt() != null,
                            now));

            Conversation next = conversation.with(move.state()).heard(saidAt(event, incoming));
            draft.put(contact.with(move.consent()));
            draft.put(heard.from(), next);
            draft.put(Message.of(
                    new MessageId(event.id()),
                    next,
                    Message.Direction.INBOUND,
                    event.provider(),
                    event.providerMessageId(),
                    heard.from().channel(),
                    incoming.text(),
                    payload(heard, move),
                    heard.job().traceId()));
            if (move.reply() != null) {
                plan(heard, next, move.reply());
            }
            if (heard.media().stream().anyMatch(one -> one.is(State.LATE) || one.is(State.UNCHECKED))) {
                enqueue(new JobId(TimeOrderedId.next()), JobType.FETCH_MEDIA, heard);
            }
        }

        private void enqueue(JobId id, JobType type, Heard heard) {
            Job about = heard.job();
            jobs.add(new NewJob(id, about.tenant(), type, about.event().id(), about.traceId()));
        }

        /** By the provider, for a vendor counts its time for answering from there, however late we hear of it. */
        private Instant saidAt(Job.Event event, Incoming incoming) {
            Instant said = incoming.sentAt() == null ? event.receivedAt().toInstant() : incoming.sentAt();
            return said.isAfter(now) ? now : said;
        }

        private void plan(Heard heard, Conversation conversation, FirstDialog.Reply reply) {
            String adapter = heard.tenant().tenant().messagingAdapter();
            String obstacle = obstacle(adapter);
            JobId id = new JobId(TimeOrderedId.next());
            Delivery delivery = obstacle == null ? Delivery.planned(now) : Delivery.blocked(obstacle, now);
            draft.put(Message.of(
                    new MessageId(id.value()),
                    conversation,
                    Message.Direction.OUTBOUND,
                    adapter == null ? NOBODY : adapter,
                    null,
                    heard.from().channel(),
                    reply.text(),
                    new JsonObject()
                            .put("delivery", delivery.json())
                            .put("author", "bot")
                            .put("purpose", Purposes.word(reply.purpose()))
                            .put("in_reply_to", heard.job().event().id().toString()),
                    heard.job().traceId()));
            if (obstacle == null) {
                enqueue(id, JobType.SEND_OUTBOUND_MESSAGE, heard);
            }
        }

        private @Nullable String obstacle(@Nullable String adapter) {
            if (adapter == null) {
                return "the tenant has no messaging adapter";
            }
            return adapters.find(adapter).isPresent() ? null : "no messaging adapter is called " + adapter;
        }

        Uni<Void> write(SqlConnection tx) {
            Uni<Void> rows = dialog.write(tx, draft.changes());
            if (jobs.isEmpty()) {
                return rows;
            }
            Uni<Void> queued = queue.enqueueAll(tx, jobs)
                    .invoke(added -> {
                        if (added != jobs.size()) {
                            throw new DialogConflictException("jobs that follow", jobs.size(), added);
                        }
                    })
                    .replaceWithVoid();
            // Both are on their way before the first answer is back.
            return Uni.combine().all().unis(rows, queued).discardItems();
        }
    }

    private static JsonObject payload(Heard heard, FirstDialog.Move move) {
        Incoming incoming = heard.incoming();
        Job.Event event = heard.job().event();
        JsonObject decision = new JsonObject().put("intent", move.intent());
        if (move.silence() != null) {
            decision.put("silence", move.silence());
        }
        JsonObject payload = new JsonObject().put("details", incoming.details()).put("decision", decision);
        if (!heard.media().isEmpty()) {
            payload.put("media", Media.json(heard.media()));
        }
        if (event.payload().getValue("$" + BACKFILL) instanceof JsonObject found) {
            payload.put(BACKFILL, found);
        }
        return incoming.sentAt() == null
                ? payload
                : payload.put("sent_at", incoming.sentAt().toString());
    }

    /** How {@link FirstDialog.Purpose} is written in {@code messages.payload.purpose}. */
    static final class Purposes {
        private Purposes() {}

        static String word(FirstDialog.Purpose purpose) {
            return purpose.name().toLowerCase(Locale.ROOT);
        }
    }
}
