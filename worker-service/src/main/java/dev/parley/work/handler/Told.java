package dev.parley.work.handler;

import dev.parley.dialog.ContactKey;
import dev.parley.dialog.Dialog.Lookup;
import dev.parley.dialog.MessageId;
import dev.parley.queue.Job;
import dev.parley.spi.EventReader.DoNotDisturb;
import dev.parley.spi.EventReader.Report;
import dev.parley.spi.EventReader.Turn;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One job with what its event says: {@code marks} where it is about do-not-disturb, {@code turn} where it is about whose
 * turn it is, {@code report} elsewhere.
 */
record Told(
        Job job,
        TenantSettings.Known tenant,
        @Nullable Report report,
        List<DoNotDisturb> marks,
        @Nullable Turn turn) {
    private static final String ECHO = "outbound_message";
    private static final String DO_NOT_DISTURB = "contact_dnd";
    private static final String TURN = "conversation_status";

    static Told of(Job job, TenantSettings.Known tenant, EventReaders readers) {
        return switch (job.event().type()) {
            case DO_NOT_DISTURB -> new Told(job, tenant, null, readers.doNotDisturb(job.event()), null);
            case TURN -> new Told(job, tenant, null, List.of(), readers.turn(job.event()));
            default -> new Told(job, tenant, readers.report(job.event()), List.of(), null);
        };
    }

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
                : List.of(new Lookup(about(), id, provider, tenant.tenant().messagingAdapter(), providerMessageId()));
    }

    ContactKey key(DoNotDisturb mark) {
        return new ContactKey(job.tenant(), mark.channel(), mark.channelAddress());
    }
}
