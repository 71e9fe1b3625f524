package dev.parley.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.queue.JobType;
import dev.parley.sandbox.Replay.Step;
import dev.parley.tenant.TenantId;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What is left to do of an event, by what is there. */
class ReplayTest {
    private static final UUID TRACE = new UUID(1, 1);
    private static final UUID EVENT = new UUID(1, 2);
    private static final UUID HANDLING = new UUID(1, 3);
    private static final UUID REPLY = new UUID(1, 4);
    private static final Instant NOW = Instant.parse("2026-11-28T10:00:00Z");

    private static StoredEvent event(String type) {
        return new StoredEvent(
                EVENT,
                new TenantId(new UUID(1, 9)),
                "ghl",
                type,
                null,
                "m1",
                "sms",
                "+15550100001",
                NOW.atOffset(ZoneOffset.UTC),
                "key",
                new JsonObject(),
                TRACE);
    }

    private static Trace.Job job(UUID id, String type, String status) {
        return new Trace.Job(id, EVENT, type, status, 3, NOW, NOW, "w1", null, NOW, NOW);
    }

    private static Trace.Job handled(String status) {
        return job(HANDLING, "process_inbound_message", status);
    }

    private static Trace.Message heard() {
        return new Trace.Message(EVENT, true, "ghl", "m1", "sms", "Hello", new JsonObject(), NOW);
    }

    private static Trace.Message reply(String state) {
        JsonObject payload = new JsonObject()
                .put("in_reply_to", EVENT.toString())
                .put("delivery", new JsonObject().put("state", state));
        return new Trace.Message(REPLY, false, "ghl", null, "sms", "Hi", payload, NOW);
    }

    private static Step step(List<Trace.Job> jobs, Trace.Message... messages) {
        return step(event("inbound_message"), false, jobs, messages);
    }

    private static Step step(StoredEvent event, boolean wasHeard, List<Trace.Job> jobs, Trace.Message... messages) {
        Trace trace = new Trace(TRACE, NOW, List.of(), jobs, List.of(messages), List.of(), 0);
        return Replay.step(event, trace, wasHeard, null);
    }

    private static String left(Step step) {
        return ((Step.Leave) step).why();
    }

    @Test
    void what_is_complete_is_left_alone() {
        List<Trace.Job> done = List.of(handled("done"), job(REPLY, "send_outbound_message", "done"));

        assertThat(left(step(done, heard(), reply("delivered"))))
                .isEqualTo("it was handled, and its reply is delivered");
        assertThat(left(step(List.of(), heard(), reply("sent")))).isEqualTo("it was handled, and its reply is sent");
        assertThat(left(step(done, heard(), reply("failed")))).isEqualTo("it was handled, and its reply is failed");
        assertThat(left(step(done, heard()))).isEqualTo("it was handled, and the dialog decided to say nothing");
    }

    @Test
    void what_is_under_way_is_left_alone() {
        assertThat(left(step(List.of(handled("queued"))))).isEqualTo("process_inbound_message is queued already");
        assertThat(left(step(
                        List.of(handled("done"), job(REPLY, "send_outbound_message", "processing")),
                        heard(),
                        reply("sending"))))
                .isEqualTo("send_outbound_message is processing already");
    }

    @Test
    void dead_letters_are_redriven_and_nothing_else() {
        Trace.Job dead = job(REPLY, "send_outbound_message", "failed");

        assertThat(step(List.of(handled("done"), dead), heard(), reply("failed")))
                .isEqualTo(new Step.Redrive(List.of(dead)));
        assertThat(step(List.of(handled("failed")))).isEqualTo(new Step.Redrive(List.of(handled("failed"))));
    }

    @Test
    void a_message_that_is_not_in_the_transcript_is_handled_again_by_its_job_or_by_a_new_one() {
        assertThat(step(List.of(handled("done"))))
                .isInstanceOfSatisfying(
                        Step.RunAgain.class,
                        again -> assertThat(again.jobs()).extracting("value").containsExactly(HANDLING));
        assertThat(step(List.of()))
                .isInstanceOfSatisfying(
                        Step.Enqueue.class,
                        enqueue -> assertThat(enqueue.jobs()).singleElement().satisfies(job -> {
                            assertThat(job.type()).isEqualTo(JobType.PROCESS_INBOUND_MESSAGE);
                            assertThat(job.eventId()).isEqualTo(EVENT);
                            assertThat(job.traceId()).isEqualTo(TRACE);
                        }));
    }

    @Test
    void a_message_that_is_gone_but_was_answered_is_not_handled_again() {
        assertThat(left(step(List.of(handled("done"), job(REPLY, "send_outbound_message", "done")))))
                .contains("would be answered twice");
    }

    @Test
    void a_message_that_was_heard_under_another_event_is_not_handled_again() {
        assertThat(left(step(event("inbound_message"), true, List.of(handled("done")))))
                .contains("under another event of the provider");
    }

    @Test
    void a_reply_on_its_way_without_a_job_gets_its_own_job_and_no_other() {
        assertThat(step(List.of(handled("done")), heard(), reply("planned")))
                .isInstanceOfSatisfying(
                        Step.Enqueue.class,
                        enqueue -> assertThat(enqueue.jobs()).singleElement().satisfies(job -> {
                            assertThat(job.id().value()).as("the reply's id").isEqualTo(REPLY);
                            assertThat(job.type()).isEqualTo(JobType.SEND_OUTBOUND_MESSAGE);
                        }));
        assertThat(step(
                        List.of(handled("done"), job(REPLY, "send_outbound_message", "done")),
                        heard(),
                        reply("unknown")))
                .isInstanceOfSatisfying(
                        Step.RunAgain.class,
                        again -> assertThat(again.jobs()).extracting("value").containsExactly(REPLY));
    }

    @Test
    void a_report_is_never_answered_and_never_run_again() {
        assertThat(left(step(event("outbound_message"), false, List.of()))).contains("never answered");
    }

    @Test
    void what_is_still_not_understood_says_why() {
        Trace trace = new Trace(TRACE, NOW, List.of(), List.of(), List.of(), List.of(), 0);

        Step step = Replay.step(event("quarantined"), trace, false, SecondReading.Outcome.still("not JSON"));

        assertThat(left(step)).isEqualTo("it is still nothing to act upon: not JSON");
    }
}
