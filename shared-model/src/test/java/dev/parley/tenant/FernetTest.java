package dev.parley.tenant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.tenant.Fernet.InvalidToken;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Base64;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class FernetTest {
    private static final Fernet.Key KEY = Fernet.Key.parse("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=");
    private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");

    @Test
    void all_vectors_of_the_specification_are_here() {
        assertThat(vectors("generate")).hasSize(1);
        assertThat(vectors("verify")).hasSize(1);
        assertThat(vectors("invalid")).hasSize(8);
    }

    @ParameterizedTest
    @MethodSource("generate")
    void the_specification_s_token_is_made_byte_for_byte(JsonObject vector) {
        byte[] iv = new byte[16];
        JsonArray numbers = vector.getJsonArray("iv");
        for (int i = 0; i < iv.length; i++) {
            iv[i] = numbers.getInteger(i).byteValue();
        }

        byte[] token = Fernet.seal(
                Fernet.Key.parse(vector.getString("secret")), now(vector), iv, utf8(vector.getString("src")));

        assertThat(token).asString(StandardCharsets.US_ASCII).isEqualTo(vector.getString("token"));
    }

    @ParameterizedTest
    @MethodSource("verify")
    void the_specification_s_valid_token_opens(JsonObject vector) throws InvalidToken {
        Fernet.Opened opened = open(vector);

        assertThat(opened.plaintext()).asString(StandardCharsets.UTF_8).isEqualTo(vector.getString("src"));
        assertThat(opened.sealedAt()).isEqualTo(Instant.ofEpochSecond(499162800));
    }

    @ParameterizedTest
    @MethodSource("invalid")
    void the_specification_s_invalid_tokens_do_not_open(JsonObject vector) {
        assertThatThrownBy(() -> open(vector)).isInstanceOf(InvalidToken.class);
    }

    @Test
    void age_matters_only_where_a_time_to_live_is_given() throws InvalidToken {
        byte[] old = Fernet.seal(KEY, NOW.minusSeconds(61), new byte[16], utf8("x"));
        byte[] ahead = Fernet.seal(KEY, NOW.plusSeconds(3600), new byte[16], utf8("x"));

        assertThat(Fernet.open(KEY, old, null, NOW).plaintext()).isEqualTo(utf8("x"));
        assertThat(Fernet.open(KEY, ahead, null, NOW).plaintext()).isEqualTo(utf8("x"));
        assertThat(Fernet.open(KEY, old, Duration.ofSeconds(61), NOW).plaintext())
                .isEqualTo(utf8("x"));
        assertThatThrownBy(() -> Fernet.open(KEY, old, Duration.ofSeconds(60), NOW))
                .hasMessage("older than its time to live");
        assertThatThrownBy(() -> Fernet.open(KEY, ahead, Duration.ofSeconds(60), NOW))
                .hasMessage("dated in the future");
    }

    @Test
    void a_clock_a_minute_ahead_is_forgiven_and_not_a_second_more() throws InvalidToken {
        byte[] aMinute = Fernet.seal(KEY, NOW.plusSeconds(60), new byte[16], utf8("x"));
        byte[] more = Fernet.seal(KEY, NOW.plusSeconds(61), new byte[16], utf8("x"));

        assertThat(Fernet.open(KEY, aMinute, Duration.ofSeconds(1), NOW).plaintext())
                .isEqualTo(utf8("x"));
        assertThatThrownBy(() -> Fernet.open(KEY, more, Duration.ofSeconds(1), NOW))
                .isInstanceOf(InvalidToken.class);
    }

    @Test
    void a_date_beyond_all_clocks_is_in_the_future_and_breaks_nothing() throws InvalidToken {
        for (long seconds : new long[] {Long.MAX_VALUE, -1, Long.MIN_VALUE}) {
            byte[] token = resign(raw(Fernet.seal(KEY, NOW, new byte[16], utf8("x"))), seconds);

            assertThat(Fernet.open(KEY, token, null, NOW).sealedAt()).isEqualTo(Instant.MAX);
            assertThatThrownBy(() -> Fernet.open(KEY, token, Duration.ofDays(9999), NOW))
                    .hasMessage("dated in the future");
        }
    }

    @Test
    void padding_of_a_token_may_be_left_out_but_not_be_wrong() throws InvalidToken {
        String token = ascii(Fernet.seal(KEY, NOW, new byte[16], utf8("hello")));
        assertThat(token).endsWith("==");
        String bare = token.replace("=", "");

        assertThat(Fernet.open(KEY, utf8(bare), null, NOW).plaintext()).isEqualTo(utf8("hello"));
        assertThatThrownBy(() -> Fernet.open(KEY, utf8(bare + "="), null, NOW)).isInstanceOf(InvalidToken.class);
        assertThatThrownBy(() -> Fernet.open(KEY, utf8(bare + "==="), null, NOW))
                .isInstanceOf(InvalidToken.class);
    }

    @Test
    void only_the_canonical_spelling_of_a_token_is_accepted() {
        String token = ascii(Fernet.seal(KEY, NOW, new byte[16], utf8("hello"))).replace("=", "");
        String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        char last = token.charAt(token.length() - 1);
        char sameBits = alphabet.charAt(alphabet.indexOf(last) + 1);
        String respelt = token.substring(0, token.length() - 1) + sameBits;
        assertThat(Base64.getUrlDecoder().decode(respelt))
                .isEqualTo(Base64.getUrlDecoder().decode(token));

        assertThatThrownBy(() -> Fernet.open(KEY, utf8(respelt), null, NOW)).isInstanceOf(InvalidToken.class);
        assertThatThrownBy(() -> Fernet.open(KEY, utf8(token + "\n"), null, NOW))
                .isInstanceOf(InvalidToken.class);
        assertThatThrownBy(() -> Fernet.open(KEY, utf8(" " + token), null, NOW)).isInstanceOf(InvalidToken.class);
    }

    @Test
    void no_single_changed_bit_opens() {
        byte[] raw = raw(Fernet.seal(KEY, NOW, new byte[16], utf8("hello")));
        for (int bit = 0; bit < raw.length * 8; bit++) {
            byte[] changed = raw.clone();
            changed[bit / 8] ^= (byte) (1 << bit % 8);
            byte[] token = Base64.getUrlEncoder().encode(changed);

            assertThatThrownBy(() -> Fernet.open(KEY, token, null, NOW)).isInstanceOf(InvalidToken.class);
        }
    }

    @Test
    void no_truncated_token_opens() {
        byte[] raw = raw(Fernet.seal(KEY, NOW, new byte[16], utf8("hello, sixteen and more")));
        for (int length = 0; length < raw.length; length++) {
            byte[] token = Base64.getUrlEncoder().encode(Arrays.copyOf(raw, length));

            assertThatThrownBy(() -> Fernet.open(KEY, token, null, NOW)).isInstanceOf(InvalidToken.class);
        }
    }

    @Test
    void bytes_that_are_no_text_are_no_token() {
        byte[] bytes = new byte[100];
        Arrays.fill(bytes, (byte) 0xE4);

        assertThatThrownBy(() -> Fernet.open(KEY, bytes, null, NOW)).isInstanceOf(InvalidToken.class);
        assertThatThrownBy(() -> Fernet.open(KEY, new byte[0], null, NOW)).isInstanceOf(InvalidToken.class);
    }

    @Test
    void a_key_may_come_without_its_padding() {
        assertThat(Fernet.Key.parse("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4")
                        .isSameAs(KEY))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e5=", // same 32 bytes, stray low bits
                "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4Q==", // 31 bytes
                "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4AAA==", // 34 bytes
                "cw/0x689RpI+jtRR7oE8h/eQsKImvJapLeSbXpwF4e4=", // standard base64
                "not a key",
                "%%%",
                ""
            })
    void anything_but_32_canonical_bytes_is_no_key_and_is_not_repeated(String text) {
        assertThatThrownBy(() -> Fernet.Key.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .satisfies(e -> assertThat(text.isEmpty() || !e.getMessage().contains(text))
                        .isTrue());
    }

    @Test
    void a_key_never_prints_itself() {
        assertThat(KEY).hasToString("***");
    }

    static Stream<JsonObject> generate() {
        return vectors("generate");
    }

    static Stream<JsonObject> verify() {
        return vectors("verify");
    }

    static Stream<JsonObject> invalid() {
        return vectors("invalid");
    }

    private static Stream<JsonObject> vectors(String name) {
        try (InputStream in = FernetTest.class.getResourceAsStream("/fernet/" + name + ".json")) {
            JsonArray array = new JsonArray(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            return array.stream().map(JsonObject.class::cast);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Fernet.Opened open(JsonObject vector) throws InvalidToken {
        return Fernet.open(
                Fernet.Key.parse(vector.getString("secret")),
                utf8(vector.getString("token")),
                Duration.ofSeconds(vector.getLong("ttl_sec")),
                now(vector));
    }

    private static Instant now(JsonObject vector) {
        return OffsetDateTime.parse(vector.getString("now")).toInstant();
    }

    /** The token with another date and a MAC that is right for it. */
    private static byte[] resign(byte[] raw, long seconds) {
        try {
            java.nio.ByteBuffer.wrap(raw).putLong(1, seconds);
            var mac = javax.crypto.Mac.getInstance("HmacSHA256");
            byte[] secret = Base64.getUrlDecoder().decode("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=");
            mac.init(new javax.crypto.spec.SecretKeySpec(secret, 0, 16, "HmacSHA256"));
            mac.update(raw, 0, raw.length - 32);
            mac.doFinal(raw, raw.length - 32);
            return Base64.getUrlEncoder().encode(raw);
        } catch (java.security.GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] raw(byte[] token) {
        return Base64.getUrlDecoder().decode(token);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String ascii(byte[] bytes) {
        return new String(bytes, StandardCharsets.US_ASCII);
    }
}
