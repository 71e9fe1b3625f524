package dev.parley.work.handler;

import dev.parley.dialog.Consent;
import dev.parley.dialog.Contact;
import dev.parley.dialog.ContactKey;
import dev.parley.dialog.Conversation;
import dev.parley.dialog.ConversationId;
import dev.parley.dialog.Delivery;
import dev.parley.dialog.Dialog;
import dev.parley.dialog.Dialog.Found;
import dev.parley.dialog.Dialog.Lookup;
import dev.parley.dialog.Message;
import dev.parley.dialog.MessageId;
import dev.parley.queue.Job;
import dev.parley.queue.JobType;
import dev.parley.queue.Line;
import dev.parley.spi.BatchJobHandler;
import dev.parley.spi.EventReader.Author;
import dev.parley.spi.EventReader.DoNotDisturb;
import dev.parley.spi.EventReader.Report;
import dev.parley.spi.EventReader.Turn;
import dev.parley.spi.EventReader.Whose;
import dev.parley.spi.Outcome;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantId;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the provider tells about messages that went out: how far ours came, and what others said on the same thread. Our
 * own sends are recognised by the provider's id, or, while that is not known yet, by our own id where the provider gives it
 * back, else by contact and words. A person's message
 * is recorded and pauses the bot. Nothing here is ever answered.
 */
public final class ProcessDeliveryStatus implements BatchJobHandler {
    private static final String ECHO = "outbound_message";
    private static final String DO_NOT_DISTURB = "contact_dnd";
    private static final String TURN = "conversation_status";
    private static final Duration UNTIL_TENANT_IS_KNOWN = Duration.ofSeconds(5);
    /** A status may overtake the answer to the call that it is about; longer than this no call lasts. */
    private static final Duration OVERTAKING = Duration.ofSeconds(30);

    private static final Duration UNTIL_ASKED_AGAIN = Duration.ofSeconds(2);
    private static final Pattern SPACE = Pattern.compile("\\s+");

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

    /**
     * One job with what its event says: {@code marks} where it is about do-not-disturb, {@code turn} where it is about whose
     * turn it is, {@code report} elsewhere.
     */
    private record Told(
            Job job,
            TenantSettings.Known tenant,
            @Nullable Report report,
            List<DoNotDisturb> marks,
            @Nullable Turn turn) {
        boolean isEcho() {
            return job.event().type().equals(ECHO);
        }

        boolean isTurn() {
            return job.event().type().equals(TURN);
        }

        ContactKey about() {
            return ProcessInboundMessage.from(job);
        }

        @Nullable
        String providerMessageId() {
            return report == null || report.providerMessageId() == null
                    ? job.event().providerMessageId()
                    : report.providerMessageId();
        }

        List<Lookup> lookups() {
            MessageId id = new MessageId(job.event().id());
            String provider = job.event().provider();
            if (isTurn()) {
                return List.of(new Lookup(about(), id, provider, null, null));
            }
            return report == null
                    ? marks.stream()
                            .map(mark -> new Lookup(key(mark), id, provider, null, null))
                            .toList()
                    : List.of(
                            new Lookup(about(), id, provider, tenant.tenant().messagingAdapter(), providerMessageId()));
        }

        ContactKey key(DoNotDisturb mark) {
            return new ContactKey(job.tenant(), mark.channel(), mark.channelAddress());
        }
    }

