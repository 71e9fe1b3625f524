package dev.parley.inbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PayloadTest {
    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Payload read(String text) {
        return Payload.json(bytes(text));
    }

    private static byte[] raw(Payload payload) {
        return Base64.getDecoder().decode(new JsonObject(payload.stored()).getString("$raw"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                " { } \n",
                "{\"a\":1.10,\"b\":12345678901234567890123456789,\"c\":1e308,\"d\":-0.0}",
                "{\"text\":\"Größe 😀 \\ud83d\\ude00 \\u00e9\",\"n\":null,\"t\":true,\"l\":[1,[2,{}]]}",
            })
    void clean_json_is_stored_as_sent(String text) {
        Payload payload = read(text);

        assertThat(payload.isReadable()).isTrue();
        assertThat(payload.reason()).isNull();
        assertThat(payload.stored()).isEqualTo(text);
    }

    @Test
    void a_replacement_character_is_clean_where_the_sender_wrote_it_and_no_excuse_for_broken_bytes() {
        String text = "{\"text\":\"what we got was \uFFFD\"}";
        assertThat(read(text).stored()).isEqualTo(text);
        assertThat(read(text).reason()).isNull();

        byte[] broken = bytes(text);
        broken[2] = (byte) 0xFF;
        assertThat(Payload.json(broken).isReadable()).isFalse();
        assertThat(Payload.json(broken).reason()).isEqualTo("not UTF-8");
    }

    @Test
    void readers_find_every_kind_of_value() {
        JsonObject content =
                read("{\"s\":\"x\",\"i\":7,\"l\":4294967296,\"d\":1.5,\"b\":true,\"n\":null,\"a\":[1],\"o\":{\"k\":\"v\"}}")
                        .content();

        assertThat(content.getString("s")).isEqualTo("x");
        assertThat(content.getInteger("i")).isEqualTo(7);
        assertThat(content.getLong("l")).isEqualTo(4294967296L);
        assertThat(content.getDouble("d")).isEqualTo(1.5);
        assertThat(content.getBoolean("b")).isTrue();
        assertThat(content.containsKey("n")).isTrue();
        assertThat(content.getJsonArray("a").getInteger(0)).isEqualTo(1);
        assertThat(content.getJsonObject("o").getString("k")).isEqualTo("v");
    }

    @Test
    void escaped_nul_is_mended_and_the_bytes_are_kept_beside_the_fields() {
        String sent = "{\"type\":\"InboundMessage\",\"body\":\"a\\u0000b\"}";

        Payload payload = read(sent);

        assertThat(payload.isReadable()).isTrue();
        assertThat(payload.reason()).isEqualTo("U+0000 in a text");
        assertThat(payload.content().getString("body")).isEqualTo("a\uFFFDb");
        JsonObject stored = new JsonObject(payload.stored());
        assertThat(stored.getString("type")).isEqualTo("InboundMessage");
        assertThat(stored.getString("body")).isEqualTo("a\uFFFDb");
        assertThat(raw(payload)).isEqualTo(bytes(sent));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\\ud800", "\\udc00", "\\udc00\\ud800", "x\\ud800y", "\\ud83d\\ud83d\\ude00"})
    void lone_surrogates_are_mended(String escape) {
        Payload payload = read("{\"body\":\"" + escape + "\"}");

        assertThat(payload.isReadable()).isTrue();
        assertThat(payload.reason()).isEqualTo("half a surrogate pair in a text");
        assertThat(payload.content().getString("body")).contains("\uFFFD");
        assertThat(StandardCharsets.UTF_8.newEncoder().canEncode(payload.stored()))
                .isTrue();
    }

    @Test
    void keys_are_mended_like_values() {
        Payload payload = read("{\"a\\u0000\":{\"b\\ud800\":1}}");

        assertThat(payload.isReadable()).isTrue();
        assertThat(payload.content().getJsonObject("a\uFFFD").getInteger("b\uFFFD"))
                .isEqualTo(1);
    }

    @Test
    void keys_that_are_equal_only_after_mending_are_a_key_twice() {
        assertThat(read("{\"a\\u0000\":1,\"a\\ud800\":2}").isReadable()).isFalse();
    }

    @Test
    void a_byte_order_mark_is_not_part_of_the_message() {
        Payload payload = read("\uFEFF{\"body\":\"hi\"}");

        assertThat(payload.isReadable()).isTrue();
        assertThat(payload.content().getString("body")).isEqualTo("hi");
        assertThat(raw(payload)).isEqualTo(bytes("\uFEFF{\"body\":\"hi\"}"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1e999999999",
                "1E+999999999",
                "-1e-20000",
                "1e309",
                "1e-309",
                "1e99999999999999999999",
                "1e00000000400"
            })
    void numbers_beyond_a_double_are_unreadable(String number) {
        Payload payload = read("{\"locationId\":\"L1\",\"n\":" + number + "}");

        assertThat(payload.isReadable()).isFalse();
        assertThat(payload.reason()).isEqualTo("a number beyond what a double holds");
        assertThat(payload.content().getString("locationId")).isEqualTo("L1");
        assertThat(new JsonObject(payload.stored()).getString("n")).isEqualTo(number);
    }

    @Test
    void a_number_of_a_thousand_digits_is_unreadable() {
        assertThat(read("{\"n\":" + "9".repeat(1000) + "}").isReadable()).isFalse();
        assertThat(read("{\"n\":0." + "1".repeat(1000) + "}").isReadable()).isFalse();
    }

    @Test
    void a_name_of_thousands_of_letters_is_unreadable_and_can_be_read_back() {
        Payload payload = read("{\"" + "k".repeat(60_000) + "\":1,\"locationId\":\"L1\"}");

        assertThat(payload.isReadable()).isFalse();
        assertThat(payload.content().getString("locationId")).isEqualTo("L1");
        assertThat(new JsonObject(payload.stored()).fieldNames()).hasSize(4);
        assertThat(read("{\"" + "k".repeat(1_000) + "\":1}").isReadable()).isTrue();
    }

    @Test
    void a_key_twice_is_unreadable_and_no_field_is_trusted() {
        Payload payload = read("{\"locationId\":\"A\",\"x\":{\"k\":1,\"k\":2},\"locationId\":\"B\"}");

        assertThat(payload.isReadable()).isFalse();
        assertThat(payload.content().isEmpty()).isTrue();
        assertThat(new JsonObject(payload.stored()).getString("locationId")).isEqualTo("B");
        assertThat(payload.reason()).isEqualTo("a key stands twice in one object");
    }

    @Test
    void a_key_twice_is_found_however_it_is_escaped() {
        assertThat(read("{\"locationId\":\"A\",\"location\\u0049d\":\"B\"}").isReadable())
                .isFalse();
    }

    @Test
    void sixty_four_levels_are_readable_and_sixty_five_are_not() {
        assertThat(read(nested(64)).isReadable()).isTrue();
        assertThat(read(nested(65)).isReadable()).isFalse();
        assertThat(read(nested(65)).reason()).isEqualTo("nested deeper than 64 levels");
    }

    private static String nested(int levels) {
        return "{\"a\":".repeat(levels) + "1" + "}".repeat(levels);
    }

    @Test
    void a_hundred_thousand_levels_neither_overflow_nor_hide_the_rest() {
        Payload payload = read("{\"locationId\":\"L1\",\"deep\":" + "[".repeat(100_000) + "]".repeat(100_000)
                + ",\"after\":\"seen\"}");

        assertThat(payload.isReadable()).isFalse();
        assertThat(payload.content().getString("after")).isEqualTo("seen");
        assertThat(raw(payload)).hasSizeGreaterThan(200_000);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "{\"a\":",
                "{\"a\":1}}",
                "{} {}",
                "{}x",
                "{'a':1}",
                "{\"a\":NaN}",
                "{\"a\":01}",
                "{\"a\":+1}",
                "{\"a\":1,}",
                "/* c */{}",
                "{\"a\":\"\t\"}",
                "{\"a\":\"\u0000\"}",
                "{\"a\":\"\\x\"}",
                "<xml/>",
                "a=b&c=d"
            })
    void what_is_not_json_is_unreadable_with_its_bytes(String text) {
        Payload payload = read(text);

        assertThat(payload.isReadable()).isFalse();
        assertThat(raw(payload)).isEqualTo(bytes(text));
        assertThat(payload.content().isEmpty()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "[{\"a\":1}]", "\"text\"", "1", "true", "null"})
    void json_that_is_no_object_is_unreadable(String text) {
        assertThat(read(text).isReadable()).isFalse();
        assertThat(read(text).reason()).isEqualTo("not a JSON object");
    }

    @Test
    void invalid_utf8_and_utf16_are_unreadable_with_their_bytes() {
        byte[] invalid = {'{', '"', (byte) 0xC3, '"', ':', '1', '}'};
        byte[] cesu = {'{', '"', (byte) 0xED, (byte) 0xA0, (byte) 0x80, '"', ':', '1', '}'};
        byte[] utf16 = "{\"a\":1}".getBytes(StandardCharsets.UTF_16);
        byte[] utf16le = "{\"a\":1}".getBytes(StandardCharsets.UTF_16LE);
        for (byte[] body : new byte[][] {invalid, cesu, utf16, utf16le}) {
            assertThat(Payload.json(body).isReadable()).isFalse();
            assertThat(raw(Payload.json(body))).isEqualTo(body);
        }
    }

    @Test
    void the_reason_never_quotes_the_body() {
        assertThat(read("{\"a\":secret123}").reason()).doesNotContain("secret");
        assertThat(read("{\"a\":secret123}").stored()).doesNotContain("secret");
    }

    @Test
    void a_note_is_put_beside_the_fields_and_the_numbers_stay_as_sent() {
        assertThat(read("{\"n\":1.10} ").noting("why").stored()).isEqualTo("{\"n\":1.10,\"$reason\":\"why\"}");
        assertThat(read("{ }").noting("why").stored()).isEqualTo("{ \"$reason\":\"why\"}");
        assertThat(new JsonObject(read("[]").noting("why").stored()).getString("$reason"))
                .isEqualTo("not a JSON object; why");
    }

    @Test
    void no_bytes_whatsoever_make_it_throw() {
        Random random = new Random(7);
        String alphabet = "{}[]\":,\\u0d8e+-.1 \n\tabc\uFEFF\u0000é";
        for (int round = 0; round < 20_000; round++) {
            StringBuilder text = new StringBuilder("{");
            int length = random.nextInt(40);
            for (int at = 0; at < length; at++) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            assertThatCode(() -> new JsonObject(read(text.toString()).stored()))
                    .as("%s", text)
                    .doesNotThrowAnyException();
        }
    }
}
