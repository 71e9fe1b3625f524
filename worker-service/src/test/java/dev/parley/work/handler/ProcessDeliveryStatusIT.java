package dev.parley.work.handler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.kit.JobHandlerContract;
import dev.parley.kit.TestDatabase;
import dev.parley.queue.Job;
import dev.parley.queue.JobType;
import dev.parley.spi.Outcome;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ProcessDeliveryStatusIT extends JobHandlerContract {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private final Stage stage = new Stage(db);

    @Override
    protected TestDatabase database() {
        return db;
    }

    @Override
    protected List<Job> jobsWithAnEffect() {
        String id = send("+1800");
        stage.status("+1800", id, "delivered", null);
        stage.isTold("+1800", "human-1800", "Hello, Maria here", "app", "sent");
        stage.isTold("+1801", "campaign-1801", "Sale!", "campaign", "sent");
        dnd("+1800", "active", null);
        return stage.jobs(JobType.PROCESS_DELIVERY_STATUS);
    }

    @Override
    protected Uni<List<Outcome>> handle(SqlConnection tx, List<Job> jobs) {
        return stage.statuses.handle(tx, jobs);
    }

    /** A message of ours goes out. @return the vendor's id of it */
    private String send(String address) {
        stage.hears(address, "hello");
        stage.processInbound();
        stage.send();
        return "out-" + stage.vendor.sent.get(stage.vendor.sent.size() - 1).messageId();
    }

    private UUID dnd(String phone, String status, Instant at) {
        JsonObject payload = new JsonObject()
                .put("type", "ContactDndUpdate")
                .put("id", "ghl-" + phone)
                .put("phone", phone)
                .put("dndSettings", new JsonObject().put("SMS", new JsonObject().put("status", status)));
        if (at != null) {
            payload.put("timestamp", at.toString());
        }
        return stage.event("ghl", "contact_dnd", "process_delivery_status", null, null, payload);
    }

    private JsonObject consent(String address) {
        return stage.metadata(address).getJsonObject("consent", new JsonObject());
    }

    @Test
    void statuses_move_a_message_forward_only() {
        String id = send("+1810");
        for (String state : List.of("delivered", "sent", "read", "delivered")) {
            stage.status("+1810", id, state, null);
        }
        assertThat(stage.processStatuses()).containsOnly(Outcome.done());
        assertThat(stage.states("+1810")).containsExactly("read");
        assertThat(stage.delivery("+1810").getJsonArray("history"))
                .extracting(entry -> ((JsonObject) entry).getString("state"))
                .containsExactly("planned", "sending", "sent", "delivered", "read");
    }

    @Test
    void a_failure_after_delivery_is_noted_and_not_applied() {
        String id = send("+1811");
        stage.status("+1811", id, "delivered", null);
        stage.status("+1811", id, "failed", "carrier says +15551234567 is gone");
        stage.status("+1811", id, "failed", "carrier says +15551234567 is gone");
        stage.processStatuses();

        JsonObject delivery = stage.delivery("+1811");
        assertThat(delivery.getString("state")).isEqualTo("delivered");
        assertThat(delivery.getJsonArray("history")).hasSize(5);
        assertThat(delivery.encode()).contains("carrier says …67 is gone").doesNotContain("15551234567");
    }

    @Test
    void a_failure_is_recorded_with_its_reason() {
        String id = send("+1812");
        stage.status("+1812", id, "failed", "no route");
        stage.processStatuses();
        assertThat(stage.states("+1812")).containsExactly("failed");
        assertThat(stage.delivery("+1812").getString("error")).isEqualTo("no route");
    }

    @Test
    void a_carriers_opt_out_is_kept_with_the_contact() {
        String id = send("+1813");
        stage.isTold("+1813", id, "x", "api", "opt_out");
        stage.processStatuses();
        assertThat(stage.states("+1813")).containsExactly("failed");
        assertThat(consent("+1813").getJsonObject("dnd").getBoolean("on")).isTrue();
    }

    @Test
    void a_status_without_an_address_finds_its_message() {
        String id = send("+1814");
        stage.status(null, id, "delivered", null);
        assertThat(stage.processStatuses()).containsExactly(Outcome.done());
        assertThat(stage.states("+1814")).containsExactly("delivered");
    }

    @Test
    void a_status_that_overtakes_the_answer_to_the_send_waits_for_it() {
        stage.hears("+1815", "hello");
        stage.processInbound();
        stage.begin();
        stage.status("+1815", "not-known-yet", "delivered", null);
        stage.status("+1815", "not-known-yet", "read", null);

        assertThat(stage.processStatuses()).hasSize(2).allMatch(Outcome.Snooze.class::isInstance);
        assertThat(stage.states("+1815")).containsExactly("sending");
    }

    @Test
    void a_status_of_a_message_that_nobody_knows_is_not_waited_for_for_ever() {
        send("+1816");
        UUID event = stage.status(null, "somebody-elses", "delivered", null);
        assertThat(stage.processStatuses()).singleElement().isInstanceOf(Outcome.Snooze.class);
        db.execute(
                "UPDATE bot.inbound_events SET received_at = now() - interval '1 minute' WHERE inbound_event_id = ?",
                event);
        assertThat(stage.processStatuses()).containsExactly(Outcome.done());
        assertThat(stage.states("+1816")).containsExactly("sent");
    }

    @Test
    void a_status_never_holds_up_a_contact_who_waits_for_no_message_of_ours() {
        send("+1817");
        stage.status("+1817", "somebody-elses", "delivered", null);
        assertThat(stage.processStatuses()).containsExactly(Outcome.done());
    }

    @Test
    void the_echo_of_our_own_send_is_recognised_by_its_id_and_not_recorded_again() {
        String id = send("+1818");
        String text = stage.vendor.sent.get(0).text();
        stage.isTold("+1818", id, text, "api", "delivered");
        // A vendor that forgets who sent it does not pause the bot either.
        stage.isTold("+1818", id, text, "app", "read");
        stage.processStatuses();

        assertThat(stage.transcript("+1818")).hasSize(2);
        assertThat(stage.states("+1818")).containsExactly("read");
        assertThat(stage.context("+1818").getJsonObject("flags").containsKey("paused_until"))
                .isFalse();
    }

    @Test
    void the_echo_of_a_send_whose_end_is_unknown_settles_it() {
        stage.hears("+1819", "hello");
        stage.processInbound();
        List<Job> sends = stage.jobs(JobType.SEND_OUTBOUND_MESSAGE);
        stage.begin();
        String text = stage.transcript("+1819").get(1).substring(2);
        stage.isTold("+1819", "vendor-1819", "  " + text.replace(" ", "\n") + " ", "api", "pending");
        stage.processStatuses();

        assertThat(stage.states("+1819")).containsExactly("sent");
        assertThat(stage.transcript("+1819")).hasSize(2);
        assertThat(db.value(
                        String.class,
                        "SELECT provider_msg_id FROM bot.messages WHERE message_id = ?",
                        sends.get(0).id().value()))
                .isEqualTo("vendor-1819");
        assertThat(stage.send()).containsExactly(Outcome.done());
        assertThat(stage.vendor.sent).isEmpty();
        assertThat(stage.vendor.lookedUp).isEmpty();
    }

    @Test
    void one_unknown_send_is_recognised_in_one_echo_only() {
        stage.hears("+1820", "hello");
        stage.processInbound();
        stage.begin();
        String text = stage.transcript("+1820").get(1).substring(2);
        stage.isTold("+1820", "first", text, "api", "sent");
        stage.isTold("+1820", "second", text, "api", "sent");
        stage.processStatuses();

        assertThat(stage.outbound("+1820"))
                .extracting(payload -> payload.getString("author"))
                .containsExactly("bot", "api");
    }

    @Test
    void a_persons_message_is_recorded_and_pauses_the_bot() {
        send("+1821");
        stage.isTold("+1821", "human-1", "Maria here, how can I help?", "app", "sent");
        stage.processStatuses();
        stage.hears("+1821", "great, thanks");
        stage.processInbound();

        assertThat(stage.transcript("+1821"))
                .endsWith("< Maria here, how can I help?", "> great, thanks")
                .hasSize(4);
        assertThat(stage.outbound("+1821").get(1).getString("author")).isEqualTo("human");
        Instant until =
                Instant.parse(stage.context("+1821").getJsonObject("flags").getString("paused_until"));
        assertThat(until)
                .isBetween(
                        Instant.now().plus(Duration.ofHours(23)), Instant.now().plus(Duration.ofHours(25)));
    }

    @Test
    void the_same_person_s_message_told_twice_is_recorded_once() {
        stage.isTold("+1822", "human-2", "Hello", "app", "pending");
        stage.isTold("+1822", "human-2", "Hello", "app", "sent");
        stage.processStatuses();
        stage.isTold("+1822", "human-2", "Hello", "app", "delivered");
        stage.processStatuses();

        assertThat(stage.transcript("+1822")).containsExactly("< Hello");
        assertThat(stage.states("+1822")).containsExactly("delivered");
    }

    @Test
    void a_campaign_is_recorded_and_pauses_nobody() {
        stage.isTold("+1823", "c-1", "Sale!", "campaign", "sent");
        stage.processStatuses();
        stage.hears("+1823", "how much?");
        stage.processInbound();

        assertThat(stage.outbound("+1823").get(0).getString("author")).isEqualTo("automation");
        assertThat(stage.transcript("+1823")).hasSize(3);
        assertThat(stage.conversation("+1823")).containsEntry("last_intent", "fallback");
    }

    @Test
    void another_integrations_message_is_recorded_and_never_answered() {
        stage.isTold("+1824", "api-1", "Your code is 1234", "api", "sent");
        stage.isTold("+1824", "api-2", "No source at all", "", "sent");
        stage.processStatuses();

        assertThat(stage.outbound("+1824"))
                .extracting(payload -> payload.getString("author"))
                .containsExactly("api", "api");
        assertThat(stage.jobs(JobType.SEND_OUTBOUND_MESSAGE)).isEmpty();
    }

    @Test
    void an_echo_without_any_content_leaves_no_trace() {
        stage.event("ghl", "outbound_message", "process_delivery_status", "+1825", null, new JsonObject());
        stage.event("martian", "outbound_message", "process_delivery_status", null, null, new JsonObject());
        assertThat(stage.processStatuses()).containsOnly(Outcome.done());
        assertThat(db.count("bot.contacts WHERE tenant_id = ?", stage.tenant.value()))
                .isZero();
    }

    @Test
    void do_not_disturb_silences_the_bot_until_it_is_lifted() {
        send("+1826");
        dnd("+1826", "active", null);
        stage.processStatuses();
        stage.hears("+1826", "hello?");
        stage.processInbound();
        assertThat(stage.outbound("+1826")).hasSize(1);

        dnd("+1826", "inactive", null);
        stage.processStatuses();
        stage.hears("+1826", "hello!");
        stage.processInbound();
        assertThat(stage.outbound("+1826")).hasSize(2);
    }

    @Test
    void do_not_disturb_that_arrives_late_does_not_undo_newer_news() {
        send("+1827");
        Instant noon = Instant.parse("2026-11-20T12:00:00Z");
        dnd("+1827", "permanent", noon);
        dnd("+1827", "inactive", noon.minusSeconds(60));
        stage.processStatuses();
        assertThat(consent("+1827").getJsonObject("dnd").getBoolean("on")).isTrue();
        assertThat(consent("+1827").getJsonObject("dnd").getBoolean("permanent"))
                .isTrue();
    }

    @Test
    void do_not_disturb_of_somebody_unknown_creates_nobody() {
        dnd("+1828", "active", null);
        assertThat(stage.processStatuses()).containsExactly(Outcome.done());
        assertThat(db.count("bot.contacts WHERE tenant_id = ?", stage.tenant.value()))
                .isZero();
    }

    @Test
    void lifting_the_providers_mark_does_not_undo_the_contacts_own_word() {
        stage.hears("+1829", "stop");
        stage.processInbound();
        dnd("+1829", "active", null);
        dnd("+1829", "inactive", null);
        stage.processStatuses();
        stage.hears("+1829", "hello");
        stage.processInbound();
        assertThat(stage.outbound("+1829")).as("the confirmation").hasSize(1);
    }

    // --- whose turn it is

    private void turn(String address, String status, String before) {
        stage.event(
                "chatwoot",
                "conversation_status",
                "process_delivery_status",
                address,
                null,
                new JsonObject("""
                        {"event": "conversation_status_changed", "status": "%s", "changed_attributes":
                          [{"status": {"previous_value": "%s", "current_value": "%s"}}]}
                        """.formatted(status, before, status)));
        stage.processStatuses();
    }

    @Test
    void people_who_take_a_conversation_silence_the_bot_until_they_resolve_it() {
        stage.hears("+1890", "hello");
        stage.processInbound();

        turn("+1890", "open", "pending");
        assertThat(stage.context("+1890").getJsonObject("flags").containsKey("paused_until"))
                .isTrue();
        stage.hears("+1890", "anybody there?");
        stage.processInbound();
        assertThat(stage.transcript("+1890")).as("no reply").last().isEqualTo("> anybody there?");

        turn("+1890", "resolved", "open");
        assertThat(stage.context("+1890").getJsonObject("flags").containsKey("paused_until"))
                .isFalse();
        stage.hears("+1890", "hello again");
        stage.processInbound();
        assertThat(stage.transcript("+1890")).last().asString().startsWith("< ");
    }

    @Test
    void a_conversation_that_reopens_because_its_contact_wrote_stays_with_the_bot() {
        stage.hears("+1891", "hello");
        stage.processInbound();

        turn("+1891", "open", "resolved");

        assertThat(stage.context("+1891").getJsonObject("flags").containsKey("paused_until"))
                .isFalse();
    }

    @Test
    void whose_turn_it_is_with_a_stranger_makes_no_contact() {
        turn("+1892", "open", "pending");

        assertThat(db.count("bot.contacts WHERE tenant_id = ? AND channel_address = '+1892'", stage.tenant.value()))
                .isZero();
    }

    @Test
    void an_echo_in_a_users_name_that_bears_our_id_is_ours_even_before_the_answer() {
        stage.hears("+1893", "hello");
        stage.processInbound();
        stage.begin();
        String ours = db.value(
                String.class,
                "SELECT message_id::text FROM bot.messages WHERE tenant_id = ? AND direction = 'outbound'",
                stage.tenant.value());
        stage.event(
                "chatwoot",
                "outbound_message",
                "process_delivery_status",
                "+1893",
                "4712",
                new JsonObject("""
                        {"event": "message_created", "id": 4712, "content": "reworded", "message_type": "outgoing",
                         "sender": {"id": 5, "type": "user"}, "content_attributes": {"parley_message_id": "%s"}}
                        """.formatted(ours)));

        stage.processStatuses();

        assertThat(stage.states("+1893")).containsExactly("sent");
        assertThat(stage.transcript("+1893")).hasSize(2);
        assertThat(stage.context("+1893").getJsonObject("flags").containsKey("human"))
                .isFalse();
    }
}
