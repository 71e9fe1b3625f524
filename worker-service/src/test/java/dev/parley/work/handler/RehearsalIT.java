package dev.parley.work.handler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.dialog.Dialog;
import dev.parley.dialog.FirstDialog;
import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import dev.parley.queue.Job;
import dev.parley.queue.JobType;
import dev.parley.tenant.Settings;
import dev.parley.tenant.Tenant;
import dev.parley.work.handler.Rehearsal.Past;
import dev.parley.work.handler.Rehearsal.Rehearsed;
import dev.parley.work.reader.GhlEvents;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class RehearsalIT {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private static final String GREETING = "Hi! Thanks for contacting Smile Dental. How can we help you today?";
    private static final String FALLBACK =
            "Thanks for your message, we will get back to you shortly. Reply AGENT to talk to a person.";

    private final Stage stage = new Stage(db);

    private Job job(UUID event) {
        return stage.jobs(JobType.PROCESS_INBOUND_MESSAGE).stream()
                .filter(job -> job.event().id().equals(event))
                .findFirst()
                .orElseThrow();
    }

    /** With an operator's rights, which reach for looking only. */
    private Rehearsed rehearse(Job job, String settings) {
        Tenant tenant = new Tenant(
                stage.tenant, "smile", "Smile Dental", true, "ghl", null, new Settings(new JsonObject(settings)));
        Rehearsal rehearsal =
                new Rehearsal(new Dialog(), new FirstDialog(), new EventReaders(List.of(new GhlEvents())));
        return db.pool(Login.OPERATOR)
                .withTransaction(tx -> rehearsal.of(tx, job, tenant))
                .await()
                .atMost(Stage.PATIENCE);
    }

    private static String reply(Rehearsed told) {
        return told.now().orElseThrow().reply() == null
                ? "-"
                : told.now().orElseThrow().reply().text();
    }

    @Test
    void a_message_that_was_never_handled_is_decided_where_the_conversation_stands() {
        stage.hears("+1700", "hello");
        stage.processInbound();
        stage.send();
        Job waiting = job(stage.hears("+1700", "what are your prices"));

        Rehearsed told = rehearse(waiting, "{}");

        assertThat(told.past()).isEmpty();
        assertThat(reply(told)).isEqualTo(FALLBACK);
        assertThat(stage.transcript("+1700")).as("nothing was written").hasSize(2);
    }

    @Test
    void what_was_handled_is_decided_again_as_it_stood_then_not_as_it_stands_now() {
        Job first = job(stage.hears("+1701", "hello"));
        Job second = job(stage.hears("+1701", "what are your prices"));
        stage.processInbound();
        stage.send();

        assertThat(reply(rehearse(first, "{}"))).isEqualTo(GREETING);
        assertThat(rehearse(first, "{}").past()).contains(new Past("greeting", null, GREETING, "sent"));
        assertThat(reply(rehearse(second, "{}"))).isEqualTo(FALLBACK);
    }

    @Test
    void changed_settings_show_in_what_would_be_said_now() {
        Job job = job(stage.hears("+1702", "hello"));
        stage.processInbound();

        Rehearsed told = rehearse(job, "{\"texts\": {\"greeting\": \"Welcome\"}}");

        assertThat(reply(told)).isEqualTo("Welcome");
        assertThat(told.past().orElseThrow().reply()).isEqualTo(GREETING);
    }

    @Test
    void a_person_who_had_taken_over_then_silences_the_bot_when_it_is_told_again() {
        stage.hears("+1703", "hello");
        stage.processInbound();
        stage.isTold("+1703", "human-1703", "Maria here", "app", "sent");
        stage.processStatuses();
        Job after = job(stage.hears("+1703", "thanks"));
        stage.processInbound();

        Rehearsed told = rehearse(after, "{}");

        assertThat(told.now().orElseThrow().reply()).isNull();
        assertThat(told.now().orElseThrow().silence()).startsWith("left to a person until");
        assertThat(told.past().orElseThrow().silence()).startsWith("left to a person until");
    }

    @Test
    void who_had_opted_out_is_told_nothing_again() {
        Job stop = job(stage.hears("+1704", "stop"));
        Job more = job(stage.hears("+1704", "hello?"));
        stage.processInbound();

        assertThat(rehearse(stop, "{}").now().orElseThrow().intent()).isEqualTo("opt_out");
        assertThat(rehearse(more, "{}").now().orElseThrow().silence()).isEqualTo("contact opted out");
    }

    @Test
    void a_message_that_came_under_two_events_would_not_be_handled_twice() {
        stage.hears("+1705", "hello", "same-1705");
        stage.processInbound();
        Job again = job(stage.hears("+1705", "hello", "same-1705"));

        Rehearsed told = rehearse(again, "{}");

        assertThat(told.now()).isEmpty();
        assertThat(told.past()).isEmpty();
    }
}
