package dev.parley.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.kit.TestDatabase;
import dev.parley.queue.TimeOrderedId;
import dev.parley.tenant.TenantId;
import io.vertx.core.json.JsonObject;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Every deviation that is planted is found, under the promise it breaks; and a run that kept them all is cleared. */
class JudgeIT {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private World world;
    private TenantId tenant;
    private World.Person ana;
    private World.Person ben;
    private World.Exchange hello;
    private World.Exchange price;
    private World.Exchange bye;
    private World.Exchange bens;

    @BeforeEach
    void a_run_that_kept_every_promise() {
        db.execute("TRUNCATE core.tenants CASCADE");
        world = new World(db);
        tenant = world.given().tenant();
        ana = world.person(tenant, "+15550100001");
        ben = world.person(world.given().tenant(), "+15550100001");
        hello = world.exchange(ana, "hello");
        bens = world.exchange(ben, "hello");
        price = world.exchange(ana, "how much?");
        bye = world.exchange(ana, "bye");
    }

    @Test
    void a_run_without_deviations_is_cleared_and_every_promise_was_checked() throws SQLException {
        Sent unacknowledged = withAcknowledgement(bens.sent(), null);
        world.replace(bens.sent(), unacknowledged);

        Judgement judgement = world.judged();

        assertThat(judgement.holds()).as(judgement.table()).isTrue();
        assertThat(judgement.findings())
                .allSatisfy(finding -> assertThat(finding.checked())
                        .as(finding.promise().words())
                        .isPositive());
        assertThat(judgement.counts()).containsEntry("events sent", 4L).containsEntry("replies the provider took", 4L);
    }

    // ---- 1: stored

    @Test
    void a_lost_event_is_found() throws SQLException {
        db.execute("DELETE FROM bot.job_queue WHERE inbound_event_id = ?", bye.event());
        db.execute("DELETE FROM bot.messages WHERE trace_id = ?", bye.trace());
        db.execute("DELETE FROM bot.inbound_events WHERE inbound_event_id = ?", bye.event());
        world.provider.removeIf(send -> bye.trace().equals(send.trace()));

        assertBroken(Promise.STORED_ONCE, Promise.ANSWER_NAMES_TRACE);
        assertThat(world.judged().of(Promise.STORED_ONCE).violations().get(0))
                .contains("lost", bye.sent().eventId());
    }

    @Test
    void an_event_stored_twice_is_found() throws SQLException {
        storeAgain(price);

        assertThat(broken()).contains(Promise.STORED_ONCE);
    }

    @Test
    void an_event_that_was_never_acknowledged_and_is_stored_twice_is_found() throws SQLException {
        storeAgain(price);
        world.replace(price.sent(), withAcknowledgement(price.sent(), null));

        assertThat(broken()).contains(Promise.UNACKNOWLEDGED_AT_MOST_ONCE).doesNotContain(Promise.STORED_ONCE);
    }

    @Test
    void a_changed_payload_is_found() throws SQLException {
        db.execute(
                "UPDATE bot.inbound_events SET payload = payload || '{\"n\": 99}' WHERE inbound_event_id = ?",
                price.event());

        assertBroken(Promise.PAYLOAD_AS_SENT);
    }

    @Test
    void an_event_stored_for_another_tenant_is_found() throws SQLException {
        db.execute(
                "UPDATE bot.inbound_events SET tenant_id = ? WHERE inbound_event_id = ?",
                ben.tenant().value(),
                price.event());

        assertThat(broken()).contains(Promise.PAYLOAD_AS_SENT);
    }

    @Test
    void an_acknowledgement_that_names_another_trace_is_found() throws SQLException {
        Sent sent = hello.sent();
        world.replace(sent, withTraces(sent, List.of(hello.trace(), UUID.randomUUID())));

        assertBroken(Promise.ANSWER_NAMES_TRACE);
    }

    @Test
    void an_event_that_nobody_sent_is_found() throws SQLException {
        world.sent.remove(bens.sent());

        assertBroken(Promise.NOTHING_INVENTED);
    }

