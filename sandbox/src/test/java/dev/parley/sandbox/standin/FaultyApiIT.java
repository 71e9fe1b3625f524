package dev.parley.sandbox.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FaultyApiIT {
    private static final Location HERE = Location.of("LocationHere00000001", "Here", "+15559876543");

    private final GhlStandIn standIn = GhlStandIn.start(Options.defaults().withLocations(HERE));
    private final Api api = new Api(standIn.url());
    private final Contact ada = standIn.addContact(HERE.id(), "+15550100001", "Ada Lovelace");
    private final TokenPair tokens = standIn.issueTokens(HERE.id());
    private final String token = tokens.access().reveal();

    @AfterEach
    void stop() {
        standIn.close();
    }

    private HttpRequest.Builder message() {
        return Api.json(
                api.request("/conversations/messages", token),
                new JsonObject().put("type", "SMS").put("contactId", ada.id()).put("message", "Hello"));
    }

    @ParameterizedTest
    @ValueSource(ints = {429, 500, 503})
    void the_next_calls_fail_and_the_one_after_them_does_not(int status) throws Exception {
        standIn.fault(Fault.status(status).times(2));

        assertThat(api.send(message()).statusCode()).isEqualTo(status);
        assertThat(api.send(message()).statusCode()).isEqualTo(status);
        assertThat(standIn.messages(HERE.id(), ada.id())).isEmpty();
        assertThat(api.send(message()).statusCode()).isEqualTo(200);
        assertThat(standIn.calls())
                .extracting(ReceivedCall::status, ReceivedCall::fault)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(status, Fault.Kind.STATUS),
                        org.assertj.core.groups.Tuple.tuple(status, Fault.Kind.STATUS),
                        org.assertj.core.groups.Tuple.tuple(200, null));
    }

    @Test
    void a_fault_for_some_time_ends_by_itself() throws Exception {
        standIn.fault(Fault.status(503).lasting(Duration.ofMillis(700)).retryAfter(Duration.ofSeconds(1)));

        HttpResponse<String> during = api.send(message());

        assertThat(during.statusCode()).isEqualTo(503);
        assertThat(during.headers().firstValue("Retry-After")).contains("1");
        await().atMost(Duration.ofSeconds(10)).until(() -> api.send(message()).statusCode() == 200);
    }

    @Test
    void a_fault_can_be_cleared() throws Exception {
        standIn.fault(Fault.status(500));
        assertThat(api.send(message()).statusCode()).isEqualTo(500);

        standIn.clearFaults();

        assertThat(api.send(message()).statusCode()).isEqualTo(200);
    }

    @Test
    void a_fault_of_one_location_leaves_the_others_alone() throws Exception {
        standIn.addLocation(Location.of("LocationThere0000002", "There", "+15559876544"));
        String there = standIn.issueTokens("LocationThere0000002").access().reveal();
        standIn.fault(Fault.status(429).at(HERE.id()));

        assertThat(api.send(message()).statusCode()).isEqualTo(429);
        assertThat(api.get("/conversations/search?locationId=LocationThere0000002", there)
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void a_slow_answer_comes_late_but_comes() throws Exception {
        standIn.fault(Fault.slow(Duration.ofMillis(400)).times(1));
        Instant asked = Instant.now();

        HttpResponse<String> response = api.send(message());

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(Duration.between(asked, Instant.now())).isGreaterThanOrEqualTo(Duration.ofMillis(400));
    }

    @Test
    void after_accept_then_silence_the_message_is_sent_and_the_caller_does_not_know() {
        standIn.fault(Fault.of(Fault.Kind.ACCEPT_THEN_SILENCE).times(1));

        assertThatThrownBy(() -> api.send(message().timeout(Duration.ofMillis(500))))
                .isInstanceOf(HttpTimeoutException.class);

        assertThat(standIn.messages(HERE.id(), ada.id())).hasSize(1);
        assertThat(standIn.calls()).singleElement().satisfies(call -> {
            assertThat(call.status()).isZero();
            assertThat(call.fault()).isEqualTo(Fault.Kind.ACCEPT_THEN_SILENCE);
        });
    }

    @Test
    void after_silence_nothing_is_sent() {
        standIn.fault(Fault.of(Fault.Kind.SILENCE).times(1));

        assertThatThrownBy(() -> api.send(message().timeout(Duration.ofMillis(500))))
                .isInstanceOf(HttpTimeoutException.class);

        assertThat(standIn.messages(HERE.id(), ada.id())).isEmpty();
        assertThat(standIn.calls()).extracting(ReceivedCall::status).containsExactly(0);
    }

    @Test
    void a_cut_connection_leaves_nothing_sent_and_a_later_cut_leaves_the_message_sent() {
        // The client's own retry of a refused connection must not use the fault up: it lasts.
        standIn.fault(Fault.of(Fault.Kind.CUT));
        assertThatThrownBy(() -> api.send(message()))
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(HttpTimeoutException.class);
        assertThat(standIn.messages(HERE.id(), ada.id())).isEmpty();

        standIn.clearFaults();
        standIn.fault(Fault.of(Fault.Kind.ACCEPT_THEN_CUT));
        assertThatThrownBy(() -> api.send(message()))
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(HttpTimeoutException.class);
        assertThat(standIn.messages(HERE.id(), ada.id())).isNotEmpty();
    }

    @Test
    void a_page_instead_of_json_is_200_and_nothing_is_sent() throws Exception {
        standIn.fault(Fault.of(Fault.Kind.HTML).times(1));

        HttpResponse<String> response = api.send(message());

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type").orElse("")).startsWith("text/html");
        assertThat(response.body()).startsWith("<!doctype html>");
        assertThat(standIn.messages(HERE.id(), ada.id())).isEmpty();
    }

    @Test
    void a_refused_refresh_leaves_the_refresh_token_good_for_later() throws Exception {
        standIn.fault(Fault.of(Fault.Kind.REFUSE_REFRESH).times(1));

        HttpResponse<String> refused = api.form("/oauth/token", refreshForm());

        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(Api.json(refused).getString("error")).isEqualTo("invalid_grant");
        assertThat(api.form("/oauth/token", refreshForm()).statusCode()).isEqualTo(200);
    }

    @Test
    void a_refresh_whose_answer_is_lost_has_used_the_token_up() throws Exception {
        standIn.fault(Fault.of(Fault.Kind.ACCEPT_THEN_SILENCE).times(1).on("POST", "/oauth/token"));

        assertThatThrownBy(() -> api.send(
                        Api.form(api.bare("/oauth/token"), refreshForm()).timeout(Duration.ofMillis(500))))
                .isInstanceOf(HttpTimeoutException.class);

        assertThat(Api.json(api.form("/oauth/token", refreshForm())).getString("error"))
                .isEqualTo("invalid_grant");
    }

    @Test
    void the_book_has_every_call_and_no_secret() throws Exception {
        api.send(message().header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
        HttpResponse<String> refreshed = api.form("/oauth/token", refreshForm());

        String book = standIn.calls().toString();
        assertThat(book)
                .doesNotContain(token)
                .doesNotContain(tokens.refresh().reveal())
                .doesNotContain(standIn.app().clientSecret().reveal())
                .doesNotContain(Api.json(refreshed).getString("access_token"))
                .doesNotContain(Api.json(refreshed).getString("refresh_token"));
        ReceivedCall sent = standIn.calls().get(0);
        assertThat(sent.headers()).containsEntry("Authorization", "Bearer ***").containsEntry("Version", "2021-04-15");
        assertThat(sent.locationId()).isEqualTo(HERE.id());
        assertThat(sent.caller()).contains("127.0.0.1").contains("Java-http-client");
        assertThat(sent.body()).contains("Hello");
        assertThat(standIn.messages(HERE.id(), ada.id()).get(0).traceId())
                .isEqualTo("0af7651916cd43dd8448eb211c80319c");
    }

    private Map<String, String> refreshForm() {
        return Map.of(
                "client_id", standIn.app().clientId(),
                "client_secret", standIn.app().clientSecret().reveal(),
                "grant_type", "refresh_token",
                "refresh_token", tokens.refresh().reveal());
    }
}
