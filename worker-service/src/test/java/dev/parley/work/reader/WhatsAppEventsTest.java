package dev.parley.work.reader;

import static dev.parley.work.reader.Samples.event;
import static dev.parley.work.reader.Samples.payload;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.spi.EventReader.Author;
import dev.parley.spi.EventReader.Incoming;
import dev.parley.spi.EventReader.Report;
import dev.parley.spi.EventReader.State;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WhatsAppEventsTest {
    private final WhatsAppEvents reader = new WhatsAppEvents();

    private Incoming incoming(JsonObject payload) {
        return reader.incoming(event("whatsapp", "inbound_message", "whatsapp", payload));
    }

    private Report report(String type, JsonObject payload) {
        return reader.report(event("whatsapp", type, "whatsapp", payload));
    }

    private static JsonObject value(JsonObject payload) {
        return payload.getJsonArray("entry")
                .getJsonObject(0)
                .getJsonArray("changes")
                .getJsonObject(0)
                .getJsonObject("value");
    }

    /** The sample with a message of another kind. */
    private static JsonObject message(String type, String content) {
        JsonObject payload = payload("metawhatsapp-messages-text");
        JsonObject message = value(payload).getJsonArray("messages").getJsonObject(0);
        message.remove("text");
        message.put("type", type).put(type, new JsonObject("{\"v\":" + content + "}").getValue("v"));
        return payload;
    }

    @Test
    void a_text_is_read_with_the_time_and_name_that_meta_gives() {
        Incoming message = incoming(payload("metawhatsapp-messages-text"));

        assertThat(message.text()).isEqualTo("Does it come in another color?");
        assertThat(message.displayName()).isEqualTo("Sheena Nelson");
        assertThat(message.sentAt()).isEqualTo(Instant.ofEpochSecond(1749416383));
        assertThat(message.contactRefs()).isEqualTo(new JsonObject("{\"whatsapp\": {\"wa_id\": \"16505551234\"}}"));
        assertThat(message.media()).isEmpty();
    }

    @Test
    void people_without_a_number_have_metas_id_and_their_username() {
        Incoming message = incoming(payload("metawhatsapp-messages-usernameonly"));

        assertThat(message.text()).isEqualTo("Hello");
        assertThat(message.displayName()).isEqualTo("Julian");
        assertThat(message.contactRefs())
                .isEqualTo(new JsonObject(
                        "{\"whatsapp\": {\"user_id\": \"CO.1047385771169864\"," + " \"username\": \"Julianzlc\"}}"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            button      | {"text": "Yes", "payload": "yes-1"}                                            | Yes
            interactive | {"type": "button_reply", "button_reply": {"id": "b1", "title": "Tomorrow"}}    | Tomorrow
            interactive | {"type": "list_reply", "list_reply": {"id": "l1", "title": "10:00"}}           | 10:00
            interactive | {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent"}}           | Sent
            image       | {"id": "m1", "caption": "my tooth", "mime_type": "image/jpeg"}                 | my tooth
            audio       | {"id": "m1", "voice": true}                                                    | ''
            location    | {"latitude": 1, "longitude": 2, "name": "Home"}                                | Home
            location    | {"latitude": 1, "longitude": 2}                                                | ''
            order       | {"catalog_id": "c", "text": "two of these"}                                    | two of these
            contacts    | [{"name": {"formatted_name": "Bob"}}]                                          | ''
            unsupported | {"type": "poll"}                                                               | ''
            brand_new   | {"body": "?"}                                                                  | ''
            image       | 5                                                                              | ''
            """)
    void words_are_where_each_kind_has_them(String type, String content, String words) {
        assertThat(incoming(message(type, content)).text()).isEqualTo(words);
    }

    @Test
    void media_are_kept_as_references() {
        Incoming voice = incoming(message(
                "audio",
                "{\"id\": \"1908647269898587\", \"mime_type\": \"audio/ogg; codecs=opus\", \"sha256\": \"fR8=\","
                        + " \"voice\": true}"));

        assertThat(voice.media())
                .isEqualTo(new JsonArray()
                        .add(new JsonObject()
                                .put("kind", "audio")
                                .put("id", "1908647269898587")
                                .put("mime_type", "audio/ogg; codecs=opus")
                                .put("sha256", "fR8=")
                                .put("voice", true)));
        assertThat(incoming(message("document", "{\"id\": \"d1\", \"filename\": \"a.pdf\"}"))
                        .media()
                        .getJsonObject(0)
                        .getString("filename"))
                .isEqualTo("a.pdf");
        assertThat(incoming(message("image", "{\"caption\": \"no id\"}")).media())
                .isEmpty();
    }

    @Test
    void what_was_chosen_and_answered_is_kept() {
        JsonObject payload = message("button", "{\"text\": \"Yes\", \"payload\": \"yes-1\"}");
        value(payload).getJsonArray("messages").getJsonObject(0).put("context", new JsonObject().put("id", "wamid.0"));

        JsonObject details = incoming(payload).details();

        assertThat(details.getString("choice")).isEqualTo("yes-1");
        assertThat(details.getString("reply_to")).isEqualTo("wamid.0");
    }

    @Test
    void a_failed_status_tells_why_by_number() {
        Report report = report("delivery_status", payload("metawhatsapp-statuses-failed"));

        assertThat(report.state()).isEqualTo(State.FAILED);
        assertThat(report.providerMessageId()).isEqualTo("wamid.username-only-failed");
        assertThat(report.error())
                .isEqualTo("(#131026) Message undeliverable - The recipient could not receive this message");
        assertThat(report.at()).isEqualTo(Instant.ofEpochSecond(1784232500));
        assertThat(report.author()).isNull();
        assertThat(report.ourMessageId()).isNull();
    }

    @ParameterizedTest
    @CsvSource({"sent,SENT", "delivered,DELIVERED", "read,READ", "played,READ", "deleted,OTHER", "new,OTHER"})
    void statuses_are_understood(String status, State state) {
        JsonObject payload = payload("metawhatsapp-statuses-sent");
        value(payload).getJsonArray("statuses").getJsonObject(0).put("status", status);

        assertThat(report("delivery_status", payload).state()).isEqualTo(state);
        assertThat(report("delivery_status", payload).at())
                .as("TIMESTAMP is none")
                .isNull();
    }

    @Test
    void our_own_id_comes_back() {
        UUID ours = UUID.randomUUID();
        JsonObject payload = payload("metawhatsapp-statuses-sent");
        JsonObject status = value(payload).getJsonArray("statuses").getJsonObject(0);

        assertThat(report("delivery_status", put(payload, status, ours.toString()))
                        .ourMessageId())
                .isEqualTo(ours);
        assertThat(report("delivery_status", put(payload, status, "somebody else's"))
                        .ourMessageId())
                .isNull();
    }

    private static JsonObject put(JsonObject payload, JsonObject status, String data) {
        status.put("biz_opaque_callback_data", data);
        return payload;
    }

    @Test
    void what_the_business_typed_on_its_phone_was_written_by_a_person() {
        JsonObject payload = payload("metawhatsapp-messages-text");
        JsonArray messages = (JsonArray) value(payload).remove("messages");
        value(payload).put("message_echoes", messages);

        Report report = report("outbound_message", payload);

        assertThat(report.author()).isEqualTo(Author.HUMAN);
        assertThat(report.text()).isEqualTo("Does it come in another color?");
        assertThat(report.state()).isEqualTo(State.SENT);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"entry\": 5}",
                "{\"entry\": [{\"changes\": [{\"value\": {\"messages\": [{\"type\": 5, \"timestamp\": \"x\"}]}}]}]}",
                "{\"entry\": [{\"changes\": [{\"value\": {\"messages\": [{\"type\": \"text\", \"text\": []}]}}]}]}",
                "{\"entry\": [{\"changes\": [{\"value\": {\"statuses\": [{\"status\": {}, \"errors\": [1],"
                        + " \"timestamp\": \"999999999999\"}]}}]}]}"
            })
    void odd_content_reads_as_absent(String json) {
        JsonObject payload = new JsonObject(json);
        assertThat(incoming(payload).text()).isEmpty();
        assertThat(incoming(payload).sentAt()).isNull();
        assertThat(incoming(payload).contactRefs()).isEmpty();
        assertThat(report("delivery_status", payload).state()).isEqualTo(State.OTHER);
        assertThat(report("delivery_status", payload).at()).isNull();
        assertThat(report("outbound_message", payload).text()).isEmpty();
    }
}
