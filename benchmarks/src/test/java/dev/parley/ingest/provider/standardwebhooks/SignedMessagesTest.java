package dev.parley.ingest.provider.standardwebhooks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.benchmarks.load.SignedMessages;
import dev.parley.spi.Delivery;
import dev.parley.spi.Verdict;
import dev.parley.tenant.Secret;
import io.vertx.core.json.JsonObject;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the load generator sends, judged by the provider it is sent to. In its package for its constructor. */
class SignedMessagesTest {
    private static final Secret SECRET = Secret.of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    private static final Secret OTHER = Secret.of("whsec_" + "A".repeat(32));

    private final StandardWebhooks provider = new StandardWebhooks(Duration.ofMinutes(5));

    private record Request(String head, Map<String, List<String>> headers, byte[] body) {
        Delivery delivery() {
            return new Delivery(body, headers, Instant.now(), 0);
        }

        JsonObject data() {
            return new JsonObject(new String(body, StandardCharsets.US_ASCII)).getJsonObject("data");
        }
    }

    @Test
    void the_provider_takes_every_request_for_genuine() {
        SignedMessages messages = messages(1024, 10, 1, false);

        for (int i = 0; i < 25; i++) {
            Delivery delivery = next(messages, 0).delivery();
            assertThat(provider.verify(delivery, List.of(SECRET))).isInstanceOf(Verdict.Genuine.class);
            assertThat(provider.verify(delivery, List.of(OTHER))).isInstanceOf(Verdict.Forged.class);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {300, 1024, 4096})
    void a_body_has_exactly_the_wanted_size(int size) {
        SignedMessages messages = messages(size, 10, 1, false);

        for (int i = 0; i < 12; i++) {
            Request request = next(messages, 0);
            assertThat(request.body()).hasSize(size);
            assertThat(request.headers()).containsEntry("content-length", List.of(Integer.toString(size)));
        }
    }

    @Test
    void a_request_goes_to_the_path_and_is_a_message_of_one_of_the_contacts() {
        SignedMessages messages = messages(1024, 3, 1, false);
        List<String> addresses = new ArrayList<>();
        List<String> ids = new ArrayList<>();

        for (int i = 0; i < 6; i++) {
            Request request = next(messages, 0);
            assertThat(request.head()).startsWith("POST /webhooks/standard-webhooks/bench HTTP/1.1\r\n");
            assertThat(new JsonObject(new String(request.body(), StandardCharsets.US_ASCII)).getString("type"))
                    .isEqualTo("message.received");
            addresses.add(request.data().getString("address"));
            ids.add(request.data().getString("message_id"));
        }

        assertThat(addresses.subList(0, 3)).doesNotHaveDuplicates().isEqualTo(addresses.subList(3, 6));
        assertThat(ids).doesNotHaveDuplicates().allMatch(id -> id.startsWith("msg_" + messages.run() + "_"));
        assertThat(messages.fresh()).isEqualTo(6);
    }

    @Test
    void with_repeats_every_second_request_of_a_connection_is_the_one_before_it() {
        SignedMessages messages = messages(1024, 10, 2, true);

        byte[] first = bytes(messages, 0);
        byte[] other = bytes(messages, 1);
        byte[] firstAgain = bytes(messages, 0);
        byte[] otherAgain = bytes(messages, 1);
        byte[] next = bytes(messages, 0);

        assertThat(firstAgain).isEqualTo(first);
        assertThat(otherAgain).isEqualTo(other).isNotEqualTo(first);
        assertThat(next).isNotEqualTo(first).isNotEqualTo(other);
        assertThat(messages.fresh()).isEqualTo(3);
    }

    @Test
    void without_repeats_no_event_comes_twice() {
        SignedMessages messages = messages(1024, 2, 1, false);
        List<List<String>> ids = new ArrayList<>();

        for (int i = 0; i < 8; i++) {
            ids.add(next(messages, 0).headers().get("webhook-id"));
        }

        assertThat(ids).doesNotHaveDuplicates();
        assertThat(messages.fresh()).isEqualTo(8);
    }

    private static SignedMessages messages(int size, int contacts, int connections, boolean repeats) {
        return new SignedMessages(
                "/webhooks/standard-webhooks/bench", "7", SECRET, size, contacts, connections, repeats);
    }

    private static byte[] bytes(SignedMessages messages, int connection) {
        ByteBuffer into = ByteBuffer.allocate(16 * 1024);
        messages.next(connection, into);
        into.flip();
        byte[] written = new byte[into.remaining()];
        into.get(written);
        return written;
    }

    private static Request next(SignedMessages messages, int connection) {
        byte[] written = bytes(messages, connection);
        String text = new String(written, StandardCharsets.US_ASCII);
        int end = text.indexOf("\r\n\r\n") + 4;
        Map<String, List<String>> headers = new HashMap<>();
        text.substring(0, end)
                .lines()
                .skip(1)
                .filter(line -> !line.isEmpty())
                .forEach(line -> headers.put(
                        line.substring(0, line.indexOf(':')),
                        List.of(line.substring(line.indexOf(':') + 1).strip())));
        return new Request(text.substring(0, end), headers, text.substring(end).getBytes(StandardCharsets.US_ASCII));
    }
}
