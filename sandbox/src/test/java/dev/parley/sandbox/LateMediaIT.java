package dev.parley.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.sandbox.standin.Channel;
import dev.parley.sandbox.standin.GhlStandIn;
import dev.parley.sandbox.standin.Message;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Both services as processes, and WhatsApp media that GoHighLevel shows when it has them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LateMediaIT {
    private static final String LOCATION = SandboxTenant.DENTIST.location().id();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private Stack stack;
    private GhlStandIn ghl;
    private Observer look;

    @BeforeAll
    void start(@TempDir Path directory) {
        stack = Stack.start(StackPlan.on(directory.resolve("data")));
        ghl = stack.standIn();
        look = Observer.of(stack.database());
    }

    @AfterAll
    void stop() {
        if (look != null) {
            look.close();
        }
        if (stack != null) {
            stack.close();
        }
    }

    /** Sends media that are not shown, and waits until the message is in the transcript and answered. */
    private Message sends(String from, String... urls) throws Exception {
        GhlStandIn.Written written = ghl.customerSendsMedia(LOCATION, from, "Ana", List.of(urls), null)
                .get(30, TimeUnit.SECONDS);
        assertThat(written.deliveries()).hasSize(1);
        assertThat(Observer.await(PATIENCE, () -> replies(from) == 1))
                .as("the reply does not wait for the media")
                .isTrue();
        assertThat(media(written.message())).isEqualTo(new JsonArray("[{\"kind\":\"file\",\"state\":\"late\"}]"));
        return written.message();
    }

    private long replies(String from) {
        return ghl.messages(LOCATION, from).stream()
                .filter(message -> !message.inbound())
                .count();
    }

    private JsonArray media(Message message) {
        return new JsonArray(look.texts(
                        "SELECT payload -> 'media' FROM bot.messages WHERE direction = 'inbound' AND provider_msg_id = ?",
                        message.id())
                .get(0));
    }

    private List<JsonObject> settledMedia(Message message) {
        assertThat(Observer.await(PATIENCE, () -> !media(message).encode().matches(".*\"(late|unchecked)\".*")))
                .as("settled: %s", media(message))
                .isTrue();
        return media(message).stream().map(JsonObject.class::cast).toList();
    }

    @Test
    void a_voice_note_is_answered_at_once_and_its_reference_is_there_once_the_provider_shows_it() throws Exception {
        Message note = sends("+15550107101", ghl.mediaUrl("voice.ogg").toString());
        assertThat(asked(note)).as("asked at once, in vain").isPositive();

        ghl.customerWrites(LOCATION, Channel.WHATSAPP, "+15550107101", "Ana", "and some words", null)
                .get(30, TimeUnit.SECONDS);
        assertThat(Observer.await(PATIENCE, () -> replies("+15550107101") == 2))
                .as("nobody waits behind it")
                .isTrue();
        assertThat(media(note).encode()).contains("\"late\"");
        ghl.showMedia(note.id());

        assertThat(settledMedia(note))
                .singleElement()
                .satisfies(media -> assertThat(media.getMap())
                        .containsEntry("state", "available")
                        .containsEntry("url", ghl.mediaUrl("voice.ogg").toString())
                        .containsEntry("mime_type", "audio/ogg")
                        .containsKey("bytes"));
        UUID trace =
                UUID.fromString(look.texts("SELECT trace_id FROM bot.messages WHERE provider_msg_id = ?", note.id())
                        .get(0));
        assertThat(Observer.await(PATIENCE, () -> look.isSettled(trace))).isTrue();
        assertThat(look.count("SELECT count(*) FROM bot.job_queue WHERE trace_id = ?", trace))
                .as("heard, sent, fetched")
                .isEqualTo(3);
    }

    private long asked(Message message) {
        assertThat(Observer.await(PATIENCE, () -> !calls(message).isEmpty())).isTrue();
        return calls(message).size();
    }

    private List<?> calls(Message message) {
        return ghl.calls().stream()
                .filter(call -> call.path().equals("/conversations/messages/" + message.id()))
                .toList();
    }

    @Test
    void media_that_are_never_shown_end_with_the_reason() throws Exception {
        Message note = sends("+15550107102", ghl.mediaUrl("never.ogg").toString());

        try (Connection db = stack.database().connect(Postgres.SUPERUSER);
                PreparedStatement age = db.prepareStatement(
                        "UPDATE bot.messages SET created_at = created_at - interval '10 minutes' WHERE provider_msg_id = ?")) {
            age.setString(1, note.id());
            age.executeUpdate();
        }

        assertThat(settledMedia(note)).singleElement().satisfies(media -> {
            assertThat(media.getString("state")).isEqualTo("gone");
            assertThat(media.getString("reason")).startsWith("the provider shows no media, asked for 10 min");
        });
    }

    @Test
    void urls_that_nobody_may_follow_are_refused_and_recorded_so() throws Exception {
        List<String> hostile = List.of(
                "http://169.254.169.254/latest/meta-data/",
                "http://2130706433:" + ghl.port() + "/media/a.png",
                "http://0x7f000001:" + ghl.port() + "/media/a.png",
                "http://0177.0.0.1:" + ghl.port() + "/media/a.png",
                "http://[::ffff:127.0.0.1]:" + ghl.port() + "/media/a.png",
                "http://user:password@127.0.0.1:" + ghl.port() + "/media/a.png",
                "http://127.0.0.2:" + ghl.port() + "/media/a.png",
                "https://localhost/",
                "ftp://127.0.0.1/a.png");
        Message message = sends("+15550107103", hostile.toArray(String[]::new));

        ghl.showMedia(message.id());

        assertThat(settledMedia(message))
                .hasSameSizeAs(hostile)
                .allSatisfy(media -> assertThat(media.getMap())
                        .containsEntry("state", "refused")
                        .containsKeys("url", "reason"));
    }
}