    @Override
    public Uni<List<Outcome>> handle(SqlConnection tx, List<Job> jobs) {
        List<Outcome> outcomes = new ArrayList<>(jobs.size());
        List<@Nullable Told> told = new ArrayList<>(jobs.size());
        List<Lookup> lookups = new ArrayList<>();
        for (Job job : jobs) {
            Told next = told(job);
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
                Decision decision = new Decision(reading.now(), inFlight);
                for (int at = 0; at < told.size(); at++) {
                    Told next = told.get(at);
                    if (next != null) {
                        outcomes.set(at, decision.take(next, found.get(at)));
                    }
                }
                return dialog.write(tx, decision.draft.changes()).replaceWith(outcomes);
            });
        });
    }

    private @Nullable Told told(Job job) {
        Optional<TenantSettings.Known> tenant = tenants.find(job.tenant());
        if (tenant.isEmpty()) {
            return null;
        }
        return switch (job.event().type()) {
            case DO_NOT_DISTURB -> new Told(job, tenant.get(), null, readers.doNotDisturb(job.event()), null);
            case TURN -> new Told(job, tenant.get(), null, List.of(), readers.turn(job.event()));
            default -> new Told(job, tenant.get(), readers.report(job.event()), List.of(), null);
        };
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

    private record ProviderMessage(TenantId tenant, String id) {}

    /** The fold over one set of jobs. */
    private static final class Decision {
        private final Instant now;
        private final Map<ConversationId, List<Message>> inFlight;
        private final Draft draft = new Draft();
        private final Map<ProviderMessage, Message> byProviderId = new HashMap<>();
        private final Set<Line> held = new HashSet<>();

        Decision(Instant now, Map<ConversationId, List<Message>> inFlight) {
            this.now = now;
            this.inFlight = inFlight;
        }

        Outcome take(Told told, List<Found> found) {
            if (held.contains(told.job().line())) {
                return Outcome.snooze("waits for the status before it", UNTIL_ASKED_AGAIN);
            }
            if (told.isTurn()) {
                turn(told, found.get(0));
                return Outcome.done();
            }
            Report report = told.report();
            if (report == null) {
                for (int at = 0; at < found.size(); at++) {
                    mark(told, told.marks().get(at), found.get(at));
                }
                return Outcome.done();
            }
            Found known = found.get(0);
            draft.know(told.about(), known.contact(), known.conversation());
            Message ours = ours(told, known);
            if (ours != null) {
                progress(told, report, ours);
                return Outcome.done();
            }
            Message sentAlong = sentAlong(report, known);
            if (sentAlong != null) {
                recognise(told, report, sentAlong);
                return Outcome.done();
            }
            return told.isEcho() ? echo(told, report, known) : status(told, report, known);
        }

        /** Ours, by the id of ours that the vendor gives back: sure, where words may be anybody's. */
        private @Nullable Message sentAlong(Report report, Found known) {
            return report.ourMessageId() == null
                    ? null
                    : flying(known).stream()
                            .filter(message -> message.id().value().equals(report.ourMessageId()))
                            .findFirst()
                            .orElse(null);
        }

        /** The inbox of the provider is where people decide who talks; the bot follows. */
        private void turn(Told told, Found known) {
            draft.know(told.about(), known.contact(), known.conversation());
            Turn turn = told.turn();
            if (turn == null || !draft.isKnown(told.about())) {
                return;
            }
            Conversation conversation = draft.conversation(told.about());
            Instant at = turn.at() == null || turn.at().isAfter(now) ? now : turn.at();
            Instant until = at.plus(told.tenant().dialog().humanPause());
            if (turn.whose() == Whose.BOT) {
                draft.put(told.about(), conversation.with(conversation.state().resumed()));
            } else if (until.isAfter(now)) {
                draft.put(told.about(), conversation.with(conversation.state().takenOver(at, until)));
            }
        }

        private @Nullable Message ours(Told told, Found known) {
            String id = told.providerMessageId();
            Message met = id == null
                    ? null
                    : byProviderId.get(new ProviderMessage(told.job().tenant(), id));
            if (met != null) {
                return draft.know(met);
            }
            return known.sentAs().map(draft::know).orElse(null);
        }

        private void progress(Told told, Report report, Message ours) {
            Delivery.State state = state(report);
            if (state != null) {
                String error = error(report);
                put(told, ours.with(ours.delivery().report(state, error, at(report))));
                if (state == Delivery.State.FAILED
                        && Reason.saysDoNotDisturb(report.error())
                        && draft.isKnown(told.about())) {
                    Contact contact = draft.contact(told.about());
                    draft.put(contact.with(contact.consent()
                            .doNotDisturb(true, false, told.job().event().provider(), error, at(report))));
                }
            }
        }

        private Outcome status(Told told, Report report, Found known) {
            boolean isYoung =
                    told.job().event().receivedAt().toInstant().plus(OVERTAKING).isAfter(now);
            boolean mayBeOurs = known.contact().isEmpty()
                    || flying(known).stream()
                            .anyMatch(message -> message.delivery().state() == Delivery.State.SENDING);
            if (told.providerMessageId() != null && state(report) != null && isYoung && mayBeOurs) {
                held.add(told.job().line());
                return Outcome.snooze("the message it is about is not known yet", UNTIL_ASKED_AGAIN);
            }
            // Somebody else's message, of which we never heard: nothing to record it on.
            return Outcome.done();
        }

        private Outcome echo(Told told, Report report, Found known) {
            boolean saysNothing =
                    told.providerMessageId() == null && report.text().isBlank() && report.author() == null;
            if (known.isStored() || saysNothing) {
                return Outcome.done();
            }
            if (report.author() == null || report.author() == Author.API) {
                for (Message message : flying(known)) {
                    if (sameWords(message.text(), report.text())) {
                        recognise(told, report, message);
                        return Outcome.done();
                    }
                }
            }
            record(told, report);
            return Outcome.done();
        }

        /** Our messages on this thread that still lack the provider's id. */
        private List<Message> flying(Found known) {
            return known
                    .conversation()
                    .map(conversation -> inFlight.getOrDefault(conversation.id(), List.of()))
                    .orElse(List.of())
                    .stream()
                    .map(draft::know)
                    .filter(message -> message.providerMessageId() == null)
                    .toList();
        }

        private void recognise(Told told, Report report, Message message) {
            Delivery delivery = message.delivery();
            if (delivery.state() == Delivery.State.UNKNOWN) {
                delivery = delivery.reconciled("the provider told of it", now);
            }
            Delivery.State state = state(report);
            put(
                    told,
                    message.withProviderMessageId(told.providerMessageId())
                            .with(delivery.sent(null, now)
                                    .report(state == null ? Delivery.State.SENT : state, error(report), at(report))));
            draft.put(told.about(), draft.conversation(told.about()).spoke(now));
        }

        /** Somebody else's words on our thread. */
        private void record(Told told, Report report) {
            Contact contact = draft.contact(told.about()).withRefs(report.contactRefs());
            Conversation conversation = draft.conversation(told.about()).spoke(at(report));
            if (report.author() == Author.HUMAN) {
                Instant until = at(report).plus(told.tenant().dialog().humanPause());
                conversation = conversation.reopened();
                if (until.isAfter(now)) {
                    conversation = conversation.with(conversation.state().takenOver(at(report), until));
                }
            }
            draft.put(contact);
            draft.put(told.about(), conversation);
            Delivery.State state = state(report);
            Author author = report.author() == null ? Author.API : report.author();
            JsonObject payload = new JsonObject()
                    .put(
                            "delivery",
                            Delivery.reported(state == null ? Delivery.State.SENT : state, error(report), at(report))
                                    .json())
                    .put("author", author.name().toLowerCase(Locale.ROOT));
            if (report.at() != null) {
                payload.put("sent_at", report.at().toString());
            }
            put(
                    told,
                    Message.of(
                            new MessageId(told.job().event().id()),
                            conversation,
                            Message.Direction.OUTBOUND,
                            told.job().event().provider(),
                            told.providerMessageId(),
                            told.about().channel(),
                            report.text(),
                            payload,
                            told.job().traceId()));
        }

        private void mark(Told told, DoNotDisturb mark, Found known) {
            ContactKey key = told.key(mark);
            draft.know(key, known.contact(), known.conversation());
            if (!draft.isKnown(key)) {
                // Whoever is met later is checked by the provider at the first send.
                return;
            }
            Contact contact = draft.contact(key);
            Consent consent = contact.consent()
                    .doNotDisturb(
                            mark.isOn(),
                            mark.isPermanent(),
                            told.job().event().provider(),
                            mark.reason() == null ? null : Reason.of(mark.reason()),
                            mark.at() == null ? told.job().event().receivedAt().toInstant() : mark.at());
            draft.put(contact.with(consent));
        }

        private void put(Told told, Message message) {
            draft.put(message);
            String id = told.providerMessageId();
            if (id != null) {
                byProviderId.put(new ProviderMessage(told.job().tenant(), id), message);
            }
        }

        private static @Nullable String error(Report report) {
            return report.error() == null ? null : Reason.of(report.error());
        }

        /** When it was, by the provider; never in the future, whatever its clock says. */
        private Instant at(Report report) {
            return report.at() == null || report.at().isAfter(now) ? now : report.at();
        }

        private static Delivery.@Nullable State state(Report report) {
            return switch (report.state()) {
                case SENT -> Delivery.State.SENT;
                case DELIVERED -> Delivery.State.DELIVERED;
                case READ -> Delivery.State.READ;
                case FAILED -> Delivery.State.FAILED;
                case OTHER -> null;
            };
        }
    }

    /** Providers trim and rewrap. */
    static boolean sameWords(String one, String other) {
        String words = SPACE.matcher(one).replaceAll(" ").strip();
        return !words.isEmpty()
                && words.equals(SPACE.matcher(other).replaceAll(" ").strip());
    }
}
