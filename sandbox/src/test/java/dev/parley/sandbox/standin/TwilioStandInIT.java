package dev.parley.sandbox.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.twilio.exception.ApiException;
import com.twilio.http.HttpClient;
import com.twilio.http.Request;
import com.twilio.http.Response;
import com.twilio.http.TwilioRestClient;
import com.twilio.rest.api.v2010.account.Message;
import com.twilio.rest.api.v2010.account.MessageCreator;
import com.twilio.security.RequestValidator;
import com.twilio.type.PhoneNumber;
import dev.parley.sandbox.standin.twilio.TwilioAccount;
import dev.parley.sandbox.standin.twilio.TwilioStandIn;
import dev.parley.tenant.Secret;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Twilio's own Java library as the judge: it talks to the stand-in, and verifies what that signs. */
class TwilioStandInIT {
    private static final String SID = "AC0123456789abcdef0123456789abcdef";
    private static final String TOKEN = "f3b1c2d4e5f60718293a4b5c6d7e8f90";
    private static final String NUMBER = "+15559876543";
    private static final String ADA = "+15550100001";

    private final TwilioStandIn twilio = TwilioStandIn.start(
            0,
            new TwilioAccount(
                    SID,
                    Secret.of(TOKEN),
                    Map.of("SK1", Secret.of("key-secret")),
                    Set.of(NUMBER, "whatsapp:" + NUMBER),
                    Map.of("MG1", NUMBER)));
    private final Receiver receiver = new Receiver();

    @AfterEach
    void stop() {
        twilio.close();
        receiver.close();
    }

    // --- what it signs

    private URI webhook(String query) {
        URI url = receiver.url().resolve("/webhooks/twilio/smile" + query);
        twilio.webhooksTo(url);
        return url;
    }

