package dev.parley.work.reader;

import static dev.parley.work.reader.Samples.event;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.spi.EventReader.Incoming;
import dev.parley.tenant.Settings;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SignedEventsTest {
    private final SignedEvents reader = new SignedEvents();

    private Incoming incoming(String message, String payload) {
        Settings settings = new Settings(new JsonObject("{\"signed\":{\"crm\":{\"message\":" + message + "}}}"));
        return reader.incoming(event("signed.crm", "inbound_message", "sms", new JsonObject(payload)), settings);
    }

    @Test
    void words_name_and_time_stand_where_the_tenant_says() {
        Incoming incoming = incoming(
                "{\"text\":\"/data/lines/0\",\"name\":\"/who\",\"sent_at\":\"/at\"}",
                "{\"data\":{\"lines\":[\"hello\"]},\"who\":\" Ada \",\"at\":\"2026-11-21T10:15:29Z\"}");

        assertThat(incoming.text()).isEqualTo("hello");
        assertThat(incoming.displayName()).isEqualTo("Ada");
        assertThat(incoming.sentAt()).isEqualTo(Instant.parse("2026-11-21T10:15:29Z"));
    }

    @ParameterizedTest
    @CsvSource({"1763720129, true", "\"1763720129.000005\", true", "\"soon\", false", "true, false", "-5, false"})
    void times_may_be_seconds(String json, boolean isTime) {
        Instant at = incoming("{\"text\":\"/t\",\"sent_at\":\"/at\"}", "{\"at\":" + json + "}")
                .sentAt();

        assertThat(at).isEqualTo(isTime ? Instant.ofEpochSecond(1763720129) : null);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"text": "no pointer"} | {"a": 1}
            {"text": 5}            | {"a": 1}
            {"text": "/a/b/c"}     | {"a": 1}
            {"text": "/a/9"}       | {"a": [1]}
            {"text": "/a/x"}       | {"a": [1]}
            {"text": "/a"}         | {"a": {}}
            5                      | {"a": 1}
            """)
    void what_is_not_there_is_no_words(String message, String payload) {
        assertThat(incoming(message, payload).text()).isEmpty();
    }

    @Test
    void a_source_that_is_gone_leaves_an_event_without_words() {
        Incoming incoming = reader.incoming(
                event("signed.gone", "inbound_message", "sms", new JsonObject("{\"text\":\"x\"}")), Settings.empty());

        assertThat(incoming.text()).isEmpty();
        assertThat(incoming.details().getBoolean("unreadable")).isTrue();
    }
}
