package dev.parley.work.reader;

import static dev.parley.work.reader.Samples.event;
import static dev.parley.work.reader.Samples.payload;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.parley.spi.EventReader.Author;
import dev.parley.spi.EventReader.DoNotDisturb;
import dev.parley.spi.EventReader.Incoming;
import dev.parley.spi.EventReader.Report;
import dev.parley.spi.EventReader.State;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GhlEventsTest {
    private final GhlEvents reader = new GhlEvents();

    private Incoming incoming(String channel, JsonObject payload) {
        return reader.incoming(event("ghl", "inbound_message", channel, payload));
    }

    private Report report(JsonObject payload) {
        return reader.report(event("ghl", "outbound_message", "sms", payload));
    }

    @Test
    void a_text_message_is_read() {
        Incoming message = incoming("sms", payload("ghl-inboundmessage-sms"));
        assertThat(message.text()).isEqualTo("This is a test message");
        assertThat(message.sentAt()).isEqualTo(Instant.parse("2021-04-21T11:31:45.750Z"));
        assertThat(message.displayName()).isNull();
        assertThat(message.contactRefs())
                .isEqualTo(new JsonObject("{\"ghl\": {\"contact_id\": \"cI08i1Bls3iTB9bKgFJh\","
                        + " \"conversation_id\": \"fcanlLgpbQgQhderivVs\"}}"));
        assertThat(message.details().getString("to")).isEqualTo("+15559876543");
        assertThat(message.media()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ghl-inboundmessage-call", "ghl-inboundmessage-voicemail"})
    void a_call_has_no_words(String sample) {
        Incoming call = incoming("call", payload(sample));
        assertThat(call.text()).isEmpty();
        assertThat(call.media()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"messageType": "WhatsApp", "body": "", "contentType": "text/plain"}                 | true
            {"messageType": "WhatsApp", "body": "", "attachments": []}                           | true
            {"messageType": "WhatsApp", "body": "hi"}                                            | false
            {"messageType": "WhatsApp", "body": "", "attachments": ["https://cdn.example/a"]}    | false
            {"messageType": "SMS", "body": ""}                                                   | false
            """)
    void a_whatsapp_message_without_words_has_media_that_come_later(String json, boolean isLate) {
        assertThat(reader.showsMediaLater(event("ghl", "inbound_message", "whatsapp", new JsonObject(json))))
                .isEqualTo(isLate);
    }

    @Test
    void a_mail_is_reduced_to_its_words() {
        Incoming mail = incoming("email", payload("ghl-inboundmessage-email"));
        assertThat(mail.text()).isEqualTo("Testing Email Notification");
        assertThat(mail.displayName()).isEqualTo("Internal Notify");
        assertThat(mail.details().getString("subject")).isEqualTo("Order Confirmed");
    }

    @Test
    void plain_text_is_preferred_and_the_quoted_mail_left_out() {
        JsonObject mail = payload("ghl-inboundmessage-email")
                .put("plainText", "STOP\n\nOn Fri, Nov 20, 2026 at 9:00 AM Smile <a@b.example> wrote:\n> Hi\n> there");
        assertThat(incoming("email", mail).text()).isEqualTo("STOP");
    }

    @Test
    void custom_providers_have_objects_where_addresses_should_be() {
        JsonObject custom = payload("ghl-inboundmessage-sms")
                .put("messageType", "Custom")
                .put("from", new JsonObject())
                .put("to", new JsonObject());
        assertThat(incoming("custom", custom).text()).isEqualTo("This is a test message");
    }

    @Test
    void a_mended_payload_is_read_like_any_other() {
        JsonObject mended = payload("ghl-inboundmessage-sms")
                .put("body", "hi\uFFFD")
                .put("$raw", "e30=")
                .put("$reason", "NUL");
        assertThat(incoming("sms", mended).text()).isEqualTo("hi\uFFFD");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"$raw\": \"e30=\", \"$reason\": \"not JSON\"}",
                "{\"body\": 5, \"dateAdded\": \"yesterday\", \"contactId\": {}, \"attachments\": \"x\", \"from\": [], \"status\": 1}",
                "{\"body\": null, \"dateAdded\": \"+999999999-01-01T00:00:00Z\", \"dndSettings\": [], \"dnd\": \"x\"}",
                "{\"dndSettings\": {\"SMS\": 1, \"Email\": {\"status\": 2}}, \"phone\": 7, \"source\": {}}"
            })
    void odd_content_reads_as_absent(String json) {
        JsonObject payload = new JsonObject(json);
        assertThat(incoming("email", payload).text()).isEmpty();
        assertThat(incoming("email", payload).sentAt()).isNull();
        assertThat(incoming("email", payload).contactRefs()).isEmpty();
        assertThat(report(payload).state()).isEqualTo(State.OTHER);
        assertThat(report(payload).author()).isNull();
        assertThat(reader.doNotDisturb(event("ghl", "contact_dnd", null, payload)))
                .isEmpty();
    }

    @Test
    void what_a_person_typed_in_the_inbox_is_told_apart() {
        Report echo = report(payload("ghl-outboundmessage-sms"));
        assertThat(echo.author()).isEqualTo(Author.HUMAN);
        assertThat(echo.text()).isEqualTo("This is a test message");
        assertThat(echo.state()).isEqualTo(State.DELIVERED);
    }

    @ParameterizedTest
    @CsvSource({"app,HUMAN", "api,API", "workflow,AUTOMATION", "bulk_actions,AUTOMATION", "campaign,AUTOMATION", "new,"
    })
    void the_source_says_who_wrote(String source, Author author) {
        assertThat(report(payload("ghl-outboundmessage-sms").put("source", source))
                        .author())
                .isEqualTo(author);
    }

    @Test
    void without_a_source_a_user_is_a_person() {
        JsonObject echo = payload("ghl-outboundmessage-sms");
        echo.remove("source");
        assertThat(report(echo).author()).isNull();
        assertThat(report(echo.put("userId", "u1")).author()).isEqualTo(Author.HUMAN);
    }

    @Test
    void a_note_among_the_team_says_nothing() {
        Report note = report(payload("ghl-outboundmessage-internalcomment"));
        assertThat(note.author()).isNull();
        assertThat(note.providerMessageId()).isNull();
        assertThat(note.text()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "sent,SENT", "delivered,DELIVERED", "read,READ", "opened,READ", "clicked,READ", "failed,FAILED",
        "undelivered,FAILED", "opt_out,FAILED", "pending,OTHER", "scheduled,OTHER", "queued,OTHER", "brand new,OTHER"
    })
    void statuses_are_understood(String status, State state) {
        Report report = report(payload("ghl-outboundmessage-sms").put("status", status));
        assertThat(report.state()).isEqualTo(state);
        assertThat(report.error()).isEqualTo(state == State.FAILED ? status : null);
    }

    @Test
    void marks_are_per_channel_and_under_every_address_a_contact_may_be_known_by() {
        JsonObject dnd = payload("ghl-contactdndupdate").put("email", "John@Example.com");
        dnd.getJsonObject("dndSettings").getJsonObject("WhatsApp").put("status", "permanent");

        List<DoNotDisturb> marks = reader.doNotDisturb(event("ghl", "contact_dnd", null, dnd));

        assertThat(marks)
                .extracting(
                        DoNotDisturb::channel,
                        DoNotDisturb::channelAddress,
                        DoNotDisturb::isOn,
                        DoNotDisturb::isPermanent)
                .contains(
                        tuple("sms", "+919509597501", false, false),
                        tuple("whatsapp", "+919509597501", true, true),
                        tuple("email", "john@example.com", true, false),
                        tuple("facebook", "nmFmQEsNgz6AVpgLVUJ0", true, false),
                        tuple("google", "nmFmQEsNgz6AVpgLVUJ0", true, false),
                        // Not named: the general mark counts.
                        tuple("instagram", "nmFmQEsNgz6AVpgLVUJ0", true, false))
                .doesNotContain(tuple("sms", "+919509597501", true, false));
    }
}
