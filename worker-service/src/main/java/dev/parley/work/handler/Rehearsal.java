package dev.parley.work.handler;

import dev.parley.dialog.Consent;
import dev.parley.dialog.Contact;
import dev.parley.dialog.ContactKey;
import dev.parley.dialog.Conversation;
import dev.parley.dialog.ConversationState;
import dev.parley.dialog.Delivery;
import dev.parley.dialog.Dialog;
import dev.parley.dialog.DialogSettings;
import dev.parley.dialog.FirstDialog;
import dev.parley.dialog.FirstDialog.Move;
import dev.parley.dialog.FirstDialog.Turn;
import dev.parley.dialog.Lenient;
import dev.parley.dialog.Message;
import dev.parley.dialog.MessageId;
import dev.parley.queue.Job;
import dev.parley.spi.EventReader.Incoming;
import dev.parley.tenant.Tenant;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What {@link ProcessInboundMessage} would make of a stored message now, without writing anything.
 *
 * <p>A message that was never handled is decided where its conversation stands now: that is what running its job does. One
 * that was handled has moved its conversation on, so that is told again from its beginning, each message at its time, by the
 * present dialog, settings and readers: whatever differs then, differs because those have changed.
 */
public final class Rehearsal {
    private final Dialog dialog;
    private final FirstDialog firstDialog;
    private final EventReaders readers;

    public Rehearsal(Dialog dialog, FirstDialog firstDialog, EventReaders readers) {
        this.dialog = dialog;
        this.firstDialog = firstDialog;
        this.readers = readers;
    }

    /**
     * What was made of a message then.
     *
     * @param reply null = none was planned
     * @param delivery how far the reply came; null = no reply
     */
    public record Past(
            @Nullable String intent,
            @Nullable String silence,
            @Nullable String reply,
            @Nullable String delivery) {}

    /**
     * @param words what the customer wrote, as it is read now
     * @param now empty = nothing would be decided: the message was heard before, under another event
     * @param past empty = it was never handled
     */
    public record Rehearsed(String words, Optional<Move> now, Optional<Past> past) {}

    /** @param job of the message, whether or not there is a row of it */
    public Uni<Rehearsed> of(SqlConnection db, Job job, Tenant tenant) {
        DialogSettings settings = DialogSettings.of(tenant);
        Incoming incoming = readers.incoming(job.event(), tenant.settings());
        MessageId id = new MessageId(job.event().id());
        return dialog.readTranscript(db, id)
                .chain(transcript -> dialog.read(
                                db,
                                List.of(new Dialog.Lookup(
                                        ProcessInboundMessage.from(job),
                                        id,
                                        job.event().provider(),
                                        tenant.messagingAdapter(),
                                        job.event().providerMessageId())))
                        .map(reading -> {
                            Dialog.Found found = reading.found().get(0);
                            if (!transcript.isEmpty()) {
                                return again(job, settings, incoming, found, transcript);
                            }
                            Optional<Move> move = found.wasHeard()
                                    ? Optional.empty()
                                    : Optional.of(inPlace(job, settings, incoming, found, reading.now()));
                            return new Rehearsed(incoming.text(), move, Optional.empty());
                        }));
    }

    private Move inPlace(Job job, DialogSettings settings, Incoming incoming, Dialog.Found found, Instant now) {
        ContactKey from = ProcessInboundMessage.from(job);
        Contact contact =
                found.contact().orElseGet(() -> Contact.stranger(from)).named(incoming.displayName());
        Conversation conversation = found.conversation()
                .orElseGet(() -> Conversation.begin(contact))
                .reopened();
        return ProcessInboundMessage.decided(
                firstDialog,
                job.event().payload(),
                new Turn(
                        settings,
                        conversation.state(),
                        contact.consent(),
                        from.channel(),
                        incoming.text(),
                        contact.displayName(),
                        conversation.lastOutboundAt() != null,
                        now));
    }

    private Rehearsed again(
            Job job, DialogSettings settings, Incoming incoming, Dialog.Found found, List<Message> transcript) {
        Told told = new Told(settings, found.contact().map(Contact::displayName).orElse(incoming.displayName()));
        Consent marked = found.contact().map(Contact::consent).orElse(Consent.none());
        for (Message message : transcript) {
            Instant at = message.createdAt() == null ? Instant.EPOCH : message.createdAt();
            told.mark(marked, at);
            if (message.id().value().equals(job.event().id())) {
                Move now = told.hear(firstDialog, job.event().payload(), message.channel(), incoming.text(), at);
                return new Rehearsed(incoming.text(), Optional.of(now), Optional.of(past(message, transcript)));
            }
            told.pass(firstDialog, message, at);
        }
        throw new IllegalStateException("a transcript without the message it was read for: "
                + job.event().id());
    }

    private static Past past(Message heard, List<Message> transcript) {
        JsonObject decision = Lenient.object(heard.payload(), "decision");
        Optional<Message> reply = transcript.stream()
                .filter(message -> heard.id().value().toString().equals(Lenient.text(message.payload(), "in_reply_to")))
                .findFirst();
        return new Past(
                Lenient.text(decision, "intent"),
                Lenient.text(decision, "silence"),
                reply.map(Message::text).orElse(null),
                reply.map(Message::delivery)
                        .map(Delivery::state)
                        .map(Delivery.State::word)
                        .orElse(null));
    }

    /** A conversation as it is told again. */
    private static final class Told {
        private final DialogSettings settings;
        private final @Nullable String name;
        private ConversationState state = ConversationState.start();
        private Consent consent = Consent.none();
        private boolean hasSpoken;

        Told(DialogSettings settings, @Nullable String name) {
            this.settings = settings;
            this.name = name;
        }

        /** The provider's own mark is in no message; only the last one is known, with its time. */
        void mark(Consent known, Instant at) {
            JsonObject dnd = Lenient.object(known.json(), "dnd");
            Instant since = Lenient.instant(dnd, "at");
            if (known.isDoNotDisturb() && since != null && !since.isAfter(at) && !consent.isDoNotDisturb()) {
                consent = consent.doNotDisturb(true, Boolean.TRUE.equals(dnd.getValue("permanent")), "", null, since);
            }
        }

        void pass(FirstDialog dialog, Message message, Instant at) {
            if (message.direction() == Message.Direction.INBOUND) {
                JsonObject payload = new JsonObject()
                        .put(
                                "$" + ProcessInboundMessage.BACKFILL,
                                Lenient.object(message.payload(), ProcessInboundMessage.BACKFILL));
                hear(dialog, payload, message.channel(), message.text(), at);
                return;
            }
            hasSpoken |= message.delivery().state().compareTo(Delivery.State.SENT) >= 0;
            if ("human".equals(Lenient.text(message.payload(), "author"))) {
                state = state.takenOver(at, at.plus(settings.humanPause()));
            }
        }

        Move hear(FirstDialog dialog, JsonObject payload, String channel, String words, Instant at) {
            Move move = ProcessInboundMessage.decided(
                    dialog, payload, new Turn(settings, state, consent, channel, words, name, hasSpoken, at));
            state = move.state();
            consent = move.consent();
            return move;
        }
    }
}
