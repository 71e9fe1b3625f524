package dev.parley.work.handler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.kit.JobHandlerContract;
import dev.parley.kit.TestDatabase;
import dev.parley.queue.Job;
import dev.parley.queue.JobType;
import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.LeasedJobHandler.Finished;
import dev.parley.spi.LeasedJobHandler.Step;
import dev.parley.spi.MessagingAdapter;
import dev.parley.spi.MessagingAdapter.Sent;
import dev.parley.spi.Outcome;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SendOutboundMessageIT extends JobHandlerContract {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private Stage stage = new Stage(db);

    @Override
    protected TestDatabase database() {
        return db;
    }

    @Override
    protected List<Job> jobsWithAnEffect() {
        stage.hears("+1700", "hello");
        stage.hears("+1701", "hello");
        stage.processInbound();
        return stage.jobs(JobType.SEND_OUTBOUND_MESSAGE);
    }

    /** Begin, call and finish through one transaction: the contract is about the rows. */
    @Override
    protected Uni<List<Outcome>> handle(SqlConnection tx, List<Job> jobs) {
        return stage.sends.begin(tx, jobs).chain(steps -> {
            List<Outcome> outcomes = new ArrayList<>();
            List<Uni<Finished<Optional<Sent>>>> calls = new ArrayList<>();
            for (int at = 0; at < jobs.size(); at++) {
                Job job = jobs.get(at);
                if (steps.get(at) instanceof Step.Call<Optional<Sent>> call) {
                    calls.add(call.call().get().map(result -> new Finished<>(job, result, null)));
                } else if (steps.get(at) instanceof Step.Settle<Optional<Sent>> settle) {
                    outcomes.add(settle.outcome());
                }
            }
            if (calls.isEmpty()) {
                return Uni.createFrom().item(outcomes);
            }
            return Uni.join().all(calls).andFailFast().chain(finished -> stage.sends.finish(tx, finished));
        });
    }

    private void plan(String address) {
        stage.hears(address, "hello");
        stage.processInbound();
    }

    private void vendorFails(Kind kind, String message, Duration retryAfter) {
        stage.vendor.onSend =
                message1 -> Uni.createFrom().failure(new AdapterException(kind, message, retryAfter, null));
    }

    @Test
    void a_planned_message_is_sent_and_recorded() {
        plan("+1710");

        assertThat(stage.send()).containsExactly(Outcome.done());

        assertThat(stage.vendor.sent).singleElement().satisfies(message -> {
            assertThat(message.channel()).isEqualTo("sms");
            assertThat(message.channelAddress()).isEqualTo("+1710");
            assertThat(message.text()).startsWith("Hi! Thanks");
            assertThat(message.contactRefs().getJsonObject("ghl").getString("contact_id"))
                    .isEqualTo("c-+1710");
        });
        JsonObject delivery = stage.delivery("+1710");
        assertThat(delivery.getString("state")).isEqualTo("sent");
        assertThat(delivery.getString("provider_status")).isEqualTo("pending");
        assertThat(delivery.getInteger("attempts")).isEqualTo(1);
        assertThat(delivery.getJsonArray("history"))
                .extracting(entry -> ((JsonObject) entry).getString("state"))
                .containsExactly("planned", "sending", "sent");
        assertThat(db.value(
                        String.class,
                        "SELECT provider_msg_id FROM bot.messages WHERE tenant_id = ? AND direction = 'outbound'",
                        stage.tenant.value()))
                .isEqualTo("out-" + stage.vendor.sent.get(0).messageId());
        assertThat(stage.conversation("+1710").get("last_outbound_at")).isNotNull();
    }

    @Test
    void the_attempt_is_written_before_the_call_is_made() {
        plan("+1711");

        List<Step<Optional<Sent>>> steps = stage.begin();

        assertThat(steps).singleElement().isInstanceOf(Step.Call.class);
        assertThat(stage.vendor.sent).as("nothing leaves before the commit").isEmpty();
        assertThat(stage.states("+1711")).containsExactly("sending");
    }

    @Test
    void after_a_crash_in_mid_call_the_vendor_is_asked_and_nothing_is_sent_twice() {
        plan("+1712");
        stage.begin();
        stage.vendor.onLookUp = message -> Uni.createFrom().item(Optional.of(new Sent("out-found", "delivered")));

        assertThat(stage.send()).containsExactly(Outcome.done());

        assertThat(stage.vendor.sent).isEmpty();
        assertThat(stage.vendor.lookedUp).hasSize(1);
        assertThat(stage.states("+1712")).containsExactly("sent");
        assertThat(stage.delivery("+1712").getJsonArray("history"))
                .extracting(entry -> ((JsonObject) entry).getString("state"))
                .containsExactly("planned", "sending", "unknown", "reconciled", "sent");
    }

    @Test
    void an_unclear_send_is_repeated_only_after_two_clear_answers_apart_in_time() {
        plan("+1713");
        vendorFails(Kind.AMBIGUOUS, "timeout after the request left", null);
        assertThat(stage.send()).singleElement().isInstanceOf(Outcome.Snooze.class);
        assertThat(stage.states("+1713")).containsExactly("unknown");

        assertThat(stage.send()).as("too early to be certain").singleElement().isInstanceOf(Outcome.Snooze.class);
        assertThat(stage.delivery("+1713").containsKey("misses")).isFalse();

        stage.age(Duration.ofMinutes(2));
        stage.send();
        assertThat(stage.delivery("+1713").getInteger("misses")).isEqualTo(1);
        stage.send();
        assertThat(stage.delivery("+1713").getInteger("misses"))
                .as("in one breath")
                .isEqualTo(1);
        assertThat(stage.vendor.sent).hasSize(1);

        stage.age(Duration.ofMinutes(2));
        assertThat(stage.send())
                .containsExactly(Outcome.snooze("never arrived at the provider, sending again", Duration.ZERO));
        assertThat(stage.states("+1713")).containsExactly("planned");
        assertThat(stage.vendor.sent).hasSize(1);

        stage.vendor.onSend = message -> Uni.createFrom().item(new Sent("out-2", "sent"));
        assertThat(stage.send()).containsExactly(Outcome.done());
        assertThat(stage.vendor.sent).hasSize(2);
        assertThat(stage.delivery("+1713").getInteger("attempts")).isEqualTo(2);
    }

    @Test
    void a_look_up_that_finds_a_neighbour_in_the_same_words_has_not_found_the_message() {
        // Given: a reply that arrived, and one in the same words that did not
        plan("+1714");
        stage.send();
        String neighbour = "out-" + stage.vendor.sent.get(0).messageId();
        plan("+1714");
        vendorFails(Kind.AMBIGUOUS, "connection closed", null);
        stage.send();
        stage.vendor.onLookUp = message -> Uni.createFrom().item(Optional.of(new Sent(neighbour, "sent")));

        // When: the vendor shows the neighbour, twice and late enough
        stage.age(Duration.ofMinutes(2));
        assertThat(stage.send()).singleElement().isInstanceOf(Outcome.Snooze.class);
        stage.age(Duration.ofMinutes(2));
        assertThat(stage.send())
                .containsExactly(Outcome.snooze("never arrived at the provider, sending again", Duration.ZERO));

        // Then
        stage.vendor.onSend = message -> Uni.createFrom().item(new Sent("out-second", "sent"));
        assertThat(stage.send()).containsExactly(Outcome.done());
        assertThat(stage.states("+1714")).containsExactly("sent", "sent");
        assertThat(db.rows(
                        "SELECT provider_msg_id FROM bot.messages WHERE tenant_id = ? AND direction = 'outbound'",
                        stage.tenant.value()))
                .extracting(row -> row.get("provider_msg_id"))
                .containsExactlyInAnyOrder(neighbour, "out-second");
    }

    @Test
    void a_look_up_that_finds_what_a_report_told_of_before_has_found_the_message() {
        // Given: a send without an answer, and its report taken for the words of somebody else who uses the API
        plan("+1715");
        vendorFails(Kind.AMBIGUOUS, "connection closed", null);
        stage.send();
        db.execute("""
                INSERT INTO bot.messages (message_id, tenant_id, conversation_id, contact_id, direction, provider,
                                          provider_msg_id, channel, text, payload, trace_id)
                SELECT gen_random_uuid(), tenant_id, conversation_id, contact_id, direction, provider,
                       'told', channel, text, '{"author": "api", "delivery": {"state": "delivered"}}', gen_random_uuid()
                FROM bot.messages
                WHERE tenant_id = ? AND direction = 'outbound'
                """, stage.tenant.value());
        stage.vendor.onLookUp = message -> Uni.createFrom().item(Optional.of(new Sent("told", "sent")));

        // When
        stage.age(Duration.ofMinutes(2));
        List<Outcome> outcomes = stage.send();

        // Then
        assertThat(outcomes).containsExactly(Outcome.done());
        assertThat(db.rows("""
                SELECT provider_msg_id, payload -> 'delivery' ->> 'state' AS state
                FROM bot.messages
                WHERE tenant_id = ? AND direction = 'outbound' AND payload ->> 'author' = 'bot'
                """, stage.tenant.value()))
                .containsExactly(Map.of("provider_msg_id", "told", "state", "sent"));
        assertThat(stage.vendor.sent).hasSize(1);
    }

    @Test
    void a_tenant_may_prefer_no_message_to_two() {
        stage = new Stage(db, "{\"messaging\": {\"ambiguous\": \"fail\"}}");
        plan("+1714");
        vendorFails(Kind.AMBIGUOUS, "timeout", null);
        stage.send();
        stage.age(Duration.ofMinutes(2));
        stage.send();
        stage.age(Duration.ofMinutes(2));

        assertThat(stage.send()).singleElement().isInstanceOf(Outcome.Bury.class);
        assertThat(stage.states("+1714")).containsExactly("failed");
        assertThat(stage.vendor.sent).hasSize(1);
    }

    @Test
    void an_adapter_that_throws_is_an_unclear_end() {
        plan("+1715");
        stage.vendor.onSend = message -> {
            throw new IllegalStateException("bug");
        };
        assertThat(stage.send()).singleElement().isInstanceOf(Outcome.Snooze.class);
        assertThat(stage.states("+1715")).containsExactly("unknown");
    }

    @Test
    void a_failed_look_up_leaves_the_outcome_unknown() {
        plan("+1716");
        stage.begin();
        stage.vendor.onLookUp = message ->
                Uni.createFrom().failure(new AdapterException(Kind.TRANSIENT, "down", Duration.ofSeconds(7), null));
        assertThat(stage.send())
                .containsExactly(Outcome.retry("outcome unknown, look-up failed: down", Duration.ofSeconds(7)));
        assertThat(stage.states("+1716")).containsExactly("unknown");

        stage.vendor.onLookUp =
                message -> Uni.createFrom().failure(new AdapterException(Kind.REFUSED, "no such conversation"));
        assertThat(stage.send()).singleElement().isInstanceOf(Outcome.Bury.class);
        assertThat(stage.states("+1716")).as("nobody knows, and it says so").containsExactly("unknown");
        assertThat(stage.vendor.sent).isEmpty();
    }

    @Test
    void a_transient_failure_is_tried_again_when_the_vendor_says() {
        plan("+1717");
        vendorFails(Kind.TRANSIENT, "503 for +15551234567", Duration.ofSeconds(9));
        assertThat(stage.send()).containsExactly(Outcome.retry("503 for …67", Duration.ofSeconds(9)));
        assertThat(stage.states("+1717")).containsExactly("planned");

        stage.vendor.onSend = message -> Uni.createFrom().item(new Sent("out-ok", "sent"));
        assertThat(stage.send()).containsExactly(Outcome.done());
        assertThat(stage.vendor.lookedUp).as("it certainly had not left").isEmpty();
    }

    @Test
    void too_fast_pauses_the_whole_tenant() {
        plan("+1718");
        vendorFails(Kind.THROTTLED, "429", Duration.ofSeconds(3));
        assertThat(stage.send()).containsExactly(Outcome.pauseTenant("429", Duration.ofSeconds(3)));
        assertThat(stage.states("+1718")).containsExactly("planned");
        vendorFails(Kind.THROTTLED, "429", null);
        assertThat(stage.send())
                .containsExactly(
                        Outcome.pauseTenant("429", SendPolicy.defaults().throttledPause()));
    }

    @Test
    void refused_credentials_are_tried_again_much_later() {
        plan("+1719");
        vendorFails(Kind.UNAUTHORIZED, "token expired: Bearer abc.def", null);
        assertThat(stage.send()).containsExactly(Outcome.retry("token expired: ***", Duration.ofMinutes(5)));
        assertThat(stage.states("+1719")).containsExactly("planned");
    }

    @Test
    void a_refused_message_is_a_dead_letter_and_a_redrive_tries_it_again() {
        plan("+1720");
        vendorFails(Kind.REFUSED, "invalid number +15551234567", null);
        assertThat(stage.send()).containsExactly(Outcome.bury("invalid number …67"));
        assertThat(stage.states("+1720")).containsExactly("failed");

        stage.vendor.onSend = message -> Uni.createFrom().item(new Sent("out-redriven", "sent"));
        assertThat(stage.send()).containsExactly(Outcome.done());
        assertThat(stage.delivery("+1720").getInteger("attempts")).isEqualTo(2);
    }

    @Test
    void a_refusal_for_consent_is_kept_with_the_contact() {
        plan("+1721");
        vendorFails(Kind.REFUSED, "Cannot send message as DND is active for SMS.", null);
        assertThat(stage.send()).containsExactly(Outcome.done());
        assertThat(stage.states("+1721")).containsExactly("blocked");

        stage.hears("+1721", "are you there?");
        stage.processInbound();
        assertThat(stage.outbound("+1721")).as("nothing more is planned").hasSize(1);
    }

    @Test
    void a_stop_that_overtakes_a_planned_reply_blocks_it_and_only_its_own_confirmation_leaves() {
        stage.hears("+1722", "hello");
        stage.processInbound();
        stage.hears("+1722", "STOP");
        stage.processInbound();

        assertThat(stage.send()).containsExactly(Outcome.done(), Outcome.done());

        assertThat(stage.vendor.sent)
                .singleElement()
                .satisfies(message -> assertThat(message.text()).contains("you are unsubscribed"));
        assertThat(stage.states("+1722")).containsExactly("blocked", "sent");
        assertThat(stage.outbound("+1722").get(0).getJsonObject("delivery").getString("error"))
                .isEqualTo("contact opted out");
    }

    @Test
    void a_person_who_answers_first_blocks_the_reply() {
        plan("+1723");
        stage.isTold("+1723", "human-1", "Hi, Maria here", "app", "sent");
        stage.processStatuses();

        assertThat(stage.send()).containsExactly(Outcome.done());

        assertThat(stage.vendor.sent).isEmpty();
        assertThat(stage.transcript("+1723")).contains("< Hi, Maria here");
        assertThat(stage.outbound("+1723").get(0).getJsonObject("delivery").getString("error"))
                .isEqualTo("a person answered first");
    }

    @Test
    void an_attempt_that_may_have_left_is_asked_about_even_after_a_stop() {
        plan("+1724");
        stage.begin();
        stage.hears("+1724", "stop");
        stage.processInbound();
        stage.vendor.onLookUp = message -> Uni.createFrom().item(Optional.of(new Sent("out-x", "sent")));
        stage.vendor.sent.clear();

        stage.send();

        assertThat(stage.states("+1724")).as("the truth, not what we wish").containsExactly("sent", "sent");
        assertThat(stage.vendor.lookedUp).hasSize(1);
        assertThat(stage.vendor.sent).hasSize(1);
    }

    @Test
    void an_attempt_that_never_left_is_not_made_again_after_a_stop() {
        plan("+1725");
        vendorFails(Kind.AMBIGUOUS, "timeout", null);
        stage.send();
        stage.hears("+1725", "stop");
        stage.processInbound();
        stage.vendor.onSend = message -> Uni.createFrom().item(new Sent("ok-" + message.messageId(), "sent"));
        stage.age(Duration.ofMinutes(2));
        stage.send();
        stage.age(Duration.ofMinutes(2));
        stage.send();
        stage.send();

        assertThat(stage.states("+1725")).containsExactly("blocked", "sent");
        assertThat(stage.vendor.sent).hasSize(2);
    }

    @Test
    void a_report_that_is_faster_than_the_answer_is_not_undone() {
        plan("+1726");
        Job job = stage.jobs(JobType.SEND_OUTBOUND_MESSAGE).get(0);
        Step.Call<Optional<Sent>> call =
                (Step.Call<Optional<Sent>>) stage.begin().get(0);
        Finished<Optional<Sent>> finished = Stage.call(job, call);
        String text = stage.vendor.sent.get(0).text();
        stage.isTold("+1726", "out-" + job.id(), text, "api", "delivered");
        stage.processStatuses();

        List<Outcome> outcomes = stage.inTransaction(tx -> stage.sends.finish(tx, List.of(finished)));

        assertThat(outcomes).containsExactly(Outcome.done());
        assertThat(stage.states("+1726")).containsExactly("delivered");
        assertThat(stage.outbound("+1726")).hasSize(1);
    }

    @Test
    void a_timeout_after_which_a_report_came_counts_as_sent() {
        plan("+1727");
        Job job = stage.jobs(JobType.SEND_OUTBOUND_MESSAGE).get(0);
        vendorFails(Kind.AMBIGUOUS, "timeout", null);
        Finished<Optional<Sent>> finished =
                Stage.call(job, (Step.Call<Optional<Sent>>) stage.begin().get(0));
        stage.isTold("+1727", "vendor-7", stage.vendor.sent.get(0).text(), "api", "sent");
        stage.processStatuses();

        List<Outcome> outcomes = stage.inTransaction(tx -> stage.sends.finish(tx, List.of(finished)));
        assertThat(outcomes).containsExactly(Outcome.done());
        assertThat(stage.states("+1727")).containsExactly("sent");
    }

    @Test
    void an_adapter_that_was_removed_blocks_what_had_been_planned() {
        plan("+1728");
        stage.sends = new SendOutboundMessage(
                new dev.parley.dialog.Dialog(),
                new MessagingAdapters(List.of()),
                SendPolicy.defaults(),
                id -> Optional.of(new dev.parley.tenant.Tenant(
                        id, "s", "S", true, "ghl", null, dev.parley.tenant.Settings.empty())));
        assertThat(stage.send()).containsExactly(Outcome.done());
        assertThat(stage.delivery("+1728").getString("error")).isEqualTo("no messaging adapter is called ghl");
    }

    @Test
    void a_job_without_its_message_is_a_dead_letter() {
        java.util.UUID event = stage.hears("+1729", "x");
        stage.given.job(event, "send_outbound_message");
        assertThat(stage.send()).singleElement().isInstanceOf(Outcome.Bury.class);
    }

    @Test
    void many_contacts_are_begun_and_finished_in_one_go_each() {
        for (int i = 0; i < 50; i++) {
            stage.hears("+17300" + i, "hello");
        }
        stage.processInbound();
        assertThat(stage.send()).hasSize(50).containsOnly(Outcome.done());
        assertThat(stage.vendor.sent).hasSize(50);
    }

    // --- vendors' rules

    /** Said {@code ago}, as the provider has it, and heard now. */
    private void planAbout(String address, Duration ago) {
        stage.event(
                "whatsapp",
                "inbound_message",
                "process_inbound_message",
                address,
                "wamid." + address,
                new JsonObject("""
                        {"entry": [{"changes": [{"value": {"messages": [
                          {"type": "text", "text": {"body": "hello"}, "timestamp": "%d"}]}}]}]}
                        """.formatted(Instant.now().minus(ago).getEpochSecond())));
        stage.processInbound();
    }

    @Test
    void outside_the_window_a_send_is_blocked_with_that_reason_and_nobody_is_called() {
        stage.vendor.replyWindow = Optional.of(Duration.ofHours(24));
        planAbout("+1790", Duration.ofHours(24).plusSeconds(5));

        assertThat(stage.send()).containsExactly(Outcome.done());

        assertThat(stage.vendor.sent).isEmpty();
        assertThat(stage.states("+1790")).containsExactly("blocked");
        assertThat(stage.delivery("+1790").getString("error"))
                .startsWith("outside the 24-hour window: the contact's last message was at 20");
    }

    @Test
    void within_the_window_it_is_sent_however_late_the_webhook_came() {
        stage.vendor.replyWindow = Optional.of(Duration.ofHours(24));
        planAbout("+1791", Duration.ofHours(23));

        assertThat(stage.send()).containsExactly(Outcome.done());

        assertThat(stage.states("+1791")).containsExactly("sent");
    }

    @Test
    void a_vendor_without_a_window_may_be_late() {
        planAbout("+1792", Duration.ofDays(3));

        stage.send();

        assertThat(stage.states("+1792")).containsExactly("sent");
    }

    @Test
    void what_the_vendors_rules_keep_back_is_blocked_and_no_dead_letter() {
        plan("+1793");
        vendorFails(Kind.BLOCKED, "window: Meta answered 400 (#131047)", null);

        assertThat(stage.send()).containsExactly(Outcome.done());

        assertThat(stage.states("+1793")).containsExactly("blocked");
        assertThat(stage.delivery("+1793").getString("error")).contains("131047");
        assertThat(stage.metadata("+1793").containsKey("consent"))
                .as("no objection of the contact")
                .isFalse();
    }

    @Test
    void the_adapter_is_told_when_the_bot_hands_over() {
        stage.hears("+1794", "hello");
        stage.processInbound();
        stage.send();
        stage.hears("+1794", "I want to talk to a human");
        stage.processInbound();

        stage.send();

        assertThat(stage.vendor.sent)
                .extracting(MessagingAdapter.OutboundMessage::isHandOff)
                .containsExactly(false, true);
    }

    @Test
    void a_report_with_our_own_id_clears_up_a_send_that_nobody_can_ask_about() {
        planAbout("+1795", Duration.ZERO);
        vendorFails(Kind.AMBIGUOUS, "no answer", null);
        stage.send();
        assertThat(stage.states("+1795")).containsExactly("unknown");
        String ours = stage.vendor.sent.get(0).messageId().toString();

        report("+1795", "wamid.out", ours, "delivered");

        assertThat(stage.states("+1795")).containsExactly("delivered");
        assertThat(stage.delivery("+1795").getJsonArray("history"))
                .extracting(entry -> ((JsonObject) entry).getString("state"))
                .containsExactly("planned", "sending", "unknown", "reconciled", "sent", "delivered");
        assertThat(stage.send()).containsExactly(Outcome.done());
        assertThat(stage.vendor.sent).as("never sent twice").hasSize(1);
        assertThat(stage.vendor.lookedUp).isEmpty();
    }

    @Test
    void a_report_with_somebody_elses_id_clears_up_nothing() {
        planAbout("+1796", Duration.ZERO);
        vendorFails(Kind.AMBIGUOUS, "no answer", null);
        stage.send();

        report("+1796", "wamid.other", java.util.UUID.randomUUID().toString(), "delivered");

        assertThat(stage.states("+1796")).containsExactly("unknown");
    }

    private void report(String address, String id, String ours, String status) {
        stage.event("whatsapp", "delivery_status", "process_delivery_status", address, id, new JsonObject("""
                        {"entry": [{"changes": [{"value": {"statuses": [
                          {"id": "%s", "status": "%s", "timestamp": "%d", "biz_opaque_callback_data": "%s"}]}}]}]}
                        """.formatted(
                        id, status, Instant.now().getEpochSecond(), ours)));
        stage.processStatuses();
    }
}
