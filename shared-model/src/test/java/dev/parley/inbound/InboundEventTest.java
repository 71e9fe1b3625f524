package dev.parley.inbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.queue.JobId;
import dev.parley.queue.JobType;
import dev.parley.queue.NewJob;
import dev.parley.queue.TimeOrderedId;
import dev.parley.tenant.TenantId;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class InboundEventTest {
    private static final TenantId TENANT = new TenantId(UUID.randomUUID());
    private static final Payload PAYLOAD = Payload.json("{}".getBytes(StandardCharsets.UTF_8));

    private static InboundEvent event(String type, String messageId, String address) {
        return InboundEvent.create(
                TENANT,
                "ghl",
                type,
                null,
                messageId,
                "sms",
                address,
                EventKey.of("ghl", "wh", "1"),
                PAYLOAD,
                0,
                JobType.PROCESS_INBOUND_MESSAGE);
    }

    @Test
    void texts_that_no_index_takes_are_replaced_by_their_hash() {
        InboundEvent event = event("inbound_message", "m".repeat(3000), "+1".repeat(3000));

        assertThat(event.providerMessageId()).startsWith("sha256:").hasSize(71);
        assertThat(event.channelAddress()).startsWith("sha256:");
        assertThat(event("inbound_message", "m".repeat(3000), "x").providerMessageId())
                .isEqualTo(event.providerMessageId());
        assertThat(event("other:" + "t".repeat(500), "m", "x").type()).hasSize(100);
    }

    @Test
    void characters_no_text_column_takes_are_mended() {
        InboundEvent event = event("other:a\u0000", "m\u0000\ud800", " ");

        assertThat(event.type()).isEqualTo("other:a\uFFFD");
        assertThat(event.providerMessageId()).isEqualTo("m\uFFFD\uFFFD");
        assertThat(event.channelAddress()).isNull();
    }

    @Test
    void its_job_is_in_its_trace() {
        InboundEvent event = event("inbound_message", "m", "x");

        assertThat(event.job().traceId()).isEqualTo(event.traceId());
        assertThat(event.job().eventId()).isEqualTo(event.id());
    }

    @Test
    void a_job_of_another_event_is_refused() {
        NewJob stray = new NewJob(
                new JobId(TimeOrderedId.next()),
                TENANT,
                JobType.PROCESS_INBOUND_MESSAGE,
                UUID.randomUUID(),
                UUID.randomUUID());

        assertThatThrownBy(() -> new InboundEvent(
                        UUID.randomUUID(),
                        TENANT,
                        "ghl",
                        "x",
                        null,
                        null,
                        null,
                        null,
                        EventKey.of("g", "k", "1"),
                        PAYLOAD,
                        UUID.randomUUID(),
                        0,
                        stray))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void reduced_to_bytes_it_keeps_key_and_trace_and_loses_its_job() {
        InboundEvent event = event("inbound_message", "m", "x");

        InboundEvent reduced = event.reducedToBytes("SQLSTATE 22P05");

        assertThat(reduced.key()).isEqualTo(event.key());
        assertThat(reduced.traceId()).isEqualTo(event.traceId());
        assertThat(reduced.job()).isNull();
        assertThat(reduced.type()).isEqualTo("quarantined");
        assertThat(reduced.payload().stored()).contains("$raw").contains("22P05");
    }
}
