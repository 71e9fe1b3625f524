package dev.parley.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.sandbox.standin.Channel;
import dev.parley.sandbox.standin.Fault;
import dev.parley.sandbox.standin.GhlStandIn;
import dev.parley.sandbox.standin.Message;
import dev.parley.sandbox.standin.WebhookDelivery;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two workers as real processes, and what becomes of a conversation when one of them dies or hangs. */
class TwoWorkersIT {
    private static final String LOCATION = SandboxTenant.DENTIST.location().id();
    private static final String ANA = "+15550107001";

    /** How long after a death its work may still be waiting. */
    private static final Duration DEAD = Duration.ofSeconds(5);

    private static final Duration HUNG = Duration.ofSeconds(15);
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    @TempDir
    Path directory;

    private Stack stack;
    private GhlStandIn ghl;
    private Observer look;

    @BeforeEach
    void start() throws Exception {
        stack = Stack.start(StackPlan.on(directory.resolve("data")).withWorkers(2));
        ghl = stack.standIn();
        look = Observer.of(stack.database());
        try (Connection db = stack.database().connect("operator");
                Statement statement = db.createStatement()) {
            // The guard against two machines talking to each other would stop twenty equal replies, and rightly so.
            statement.execute("""
                    UPDATE core.tenants
                    SET settings = settings || '{"dialog": {"max_replies": 1000, "max_same_reply": 1000}}'
                    WHERE tenant_slug = 'sunrise-dental'
                    """);
        }
    }

    @AfterEach
    void stop() {
        if (look != null) {
            look.close();
        }
        if (stack != null) {
            // One that hangs still would not hear that it is to end.
            stack.workers().stream().filter(ServiceProcess::isAlive).forEach(ServiceProcess::resume);
            stack.close();
        }
    }

    @Test
    void twenty_fast_messages_of_one_contact_survive_the_death_of_the_worker_that_handles_them() throws Exception {
        // Given: the provider takes the first reply and does not answer
        ghl.fault(Fault.of(Fault.Kind.ACCEPT_THEN_SILENCE).times(1).on("POST", "/conversations/messages"));
        List<String> texts = IntStream.rangeClosed(1, 20)
                .mapToObj(number -> "message number " + number)
                .toList();
        List<UUID> traces = new ArrayList<>();

        // When: the worker dies over it, at the worst moment: the reply has left and nobody here knows
        for (String text : texts) {
            traces.add(accepted(text, 2));
            if (traces.size() == 12) {
                assertThat(Observer.await(PATIENCE, () -> !sent().isEmpty())).isTrue();
                ownerOf(traces.get(0)).kill();
            }
        }

        // Then
        assertThat(Observer.await(PATIENCE, () -> traces.stream().allMatch(look::isSettled)))
                .as("every message settled; open: %s", open())
                .isTrue();
        assertThat(look.texts(
                        "SELECT text FROM bot.messages WHERE direction = 'inbound' ORDER BY created_at, message_id"))
                .containsExactlyElementsOf(texts);
        assertThat(look.count("SELECT count(*) FROM bot.inbound_events WHERE event_type = 'inbound_message'"))
                .isEqualTo(20);
        assertThat(look.count("SELECT count(*) FROM bot.contacts")).isEqualTo(1);
        assertThat(look.count("SELECT count(*) FROM bot.conversations")).isEqualTo(1);
        assertThat(look.count("SELECT count(*) FROM bot.job_queue WHERE status = 'failed'"))
                .isZero();
        assertRepliesOnceAndInOrder(20);
    }

    @Test
    void a_hundred_copies_of_one_message_at_once_are_answered_once() throws Exception {
        List<WebhookDelivery> copies = ghl.customerWrites(LOCATION, Channel.SMS, ANA, "Ana Lima", "hello", 100)
                .get(60, TimeUnit.SECONDS)
                .deliveries();

        assertThat(copies)
                .hasSize(100)
                .allSatisfy(copy -> assertThat(copy.attempts())
                        .extracting(WebhookDelivery.Attempt::status)
                        .containsExactly(200));
        assertThat(copies)
                .filteredOn(copy -> copy.verdict().orElseThrow().equals("accepted"))
                .hasSize(1);
        List<String> traces = copies.stream()
                .map(copy -> copy.traceId().orElseThrow())
                .distinct()
                .toList();
        assertThat(traces).hasSize(1);
        UUID trace = Trace.parse(traces.get(0));
        assertThat(Observer.await(PATIENCE, () -> look.isSettled(trace)))
                .as("settled; open: %s", open())
                .isTrue();
        assertThat(look.count("SELECT count(*) FROM bot.inbound_events WHERE event_type = 'inbound_message'"))
                .isEqualTo(1);
        assertThat(look.texts("SELECT job_type FROM bot.job_queue WHERE trace_id = ? ORDER BY 1", trace))
                .containsExactly("process_inbound_message", "send_outbound_message");
        assertRepliesOnceAndInOrder(1);

        // And a worker that is stopped is not waited for, as one that died is
        ServiceProcess stopped = stack.workers().get(1);
        stopped.stop(PATIENCE);
        assertThatThrownBy(() -> stopped.awaitReady(PATIENCE))
                .isInstanceOf(SandboxException.class)
                .hasMessageContaining("ended before it was ready");
    }