    private static Map<String, String> form(String body) {
        Map<String, String> fields = new LinkedHashMap<>();
        for (String pair : body.split("&")) {
            String[] parts = pair.split("=", 2);
            fields.put(
                    URLDecoder.decode(parts[0], StandardCharsets.UTF_8),
                    URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
        }
        return fields;
    }

    @ParameterizedTest
    @CsvSource({"''", "?foo=1&bar=2"})
    void twilios_library_accepts_the_signature_of_a_form(String query) {
        URI url = webhook(query);

        assertThat(twilio.customerWrites(ADA, NUMBER, " Hi 👋 & a+b = 100% ", Map.of("Extra", "ü"))
                        .join()
                        .status())
                .isEqualTo(200);

        Receiver.Arrival arrival = receiver.arrivals().get(0);
        Map<String, String> fields = form(arrival.text());
        RequestValidator judge = new RequestValidator(TOKEN);
        String signature = arrival.header("X-twilio-signature");
        assertThat(judge.validate(url.toString(), fields, signature)).isTrue();
        assertThat(fields).containsEntry("Body", " Hi 👋 & a+b = 100% ").containsEntry("SmsStatus", "received");
        fields.put("Body", "changed");
        assertThat(judge.validate(url.toString(), fields, signature)).isFalse();
    }

    @Test
    void twilios_library_accepts_the_signature_of_a_json_body() throws Exception {
        webhook("");

        twilio.customerWritesAsJson("whatsapp:" + ADA, "whatsapp:" + NUMBER, "hello")
                .join();

        Receiver.Arrival arrival = receiver.arrivals().get(0);
        String url = receiver.url().resolve(arrival.target()).toString();
        RequestValidator judge = new RequestValidator(TOKEN);
        String signature = arrival.header("X-twilio-signature");
        assertThat(judge.validate(url, arrival.text(), signature)).isTrue();
        assertThat(judge.validate(url, arrival.text() + " ", signature)).isFalse();
    }

    // --- its API

    /** Twilio's library, with the host replaced and nothing else. */
    private TwilioRestClient client(String user, String password) {
        URI base = twilio.url();
        HttpClient transport = new HttpClient() {
            @Override
            public Response makeRequest(Request request) {
                URI there = URI.create(request.constructURL().toString());
                URI here = base.resolve(
                        there.getRawPath() + (there.getRawQuery() == null ? "" : "?" + there.getRawQuery()));
                HttpRequest.Builder http = HttpRequest.newBuilder(here)
                        .header("Authorization", request.getAuthString())
                        .header("Content-Type", "application/x-www-form-urlencoded");
                http = request.getMethod() == com.twilio.http.HttpMethod.POST
                        ? http.POST(HttpRequest.BodyPublishers.ofString(request.encodeFormBody()))
                        : http.GET();
                try {
                    HttpResponse<String> answer = java.net.http.HttpClient.newHttpClient()
                            .send(http.build(), HttpResponse.BodyHandlers.ofString());
                    return new Response(answer.body(), answer.statusCode());
                } catch (java.io.IOException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
        };
        return new TwilioRestClient.Builder(user, password)
                .accountSid(SID)
                .httpClient(transport)
                .build();
    }

    private TwilioRestClient client() {
        return client(SID, TOKEN);
    }

    private static MessageCreator message(String to, String from, String body) {
        return Message.creator(new PhoneNumber(to), new PhoneNumber(from), body);
    }

    @Test
    void twilios_library_sends_and_finds_its_message() {
        Message sent = message(ADA, NUMBER, "hello Ada").create(client());

        assertThat(sent.getSid()).startsWith("SM");
        assertThat(sent.getStatus()).isEqualTo(Message.Status.QUEUED);
        assertThat(sent.getDirection()).isEqualTo(Message.Direction.OUTBOUND_API);
        List<String> found = new java.util.ArrayList<>();
        Message.reader().setTo(new PhoneNumber(ADA)).read(client()).forEach(each -> found.add(each.getBody()));
        assertThat(found).containsExactly("hello Ada");
        assertThat(twilio.sent()).hasSize(1);
    }

    @Test
    void its_list_has_pages_that_twilios_library_follows() {
        for (int number = 0; number < 7; number++) {
            message(ADA, NUMBER, "n" + number).create(client());
        }

        List<String> found = new java.util.ArrayList<>();
        Message.reader()
                .setTo(new PhoneNumber(ADA))
                .pageSize(3)
                .read(client())
                .forEach(each -> found.add(each.getBody()));

        assertThat(found).containsExactly("n6", "n5", "n4", "n3", "n2", "n1", "n0");
    }

    @Test
    void an_api_key_and_a_messaging_service_work_too() {
        Message sent = Message.creator(new PhoneNumber(ADA), "MG1", "hello").create(client("SK1", "key-secret"));

        assertThat(sent.getFrom().toString()).isEqualTo(NUMBER);
        assertThat(sent.getMessagingServiceSid()).isEqualTo("MG1");
    }

    @ParameterizedTest
    @CsvSource({
        "nobody, +15559876543, hi, 400, 21211",
        "+15550100001, +15550000000, hi, 400, 21606",
        "whatsapp:+15550100001, whatsapp:+15550000000, hi, 400, 63007",
        "whatsapp:+15550100001, +15559876543, hi, 400, 21910",
    })
    void what_twilio_would_refuse_is_refused_with_its_number(
            String to, String from, String body, int status, int code) {
        ApiException refusal = catchThrowableOfType(
                ApiException.class, () -> message(to, from, body).create(client()));

        assertThat(refusal.getStatusCode()).isEqualTo(status);
        assertThat(refusal.getCode()).isEqualTo(code);
        assertThat(twilio.sent()).isEmpty();
    }

    @Test
    void a_text_beyond_sixteen_hundred_characters_is_refused() {
        assertThat(catchThrowableOfType(
                                ApiException.class,
                                () -> message(ADA, NUMBER, "x".repeat(1601)).create(client()))
                        .getCode())
                .isEqualTo(21617);
    }

    @Test
    void a_wrong_password_is_refused() {
        assertThat(catchThrowableOfType(
                                ApiException.class,
                                () -> message(ADA, NUMBER, "hi").create(client(SID, "wrong")))
                        .getCode())
                .isEqualTo(20003);
    }

    @Test
    void whoever_wrote_stop_cannot_be_written_to_until_start() {
        webhook("");
        twilio.customerWrites(ADA, NUMBER, "Stop", Map.of()).join();

        assertThat(form(receiver.arrivals().get(0).text())).containsEntry("OptOutType", "STOP");
        assertThat(catchThrowableOfType(
                                ApiException.class,
                                () -> message(ADA, NUMBER, "hi").create(client()))
                        .getCode())
                .isEqualTo(21610);

        twilio.customerWrites(ADA, NUMBER, "START", Map.of()).join();
        assertThat(message(ADA, NUMBER, "hi").create(client()).getSid()).isNotNull();
    }

    @Test
    void callbacks_report_each_message_in_order_and_are_signed() {
        URI callback = receiver.url().resolve("/webhooks/twilio/smile");
        message(ADA, NUMBER, "hi").setStatusCallback(callback).create(client());

        await().until(() -> receiver.arrivals().size() == 2);
        assertThat(receiver.arrivals())
                .extracting(arrival -> form(arrival.text()).get("MessageStatus"))
                .containsExactly("sent", "delivered");
        for (Receiver.Arrival arrival : receiver.arrivals()) {
            assertThat(new RequestValidator(TOKEN)
                            .validate(callback.toString(), form(arrival.text()), arrival.header("X-twilio-signature")))
                    .isTrue();
        }
    }

    @Test
    void a_fault_on_purpose_does_nothing_or_its_work_without_an_answer() {
        // Twilio's library sends again after a 503, which is why it cannot be our adapter.
        twilio.fault(Fault.status(503).times(1));
        message(ADA, NUMBER, "once").create(client());
        assertThat(twilio.calls()).hasSize(2);
        assertThat(twilio.sent()).hasSize(1);

        twilio.fault(Fault.of(Fault.Kind.ACCEPT_THEN_CUT).times(1));
        assertThat(catchThrowableOfType(
                        RuntimeException.class,
                        () -> message(ADA, NUMBER, "twice").create(client())))
                .isNotNull();
        assertThat(twilio.sent()).hasSize(2);
    }
}