    // ---- 2: handled

    @Test
    void an_event_without_a_message_is_found() throws SQLException {
        db.execute("DELETE FROM bot.messages WHERE trace_id = ?", bye.trace());
        db.execute(
                "DELETE FROM bot.job_queue WHERE inbound_event_id = ? AND job_type = 'send_outbound_message'",
                bye.event());
        world.provider.removeIf(send -> bye.trace().equals(send.trace()));

        assertBroken(Promise.ONE_MESSAGE);
    }

    @Test
    void a_dead_letter_is_no_excuse_unless_the_message_was_poison() throws SQLException {
        an_event_without_a_message_is_found();
        db.execute("UPDATE bot.job_queue SET status = 'failed', last_error = 'thrown' WHERE job_id = ?", bye.job());

        assertBroken(Promise.ONE_MESSAGE);
        assertThat(world.judged().of(Promise.ONE_MESSAGE).violations().get(0)).contains("dead letter: thrown");

        world.replace(bye.sent(), poisoned(bye.sent()));
        assertThat(broken()).isEmpty();
    }

    @Test
    void a_message_heard_twice_is_found() throws SQLException {
        db.execute("DROP INDEX bot.messages_inbound_idempotency_key");
        UUID second = storeAgain(price);
        world.message(
                second,
                ana,
                "inbound",
                price.sent().messageId(),
                "how much?",
                new JsonObject()
                        .put(
                                "decision",
                                new JsonObject().put("intent", "fallback").put("silence", "said")),
                price.trace());

        Set<Promise> broken = broken();
        db.execute("DELETE FROM bot.messages WHERE message_id = ?", second);
        db.execute("CREATE UNIQUE INDEX messages_inbound_idempotency_key"
                + " ON bot.messages (tenant_id, provider, provider_msg_id, direction) WHERE direction = 'inbound'");
        assertThat(broken).contains(Promise.ONE_MESSAGE, Promise.STORED_ONCE);
    }

    @Test
    void two_events_of_one_message_make_one_message() throws SQLException {
        // Given: the provider told of the same message under two ids, and both were acknowledged
        UUID second = storeAgain(price);
        String twin = "wh-twin";
        UUID trace = UUID.randomUUID();
        db.execute(
                "UPDATE bot.inbound_events SET provider_event_id = ?, trace_id = ?,"
                        + " payload = payload || '{\"webhookId\": \"wh-twin\"}' WHERE inbound_event_id = ?",
                twin,
                trace,
                second);
        db.execute("UPDATE bot.job_queue SET trace_id = ? WHERE inbound_event_id = ?", trace, second);
        Sent one = price.sent();
        world.sent.add(new Sent(
                9,
                one.tenant(),
                one.address(),
                twin,
                one.messageId(),
                JsonText.of(one.body().object().put("webhookId", twin)),
                false,
                Duration.ofSeconds(9),
                Duration.ofSeconds(10),
                List.of(trace),
                1));

        assertThat(broken()).isEmpty();
    }

    @Test
    void a_message_without_a_decision_is_found() throws SQLException {
        db.execute("UPDATE bot.messages SET payload = payload - 'decision' WHERE message_id = ?", hello.event());

        assertBroken(Promise.ONE_DECISION);
    }

    @Test
    void a_message_with_other_words_is_found() throws SQLException {
        db.execute("UPDATE bot.messages SET text = 'hallo' WHERE message_id = ?", hello.event());

        assertBroken(Promise.ONE_DECISION);
    }

    @Test
    void a_second_reply_is_found() throws SQLException {
        replyAgain(hello);

        assertBroken(Promise.ONE_REPLY, Promise.SENDS_RECORDED);
    }

    @Test
    void a_reply_where_silence_was_decided_is_found() throws SQLException {
        db.execute(
                "UPDATE bot.messages SET payload = jsonb_set(payload, '{decision,silence}', '\"paused\"')"
                        + " WHERE message_id = ?",
                hello.event());

        assertBroken(Promise.ONE_REPLY);
    }

