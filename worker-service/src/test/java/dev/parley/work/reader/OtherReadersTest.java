package dev.parley.work.reader;

import static dev.parley.work.reader.Samples.event;
import static dev.parley.work.reader.Samples.payload;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.spi.EventReader.Author;
import dev.parley.spi.EventReader.Incoming;
import dev.parley.spi.EventReader.Report;
import dev.parley.spi.EventReader.State;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OtherReadersTest {
    private final GhlWorkflowEvents workflow = new GhlWorkflowEvents();
    private final StandardWebhookEvents standard = new StandardWebhookEvents();

    private Incoming fromWorkflow(JsonObject payload) {
        return workflow.incoming(event("ghl-workflow", "inbound_message", "custom", payload));
    }

    @Test
    void a_workflow_says_who_it_is_about() {
        Incoming incoming = fromWorkflow(payload("ghl-workflow-webhook-unsigned-live"));
        assertThat(incoming.displayName()).isEqualTo("Knobler Captura012");
        assertThat(incoming.contactRefs())
                .isEqualTo(new JsonObject("{\"ghl\": {\"contact_id\": \"gxGfB9wxEy3anxbHB4nT\"}}"));
        assertThat(incoming.text()).isEmpty();
        assertThat(incoming.details().getString("workflow_id")).isEqualTo("d325be72-ae1d-490a-b6e7-62b404ecd35b");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"message": {"body": "a"}, "customData": {"message": "b", "text": "c"}} | a
            {"message": {}, "customData": {"message": "b", "text": "c"}}            | b
            {"message": "direct", "customData": {"text": "c"}}                      | direct
            {"customData": {"text": "c"}}                                           | c
            {"customData": {"message": " ", "text": "c"}}                           | c
            {"customData": {"message": 5}}                                          | ''
            {"customData": "x"}                                                     | ''
            """)
    void a_workflows_words_may_be_in_three_places(String json, String words) {
        assertThat(fromWorkflow(new JsonObject(json)).text()).isEqualTo(words);
    }

    @Test
    void a_workflows_names_are_put_together() {
        assertThat(fromWorkflow(new JsonObject("{\"first_name\": \"Ana \", \"last_name\": \"Souza\"}"))
                        .displayName())
                .isEqualTo("Ana Souza");
        assertThat(fromWorkflow(new JsonObject("{\"first_name\": 5}")).displayName())
                .isNull();
    }

    @Test
    void a_plain_message_is_read() {
        Incoming incoming =
                standard.incoming(event("standard-webhooks", "inbound_message", "sms", new JsonObject("""
                {"type": "message.received", "data": {"message_id": "m1", "channel": "sms", "address": "+1555",
                 "name": "Ana", "text": "hi", "sent_at": "2026-11-20T12:00:00+02:00",
                 "refs": {"ghl": {"contact_id": "c1"}, "bad": 1}}}
                """)));
        assertThat(incoming.text()).isEqualTo("hi");
        assertThat(incoming.displayName()).isEqualTo("Ana");
        assertThat(incoming.sentAt()).isEqualTo(Instant.parse("2026-11-20T10:00:00Z"));
        assertThat(incoming.contactRefs()).isEqualTo(new JsonObject("{\"ghl\": {\"contact_id\": \"c1\"}}"));
    }

    @Test
    void a_plain_status_is_read() {
        Report report = standard.report(event("standard-webhooks", "delivery_status", "sms", new JsonObject("""
                {"type": "message.status", "data": {"message_id": "m1", "state": "Failed", "error": "no route",
                 "at": "2026-11-20T12:00:00Z"}}
                """)));
        assertThat(report.providerMessageId()).isEqualTo("m1");
        assertThat(report.state()).isEqualTo(State.FAILED);
        assertThat(report.error()).isEqualTo("no route");
        assertThat(report.author()).isNull();
        assertThat(report.at()).isEqualTo(Instant.parse("2026-11-20T12:00:00Z"));
    }

    @Test
    void a_plain_echo_is_read() {
        Report report = standard.report(event("standard-webhooks", "outbound_message", "sms", new JsonObject("""
                {"type": "message.sent", "data": {"message_id": "m1", "author": "human", "text": "I am on it"}}
                """)));
        assertThat(report.author()).isEqualTo(Author.HUMAN);
        assertThat(report.text()).isEqualTo("I am on it");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"{}", "{\"data\": []}", "{\"data\": {\"text\": 1, \"name\": {}, \"refs\": 3, \"state\": []}}"})
    void odd_content_reads_as_absent(String json) {
        JsonObject payload = new JsonObject(json);
        assertThat(standard.incoming(event("standard-webhooks", "inbound_message", null, payload))
                        .text())
                .isEmpty();
        assertThat(standard.report(event("standard-webhooks", "delivery_status", null, payload))
                        .state())
                .isEqualTo(State.OTHER);
        assertThat(fromWorkflow(payload).text()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            <p>Hello</p><p>World</p>                            | Hello/World
            a<br>b<br/>c                                        | a/b/c
            <style>p {x}</style><b>bold</b> text                | bold text
            <script>if (a < b) {}</script>ok                    | ok
            <!-- hidden <b> -->shown                            | shown
            1 &lt; 2 &amp;&amp; 3 &gt; 2 &#233;&#xE9; &nbsp;x   | 1 < 2 && 3 > 2 éé x
            &bogus; &#99999999; &#xD800; &                      | &bogus; &#99999999; &#xD800; &
            3 < 5 and <3                                        | 3 < 5 and <3
            unclosed <b                                         | unclosed
            <title>no</title><div>yes</div>                     | yes
            """)
    void html_is_reduced_to_words(String html, String words) {
        assertThat(Html.text(html).replace('\n', '/')).isEqualTo(words);
    }

    @Test
    void hostile_html_is_read_in_no_time() {
        String hostile = "<".repeat(200_000) + "<style>".repeat(20_000) + "&".repeat(200_000);
        Instant start = Instant.now();
        assertThat(Html.text(hostile)).isNotNull();
        assertThat(java.time.Duration.between(start, Instant.now())).isLessThan(java.time.Duration.ofSeconds(5));
    }

    @Test
    void a_mail_that_is_all_quote_stays_whole() {
        assertThat(Mail.withoutQuote("> only\n> quote")).isEqualTo("> only\n> quote");
    }
}
