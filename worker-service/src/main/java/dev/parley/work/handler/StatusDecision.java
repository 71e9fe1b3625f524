package dev.parley.work.handler;

import dev.parley.dialog.Consent;
import dev.parley.dialog.Contact;
import dev.parley.dialog.ContactKey;
import dev.parley.dialog.Conversation;
import dev.parley.dialog.ConversationId;
import dev.parley.dialog.Delivery;
import dev.parley.dialog.Dialog.Found;
import dev.parley.dialog.Message;
import dev.parley.dialog.MessageId;
import dev.parley.queue.Line;
import dev.parley.spi.EventReader.Author;
import dev.parley.spi.EventReader.DoNotDisturb;
import dev.parley.spi.EventReader.Report;
import dev.parley.spi.EventReader.Turn;
import dev.parley.spi.EventReader.Whose;
import dev.parley.spi.Outcome;
import dev.parley.tenant.TenantId;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The fold over one set of jobs: each is decided with what those before it in the set have changed, and what all of them
 * change together is written once. Not thread-safe.
 */
final class StatusDecision {
    /** A status may overtake the answer to the call that it is about; longer than this no call lasts. */
    private static final Duration OVERTAKING = Duration.ofSeconds(30);

    private static final Duration UNTIL_ASKED_AGAIN = Duration.ofSeconds(2);
    private static final Pattern SPACE = Pattern.compile("\\s+");

    private record ProviderMessage(TenantId tenant, String id) {}

    private final Instant now;
    private final Map<ConversationId, List<Message>> inFlight;
    private final Draft draft = new Draft();
    private final Map<ProviderMessage, Message> byProviderId = new HashMap<>();
    private final Set<Line> held = new HashSet<>();

    StatusDecision(Instant now, Map<ConversationId, List<Message>> inFlight) {
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
                || flying(known).stream().anyMatch(message -> message.delivery().state() == Delivery.State.SENDING);
        if (told.providerMessageId() != null && state(report) != null && isYoung && mayBeOurs) {
            held.add(told.job().line());
            return Outcome.snooze("the message it is about is not known yet", UNTIL_ASKED_AGAIN);
        }
        // Somebody else's message, of which we never heard: nothing to record it on.
        return Outcome.done();
    }

    private Outcome echo(Told told, Report report, Found known) {
        boolean saysNothing = told.providerMessageId() == null && report.text().isBlank() && report.author() == null;
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

    /** What all that was taken changes. */
    Draft draft() {
        return draft;
    }

    /** Providers trim and rewrap. */
    private static boolean sameWords(String one, String other) {
        String words = SPACE.matcher(one).replaceAll(" ").strip();
        return !words.isEmpty()
                && words.equals(SPACE.matcher(other).replaceAll(" ").strip());
    }
}