    @Test
    void a_reply_that_was_decided_and_is_missing_is_found() throws SQLException {
        db.execute("DELETE FROM bot.job_queue WHERE job_id = ?", hello.reply());
        db.execute("DELETE FROM bot.messages WHERE message_id = ?", hello.reply());
        world.provider.removeIf(send -> hello.trace().equals(send.trace()));

        assertBroken(Promise.ONE_REPLY);
    }

    @Test
    void a_reply_sent_twice_is_found() throws SQLException {
        world.provider.add(new ProviderSend("prov-again", "re: bye", bye.trace()));

        assertBroken(Promise.SENT_ONCE);
    }

    @Test
    void a_send_that_is_recorded_and_never_reached_the_provider_is_found() throws SQLException {
        world.provider.removeIf(send -> bye.trace().equals(send.trace()));

        assertBroken(Promise.SENDS_RECORDED, Promise.TRACES_COMPLETE);
    }

    @Test
    void a_send_that_reached_the_provider_and_is_not_recorded_is_found() throws SQLException {
        state(bye, "planned");

        assertBroken(Promise.SENDS_RECORDED);
    }

    @Test
    void a_send_of_unknown_outcome_is_a_dead_letter_or_a_violation() throws SQLException {
        state(bye, "unknown");
        assertBroken(Promise.SENDS_RECORDED);

        db.execute(
                "UPDATE bot.job_queue SET status = 'failed', last_error = 'outcome unknown' WHERE job_id = ?",
                bye.reply());
        assertThat(broken()).isEmpty();
        assertThat(world.judged().counts()).containsEntry("sends left unresolved, as dead letters that say so", 1L);
    }

    @Test
    void a_send_that_answers_nothing_is_found() throws SQLException {
        world.provider.add(new ProviderSend("prov-stray", "spam", UUID.randomUUID()));
        world.provider.add(new ProviderSend("prov-nameless", "spam", null));

        assertBroken(Promise.SENDS_RECORDED);
        assertThat(world.judged().of(Promise.SENDS_RECORDED).violations()).hasSize(2);
    }

    // ---- 3: order

    @Test
    void messages_that_changed_places_are_found() throws SQLException {
        swapTimes(hello.event(), bye.event());

        assertBroken(Promise.MESSAGES_IN_ORDER);
    }

    @Test
    void decisions_that_changed_places_are_found() throws SQLException {
        swapTimes(hello.reply(), price.reply());

        assertBroken(Promise.REPLIES_IN_ORDER);
    }

    @Test
    void replies_that_overtook_each_other_at_the_provider_are_found() throws SQLException {
        ProviderSend first = world.provider.remove(0);
        world.provider.add(first);

        assertBroken(Promise.SENDS_IN_ORDER);
    }

    @Test
    void an_inversion_across_several_neighbours_is_found() throws SQLException {
        // price was sent while hello was under way, bye while price was: only hello and bye have an order
        world.replace(hello.sent(), timed(hello.sent(), 0, 20));
        world.replace(price.sent(), timed(price.sent(), 10, 40));
        world.replace(bye.sent(), timed(bye.sent(), 30, 50));
        assertThat(broken()).isEmpty();
        swapTimes(hello.event(), bye.event());

        assertBroken(Promise.MESSAGES_IN_ORDER);
    }

    @Test
    void messages_under_way_at_the_same_time_have_no_order() throws SQLException {
        world.replace(hello.sent(), timed(hello.sent(), 0, 100));
        world.replace(price.sent(), timed(price.sent(), 1, 100));
        world.replace(bye.sent(), timed(bye.sent(), 2, 100));
        swapTimes(hello.event(), bye.event());

        assertThat(broken()).isEmpty();
    }

    @Test
    void the_same_address_of_another_tenant_is_another_contact() throws SQLException {
        world.replace(bens.sent(), timed(bens.sent(), 500, 600));

        assertThat(broken()).isEmpty();
    }

    // ---- 4: rows

