package dev.parley.ingest.provider.signed;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DescriptionTest {
    private static final String GOOD =
            "{\"header\":\"X-Sig\",\"algorithm\":\"sha256\",\"encoding\":\"hex\",\"template\":\"{body}\"}";

    private static List<String> findings(JsonObject described) {
        Description.Result result = Description.of(described);
        assertThat(result.description().isPresent()).isEqualTo(result.findings().isEmpty());
        return result.findings();
    }

    @ParameterizedTest
    @ValueSource(strings = {"stripe", "github", "slack", "shopify"})
    void a_preset_is_a_whole_description(String preset) {
        assertThat(findings(new JsonObject().put("preset", preset))).isEmpty();
    }

    @Test
    void a_preset_may_be_changed_in_parts() {
        Description description = Description.of(
                        new JsonObject().put("preset", "stripe").put("tolerance_seconds", 60))
                .description()
                .orElseThrow();

        assertThat(description.tolerance()).hasSeconds(60);
        assertThat(description.header()).isEqualTo("Stripe-Signature");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            preset            | "strype"                    | preset: there is none called strype, only [github, shopify, slack, stripe]
            preset            | 5                           | preset: there is none called 5
            tolerence_seconds | 60                          | tolerence_seconds: unknown key
            header            | 5                           | header: expected a text
            header            | "a b"                       | header: not the name of a header
            scheme            | "jwt"                       | scheme: expected one of [pairs, plain]
            algorithm         | "md5"                       | algorithm: expected one of [ed25519, sha1, sha256, sha512]
            algorithm         | null                        | algorithm: expected one of
            encoding          | "hexx"                      | encoding: expected one of [base64, base64url, hex]
            template          | ""                          | template: expected a text
            template          | "no body"                   | template: needs {body} exactly once
            template          | "{body}{body}"              | template: needs {body} exactly once
            template          | "{body}.{nonce}"            | template: {nonce} is unknown
            template          | "{timestamp}.{body}"        | template: has {timestamp}, but no timestamp_header or timestamp_key
            template          | "{id}.{body}"               | template: has {id}, but no id_header
            timestamp_header  | "X-Time"                    | timestamp_header or timestamp_key: is not signed
            id_header         | "X-Id"                      | id_header: is not signed
            tolerance_seconds | 0                           | tolerance_seconds: expected a whole number
            tolerance_seconds | "300"                       | tolerance_seconds: expected a whole number
            tolerance_seconds | 1e9                         | tolerance_seconds: expected a whole number
            body              | "xml"                       | body: expected one of [form, json]
            event_id          | "id"                        | event_id: not a JSON pointer
            event_id          | {}                          | event_id: not a JSON pointer
            message           | "x"                         | message: expected an object
            message           | {}                          | message.address: say where it stands
            message           | {"address":"/a"}            | message.text: say where it stands
            message           | {"address":"a","text":"/t"} | message.address: not a JSON pointer
            message           | {"address":"/a","text":"/t","channel":"fax"} | message.channel: expected one of
            message           | {"address":"/a","text":"/t","where":{}} | message.where: unknown key
            message           | {"address":"/a","text":"/t","when":{"/x":{}}} | message.when: /x needs
            message           | {"address":"/a","text":"/t","when":5} | message.when: expected an object
            message           | {"address":"/a","text":"/t","unless":"/x"} | message.unless: expected an array
            challenge         | {"answer":"/challenge"}     | challenge.when: say which
            secret_encoding   | "rot13"                     | secret_encoding: expected one of
            """)
    void whatever_is_wrong_is_said_and_nothing_is_described(String key, String value, String said) {
        JsonObject described = new JsonObject(GOOD).put(key, new JsonObject("{\"v\":" + value + "}").getValue("v"));

        assertThat(findings(described)).anyMatch(finding -> finding.startsWith(said));
    }

    @Test
    void a_missing_header_is_said() {
        JsonObject described = new JsonObject(GOOD);
        described.remove("header");

        assertThat(findings(described)).containsExactly("header: name the header that holds the signature");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{timestamp}{body}", "{timestamp}x{body}", "{timestamp}0{body}", "{timestamp}_-{body}"})
    void values_between_which_bytes_could_move_are_no_template(String template) {
        JsonObject described = new JsonObject(GOOD).put("template", template).put("timestamp_header", "X-Time");

        assertThat(findings(described)).anyMatch(finding -> finding.contains("separator"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{timestamp}.{body}", "{body}.{timestamp}", "v0:{timestamp}:{body}", "{timestamp}\n{body}"})
    void values_with_a_separator_between_them_are(String template) {
        JsonObject described = new JsonObject(GOOD).put("template", template).put("timestamp_header", "X-Time");

        assertThat(findings(described)).isEmpty();
    }

    @Test
    void nothing_that_somebody_may_write_into_settings_breaks_it() {
        Random random = new Random(20261121);
        String[] odd = {
            "{}", "[]", "null", "17", "-1", "1e5", "true", "\"\"", "\" \"", "\"/\"", "\"{\"", "\"{body\"", "[{}]"
        };
        for (String preset : List.of("stripe", "github", "slack", "shopify")) {
            for (int round = 0; round < 200; round++) {
                JsonObject described = Presets.of(preset);
                for (String key : List.copyOf(described.fieldNames())) {
                    if (random.nextInt(3) == 0) {
                        described.put(
                                key, new JsonObject("{\"v\":" + odd[random.nextInt(odd.length)] + "}").getValue("v"));
                    }
                }
                assertThat(findings(described)).isNotNull();
            }
        }
    }
}
