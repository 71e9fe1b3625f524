package dev.parley.sandbox.standin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.sandbox.standin.ChatwootStandIn.Delivered;
import dev.parley.sandbox.standin.ChatwootStandIn.Settings;
import dev.parley.tenant.Secret;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The stand-in refuses what Chatwoot refuses, and signs as Chatwoot signs. */
class ChatwootStandInIT {
    private final Receiver receiver = new Receiver();
    private ChatwootStandIn chatwoot;
    private Api api;
    private int conversation;

    @BeforeEach
    void start() {
        start(Secret.of("made-by-chatwoot"));
    }

    private void start(Secret signing) {
        if (chatwoot != null) {
            chatwoot.close();
        }
        chatwoot = ChatwootStandIn.start(new Settings(0, Secret.of("bot"), Secret.of("user"), signing, true));
        api = new Api(chatwoot.url());
        conversation = chatwoot.begin("Ana");
    }

    @AfterEach
    void stop() {
        chatwoot.close();
        receiver.close();
    }

    private String path(String what) {
        return "/api/v1/accounts/2/conversations/" + conversation + "/" + what;
    }

    private HttpResponse<String> post(String path, String token, JsonObject body) throws Exception {
        return api.send(Api.json(api.bare(path).header("api_access_token", token), body));
    }

    private static JsonObject message(String content) {
        return new JsonObject()
                .put("content", content)
                .put("message_type", "outgoing")
                .put("private", false);
    }

    @Test
    void a_bot_writes_and_may_not_read_while_a_user_may() throws Exception {
        assertThat(post(path("messages"), "bot", message("hello")).statusCode()).isEqualTo(200);
        assertThat(post(path("messages"), "wrong", message("hello")).statusCode())
                .isEqualTo(401);
        assertThat(api.send(api.bare(path("messages")).header("api_access_token", "bot"))
                        .statusCode())
                .isEqualTo(401);

        HttpResponse<String> list = api.send(api.bare(path("messages")).header("api_access_token", "user"));

        JsonArray payload = Api.json(list).getJsonArray("payload");
        assertThat(payload).hasSize(1);
        assertThat(payload.getJsonObject(0).getString("content")).isEqualTo("hello");
    }

    private HttpResponse<String> conversations(String token, String query) throws Exception {
        return api.send(api.bare("/api/v1/accounts/2/conversations" + query).header("api_access_token", token));
    }