    @Test
    void a_second_conversation_is_found() throws SQLException {
        db.execute("UPDATE bot.conversations SET status = 'closed' WHERE conversation_id = ?", ana.conversation());
        world.given().conversation(ana.contact());

        assertBroken(Promise.ONE_CONVERSATION);
    }

    @Test
    void a_contact_without_a_conversation_is_found() throws SQLException {
        world.given().contact(tenant, "sms", "+15550100009");

        assertBroken(Promise.ONE_CONVERSATION);
    }

    @Test
    void orphans_are_found() throws SQLException {
        // an inbound message of no event
        world.message(
                TimeOrderedId.next(),
                ana,
                "inbound",
                "msg-orphan",
                "who?",
                new JsonObject().put("decision", new JsonObject().put("intent", "x")),
                UUID.randomUUID());
        assertBroken(Promise.NO_ORPHANS);
    }

    @Test
    void a_message_in_somebody_elses_conversation_is_found() throws SQLException {
        db.execute(
                "UPDATE bot.messages SET conversation_id = ? WHERE message_id = ?", ben.conversation(), hello.event());

        assertBroken(Promise.NO_ORPHANS);
    }

    @Test
    void a_reply_without_a_job_is_found() throws SQLException {
        db.execute("DELETE FROM bot.job_queue WHERE job_id = ?", hello.reply());

        assertBroken(Promise.NO_ORPHANS);
    }

    @Test
    void an_event_without_a_job_is_found() throws SQLException {
        db.execute("DELETE FROM bot.job_queue WHERE job_id = ?", hello.job());

        assertBroken(Promise.NO_ORPHANS, Promise.TRACES_COMPLETE);
    }

    @Test
    void a_job_without_a_message_to_send_is_found() throws SQLException {
        UUID stray = world.given().event(tenant, "contact_dnd", "sms", "+15550100001", "{}");
        UUID job = world.given().job(stray, "send_outbound_message");
        db.execute("UPDATE bot.job_queue SET status = 'done' WHERE job_id = ?", job);

        assertBroken(Promise.NO_ORPHANS);
    }

    @Test
    void a_leftover_lease_is_found() throws SQLException {
        db.execute(
                "UPDATE bot.job_queue SET status = 'processing', locked_at = now(), locked_by = 'w' WHERE job_id = ?",
                hello.job());

        assertBroken(Promise.NO_LEASE_LEFT, Promise.JOBS_ENDED);
    }

    @Test
    void a_job_that_still_waits_is_found() throws SQLException {
        db.execute("UPDATE bot.job_queue SET status = 'queued' WHERE job_id = ?", hello.job());

        assertBroken(Promise.JOBS_ENDED);
    }

    @Test
    void a_dead_letter_without_a_reason_is_found() throws SQLException {
        db.execute("UPDATE bot.job_queue SET status = 'failed' WHERE job_id = ?", hello.job());

        assertBroken(Promise.JOBS_ENDED);
    }

    @Test
    void a_job_that_waits_among_planted_history_is_found_all_the_same() throws SQLException {
        TenantId history = world.given().tenant("old", "{\"ledger\": {\"history\": true}}");
        UUID job = world.given().job(world.given().event(history, "+15550109999"));
        assertBroken(Promise.JOBS_ENDED);

        db.execute("UPDATE bot.job_queue SET status = 'done' WHERE job_id = ?", job);
        assertThat(broken()).isEmpty();
    }

    // ---- 5: traces

    @Test
    void a_job_in_another_trace_is_found() throws SQLException {
        db.execute("UPDATE bot.job_queue SET trace_id = ? WHERE job_id = ?", UUID.randomUUID(), hello.job());

        assertBroken(Promise.TRACES_COMPLETE);
    }

    @Test
    void a_message_in_another_trace_is_found() throws SQLException {
        db.execute("UPDATE bot.messages SET trace_id = ? WHERE message_id = ?", UUID.randomUUID(), hello.event());

        assertBroken(Promise.TRACES_COMPLETE);
    }

    @Test
    void a_call_that_did_not_name_its_trace_is_found() throws SQLException {
        ProviderSend first = world.provider.remove(0);
        world.provider.add(0, new ProviderSend(first.id(), first.text(), null));

        assertThat(broken()).contains(Promise.TRACES_COMPLETE);
    }

