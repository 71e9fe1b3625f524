package dev.parley.ingest.provider.ghl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ingest.Samples;
import dev.parley.kit.WebhookProviderContract;
import dev.parley.queue.JobType;
import dev.parley.spi.Delivery;
import dev.parley.spi.Reading;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GhlWorkflowWebhooksTest extends WebhookProviderContract {
    private final GhlWorkflowWebhooks provider = new GhlWorkflowWebhooks(Duration.ofSeconds(60));

    @Override
    protected WebhookProvider provider() {
        return provider;
    }

    @Override
    protected List<Secret> secrets() {
        return List.of(Secret.of("correct-horse-battery-staple"));
    }

    @Override
    protected List<Secret> somebodyElsesSecrets() {
        return List.of(Secret.of("another-tenants-secret"));
    }

    @Override
    protected Map<String, String> signed(byte[] body, Instant at) {
        return Map.of("X-Parley-Secret", "correct-horse-battery-staple");
    }

    @Override
    protected byte[] body() {
        return Samples.bytes("ghl-workflow-webhook-unsigned-live.json");
    }

    @Override
    protected byte[] otherBody() {
        return "{}".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }

    @Override
    protected boolean signsTheBody() {
        return false;
    }

    private Reading.Event at(Instant time) {
        Delivery delivery = deliveryAt(body(), signed(body(), time), time);
        return ((Reading.Events) provider.read(delivery, provider.payload(delivery)))
                .events()
                .get(0);
    }

    private static String customerReplied(String message, String custom) {
        return """
                {"contact_id":"c1","full_name":"Ada","phone":"+1 (555) 123-4567","email":"Ada@Example.com",
                "message":%s,"customData":%s}""".formatted(message, custom);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"type":2,"body":"hello"}          | {}                                 | sms      | +15551234567
            {"type":"SMS","body":"hello"}      | {}                                 | sms      | +15551234567
            {"type":19,"body":"hello"}         | {}                                 | whatsapp | +15551234567
            {"type":"Email","body":"hello"}    | {}                                 | email    | ada@example.com
            {"type":18,"body":"hello"}         | {}                                 | instagram| c1
            {"body":"x","direction":"inbound"} | {}                                 | sms      | +15551234567
            "hello"                            | {}                                 | sms      | +15551234567
            {}                                 | {"message":"hello"}                | sms      | +15551234567
            {}                                 | {"text":"hello","channel":"Email"} | email    | ada@example.com
            """)
    void words_of_a_contact_are_a_message(String message, String custom, String channel, String address) {
        Reading.Event event = event(customerReplied(message, custom));

        assertThat(event.type()).isEqualTo("inbound_message");
        assertThat(event.job()).isEqualTo(JobType.PROCESS_INBOUND_MESSAGE);
        assertThat(event.channel()).isEqualTo(channel);
        assertThat(event.address()).isEqualTo(address);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"body\":\"our own words\",\"direction\":\"outbound\"}",
                "{\"type\":1,\"body\":\"a call\"}",
                "{\"type\":\"InternalComment\",\"body\":\"a note\"}",
                "{\"body\":\"\"}",
                "{}",
                "null"
            })
    void what_is_no_message_of_a_contact_starts_nothing(String message) {
        assertThat(event(customerReplied(message, "{}")).type()).isEqualTo("other:workflow");
        assertThat(event(customerReplied(message, "{}")).job()).isNull();
    }

    @Test
    void words_of_nobody_start_nothing() {
        assertThat(event("{\"customData\":{\"message\":\"hello\"}}").job()).isNull();
    }

    @Test
    void what_a_workflow_says_without_words_is_stored_without_a_job() {
        assertThat(event(body()).type()).isEqualTo("other:workflow");
        assertThat(event(body()).job()).isNull();
    }

    @Test
    void the_same_body_a_moment_later_is_the_same_event_even_over_the_edge() {
        Instant edge = Instant.ofEpochSecond(60 * 30_000_000L);

        assertThat(at(edge).key().before())
                .isEqualTo(at(edge.minusMillis(1)).key().value());
    }

    @Test
    void the_same_body_much_later_is_another_event() {
        Instant now = Instant.parse("2026-11-21T10:00:00Z");

        assertThat(at(now.plusSeconds(180)).key().value())
                .isNotEqualTo(at(now).key().value());
        assertThat(at(now.plusSeconds(180)).key().before())
                .isNotEqualTo(at(now).key().value());
    }

    @Test
    void a_secret_that_only_begins_right_is_wrong() {
        assertThat(verdict(body(), Map.of("X-Parley-Secret", "correct-horse-battery-stapl")))
                .isInstanceOf(dev.parley.spi.Verdict.Forged.class);
        assertThat(verdict(body(), Map.of("X-Parley-Secret", "correct-horse-battery-staplee")))
                .isInstanceOf(dev.parley.spi.Verdict.Forged.class);
        assertThat(verdict(body(), Map.of("X-Parley-Secret", "Correct-horse-battery-staple")))
                .isInstanceOf(dev.parley.spi.Verdict.Forged.class);
    }
}