    @Test
    void conversations_are_listed_twenty_five_a_page_and_only_open_ones_unless_asked() throws Exception {
        for (int i = 0; i < 26; i++) {
            chatwoot.contactWrites(chatwoot.begin("Person " + i), "hello");
        }

        JsonObject first = Api.json(conversations("user", "?status=all&page=1")).getJsonObject("data");
        JsonObject second =
                Api.json(conversations("user", "?status=all&page=2")).getJsonObject("data");

        assertThat(first.getJsonArray("payload")).hasSize(25);
        assertThat(second.getJsonArray("payload")).hasSize(2);
        assertThat(first.getJsonArray("payload")
                        .getJsonObject(0)
                        .getJsonObject("meta")
                        .getString("channel"))
                .isEqualTo("Channel::WebWidget");
        assertThat(Api.json(conversations("user", "")).getJsonObject("data").getJsonArray("payload"))
                .as("they are pending")
                .isEmpty();
        assertThat(conversations("bot", "?status=all").statusCode()).isEqualTo(401);
        assertThat(conversations("user", "?status=lost").statusCode()).isEqualTo(422);
        assertThat(api.send(api.bare("/api/v1/accounts/3/conversations").header("api_access_token", "user"))
                        .statusCode())
                .isEqualTo(404);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"content": " "}              | 422
            {"message_type": "incoming"}  | 422
            {"private": true}             | 422
            {"surprise": 1}               | 422
            """)
    void what_is_not_a_message_is_refused(String change, int status) throws Exception {
        assertThat(post(path("messages"), "bot", message("hello").mergeIn(new JsonObject(change)))
                        .statusCode())
                .isEqualTo(status);
        assertThat(chatwoot.messages(conversation)).isEmpty();
    }

    @Test
    void other_accounts_and_conversations_are_not_found() throws Exception {
        for (String path : List.of(
                "/api/v1/accounts/3/conversations/" + conversation + "/messages",
                "/api/v1/accounts/2/conversations/1/messages",
                "/api/v1/accounts/2/conversations/999999999999999999/messages",
                "/elsewhere")) {
            assertThat(post(path, "bot", message("hello")).statusCode())
                    .as(path)
                    .isEqualTo(404);
        }
    }

    @Test
    void pages_go_back_twenty_at_a_time() throws Exception {
        for (int i = 1; i <= 25; i++) {
            var unused = chatwoot.contactWrites(conversation, "m" + i);
        }
        JsonArray newest = Api.json(api.send(api.bare(path("messages")).header("api_access_token", "user")))
                .getJsonArray("payload");
        assertThat(newest).hasSize(20);
        assertThat(newest.getJsonObject(19).getString("content")).isEqualTo("m25");
        int before = newest.getJsonObject(0).getInteger("id");

        JsonArray older = Api.json(api.send(
                        api.bare(path("messages") + "?before=" + before).header("api_access_token", "user")))
                .getJsonArray("payload");

        assertThat(older).hasSize(5);
    }

    @Test
    void what_happens_is_told_with_a_signature_over_time_and_body() throws Exception {
        chatwoot.webhooksTo(receiver.url());

        Delivered delivered = chatwoot.contactWrites(conversation, "hello").get(20, TimeUnit.SECONDS);

        assertThat(delivered.status()).isEqualTo(200);
        Receiver.Arrival arrival = receiver.arrivals().get(0);
        String time = arrival.header("X-chatwoot-timestamp");
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec("made-by-chatwoot".getBytes(), "HmacSHA256"));
        mac.update((time + ".").getBytes());
        assertThat(arrival.header("X-chatwoot-signature"))
                .isEqualTo("sha256=" + HexFormat.of().formatHex(mac.doFinal(arrival.body())));
        assertThat(arrival.header("Authorization")).isNull();
    }

    @Test
    void an_old_version_logs_in_with_what_stands_in_the_url() throws Exception {
        start(null);
        URI url = receiver.url();
        chatwoot.webhooksTo(URI.create("http://parley:pass@127.0.0.1:" + url.getPort() + url.getPath()));

        chatwoot.contactWrites(conversation, "hello").get(20, TimeUnit.SECONDS);

        Receiver.Arrival arrival = receiver.arrivals().get(0);
        assertThat(arrival.header("X-chatwoot-signature")).isNull();
        assertThat(arrival.header("Authorization")).isEqualTo("Basic cGFybGV5OnBhc3M=");
    }

    @Test
    void a_toggle_changes_the_status_and_tells_of_it_once() throws Exception {
        chatwoot.webhooksTo(receiver.url());

        assertThat(post(path("toggle_status"), "bot", new JsonObject().put("status", "open"))
                        .statusCode())
                .isEqualTo(200);
        assertThat(post(path("toggle_status"), "bot", new JsonObject().put("status", "open"))
                        .statusCode())
                .isEqualTo(200);
        assertThat(post(path("toggle_status"), "bot", new JsonObject().put("status", "closed"))
                        .statusCode())
                .isEqualTo(422);

        chatwoot.delivered().get(20, TimeUnit.SECONDS);
        assertThat(chatwoot.status(conversation)).isEqualTo("open");
        assertThat(receiver.arrivals())
                .singleElement()
                .satisfies(arrival -> assertThat(arrival.text())
                        .contains("conversation_status_changed", "\"previous_value\":\"pending\""));
    }
}