    private void assertBroken(Promise... promises) throws SQLException {
        assertThat(broken()).as(world.judged().table()).isEqualTo(EnumSet.copyOf(Arrays.asList(promises)));
    }

    private Set<Promise> broken() throws SQLException {
        return world.judged().findings().stream()
                .filter(finding -> !finding.holds())
                .map(Finding::promise)
                .collect(Collectors.toSet());
    }

    /** The same event under another row, with a job of its own. */
    private UUID storeAgain(World.Exchange exchange) {
        UUID second = TimeOrderedId.next();
        db.execute("""
                INSERT INTO bot.inbound_events (inbound_event_id, tenant_id, provider, event_type, provider_event_id,
                    provider_msg_id, channel, channel_address, dedupe_key, payload, trace_id)
                SELECT ?, tenant_id, provider, event_type, provider_event_id, provider_msg_id, channel, channel_address,
                       dedupe_key || ' again', payload, trace_id
                FROM bot.inbound_events
                WHERE inbound_event_id = ?
                """, second, exchange.event());
        UUID job = world.given().job(second);
        db.execute("UPDATE bot.job_queue SET status = 'done' WHERE job_id = ?", job);
        return second;
    }

    private void replyAgain(World.Exchange answered) {
        world.message(
                TimeOrderedId.next(),
                ana,
                "outbound",
                null,
                "once more",
                new JsonObject()
                        .put("author", "bot")
                        .put("in_reply_to", answered.event().toString())
                        .put("delivery", new JsonObject().put("state", "blocked")),
                answered.trace());
        // in its event's place: that there are two is all that is wrong
        db.execute(
                "UPDATE bot.messages SET created_at = (SELECT created_at FROM bot.messages WHERE message_id = ?)"
                        + " WHERE text = 'once more'",
                answered.reply());
    }

    private void state(World.Exchange exchange, String state) {
        db.execute(
                "UPDATE bot.messages SET payload = jsonb_set(payload, '{delivery,state}', to_jsonb(?::text)),"
                        + " provider_msg_id = NULL WHERE message_id = ?",
                state,
                exchange.reply());
    }

    private void swapTimes(UUID one, UUID other) {
        db.execute("""
                UPDATE bot.messages m
                SET created_at = o.created_at
                FROM bot.messages o
                WHERE (m.message_id = ? AND o.message_id = ?) OR (m.message_id = ? AND o.message_id = ?)
                """, one, other, other, one);
    }

    private static Sent timed(Sent sent, int firstSent, int acknowledged) {
        return new Sent(
                sent.number(),
                sent.tenant(),
                sent.address(),
                sent.eventId(),
                sent.messageId(),
                sent.body(),
                sent.poison(),
                Duration.ofSeconds(firstSent),
                Duration.ofSeconds(acknowledged),
                sent.traces(),
                sent.deliveries());
    }

    private static Sent withAcknowledgement(Sent sent, Duration acknowledged) {
        return new Sent(
                sent.number(),
                sent.tenant(),
                sent.address(),
                sent.eventId(),
                sent.messageId(),
                sent.body(),
                sent.poison(),
                sent.firstSent(),
                acknowledged,
                acknowledged == null ? List.of() : sent.traces(),
                sent.deliveries());
    }

    private static Sent withTraces(Sent sent, List<UUID> traces) {
        return new Sent(
                sent.number(),
                sent.tenant(),
                sent.address(),
                sent.eventId(),
                sent.messageId(),
                sent.body(),
                sent.poison(),
                sent.firstSent(),
                sent.acknowledged(),
                traces,
                sent.deliveries());
    }

    private static Sent poisoned(Sent sent) {
        return new Sent(
                sent.number(),
                sent.tenant(),
                sent.address(),
                sent.eventId(),
                sent.messageId(),
                sent.body(),
                true,
                sent.firstSent(),
                sent.acknowledged(),
                sent.traces(),
                sent.deliveries());
    }
}
