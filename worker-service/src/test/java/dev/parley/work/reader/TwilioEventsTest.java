package dev.parley.work.reader;

import static dev.parley.work.reader.Samples.event;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.spi.EventReader.DoNotDisturb;
import dev.parley.spi.EventReader.Incoming;
import dev.parley.spi.EventReader.Report;
import dev.parley.spi.EventReader.State;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TwilioEventsTest {
    private final TwilioEvents reader = new TwilioEvents();

    private Incoming incoming(JsonObject payload) {
        return reader.incoming(event("twilio", "inbound_message", "sms", payload));
    }

    private Report report(JsonObject payload) {
        return reader.report(event("twilio", "delivery_status", "sms", payload));
    }

    @Test
    void a_message_has_words_a_name_and_the_number_to_answer_from() {
        Incoming incoming = incoming(new JsonObject()
                .put("Body", " hi ")
                .put("ProfileName", "Ada ")
                .put("To", "whatsapp:+15559876543")
                .put("NumMedia", "0"));

        assertThat(incoming.text()).isEqualTo(" hi ");
        assertThat(incoming.displayName()).isEqualTo("Ada");
        assertThat(incoming.contactRefs()).isEqualTo(new JsonObject("{\"twilio\":{\"to\":\"whatsapp:+15559876543\"}}"));
        assertThat(incoming.details()).isEqualTo(new JsonObject("{\"to\":\"whatsapp:+15559876543\"}"));
    }

    @Test
    void references_to_media_are_kept_in_order() {
        Incoming incoming = incoming(new JsonObject()
                .put("Body", "")
                .put("NumMedia", "2")
                .put("MediaUrl0", "https://api.twilio.com/m/0")
                .put("MediaContentType0", "image/jpeg")
                .put("MediaUrl1", "https://api.twilio.com/m/1"));

        assertThat(incoming.text()).isEmpty();
        assertThat(incoming.media()).isEqualTo(new JsonArray("""
                [{"kind": "image", "mime_type": "image/jpeg", "url": "https://api.twilio.com/m/0"},
                 {"kind": "file", "url": "https://api.twilio.com/m/1"}]"""));
    }

    @Test
    void a_pressed_button_is_words_and_a_place_is_kept() {
        Incoming incoming = incoming(new JsonObject()
                .put("ButtonText", "Yes, book it")
                .put("ButtonPayload", "book")
                .put("Latitude", "52.5")
                .put("Longitude", "13.4"));

        assertThat(incoming.text()).isEqualTo("Yes, book it");
        assertThat(incoming.details().getString("button_payload")).isEqualTo("book");
        assertThat(incoming.details().getString("latitude")).isEqualTo("52.5");
    }

    @Test
    void values_of_another_type_are_absent() {
        assertThat(incoming(new JsonObject()
                                .put("Body", new JsonArray().add("a").add("b")))
                        .text())
                .isEmpty();
        assertThat(report(new JsonObject().put("MessageStatus", 5)).state()).isEqualTo(State.OTHER);
    }

    @ParameterizedTest
    @CsvSource({
        "accepted, OTHER",
        "queued, OTHER",
        "sending, OTHER",
        "scheduled, OTHER",
        "sent, SENT",
        "delivered, DELIVERED",
        "read, READ",
        "undelivered, FAILED",
        "failed, FAILED",
        "canceled, FAILED",
        "Delivered, DELIVERED",
    })
    void every_status_has_its_state(String status, State state) {
        Report report = report(new JsonObject().put("MessageSid", "SM1").put("MessageStatus", status));

        assertThat(report.state()).isEqualTo(state);
        assertThat(report.providerMessageId()).isEqualTo("SM1");
        assertThat(report.author()).isNull();
    }

    @Test
    void a_failure_names_twilios_error() {
        assertThat(report(new JsonObject()
                                .put("MessageSid", "SM1")
                                .put("MessageStatus", "undelivered")
                                .put("ErrorCode", "30003"))
                        .error())
                .isEqualTo("undelivered, Twilio error 30003");
    }

    @ParameterizedTest
    @CsvSource({"STOP, true", "stop, true", "START, false"})
    void twilios_opt_out_is_a_mark_on_the_sender(String type, boolean isOn) {
        assertThat(reader.doNotDisturb(event("twilio", "contact_dnd", "sms", new JsonObject().put("OptOutType", type))))
                .singleElement()
                .extracting(DoNotDisturb::channel, DoNotDisturb::isOn, DoNotDisturb::isPermanent)
                .containsExactly("sms", isOn, false);
    }

    @ParameterizedTest
    @CsvSource({"HELP", "''"})
    void anything_else_is_no_mark(String type) {
        assertThat(reader.doNotDisturb(event("twilio", "contact_dnd", "sms", new JsonObject().put("OptOutType", type))))
                .isEmpty();
    }
}
