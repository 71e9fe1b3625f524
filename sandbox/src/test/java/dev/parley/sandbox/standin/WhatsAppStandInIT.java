package dev.parley.sandbox.standin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.sandbox.standin.WhatsAppStandIn.Delivered;
import dev.parley.sandbox.standin.WhatsAppStandIn.Line;
import dev.parley.sandbox.standin.WhatsAppStandIn.Person;
import dev.parley.tenant.Secret;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
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

/** The stand-in refuses what Meta refuses, and signs as Meta signs. */
class WhatsAppStandInIT {
    private static final Person ANA = new Person("15550107001", null, "Ana");

    private final Receiver receiver = new Receiver();
    private Instant now = Instant.parse("2026-11-21T10:00:00Z");
    private WhatsAppStandIn meta;
    private Api api;

    @BeforeEach
    void start() {
        Clock clock = new Clock() {
            @Override
            public Instant instant() {
                return now;
            }

            @Override
            public ZoneOffset getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(java.time.ZoneId zone) {
                return this;
            }
        };
        meta = WhatsAppStandIn.start(
                0,
                Secret.of("app-secret"),
                Secret.of("verify me & co"),
                List.of(new Line("1001", "15550100001", Secret.of("t1")), new Line("1002", "2", Secret.of("t2"))),
                clock);
        api = new Api(meta.url());
    }

    @AfterEach
    void stop() {
        meta.close();
        receiver.close();
    }

    private static JsonObject text() {
        return new JsonObject("""
                {"messaging_product": "whatsapp", "recipient_type": "individual", "to": "15550107001", "type": "text",
                 "text": {"body": "hello"}, "biz_opaque_callback_data": "mine"}
                """);
    }

    private HttpResponse<String> send(String number, String token, JsonObject body) throws Exception {
        return api.send(
                Api.json(api.bare("/v23.0/" + number + "/messages").header("Authorization", "Bearer " + token), body));
    }

    @ParameterizedTest
    @CsvSource({"1001,wrong,401,190", "1001,t2,403,10", "9999,t1,400,100", "1001,t1,200,0"})
    void a_number_is_written_from_with_its_own_token(String number, String token, int status, int code)
            throws Exception {
        HttpResponse<String> answer = send(number, token, text());

        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(Api.json(answer).getJsonObject("error", new JsonObject()).getInteger("code", 0))
                .isEqualTo(code);
        assertThat(meta.taken()).hasSize(status == 200 ? 1 : 0);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"messaging_product": "sms"}              | 100
            {"type": "image"}                         | 100
            {"to": "not a number"}                    | 131009
            {"to": "CO.1047385771169864"}             | 131009
            {"text": {"body": ""}}                    | 100
            {"text": "hello"}                         | 100
            {"surprise": 1}                           | 100
            {"biz_opaque_callback_data": 5}           | 100
            """)
    void what_meta_does_not_take_is_refused_by_number(String change, int code) throws Exception {
        HttpResponse<String> answer = send("1001", "t1", text().mergeIn(new JsonObject(change)));

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(Api.json(answer).getJsonObject("error").getInteger("code")).isEqualTo(code);
        assertThat(meta.taken()).isEmpty();
    }

    @Test
    void a_url_that_does_not_give_the_challenge_back_gets_no_webhooks() throws Exception {
        assertThat(meta.subscribe(receiver.url()).get(10, TimeUnit.SECONDS)).isFalse();
    }

    @Test
    void one_signed_post_tells_of_several_numbers_and_comes_again_until_it_is_heard() throws Exception {
        meta.webhooksTo(receiver.url());
        meta.retryAfter(List.of(Duration.ofMillis(10), Duration.ofMillis(10)));
        receiver.answers(number -> Receiver.Reply.status(number < 3 ? 503 : 200));

        Delivered delivered = meta.deliver(
                        meta.written("1001", ANA, "one"),
                        meta.written("1002", new Person(null, "CO.77", "Julian"), "two"))
                .get(20, TimeUnit.SECONDS);

        assertThat(delivered.attempts()).isEqualTo(3);
        assertThat(delivered.status()).isEqualTo(200);
        Receiver.Arrival arrival = receiver.arrivals().get(0);
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec("app-secret".getBytes(), "HmacSHA256"));
        assertThat(arrival.header("X-hub-signature-256"))
                .isEqualTo("sha256=" + HexFormat.of().formatHex(mac.doFinal(arrival.body())));
        JsonObject body = new JsonObject(arrival.text());
        assertThat(body.getJsonArray("entry")).hasSize(2);
        assertThat(arrival.text()).contains("\"from\":\"15550107001\"", "\"from_user_id\":\"CO.77\"");
    }

    @Test
    void statuses_give_back_what_was_sent_along_and_late_messages_fail_as_metas_do() throws Exception {
        meta.webhooksTo(receiver.url());
        var unused = meta.written("1001", ANA, "heard");
        assertThat(send("1001", "t1", text()).statusCode()).isEqualTo(200);
        meta.reported().get(20, TimeUnit.SECONDS);
        assertThat(receiver.arrivals())
                .hasSize(2)
                .allSatisfy(arrival -> assertThat(arrival.text())
                        .contains("\"biz_opaque_callback_data\":\"mine\"", "\"recipient_id\":\"15550107001\""));

        now = now.plus(Duration.ofHours(24));
        assertThat(send("1001", "t1", text()).statusCode()).isEqualTo(200);
        meta.reported().get(20, TimeUnit.SECONDS);

        assertThat(receiver.arrivals().get(2).text()).contains("\"status\":\"failed\"", "131047");
    }

    @Test
    void what_was_ordered_goes_wrong_as_it_does_at_meta() throws Exception {
        meta.fault(Fault.status(429).times(1));
        HttpResponse<String> answer = send("1001", "t1", text());

        assertThat(answer.statusCode()).isEqualTo(429);
        assertThat(Api.json(answer).getJsonObject("error").getInteger("code")).isEqualTo(130429);
        assertThat(meta.taken()).isEmpty();
    }
}
