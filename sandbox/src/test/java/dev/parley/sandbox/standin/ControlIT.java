package dev.parley.sandbox.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ControlIT {
    private static final Location HERE = Location.of("LocationHere00000001", "Here", "+15559876543");

    private final Receiver receiver = new Receiver();
    private final GhlStandIn standIn = GhlStandIn.start(Options.defaults()
            .withLocations(HERE)
            .withWebhooks(Options.defaults().webhooks().to(receiver.url()).withDeliveredAfter(null)));
    private final Api api = new Api(standIn.url());

    @AfterEach
    void stop() {
        standIn.close();
        receiver.close();
    }

    @Test
    void status_tells_what_the_services_must_be_configured_with() throws Exception {
        JsonObject status = Api.json(api.send(api.bare("/_control/status")));

        assertThat(status.getString("url")).isEqualTo(standIn.url().toString());
        assertThat(status.getString("public_key")).isEqualTo(standIn.publicKey());
        assertThat(status.getString("app_id")).isEqualTo(standIn.app().appId());
        assertThat(status.getString("client_id")).isEqualTo(standIn.app().clientId());
        assertThat(status.getJsonArray("locations").getJsonObject(0).getString("id"))
                .isEqualTo(HERE.id());
        assertThat(status.encode()).doesNotContain(standIn.app().clientSecret().reveal());
    }

    @Test
    void a_customer_writes_by_http_and_the_answer_tells_what_became_of_the_webhooks() throws Exception {
        receiver.answers(number -> new Receiver.Reply(
                200, "{\"status\":\"" + (number == 1 ? "accepted" : "duplicate") + "\",\"trace_id\":\"abc\"}", null));

        HttpResponse<String> response = api.control(
                "/_phone/messages",
                new JsonObject()
                        .put("location", HERE.id())
                        .put("from", "+15550100001")
                        .put("name", "Ada")
                        .put("text", "Hi")
                        .put("copies", 2));

        assertThat(response.statusCode()).isEqualTo(200);
        JsonArray deliveries = Api.json(response).getJsonArray("deliveries");
        assertThat(deliveries.stream().map(one -> ((JsonObject) one).getString("verdict")))
                .containsExactlyInAnyOrder("accepted", "duplicate");
        assertThat(deliveries.getJsonObject(0).getString("trace_id")).isEqualTo("abc");
        assertThat(Api.json(response).getJsonObject("message").getString("body"))
                .isEqualTo("Hi");
    }

    @Test
    void a_human_writes_by_http() throws Exception {
        standIn.addContact(HERE.id(), "+15550100001", "Ada");

        HttpResponse<String> response = api.control(
                "/_phone/human",
                new JsonObject()
                        .put("location", HERE.id())
                        .put("contact", "+15550100001")
                        .put("text", "I take over")
                        .put("userId", "user1"));

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(new JsonObject(receiver.arrivals().get(0).text()).getString("source"))
                .isEqualTo("app");
    }

    @Test
    void faults_are_set_listed_and_cleared_by_http() throws Exception {
        HttpResponse<String> set = api.control(
                "/_control/faults",
                new JsonObject()
                        .put("kind", "status")
                        .put("status", 429)
                        .put("times", 5)
                        .put("retry_after", 2)
                        .put("path", "/conversations"));
        JsonObject listed = Api.json(api.send(api.bare("/_control/faults")));
        int during = api.get("/conversations/search", "x").statusCode();
        api.send(api.bare("/_control/faults").DELETE());
        int after = api.get("/conversations/search", "x").statusCode();

        assertThat(set.statusCode()).isEqualTo(200);
        assertThat(listed.getJsonArray("faults").getJsonObject(0).getInteger("times"))
                .isEqualTo(5);
        assertThat(during).isEqualTo(429);
        assertThat(after).isEqualTo(401);
    }

    @Test
    void tokens_are_issued_and_expired_by_http() throws Exception {
        JsonObject pair = Api.json(api.control("/_control/tokens", new JsonObject().put("location", HERE.id())));
        String search = "/conversations/search?locationId=" + HERE.id();

        int before = api.get(search, pair.getString("access_token")).statusCode();
        api.control("/_control/tokens/expire", new JsonObject().put("location", HERE.id()));
        int after = api.get(search, pair.getString("access_token")).statusCode();

        assertThat(before).isEqualTo(200);
        assertThat(after).isEqualTo(401);
        assertThat(pair.getString("refresh_token")).isNotEmpty();
    }

    @Test
    void calls_and_deliveries_are_read_by_http() throws Exception {
        api.get("/contacts/x", "unknown");
        standIn.customerWrites(HERE.id(), "+15550100001", "Ada", "Hi").get();

        JsonArray calls =
                Api.json(api.send(api.bare("/_control/calls?path=/contacts"))).getJsonArray("calls");
        JsonArray later =
                Api.json(api.send(api.bare("/_control/calls?after=1"))).getJsonArray("calls");
        JsonArray deliveries =
                Api.json(api.send(api.bare("/_control/deliveries"))).getJsonArray("deliveries");

        assertThat(calls).hasSize(1);
        assertThat(calls.getJsonObject(0).getInteger("status")).isEqualTo(401);
        assertThat(later).isEmpty();
        assertThat(deliveries.getJsonObject(0).getString("state")).isEqualTo("taken");
        assertThat(deliveries
                        .getJsonObject(0)
                        .getJsonArray("attempts")
                        .getJsonObject(0)
                        .getInteger("status"))
                .isEqualTo(200);
    }

    @Test
    void webhook_settings_change_by_http_and_keep_what_is_not_named() throws Exception {
        JsonObject changed = Api.json(api.control(
                "/_control/webhooks",
                new JsonObject().put("copies", 2).put("shuffle", true).put("delivered_after_ms", 70)));

        assertThat(changed.getInteger("copies")).isEqualTo(2);
        assertThat(changed.getBoolean("shuffle")).isTrue();
        assertThat(changed.getInteger("delivered_after_ms")).isEqualTo(70);
        assertThat(changed.getString("url")).isEqualTo(receiver.url().toString());
        assertThat(standIn.webhooks().copies()).isEqualTo(2);
        assertThat(standIn.webhooks().deliveredAfter()).isEqualTo(Duration.ofMillis(70));
    }

    @Test
    void forging_sending_raw_dnd_and_locations_work_by_http() throws Exception {
        receiver.answers(number -> Receiver.Reply.status(number == 1 ? 401 : 200));
        JsonObject forged = Api.json(api.control(
                "/_control/forge",
                new JsonObject()
                        .put("location", HERE.id())
                        .put("from", "+15550100002")
                        .put("text", "x")
                        .put("how", "not_applicable")));
        HttpResponse<String> raw = api.control("/_control/webhooks/send", new JsonObject().put("raw", "[1"));
        HttpResponse<String> added = api.control(
                "/_control/locations",
                new JsonObject().put("id", "LocationThere0000002").put("phone", "+15559876544"));
        standIn.addContact("LocationThere0000002", "+15550100003", "Bob");
        HttpResponse<String> dnd = api.control(
                "/_control/dnd",
                new JsonObject()
                        .put("location", "LocationThere0000002")
                        .put("contact", "+15550100003")
                        .put("status", "active"));

        assertThat(forged.getJsonArray("attempts").getJsonObject(0).getInteger("status"))
                .isEqualTo(401);
        assertThat(raw.statusCode()).isEqualTo(200);
        assertThat(receiver.arrivals().get(1).text()).isEqualTo("[1");
        assertThat(added.statusCode()).isEqualTo(200);
        assertThat(dnd.statusCode()).isEqualTo(200);
        assertThat(receiver.arrivals().get(2).text()).contains("ContactDndUpdate");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/_control/faults | {\"kind\":\"status\"} | needs a status",
                "/_control/faults | {\"kind\":\"slow\"} | needs delay_ms",
                "/_control/faults | {\"kind\":\"sleepy\"} | no such fault",
                "/_control/faults | {\"kind\":\"cut\",\"time\":3} | unknown field time",
                "/_control/faults | [] | must be a JSON object",
                "/_phone/messages | {\"location\":\"LocationHere00000001\",\"from\":\"+15550100001\"} | text is missing",
                "/_phone/messages | {\"location\":\"nowhere\",\"from\":\"+15550100001\",\"text\":\"x\"} | no location",
                "/_phone/messages | {\"location\":\"LocationHere00000001\",\"from\":\"0155\",\"text\":\"x\"} | number must look",
                "/_phone/human | {\"location\":\"LocationHere00000001\",\"contact\":\"x\",\"text\":\"x\"} | no contact",
                "/_control/webhooks | {\"copies\":0} | copies must be",
                "/_control/webhooks/send | {} | either body",
                "/_control/tokens | {\"location\":\"LocationHere00000001\",\"kind\":\"x\"} | no such kind",
            })
    void a_wrong_instruction_is_400_with_its_reason(String path, String body, String reason) throws Exception {
        HttpResponse<String> response = api.send(api.bare(path).POST(HttpRequest.BodyPublishers.ofString(body)));

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(Api.json(response).getString("error")).contains(reason);
        assertThat(standIn.faults()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Host: evil.example",
                "Host: 127.0.0.1:%d\r\nOrigin: http://evil.example",
                "Host: 127.0.0.1:%d\r\nOrigin: null",
                "Host: 127.0.0.1:%d\r\nSec-Fetch-Site: cross-site",
            })
    void a_web_page_from_elsewhere_cannot_control_it(String headers) throws Exception {
        assertThat(rawStatus("GET /_control/status HTTP/1.1\r\n" + headers.formatted(standIn.port())))
                .contains(" 403 ");
        assertThat(rawStatus("GET /_phone/people HTTP/1.1\r\n" + headers.formatted(standIn.port())))
                .contains(" 403 ");
    }

    @Test
    void its_own_page_can() throws Exception {
        String own = "Host: localhost:%1$d\r\nOrigin: http://localhost:%1$d\r\nSec-Fetch-Site: same-origin";

        assertThat(rawStatus("GET /_control/status HTTP/1.1\r\n" + own.formatted(standIn.port())))
                .contains(" 200 ");
    }

    @Test
    void a_seed_gives_the_same_key_at_every_start_and_is_not_printed() {
        byte[] seed = new byte[32];
        seed[0] = 7;
        Options options = Options.defaults().signingWith(seed);

        try (GhlStandIn one = GhlStandIn.start(options);
                GhlStandIn other = GhlStandIn.start(options)) {
            assertThat(one.publicKey()).isEqualTo(other.publicKey()).isNotEqualTo(standIn.publicKey());
        }
        assertThat(options.toString()).doesNotContain("0700000000").contains("***");
    }

    @Test
    void a_taken_port_is_told_in_words() {
        assertThatThrownBy(() -> GhlStandIn.start(Options.defaults().onPort(standIn.port())))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("port " + standIn.port() + " is taken");
    }

    @Test
    void closing_frees_the_port_and_can_be_repeated() throws Exception {
        GhlStandIn brief = GhlStandIn.start(Options.defaults());
        int port = brief.port();
        brief.close();
        brief.close();

        try (GhlStandIn next = GhlStandIn.start(Options.defaults().onPort(port))) {
            assertThat(next.port()).isEqualTo(port);
        }
    }

    /** The JDK's client does not let one choose the host header. */
    private String rawStatus(String request) throws Exception {
        try (Socket socket = new Socket("127.0.0.1", standIn.port())) {
            OutputStream out = socket.getOutputStream();
            out.write((request + "\r\nConnection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            out.flush();
            InputStream in = socket.getInputStream();
            String answer = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return answer.substring(0, answer.indexOf("\r\n"));
        }
    }
}
