package dev.parley.work.adapter.ghl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.work.adapter.VendorHttp.Answer;
import dev.parley.work.adapter.ghl.GhlRefusal.Kind;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GhlRefusalTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Invalid JWT",
                "jwt expired",
                "The token is invalid",
                "Invalid access token",
                "invalid_token",
                "This token has expired",
                "Unauthorized: invalid token"
            })
    void a_token_that_is_no_longer_good_is_known_by_many_words(String text) {
        assertThat(of(401, text).kind()).isEqualTo(Kind.TOKEN);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 403, 404, 500})
    void those_words_count_with_status_401_only(int status) {
        assertThat(of(status, "Invalid JWT").kind()).isNotEqualTo(Kind.TOKEN);
    }

    @Test
    void a_bare_401_is_about_the_token() {
        assertThat(GhlRefusal.of(answer(401, ""), List.of()).kind()).isEqualTo(Kind.TOKEN);
        assertThat(GhlRefusal.of(answer(401, "<html>401</html>"), List.of()).kind())
                .isEqualTo(Kind.TOKEN);
    }

    @Test
    void a_challenge_that_names_the_token_is_about_the_token() {
        Answer answer = new Answer(
                401,
                MultiMap.caseInsensitiveMultiMap().add("WWW-Authenticate", "Bearer error=\"invalid_token\""),
                Buffer.buffer("{\"message\":\"no\"}"));

        assertThat(GhlRefusal.of(answer, List.of()).kind()).isEqualTo(Kind.TOKEN);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "401 | The token is not authorized for this scope. | SCOPE",
                "401 | Token's user type mismatch!                 | USER_TYPE",
                "401 | This authClass type is not allowed          | AUTH_CLASS",
                "403 | The token does not have access to this location. | LOCATION",
                "401 | version header was not found.               | VERSION",
                "400 | version header is invalid                   | VERSION",
                "400 | DND is active                               | DND",
                "500 | DND is active                               | OTHER",
                "401 | something new                               | OTHER",
                "400 | Sandndune is no word for it                 | OTHER"
            })
    void each_kind_is_known_by_its_text(int status, String text, Kind kind) {
        assertThat(of(status, text).kind()).isEqualTo(kind);
    }

    @Test
    void what_the_vendor_repeats_of_the_request_is_not_shown() {
        GhlRefusal refusal = GhlRefusal.of(
                answer(
                        400,
                        new JsonObject()
                                .put("message", "bad: My dog is ill / tok-1234 / +1 555")
                                .encode()),
                List.of("My dog is ill", "tok-1234", "+1 555"));

        assertThat(refusal.reason(400)).isEqualTo("GoHighLevel answered 400 \"bad: *** / *** / ***\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Bearer abc.def-ghi",
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhIjoxfQ.c2ln",
                "pit-6d1f2e30-1111-2222-3333-444455556666",
                "someone@example.org",
                "+1 (439) 499-2990",
                "14394992990",
                "0123456789abcdef0123456789abcdef01"
            })
    void what_looks_like_a_secret_or_an_address_is_not_shown(String value) {
        assertThat(of(400, "no: " + value + " !").reason(400)).isEqualTo("GoHighLevel answered 400 \"no: *** !\"");
    }

    @Test
    void a_reason_is_one_short_line() {
        String text = of(400, "a\r\nfake log line\u2028\u001b[31m " + "word ".repeat(500))
                .reason(400);

        assertThat(text).doesNotContain("\n", "\r", "\u001b", "\u2028").hasSizeLessThan(400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "7", "{broken", "{\"message\":null}", "{\"message\":{}}", "{\"error\":5}"})
    void odd_bodies_break_nothing(String body) {
        assertThat(GhlRefusal.of(answer(400, body), List.of("")).reason(400)).isEqualTo("GoHighLevel answered 400");
    }

    private static GhlRefusal of(int status, String message) {
        return GhlRefusal.of(
                answer(status, new JsonObject().put("message", message).encode()), List.of());
    }

    private static Answer answer(int status, String body) {
        return new Answer(status, MultiMap.caseInsensitiveMultiMap(), Buffer.buffer(body));
    }
}
