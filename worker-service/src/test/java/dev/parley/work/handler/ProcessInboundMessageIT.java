package dev.parley.work.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.dialog.DialogConflictException;
import dev.parley.kit.JobHandlerContract;
import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import dev.parley.queue.Job;
import dev.parley.queue.JobType;
import dev.parley.spi.Outcome;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProcessInboundMessageIT extends JobHandlerContract {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private static final String GREETING = "< Hi! Thanks for contacting Smile Dental. How can we help you today?";
    private static final String FALLBACK =
            "< Thanks for your message, we will get back to you shortly. Reply AGENT to talk to a person.";
    private static final String GOODBYE =
            "< Smile Dental: you are unsubscribed and will get no more messages. Reply START to subscribe again.";

    private final Stage stage = new Stage(db);

    @Override
    protected TestDatabase database() {
        return db;
    }

    @Override
    protected List<Job> jobsWithAnEffect() {
        stage.hears("+1600", "hello");
        stage.hears("+1601", "hello");
        stage.hears("+1600", "what are your prices");
        stage.hears("+1601", "stop");
        return stage.jobs(JobType.PROCESS_INBOUND_MESSAGE);
    }

    @Override
    protected Uni<List<Outcome>> handle(SqlConnection tx, List<Job> jobs) {
        return stage.inbound.handle(tx, jobs);
    }

    @Test
    void a_first_message_becomes_contact_conversation_message_and_a_reply_with_its_job() {
        UUID event = stage.hears("+1610", "hello", "m-1610");

        stage.processInbound();

        assertThat(stage.transcript("+1610")).containsExactly("> hello", GREETING);
        assertThat(stage.conversation("+1610"))
                .containsEntry("status", "open")
                .containsEntry("last_step", "greeting")
                .containsEntry("last_intent", "greeting")
                .hasEntrySatisfying("last_inbound_at", at -> assertThat(at).isNotNull())
                .containsEntry("last_outbound_at", null);
        assertThat(stage.metadata("+1610")
                        .getJsonObject("refs")
                        .getJsonObject("ghl")
                        .getString("contact_id"))
                .isEqualTo("c-+1610");
        assertThat(db.rows("""
                        SELECT inbound.message_id AS message, inbound.provider_msg_id AS vendors_id,
                               outbound.message_id = job.job_id AS same_id, outbound.trace_id = event.trace_id AS same_trace,
                               job.trace_id = event.trace_id AS job_in_trace, job.status,
                               outbound.payload ->> 'in_reply_to' AS in_reply_to, outbound.payload ->> 'author' AS author,
                               outbound.payload -> 'delivery' ->> 'state' AS state
                        FROM bot.inbound_events event
                        JOIN bot.messages inbound ON inbound.message_id = event.inbound_event_id
                        JOIN bot.messages outbound ON outbound.conversation_id = inbound.conversation_id
                          AND outbound.direction = 'outbound'
                        JOIN bot.job_queue job ON job.inbound_event_id = event.inbound_event_id
                          AND job.job_type = 'send_outbound_message'
                        WHERE event.inbound_event_id = ?
                        """, event))
                .singleElement()
                .satisfies(row -> assertThat(row)
                        .containsEntry("message", event)
                        .containsEntry("vendors_id", "m-1610")
                        .containsEntry("same_id", true)
                        .containsEntry("same_trace", true)
                        .containsEntry("job_in_trace", true)
                        .containsEntry("status", "queued")
                        .containsEntry("in_reply_to", event.toString())
                        .containsEntry("author", "bot")
                        .containsEntry("state", "planned"));
    }

    private UUID isFound(String address, String text, String silence) {
        return stage.event(
                "ghl",
                "inbound_message",
                "process_inbound_message",
                address,
                "found-" + UUID.randomUUID(),
                new JsonObject()
                        .put("type", "InboundMessage")
                        .put("body", text)
                        .put("contactId", "c-" + address)
                        .put(
                                "$backfill",
                                new JsonObject()
                                        .put("at", "2026-11-28T10:00:00Z")
                                        .put("silence", silence)));
    }

    @Test
    void a_message_found_late_is_recorded_with_the_reason_why_it_is_not_answered_and_the_greeting_is_still_to_come() {
        UUID found = isFound("+1690", "hello", "found by backfill, 3 h after it was written");
        stage.processInbound();
        stage.hears("+1690", "anybody there?");
        stage.processInbound();

        assertThat(stage.transcript("+1690")).containsExactly("> hello", "> anybody there?", GREETING);
        assertThat(db.rows(
                        "SELECT payload #>> '{decision,silence}' AS why, payload #>> '{backfill,at}' AS at"
                                + " FROM bot.messages WHERE message_id = ?",
                        found))
                .singleElement()
                .satisfies(row -> assertThat(row)
                        .containsEntry("why", "found by backfill, 3 h after it was written")
                        .containsEntry("at", "2026-11-28T10:00:00Z"));
    }

    @Test
    void a_stop_found_late_counts_and_is_not_answered() {
        isFound("+1691", "STOP", "found by backfill, 3 h after it was written");
        stage.processInbound();
        stage.hears("+1691", "hello");
        stage.processInbound();

        assertThat(stage.transcript("+1691")).containsExactly("> STOP", "> hello");
        assertThat(stage.metadata("+1691").getJsonObject("consent").containsKey("opted_out"))
                .isTrue();
    }

    @Test
    void a_message_found_in_time_is_answered_like_any_other() {
        isFound("+1692", "hello", null);

        stage.processInbound();

        assertThat(stage.transcript("+1692")).containsExactly("> hello", GREETING);
    }

    @Test
    void twenty_messages_of_one_contact_in_one_set_are_folded_in_order() {
        IntStream.range(0, 20).forEach(i -> stage.hears("+1611", "message " + i));

        stage.processInbound();

        List<String> heard = stage.transcript("+1611").stream()
                .filter(line -> line.startsWith(">"))
                .toList();
        assertThat(heard)
                .containsExactlyElementsOf(
                        IntStream.range(0, 20).mapToObj(i -> "> message " + i).toList());
        assertThat(stage.transcript("+1611").subList(0, 4))
                .containsExactly("> message 0", GREETING, "> message 1", FALLBACK);
        // The greeting, and the same fallback no more than three times.
        assertThat(stage.outbound("+1611")).hasSize(4);
        assertThat(stage.jobs(JobType.SEND_OUTBOUND_MESSAGE)).hasSize(4);
        assertThat(stage.conversation("+1611")).containsEntry("last_intent", "fallback");
        assertThat(db.value(String.class, """
                        SELECT payload -> 'decision' ->> 'silence' FROM bot.messages
                        WHERE tenant_id = ? AND text = 'message 19'
                        """, stage.tenant.value())).contains("same reply 3 times");
    }

    @Test
    void the_jobs_of_a_set_stand_in_the_order_of_their_messages() {
        List<UUID> events = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            events.add(stage.hears("+1612", "message " + i));
            events.add(stage.hears("+1613", "message " + i));
        }
        stage.processInbound();

        List<Job> sends = stage.jobs(JobType.SEND_OUTBOUND_MESSAGE);
        assertThat(sends).extracting(job -> job.event().id()).containsExactlyElementsOf(events);
        assertThat(sends).extracting(Job::createdAt).doesNotHaveDuplicates();
    }

    @Test
    void messages_of_two_contacts_and_two_sets_do_not_mix() {
        stage.hears("+1614", "a1");
        stage.hears("+1615", "b1");
        stage.processInbound();
        stage.hears("+1615", "b2");
        stage.hears("+1614", "a2");
        stage.processInbound();

        assertThat(stage.transcript("+1614")).containsExactly("> a1", GREETING, "> a2", FALLBACK);
        assertThat(stage.transcript("+1615")).containsExactly("> b1", GREETING, "> b2", FALLBACK);
        assertThat(stage.conversation("+1614")).containsEntry("status", "open");
    }

    @Test
    void the_same_message_under_two_event_ids_is_answered_once() {
        stage.hears("+1616", "hello", "same");
        stage.hears("+1616", "hello", "same");
        List<Outcome> together = stage.processInbound();
        stage.hears("+1616", "hello", "same");
        List<Outcome> later = stage.processInbound();

        assertThat(together).containsOnly(Outcome.done()).hasSize(2);
        assertThat(later).containsExactly(Outcome.done());
        assertThat(stage.transcript("+1616")).containsExactly("> hello", GREETING);
    }

    @Test
    void messages_without_a_providers_id_are_not_taken_for_each_other() {
        stage.hears("+1617", "one", null);
        stage.hears("+1617", "two", null);
        stage.processInbound();
        assertThat(stage.transcript("+1617")).containsExactly("> one", GREETING, "> two", FALLBACK);
    }

    @Test
    void a_stop_between_other_messages_silences_what_comes_after_it() {
        stage.hears("+1618", "hello");
        stage.hears("+1618", "STOP");
        stage.hears("+1618", "one more thing");
        stage.processInbound();
        stage.hears("+1618", "stop");
        stage.processInbound();

        assertThat(stage.transcript("+1618"))
                .containsExactly("> hello", GREETING, "> STOP", GOODBYE, "> one more thing", "> stop");
        assertThat(stage.metadata("+1618")
                        .getJsonObject("consent")
                        .getJsonObject("opted_out")
                        .getString("word"))
                .isEqualTo("stop");
    }

    @Test
    void a_closed_conversation_is_reopened_and_the_bot_answers_again() {
        stage.hears("+1619", "agent");
        stage.processInbound();
        db.execute("UPDATE bot.conversations SET status = 'closed' WHERE tenant_id = ?", stage.tenant.value());
        stage.hears("+1619", "me again");
        stage.processInbound();

        assertThat(stage.conversation("+1619")).containsEntry("status", "open");
        assertThat(stage.outbound("+1619")).hasSize(2);
        assertThat(stage.context("+1619").getJsonObject("flags").containsKey("handoff"))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "twilio"})
    void without_an_adapter_the_message_is_kept_and_the_reply_blocked(String adapter) {
        db.execute(
                "UPDATE core.tenants SET messaging_adapter = nullif(?, '') WHERE tenant_id = ?",
                adapter,
                stage.tenant.value());
        stage.hears("+1620", "hello");

        assertThat(stage.processInbound()).containsExactly(Outcome.done());

        assertThat(stage.transcript("+1620")).containsExactly("> hello", GREETING);
        assertThat(stage.states("+1620")).containsExactly("blocked");
        assertThat(stage.delivery("+1620").getString("error"))
                .isEqualTo(
                        adapter.isEmpty()
                                ? "the tenant has no messaging adapter"
                                : "no messaging adapter is called twilio");
        assertThat(stage.jobs(JobType.SEND_OUTBOUND_MESSAGE)).isEmpty();
    }

    @Test
    void events_that_nobody_can_read_are_kept_as_messages_without_words() {
        stage.event("martian", "inbound_message", "process_inbound_message", "+1621", null, new JsonObject());
        stage.event(
                "ghl",
                "inbound_message",
                "process_inbound_message",
                null,
                null,
                new JsonObject()
                        .put("body", new JsonObject())
                        .put("$raw", "e30=")
                        .put("$reason", "x"));

        assertThat(stage.processInbound()).containsExactly(Outcome.done(), Outcome.done());

        assertThat(stage.transcript("+1621").get(0)).isEqualTo("> ");
        assertThat(db.count("bot.contacts WHERE tenant_id = ?", stage.tenant.value()))
                .isEqualTo(2);
    }

    @Test
    void settings_that_make_no_sense_cost_no_message() {
        Stage broken = new Stage(db, "{\"dialog\": 7, \"texts\": {\"greeting\": []}, \"messaging\": \"x\"}");
        broken.hears("+1622", "hello");
        broken.processInbound();
        assertThat(broken.transcript("+1622")).containsExactly("> hello", GREETING);
    }

    @Test
    void jobs_of_a_tenant_that_is_not_known_yet_wait_and_their_neighbours_do_not() {
        stage.hears("+1623", "hello");
        ProcessInboundMessage forgetful = new ProcessInboundMessage(
                new dev.parley.dialog.Dialog(),
                new dev.parley.dialog.FirstDialog(),
                new EventReaders(List.of()),
                new MessagingAdapters(List.of()),
                Stage::enqueueAll,
                id -> java.util.Optional.empty());

        List<Outcome> outcomes =
                stage.inTransaction(tx -> forgetful.handle(tx, stage.jobs(JobType.PROCESS_INBOUND_MESSAGE)));

        assertThat(outcomes).singleElement().isInstanceOf(Outcome.Snooze.class);
        assertThat(stage.transcript("+1623")).isEmpty();
    }

    @Test
    void if_somebody_else_works_on_one_contact_the_whole_set_is_rolled_back_and_can_be_repeated() throws Exception {
        stage.hears("+1624", "hello");
        stage.hears("+1625", "hello");
        stage.processInbound();
        stage.hears("+1624", "more");
        stage.hears("+1625", "more");
        List<Job> jobs = stage.jobs(JobType.PROCESS_INBOUND_MESSAGE);

        try (var other = db.connect();
                var statement = other.prepareStatement(
                        "UPDATE bot.conversations SET last_step = 'theirs' WHERE contact_id ="
                                + " (SELECT contact_id FROM bot.contacts WHERE tenant_id = ? AND channel_address = '+1625')")) {
            other.setAutoCommit(false);
            statement.setObject(1, stage.tenant.value());
            statement.executeUpdate();
            CompletableFuture<List<Outcome>> ours = db.pool(Login.WORKER)
                    .withTransaction(tx -> stage.inbound.handle(tx, jobs))
                    .subscribeAsCompletionStage();
            // It has read the old row and waits for the lock on it.
            Awaitility.await()
                    .until(() ->
                            db.count("pg_stat_activity WHERE datname = ? AND wait_event_type = 'Lock'", db.name()) > 0);
            other.commit();
            assertThatThrownBy(() -> ours.get(20, TimeUnit.SECONDS)).hasCauseInstanceOf(DialogConflictException.class);
        }

        assertThat(stage.transcript("+1624")).hasSize(2);
        assertThat(stage.transcript("+1625")).hasSize(2);
        stage.processInbound();
        assertThat(stage.transcript("+1624")).containsExactly("> hello", GREETING, "> more", FALLBACK);
        assertThat(stage.transcript("+1625")).containsExactly("> hello", GREETING, "> more", FALLBACK);
    }

    private List<String> jobTypes(UUID event) {
        return db
                .rows(
                        "SELECT job_type FROM bot.job_queue WHERE inbound_event_id = ? ORDER BY created_at, job_id",
                        event)
                .stream()
                .map(row -> (String) row.get("job_type"))
                .toList();
    }

    private JsonArray media(UUID event) {
        return new JsonObject(
                        db.value(String.class, "SELECT payload::text FROM bot.messages WHERE message_id = ?", event))
                .getJsonArray("media");
    }

    @Test
    void media_with_a_url_are_looked_at_by_a_job_behind_the_reply() {
        UUID event =
                stage.event("ghl", "inbound_message", "process_inbound_message", "+1691", "m-url", new JsonObject("""
                        {"type": "InboundMessage", "messageType": "SMS", "body": "look",
                         "attachments": ["https://cdn.example.com/a.png"]}"""));

        stage.processInbound();

        assertThat(media(event)).isEqualTo(new JsonArray("""
                [{"kind": "file", "url": "https://cdn.example.com/a.png", "state": "unchecked"}]"""));
        assertThat(jobTypes(event)).containsExactly("process_inbound_message", "send_outbound_message", "fetch_media");
    }

    @Test
    void media_that_come_later_have_a_place_and_a_job_and_the_reply_does_not_wait() {
        UUID event = stage.event(
                "ghl", "inbound_message", "process_inbound_message", "+1692", "m-late", new JsonObject("""
                        {"type": "InboundMessage", "messageType": "WhatsApp", "body": "", "contentType": "text/plain",
                         "attachments": [], "contactId": "c-late"}"""));

        stage.processInbound();

        assertThat(media(event)).isEqualTo(new JsonArray("[{\"kind\": \"file\", \"state\": \"late\"}]"));
        assertThat(jobTypes(event)).containsExactly("process_inbound_message", "send_outbound_message", "fetch_media");
        assertThat(stage.send()).containsExactly(Outcome.done());
    }

    @Test
    void a_vendors_id_is_no_url_and_a_message_of_words_has_no_media_to_fetch() {
        UUID words = stage.hears("+1693", "hello");

        stage.processInbound();

        assertThat(jobTypes(words)).containsExactly("process_inbound_message", "send_outbound_message");
    }

    @Test
    void media_are_kept_with_the_message_and_the_contacts_time_counts() {
        stage.event(
                "whatsapp", "inbound_message", "process_inbound_message", "+1690", "wamid.media", new JsonObject("""
                        {"entry": [{"changes": [{"value": {"messages": [{"type": "image", "timestamp": "1749416383",
                          "image": {"id": "m1", "mime_type": "image/jpeg", "caption": "my tooth"}}]}}]}]}
                        """));

        stage.processInbound();

        JsonObject payload = new JsonObject(db.value(
                String.class,
                "SELECT payload::text FROM bot.messages WHERE tenant_id = ? AND direction = 'inbound'",
                stage.tenant.value()));
        assertThat(payload.getJsonArray("media").getJsonObject(0))
                .isEqualTo(new JsonObject().put("kind", "image").put("id", "m1").put("mime_type", "image/jpeg"));
        assertThat(stage.conversation("+1690").get("last_inbound_at").toString())
                .startsWith("2025-06-0");
        assertThat(stage.transcript("+1690").get(0)).isEqualTo("> my tooth");
    }
}
