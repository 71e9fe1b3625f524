package dev.parley.work.reader;

import static dev.parley.work.reader.Samples.event;
import static dev.parley.work.reader.Samples.payload;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.spi.EventReader.Author;
import dev.parley.spi.EventReader.Incoming;
import dev.parley.spi.EventReader.Report;
import dev.parley.spi.EventReader.State;
import dev.parley.spi.EventReader.Turn;
import dev.parley.spi.EventReader.Whose;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatwootEventsTest {
    private final ChatwootEvents reader = new ChatwootEvents();

    private static JsonObject live() {
        return payload("chatwoot-message_created-live");
    }

    private Incoming incoming(JsonObject payload) {
        return reader.incoming(event("chatwoot", "inbound_message", "webchat", payload));
    }

    private Report echo(JsonObject payload) {
        return reader.report(event("chatwoot", "outbound_message", "webchat", payload));
    }

    private Report status(JsonObject payload) {
        return reader.report(event("chatwoot", "delivery_status", "webchat", payload));
    }

    private Turn turn(JsonObject payload) {
        return reader.turn(event("chatwoot", "conversation_status", "webchat", payload));
    }

    @Test
    void a_message_is_read_with_what_a_reply_needs() {
        Incoming message = incoming(live());

        assertThat(message.text()).isEqualTo("Can I come tomorrow?");
        assertThat(message.displayName()).isEqualTo("Ana Souza");
        assertThat(message.sentAt()).isEqualTo(Instant.parse("2026-11-20T12:00:00.123Z"));
        assertThat(message.contactRefs())
                .isEqualTo(new JsonObject("{\"chatwoot\": {\"conversation_id\": \"99\", \"account_id\": \"2\","
                        + " \"inbox_id\": \"3\", \"contact_id\": \"17\"}}"));
        assertThat(message.details().getString("inbox_channel")).isEqualTo("Channel::WebWidget");
        assertThat(message.media()).isEmpty();
    }

    @Test
    void the_documentations_sample_is_read_too() {
        Incoming message = incoming(payload("chatwoot-message_created"));

        assertThat(message.text()).isEqualTo("Hi");
        assertThat(message.displayName()).isEqualTo("contact-name");
        assertThat(message.sentAt()).isEqualTo(Instant.parse("2020-03-03T13:05:57Z"));
        assertThat(message.contactRefs().getJsonObject("chatwoot").getString("conversation_id"))
                .isEqualTo("1");
    }

    @Test
    void files_are_kept_as_references() {
        JsonObject payload = live().putNull("content")
                .put(
                        "attachments",
                        new JsonArray()
                                .add(new JsonObject()
                                        .put("id", 7)
                                        .put("file_type", "image")
                                        .put("data_url", "https://chat.example/rails/blob/x.png"))
                                .add(new JsonObject().put("file_type", "location"))
                                .add(5));

        assertThat(incoming(payload).text()).isEmpty();
        assertThat(incoming(payload).media())
                .isEqualTo(new JsonArray()
                        .add(new JsonObject()
                                .put("kind", "image")
                                .put("id", "7")
                                .put("url", "https://chat.example/rails/blob/x.png")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"id": 5, "name": "Maria", "type": "user"}        | {}                          | HUMAN
            {"id": 5, "name": "Maria", "email": "m@x.org"}    | {}                          | HUMAN
            {"id": 5, "type": "agent_bot"}                    | {}                          | API
            {"id": 5, "type": "captain_assistant"}            | {}                          | AUTOMATION
            {"id": 5, "type": "user"}                         | {"automation_rule_id": 3}   | AUTOMATION
            {}                                                | {}                          | AUTOMATION
            """)
    void who_wrote_is_told_apart(String sender, String attributes, Author author) {
        JsonObject payload = live().put("message_type", "outgoing")
                .put("sender", new JsonObject(sender))
                .put("content_attributes", new JsonObject(attributes));

        assertThat(echo(payload).author()).isEqualTo(author);
        assertThat(echo(payload).state()).isEqualTo(State.SENT);
        assertThat(echo(payload).providerMessageId()).isEqualTo("4711");
        assertThat(echo(payload).text()).isEqualTo("Can I come tomorrow?");
    }

    @Test
    void a_greeting_of_the_inbox_is_no_person() {
        assertThat(echo(live().put("message_type", "template")).author()).isEqualTo(Author.AUTOMATION);
    }

    @Test
    void our_own_words_are_known_by_our_id_even_in_a_users_name() {
        UUID ours = UUID.randomUUID();
        JsonObject payload = live().put("message_type", "outgoing")
                .put("sender", new JsonObject().put("id", 5).put("type", "user"))
                .put("content_attributes", new JsonObject().put("parley_message_id", ours.toString()));

        assertThat(echo(payload).author()).isEqualTo(Author.API);
        assertThat(echo(payload).ourMessageId()).isEqualTo(ours);
        payload.getJsonObject("content_attributes").put("parley_message_id", "no id");
        assertThat(echo(payload).ourMessageId()).isNull();
    }

    @ParameterizedTest
    @CsvSource({"sent,SENT", "delivered,DELIVERED", "read,READ", "failed,FAILED", "progress,OTHER"})
    void statuses_stand_with_the_message_or_with_its_copy(String word, State state) {
        JsonObject update = live().put("event", "message_updated").put("message_type", "outgoing");
        assertThat(status(update.copy().put("status", word)).state()).isEqualTo(state);
        update.getJsonObject("conversation")
                .getJsonArray("messages")
                .getJsonObject(0)
                .put("status", word);
        assertThat(status(update).state()).isEqualTo(state);
        assertThat(status(update).author()).isNull();
        update.put("id", 1);
        assertThat(status(update).state()).as("another message's copy").isEqualTo(State.OTHER);
    }

    @Test
    void what_the_channel_refused_is_a_failure_with_its_words() {
        JsonObject update = live().put("event", "message_updated")
                .put("message_type", "outgoing")
                .put("content_attributes", new JsonObject().put("external_error", "131047: Re-engagement message"));

        assertThat(status(update).state()).isEqualTo(State.FAILED);
        assertThat(status(update).error()).isEqualTo("131047: Re-engagement message");
    }

    @ParameterizedTest
    @CsvSource({
        "resolved,open,BOT",
        "resolved,pending,BOT",
        "pending,open,BOT",
        "open,pending,PEOPLE",
        "open,resolved,",
        "open,,",
        "snoozed,open,",
        ",open,"
    })
    void the_inbox_says_whose_turn_it_is(String now, String before, Whose whose) {
        JsonObject payload = live().getJsonObject("conversation").put("status", now);
        payload.put(
                "changed_attributes",
                new JsonArray()
                        .add(new JsonObject().put("updated_at", new JsonObject().put("previous_value", "x")))
                        .add(new JsonObject()
                                .put(
                                        "status",
                                        new JsonObject()
                                                .put("previous_value", before)
                                                .put("current_value", now))));

        Turn turn = turn(payload);

        assertThat(turn == null ? null : turn.whose()).isEqualTo(whose);
        assertThat(turn == null ? null : turn.at()).isEqualTo(turn == null ? null : Instant.ofEpochSecond(1795176000));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"content\": 5, \"conversation\": [], \"sender\": 1, \"attachments\": {}, \"created_at\": \"soon\"}",
                "{\"id\": {}, \"status\": 4, \"conversation\": {\"messages\": [1], \"id\": 1.5}, \"created_at\": -1}",
                "{\"content_attributes\": \"x\", \"changed_attributes\": [1, {\"status\": 2}],"
                        + " \"created_at\": 99999999999999}"
            })
    void odd_content_reads_as_absent(String json) {
        JsonObject payload = new JsonObject(json);
        assertThat(incoming(payload).text()).isEmpty();
        assertThat(incoming(payload).sentAt()).isNull();
        assertThat(incoming(payload).contactRefs()).isEmpty();
        assertThat(status(payload).state()).isEqualTo(State.OTHER);
        assertThat(echo(payload).author()).isEqualTo(Author.AUTOMATION);
        assertThat(turn(payload)).isNull();
    }
}
