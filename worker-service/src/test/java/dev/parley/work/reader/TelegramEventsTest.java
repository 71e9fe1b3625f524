package dev.parley.work.reader;

import static dev.parley.work.reader.Samples.event;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.spi.EventReader.DoNotDisturb;
import dev.parley.spi.EventReader.Incoming;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TelegramEventsTest {
    private final TelegramEvents reader = new TelegramEvents();

    private Incoming incoming(String payload) {
        return reader.incoming(event("telegram", "inbound_message", "telegram", new JsonObject(payload)));
    }

    @Test
    void a_message_has_words_name_time_and_chat() {
        Incoming incoming = incoming("""
                {"update_id":1,"message":{"date":1763720129,"message_id":2,"text":"hi",
                 "chat":{"id":4503599627370495,"type":"private"},
                 "from":{"first_name":"Ada ","last_name":"Lovelace","username":"ada"}}}""");

        assertThat(incoming.text()).isEqualTo("hi");
        assertThat(incoming.displayName()).isEqualTo("Ada Lovelace");
        assertThat(incoming.sentAt()).isEqualTo(Instant.ofEpochSecond(1763720129));
        assertThat(incoming.contactRefs())
                .isEqualTo(new JsonObject("{\"telegram\":{\"chat_id\":\"4503599627370495\",\"username\":\"ada\"}}"));
    }

    @Test
    void files_are_kept_by_their_ids_with_the_caption_as_words() {
        Incoming incoming = incoming("""
                {"message":{"caption":"look","photo":[{"file_id":"small"},{"file_id":"large"}],"voice":{"file_id":"v"}}}""");

        assertThat(incoming.text()).isEqualTo("look");
        assertThat(incoming.media())
                .isEqualTo(new JsonArray("[{\"kind\":\"image\",\"id\":\"large\"},{\"kind\":\"audio\",\"id\":\"v\"}]"));
    }

    @Test
    void a_button_says_its_data_for_whoever_pressed_it() {
        Incoming incoming = incoming("""
                {"callback_query":{"data":"yes","from":{"first_name":"Ada"},
                 "message":{"text":"Shall we?","date":5,"from":{"first_name":"Bot"},"chat":{"id":5}}}}""");

        assertThat(incoming.text()).isEqualTo("yes");
        assertThat(incoming.displayName()).isEqualTo("Ada");
        assertThat(incoming.sentAt()).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"message\":5}",
                "{\"message\":{\"text\":5,\"date\":\"x\",\"photo\":[5],\"chat\":[],\"from\":7}}",
                "{\"message\":{\"date\":9223372036854775807}}",
            })
    void odd_content_is_no_words(String payload) {
        assertThat(incoming(payload).text()).isEmpty();
        assertThat(incoming(payload).sentAt()).isNull();
    }

    @ParameterizedTest
    @CsvSource({"kicked, 1, true", "member, 1, false", "left, 0, false"})
    void blocking_the_bot_is_a_mark(String status, int count, boolean isOn) {
        JsonObject payload = new JsonObject(
                "{\"my_chat_member\":{\"date\":1763720129,\"new_chat_member\":{\"status\":\"" + status + "\"}}}");

        assertThat(reader.doNotDisturb(event("telegram", "contact_dnd", "telegram", payload)))
                .hasSize(count)
                .allSatisfy(mark -> assertThat(mark)
                        .extracting(DoNotDisturb::isOn, DoNotDisturb::at)
                        .containsExactly(isOn, Instant.ofEpochSecond(1763720129)));
    }
}
