package dev.parley.inbound;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FormTest {
    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static JsonObject read(String body) {
        Payload payload = Payload.form(bytes(body));
        assertThat(payload.isReadable()).isTrue();
        return payload.content();
    }

    @Test
    void names_and_values_are_unescaped_and_nothing_is_trimmed() {
        assertThat(read("Body=+caf%C3%A9%20%2B1%26x&To=%2b15550100&Empty="))
                .isEqualTo(new JsonObject()
                        .put("Body", " café +1&x")
                        .put("To", "+15550100")
                        .put("Empty", ""));
    }

    @Test
    void a_name_that_stands_several_times_is_an_array() {
        assertThat(read("a=1&b=x&a=2&a=3"))
                .isEqualTo(new JsonObject()
                        .put("a", new JsonArray().add("1").add("2").add("3"))
                        .put("b", "x"));
    }

    @Test
    void a_value_may_hold_equals_signs_and_a_name_may_lack_one() {
        assertThat(read("a=b=c&&flag&=nameless"))
                .isEqualTo(new JsonObject().put("a", "b=c").put("flag", "").put("", "nameless"));
    }

    @Test
    void the_stored_text_is_the_object() {
        Payload payload = Payload.form(bytes("Body=hi&NumMedia=0"));

        assertThat(payload.stored()).isEqualTo("{\"Body\":\"hi\",\"NumMedia\":\"0\"}");
        assertThat(payload.reason()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a=%", "a=%4", "a=%zz", "%=1", "a=%4g"})
    void half_an_escape_makes_it_unreadable_and_keeps_the_bytes(String body) {
        Payload payload = Payload.form(bytes(body));

        assertThat(payload.isReadable()).isFalse();
        assertThat(payload.stored()).contains("$raw").contains("not a form");
    }

    @Test
    void what_is_not_utf_8_is_unreadable() {
        assertThat(Payload.form(bytes("a=%FF%FE")).isReadable()).isFalse();
        assertThat(Payload.form(new byte[] {'a', '=', (byte) 0xC3}).isReadable())
                .isFalse();
    }

    @Test
    void a_nul_is_mended_in_values_and_names_and_the_bytes_are_kept() {
        Payload payload = Payload.form(bytes("Body=a%00b&c%00d=1"));

        assertThat(payload.isReadable()).isTrue();
        assertThat(payload.content().getString("Body")).isEqualTo("a\uFFFDb");
        assertThat(payload.content().getString("c\uFFFDd")).isEqualTo("1");
        assertThat(payload.stored()).contains("$raw").doesNotContain("\\u0000");
    }

    @Test
    void a_flood_of_names_is_unreadable() {
        String flood = IntStream.rangeClosed(0, Form.MOST_FIELDS)
                .mapToObj(at -> "n" + at + "=")
                .collect(Collectors.joining("&"));

        assertThat(Payload.form(bytes(flood)).isReadable()).isFalse();
        assertThat(Payload.form(bytes(flood.substring(0, flood.lastIndexOf('&'))))
                        .isReadable())
                .isTrue();
    }

    @Test
    void an_empty_body_is_a_form_without_fields() {
        assertThat(read("")).isEqualTo(new JsonObject());
    }
}
