package dev.parley.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.sandbox.Verdict.State;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class TimelineTest {
    private static final UUID TRACE = UUID.fromString("0193a1b2-c3d4-7e8f-9a0b-1c2d3e4f5061");
    private static final UUID EVENT = UUID.fromString("0193a1b2-c3d4-7000-8000-000000000001");
    private static final UUID HANDLING = UUID.fromString("0193a1b2-c3d4-7000-8000-000000000002");
    private static final UUID SENDING = UUID.fromString("0193a1b2-c3d4-7000-8000-000000000003");
    private static final Instant ZERO = Instant.parse("2026-11-21T10:00:00Z");

    @Test
    void an_unknown_trace_says_so() {
        Timeline timeline = new Timeline(new Trace(TRACE, ZERO, List.of(), List.of(), List.of(), List.of(), 0));

        assertThat(timeline.verdict().state()).isEqualTo(State.UNKNOWN);
        assertThat(timeline.text()).contains("unknown: nothing has this trace id");
    }

    @Test
    void a_delivered_reply_says_how_long_it_took_since_receipt() {
        Timeline timeline = new Timeline(answered("delivered"));

        assertThat(timeline.verdict().state()).isEqualTo(State.DELIVERED);
        assertThat(timeline.verdict().reason()).isEqualTo("the reply was delivered 0.900 s after receipt");
    }

    @Test
    void entries_come_in_the_order_they_happened_with_times_since_receipt() {
        Timeline timeline = new Timeline(answered("delivered"));

        assertThat(timeline.entries())
                .extracting(Timeline.Entry::what)
                .containsExactly(
                        "received",
                        "stored",
                        "attempt 1",
                        "message in",
                        "message out",
                        "delivery",
                        "delivery",
                        "delivery",
                        "attempt 1",
                        "echo",
                        "delivery");
        assertThat(timeline.text())
                .contains("+0.000 s  received     inbound_message through ghl on sms of +15550107001, their id msg-1")
                .contains("+0.010 s  message in   “Hello”")
                .contains("+0.011 s  message out  “Hi Ana” (bot, conversation)")
                .contains("+0.020 s  delivery     sending")
                .contains("send_outbound_message by w1/t2: done (0.280 s)")
                .contains("+0.900 s  delivery     delivered");
    }

    @Test
    void a_contact_who_opted_out_is_named_as_the_reason_for_silence() {
        Trace.Message heard =
                inbound(new JsonObject().put("decision", new JsonObject().put("silence", "contact opted out")));

        Timeline timeline = new Timeline(trace(List.of(handled("done")), List.of(heard), true, 0));

        assertThat(timeline.verdict()).isEqualTo(new Verdict(State.SILENT, "no reply: contact opted out"));
    }

    @Test
    void a_blocked_reply_gives_the_reason_that_was_stored() {
        Trace.Message reply = outbound("blocked", "contact opted out");

        Timeline timeline =
                new Timeline(trace(List.of(handled("done")), List.of(inbound(new JsonObject()), reply), true, 0));

        assertThat(timeline.verdict())
                .isEqualTo(new Verdict(State.BLOCKED, "the reply was planned and not sent: contact opted out"));
    }

    @Test
    void a_dead_letter_shows_its_attempts_oldest_first_and_the_newest_reason() {
        String errors = "2026-11-21T10:00:05.000Z attempt 2 (w2): second reason\n"
                + "2026-11-21T10:00:01.000Z attempt 1 (w1): first reason";
        Trace.Job job = job(HANDLING, "process_inbound_message", "failed", 2, ZERO, errors);

        Timeline timeline = new Timeline(trace(List.of(job), List.of(), true, 0));

        assertThat(timeline.verdict().state()).isEqualTo(State.FAILED);
        assertThat(timeline.verdict().reason())
                .isEqualTo("dead letter: process_inbound_message was given up after 2 attempts: second reason");
        assertThat(timeline.entries())
                .extracting(Timeline.Entry::detail)
                .containsSubsequence(
                        "process_inbound_message by w1: first reason", "process_inbound_message by w2: second reason");
    }

    @Test
    void a_job_that_waits_says_until_when_and_why() {
        Trace.Job job = job(
                HANDLING,
                "process_inbound_message",
                "queued",
                1,
                ZERO.plusSeconds(30),
                "2026-11-21T10:00:01.000Z attempt 1 (w1): rate limited");

        Timeline timeline = new Timeline(trace(List.of(job), List.of(), true, 0));

        assertThat(timeline.verdict().state()).isEqualTo(State.WAITING);
        assertThat(timeline.verdict().reason())
                .isEqualTo("process_inbound_message waits until 2026-11-21T10:00:30Z (another 20.000 s): rate limited");
    }

    @Test
    void a_disabled_tenant_is_named_before_everything_else_that_could_wait() {
        Trace.Job job = job(HANDLING, "process_inbound_message", "queued", 0, ZERO.plusSeconds(30), null);

        Timeline timeline = new Timeline(trace(List.of(job), List.of(), false, 3));

        assertThat(timeline.verdict().reason())
                .isEqualTo(
                        "tenant sunrise-dental is disabled: its jobs wait and go on in order when it is enabled again");
    }

    @Test
    void a_job_behind_others_of_its_contact_says_how_many() {
        Trace.Job job = job(HANDLING, "process_inbound_message", "queued", 0, ZERO, null);

        Timeline timeline = new Timeline(trace(List.of(job), List.of(), true, 3));

        assertThat(timeline.verdict().reason()).contains("waits its turn behind 3 earlier jobs of the same contact");
    }

    @Test
    void a_due_job_that_nobody_takes_asks_for_a_worker() {
        Trace.Job job = job(HANDLING, "process_inbound_message", "queued", 0, ZERO, null);

        Timeline timeline = new Timeline(trace(List.of(job), List.of(), true, 0));

        assertThat(timeline.verdict().reason()).endsWith("no worker has taken it: is a worker running?");
    }

    @Test
    void an_unclear_send_is_told_as_unclear_with_what_happens_next() {
        Trace.Job send = job(SENDING, "send_outbound_message", "queued", 1, ZERO.plusSeconds(15), null);

        Timeline timeline = new Timeline(trace(
                List.of(handled("done"), send),
                List.of(inbound(new JsonObject()), outbound("unknown", "no answer within 30 s")),
                true,
                0));

        assertThat(timeline.verdict().state()).isEqualTo(State.WAITING);
        assertThat(timeline.verdict().reason())
                .startsWith(
                        "it is not known whether the reply left (no answer within 30 s); send_outbound_message waits");
    }

    @Test
    void a_quarantined_event_says_that_it_could_not_be_read() {
        Trace.Event event =
                new Trace.Event(EVENT, "sunrise-dental", true, "ghl", "quarantined", null, null, null, ZERO);

        Timeline timeline = new Timeline(new Trace(TRACE, ZERO, List.of(event), List.of(), List.of(), List.of(), 0));

        assertThat(timeline.verdict().state()).isEqualTo(State.STORED);
        assertThat(timeline.verdict().reason()).contains("quarantine").contains("could not be read");
    }

    @Test
    void the_json_holds_what_the_text_says() {
        JsonObject json = new Timeline(answered("delivered")).json();

        assertThat(json.getString("trace_id")).isEqualTo(TRACE.toString());
        assertThat(json.getString("state")).isEqualTo("delivered");
        assertThat(json.getString("tenant")).isEqualTo("sunrise-dental");
        JsonObject last = json.getJsonArray("timeline").getJsonObject(10);
        assertThat(last.getString("what")).isEqualTo("delivery");
        assertThat(last.getLong("offset_ms")).isEqualTo(900);
    }

    @Test
    void a_row_that_a_person_spoiled_does_not_stop_the_telling() {
        Trace.Job job = job(HANDLING, "process_inbound_message", "failed", 1, ZERO, "a note somebody wrote");
        Trace.Message odd = inbound(new JsonObject().put("delivery", "nonsense").put("decision", 5));

        Timeline timeline = new Timeline(trace(List.of(job), List.of(odd), true, 0));

        assertThat(timeline.text()).contains("a note somebody wrote");
    }

    @Test
    void a_trace_id_is_taken_as_uuid_and_as_hex_digits() {
        assertThat(Trace.parse("0193a1b2c3d47e8f9a0b1c2d3e4f5061")).isEqualTo(TRACE);
        assertThat(Trace.parse(" 0193A1B2-C3D4-7E8F-9A0B-1C2D3E4F5061 ")).isEqualTo(TRACE);
        assertThat(Trace.parse("ffffffffffffffffffffffffffffffff"))
                .isEqualTo(UUID.fromString("ffffffff-ffff-ffff-ffff-ffffffffffff"));
    }

    @Test
    void anything_else_as_a_trace_id_is_refused_with_an_example() {
        for (String wrong :
                List.of("", "0193a1b2", "zzzza1b2c3d47e8f9a0b1c2d3e4f5061", "0193a1b2c3d47e8f9a0b1c2d3e4f50611")) {
            assertThatThrownBy(() -> Trace.parse(wrong))
                    .isInstanceOf(SandboxException.class)
                    .hasMessageContaining("32 hex digits");
        }
    }

    private static Trace answered(String state) {
        Trace.Job send = new Trace.Job(
                SENDING, EVENT, "send_outbound_message", "done", 1, ZERO, at(20), "w1/t2", null, at(11), at(300));
        return new Trace(
                TRACE,
                ZERO.plusSeconds(10),
                List.of(event(true)),
                List.of(handled("done"), send),
                List.of(inbound(new JsonObject()), outbound(state, null)),
                List.of(new Trace.Related(UUID.randomUUID(), "outbound_message", "sent", "out-1", at(400))),
                0);
    }

    private static Trace trace(List<Trace.Job> jobs, List<Trace.Message> messages, boolean enabled, int ahead) {
        return new Trace(TRACE, ZERO.plusSeconds(10), List.of(event(enabled)), jobs, messages, List.of(), ahead);
    }

    private static Trace.Event event(boolean enabled) {
        return new Trace.Event(
                EVENT, "sunrise-dental", enabled, "ghl", "inbound_message", "msg-1", "sms", "+15550107001", ZERO);
    }

    private static Trace.Job handled(String status) {
        return new Trace.Job(
                HANDLING, EVENT, "process_inbound_message", status, 1, ZERO, at(5), "w1", null, at(2), at(9));
    }

    private static Trace.Job job(UUID id, String type, String status, int attempts, Instant runAfter, String error) {
        return new Trace.Job(id, EVENT, type, status, attempts, runAfter, at(5), "w1", error, at(2), at(6_000));
    }

    private static Trace.Message inbound(JsonObject payload) {
        return new Trace.Message(EVENT, true, "ghl", "msg-1", "sms", "Hello", payload, at(10));
    }

    private static Trace.Message outbound(String state, String error) {
        JsonObject delivery = new JsonObject()
                .put("state", state)
                .put("at", at(900).toString())
                .put(
                        "history",
                        new JsonArray()
                                .add(step("planned", 11))
                                .add(step("sending", 20))
                                .add(step("sent", 290))
                                .add(step(state, 900)));
        if (error != null) {
            delivery.put("error", error);
        }
        JsonObject payload =
                new JsonObject().put("delivery", delivery).put("author", "bot").put("purpose", "conversation");
        return new Trace.Message(SENDING, false, "ghl", "out-1", "sms", "Hi Ana", payload, at(11));
    }

    private static JsonObject step(String state, long millis) {
        return new JsonObject().put("state", state).put("at", at(millis).toString());
    }

    private static Instant at(long millis) {
        return ZERO.plus(Duration.ofMillis(millis));
    }
}