    @Test
    void a_dead_workers_work_goes_on_within_five_seconds() throws Exception {
        // Given: both workers are known to work, and one owns Ana's conversation
        UUID first = settled("hello");
        ServiceProcess owner = ownerOf(first);
        owner.pause();
        UUID waiting = accepted("are you there?", 1);
        assertThat(look.isSettled(waiting)).isFalse();

        // When
        owner.kill();
        Instant death = Instant.now();

        // Then
        assertThat(Observer.await(Duration.ofSeconds(60), () -> look.isSettled(waiting)))
                .as("taken over; open: %s", open())
                .isTrue();
        assertThat(Duration.between(death, Instant.now())).isLessThan(DEAD);
        assertRepliesOnceAndInOrder(2);
    }

    @Test
    void a_hung_workers_work_goes_on_within_fifteen_seconds_and_its_awakening_changes_nothing() throws Exception {
        // Given
        UUID first = settled("hello");
        ServiceProcess owner = ownerOf(first);
        assertThat(Observer.await(Duration.ofSeconds(20), () -> undelivered() == 0))
                .isTrue();

        // When: it keeps its connections and does nothing
        owner.pause();
        Instant hung = Instant.now();
        UUID waiting = accepted("are you there?", 1);

        // Then
        assertThat(Observer.await(Duration.ofSeconds(60), () -> look.isSettled(waiting)))
                .as("taken over; open: %s", open())
                .isTrue();
        assertThat(Duration.between(hung, Instant.now())).isLessThan(HUNG);
        assertThat(Observer.await(Duration.ofSeconds(20), () -> undelivered() == 0))
                .isTrue();
        List<String> before = everything();

        // When: it goes on as if nothing had happened, and has something to do again
        owner.resume();
        UUID later = settled("and now?");

        // Then
        assertThat(look.isSettled(later)).isTrue();
        assertThat(everything()).as("what was there stays as it was").containsAll(before);
        assertRepliesOnceAndInOrder(3);
        owner.awaitReady(Duration.ofSeconds(60));
    }

    /** Written by the customer and acknowledged. */
    private UUID accepted(String text, int copies) throws Exception {
        List<WebhookDelivery> deliveries = ghl.customerWrites(LOCATION, Channel.SMS, ANA, "Ana Lima", text, copies)
                .get(30, TimeUnit.SECONDS)
                .deliveries();
        assertThat(deliveries)
                .hasSize(copies)
                .allSatisfy(delivery -> assertThat(delivery.state()).isEqualTo(WebhookDelivery.State.TAKEN));
        List<String> traces = deliveries.stream()
                .map(delivery -> delivery.traceId().orElseThrow())
                .distinct()
                .toList();
        assertThat(traces).hasSize(1);
        return Trace.parse(traces.get(0));
    }

    private UUID settled(String text) throws Exception {
        UUID trace = accepted(text, 1);
        assertThat(Observer.await(PATIENCE, () -> look.isSettled(trace)))
                .as("%s was settled; open: %s", text, open())
                .isTrue();
        return trace;
    }

    /** The worker that handled this trace: its pid is part of its name in {@code locked_by}. */
    private ServiceProcess ownerOf(UUID trace) {
        assertThat(Observer.await(
                        PATIENCE,
                        () -> look.count(
                                        "SELECT count(*) FROM bot.job_queue WHERE trace_id = ?"
                                                + " AND job_type = 'process_inbound_message' AND locked_by IS NOT NULL",
                                        trace)
                                > 0))
                .isTrue();
        String handler = look.texts(
                        "SELECT locked_by FROM bot.job_queue WHERE trace_id = ? AND job_type = 'process_inbound_message'",
                        trace)
                .get(0);
        return stack.workers().stream()
                .filter(worker -> handler.matches(".*\\b" + worker.pid() + "\\b.*"))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no worker is called " + handler));
    }

    /** Every reply has left at most once, the provider's book agrees with the transcript, and nothing overtook anything. */
    private void assertRepliesOnceAndInOrder(int messages) {
        List<String> planned = look.texts("SELECT coalesce(provider_msg_id, '?') FROM bot.messages"
                + " WHERE direction = 'outbound' AND payload ->> 'author' = 'bot' ORDER BY created_at, message_id");
        assertThat(planned).hasSize(messages).doesNotHaveDuplicates();
        assertThat(sent()).as("the provider's book").containsExactlyElementsOf(planned);
    }

    /** What the provider says we sent, in its order. */
    private List<String> sent() {
        return ghl.messages(LOCATION, ANA).stream()
                .filter(message -> !message.inbound())
                .map(Message::id)
                .toList();
    }

    private long undelivered() {
        return look.count("SELECT count(*) FROM bot.messages WHERE direction = 'outbound'"
                + " AND payload -> 'delivery' ->> 'state' <> 'delivered'");
    }

    private List<String> everything() {
        List<String> rows = new ArrayList<>();
        rows.addAll(look.texts("SELECT m::text FROM bot.messages m ORDER BY 1"));
        rows.addAll(look.texts("SELECT j::text FROM bot.job_queue j ORDER BY 1"));
        return rows;
    }

    private List<String> open() {
        return look.texts("SELECT job_type || ' ' || status || ' ' || attempts || ' ' || coalesce(last_error, '')"
                + " FROM bot.job_queue WHERE status <> 'done' ORDER BY created_at");
    }
}
