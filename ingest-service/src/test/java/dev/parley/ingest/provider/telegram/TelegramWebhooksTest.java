package dev.parley.ingest.provider.telegram;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.kit.WebhookProviderContract;
import dev.parley.queue.JobType;
import dev.parley.spi.Reading;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TelegramWebhooksTest extends WebhookProviderContract {
    private final TelegramWebhooks provider = new TelegramWebhooks();

    @Override
    protected WebhookProvider provider() {
        return provider;
    }

    @Override
    protected List<Secret> secrets() {
        return List.of(Secret.of("a-secret_token"));
    }

    @Override
    protected List<Secret> somebodyElsesSecrets() {
        return List.of(Secret.of("another"));
    }

    @Override
    protected Map<String, String> signed(byte[] body, Instant at) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("X-Telegram-Bot-Api-Secret-Token", "a-secret_token");
        return headers;
    }

    @Override
    protected boolean signsTheBody() {
        return false;
    }

    @Override
    protected byte[] body() {
        return """
                {"update_id":10000,"message":{"date":1763720129,"message_id":1365,"text":"/start",
                 "chat":{"last_name":"Lovelace","id":1111111,"first_name":"Ada","type":"private"},
                 "from":{"last_name":"Lovelace","id":1111111,"first_name":"Ada","is_bot":false}}}""".getBytes(StandardCharsets.UTF_8);
    }

    @Override
    protected byte[] otherBody() {
        return "{\"update_id\":10001,\"poll\":{}}".getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void a_private_message_is_a_customers() {
        Reading.Event event = event(body());

        assertThat(event.type()).isEqualTo("inbound_message");
        assertThat(event.job()).isEqualTo(JobType.PROCESS_INBOUND_MESSAGE);
        assertThat(event.channel()).isEqualTo("telegram");
        assertThat(event.address()).isEqualTo("1111111");
        assertThat(event.messageId()).isEqualTo("1111111:1365");
        assertThat(event.eventId()).isEqualTo("10000");
        assertThat(event.key().value()).isEqualTo("telegram:update:10000");
    }

    @Test
    void a_pressed_button_is_what_its_presser_says() {
        Reading.Event event = event("""
                {"update_id":7,"callback_query":{"id":"4382","data":"yes","from":{"id":5,"is_bot":false},
                 "message":{"message_id":9,"from":{"id":1,"is_bot":true},"chat":{"id":5,"type":"private"}}}}""");

        assertThat(event.type()).isEqualTo("inbound_message");
        assertThat(event.address()).isEqualTo("5");
        assertThat(event.messageId()).isNull();
    }

    @Test
    void chat_ids_beyond_an_int_are_whole() {
        assertThat(event("{\"update_id\":1,\"message\":{\"message_id\":2,\"text\":\"x\","
                                + "\"chat\":{\"id\":4503599627370495,\"type\":\"private\"}}}")
                        .address())
                .isEqualTo("4503599627370495");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"update_id":1,"edited_message":{"message_id":2,"text":"x","chat":{"id":5,"type":"private"}}}           | other:edited_message
            {"update_id":1,"message":{"message_id":2,"text":"x","chat":{"id":-5,"type":"supergroup"}}}              | other:message_not_private
            {"update_id":1,"message":{"message_id":2,"text":"x","chat":{"type":"private"}}}                         | other:message
            {"update_id":1,"message":{"message_id":2,"text":"x","from":{"is_bot":true},"chat":{"id":5,"type":"private"}}} | other:message
            {"update_id":1,"message":{"message_id":2,"pinned_message":{},"chat":{"id":5,"type":"private"}}}         | other:message
            {"update_id":1,"channel_post":{"text":"x","chat":{"id":-5,"type":"channel"}}}                           | other:channel_post
            {"update_id":1,"poll":{"id":"1"}}                                                                       | other:poll
            {"update_id":1,"something_new":{"id":"1"}}                                                              | other:update
            {"update_id":1,"my_chat_member":{"chat":{"id":-5,"type":"group"},"new_chat_member":{"status":"kicked"}}} | other:my_chat_member
            {"update_id":1,"my_chat_member":{"chat":{"id":5,"type":"private"},"new_chat_member":{"status":"left"}}} | other:my_chat_member
            {"hello":"there"}                                                                                       | other:update
            """)
    void everything_else_is_stored_and_ignored(String body, String type) {
        Reading.Event event = event(body);

        assertThat(event.type()).isEqualTo(type);
        assertThat(event.job()).isNull();
        assertThat(event.quarantine()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"kicked", "member"})
    void who_blocks_the_bot_or_comes_back_is_marked(String status) {
        Reading.Event event = event("{\"update_id\":1,\"my_chat_member\":{\"date\":1763720129,"
                + "\"chat\":{\"id\":5,\"type\":\"private\"},\"new_chat_member\":{\"status\":\"" + status + "\"}}}");

        assertThat(event.type()).isEqualTo("contact_dnd");
        assertThat(event.job()).isEqualTo(JobType.PROCESS_DELIVERY_STATUS);
        assertThat(event.address()).isEqualTo("5");
    }

    @Test
    void an_update_without_a_number_is_known_by_its_body() {
        assertThat(event("{\"update_id\":\"1\",\"poll\":{}}").key().value()).startsWith("telegram:sha256:");
    }
}
