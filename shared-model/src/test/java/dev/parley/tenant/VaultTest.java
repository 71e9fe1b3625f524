package dev.parley.tenant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VaultTest {
    private static final String OLD = Vault.newKey();
    private static final String MIDDLE = Vault.newKey();
    private static final String NEW = Vault.newKey();
    private static final TenantId TENANT = new TenantId(UUID.fromString("018f0000-0000-7000-8000-000000000001"));
    private static final TenantId OTHER = new TenantId(UUID.fromString("018f0000-0000-7000-8000-000000000002"));
    private static final JsonObject CREDENTIALS =
            new JsonObject().put("access_token", "at-secret").put("refresh_token", "rt-secret ü 𝄞");

    @Test
    void what_is_sealed_opens_for_its_tenant_and_provider() {
        Vault vault = Vault.of(NEW);

        byte[] token = vault.seal(TENANT, "ghl", CREDENTIALS);

        assertThat(vault.open(TENANT, "ghl", token)).isEqualTo(CREDENTIALS);
        assertThat(new String(token, StandardCharsets.US_ASCII))
                .startsWith("gAAAAA")
                .doesNotContain("secret");
    }

    @Test
    void ciphertext_pasted_into_another_row_does_not_open() {
        Vault vault = Vault.of(NEW);
        byte[] token = vault.seal(TENANT, "ghl", CREDENTIALS);

        assertThatThrownBy(() -> vault.open(OTHER, "ghl", token))
                .isInstanceOf(VaultException.class)
                .hasMessage("the stored credentials were sealed for another tenant or provider");
        assertThatThrownBy(() -> vault.open(TENANT, "webhook:ghl", token)).isInstanceOf(VaultException.class);
    }

    @Test
    void a_plain_object_sealed_by_any_other_fernet_implementation_opens() {
        byte[] foreign = foreign(NEW, "{\"private_token\":\"pit-1\"}");

        assertThat(Vault.of(NEW).open(TENANT, "ghl", foreign))
                .isEqualTo(new JsonObject().put("private_token", "pit-1"));
    }

    @Test
    void a_foreign_object_that_merely_has_a_t_is_not_taken_for_a_binding() {
        String json = "{\"t\":\"x\",\"p\":\"y\",\"v\":\"z\"}";

        assertThat(Vault.of(NEW).open(TENANT, "ghl", foreign(NEW, json))).isEqualTo(new JsonObject(json));
    }

    @ParameterizedTest
    @ValueSource(strings = {"[1]", "\"text\"", "17", "null", "", "{broken secret-17", "{\"a\":1}trailing"})
    void what_opens_but_is_no_json_object_says_so_without_quoting_it(String json) {
        assertThatThrownBy(() -> Vault.of(NEW).open(TENANT, "ghl", foreign(NEW, json)))
                .isInstanceOf(VaultException.class)
                .hasMessage("the stored credentials open, but are not a JSON object")
                .hasNoCause();
    }

    @Test
    void bytes_that_are_not_utf_8_are_no_json() {
        byte[] token =
                Fernet.seal(Fernet.Key.parse(NEW), Instant.now(), new byte[16], new byte[] {'{', (byte) 0xFF, '}'});

        assertThatThrownBy(() -> Vault.of(NEW).open(TENANT, "ghl", token)).isInstanceOf(VaultException.class);
    }

    @Test
    void every_key_opens_and_the_newest_seals() {
        Vault vault = Vault.of(NEW + "," + MIDDLE + "," + OLD);
        byte[] byOld = Vault.of(OLD).seal(TENANT, "ghl", CREDENTIALS);

        assertThat(vault.open(TENANT, "ghl", byOld)).isEqualTo(CREDENTIALS);
        assertThat(Vault.of(NEW).open(TENANT, "ghl", vault.seal(TENANT, "ghl", CREDENTIALS)))
                .isEqualTo(CREDENTIALS);
        assertThatThrownBy(() -> Vault.of(OLD).open(TENANT, "ghl", vault.seal(TENANT, "ghl", CREDENTIALS)))
                .isInstanceOf(VaultException.class);
    }

    @Test
    void keys_are_numbered_from_the_oldest() {
        Vault vault = Vault.of(NEW + "," + MIDDLE + "," + OLD);

        assertThat(vault.currentVersion()).isEqualTo(3);
        assertThat(vault.keyVersionOf(Vault.of(OLD).seal(TENANT, "ghl", CREDENTIALS)))
                .isEqualTo(1);
        assertThat(vault.keyVersionOf(Vault.of(MIDDLE).seal(TENANT, "ghl", CREDENTIALS)))
                .isEqualTo(2);
        assertThat(vault.keyVersionOf(vault.seal(TENANT, "ghl", CREDENTIALS))).isEqualTo(3);
    }

    @Test
    void an_unknown_key_is_told_from_a_damaged_token() {
        byte[] token = Vault.of(OLD).seal(TENANT, "ghl", CREDENTIALS);

        assertThatThrownBy(() -> Vault.of(NEW + "," + MIDDLE).open(TENANT, "ghl", token))
                .hasMessageContaining("none of the 2 key(s) in TENANT_ENCRYPTION_KEY");
        assertThatThrownBy(() -> Vault.of(NEW).open(TENANT, "ghl", "plain text".getBytes(StandardCharsets.UTF_8)))
                .hasMessageContaining("not a Fernet token");
        assertThatThrownBy(() -> Vault.of(NEW).open(TENANT, "ghl", new byte[0]))
                .hasMessageContaining("not a Fernet token");
    }

    @Test
    void resealing_keeps_content_and_date_and_changes_key_and_iv() throws Exception {
        Instant longAgo = Instant.parse("2024-02-29T23:59:59Z");
        byte[] token = Vault.of(OLD, Clock.fixed(longAgo, ZoneOffset.UTC)).seal(TENANT, "ghl", CREDENTIALS);
        Vault vault = Vault.of(NEW + "," + OLD);

        Vault.Resealed once = vault.reseal(TENANT, "ghl", token);
        Vault.Resealed twice = vault.reseal(TENANT, "ghl", once.token());

        assertThat(once.keyVersion()).isEqualTo(2);
        assertThat(Vault.of(NEW).open(TENANT, "ghl", once.token())).isEqualTo(CREDENTIALS);
        assertThat(Fernet.open(Fernet.Key.parse(NEW), once.token(), null, Instant.now())
                        .sealedAt())
                .isEqualTo(longAgo);
        assertThat(twice.token()).isNotEqualTo(once.token());
    }

    @Test
    void resealing_leaves_a_foreign_object_readable_for_whoever_wrote_it() throws Exception {
        String json = "{ \"private_token\" : \"pit-1\" }";

        Vault.Resealed resealed = Vault.of(NEW + "," + OLD).reseal(TENANT, "ghl", foreign(OLD, json));

        assertThat(Fernet.open(Fernet.Key.parse(NEW), resealed.token(), null, Instant.now())
                        .plaintext())
                .asString(StandardCharsets.UTF_8)
                .isEqualTo(json);
    }

    @Test
    void resealing_does_not_launder_a_token_from_another_row() {
        Vault vault = Vault.of(NEW + "," + OLD);
        byte[] elsewhere = Vault.of(OLD).seal(OTHER, "ghl", CREDENTIALS);

        assertThatThrownBy(() -> vault.reseal(TENANT, "ghl", elsewhere)).isInstanceOf(VaultException.class);
    }

    @Test
    void two_seals_of_the_same_differ() {
        Vault vault = Vault.of(NEW);

        assertThat(vault.seal(TENANT, "ghl", CREDENTIALS)).isNotEqualTo(vault.seal(TENANT, "ghl", CREDENTIALS));
    }

    @Test
    void blanks_and_line_ends_around_keys_are_no_part_of_them() {
        assertThat(Vault.of(" " + NEW + " ,\n" + OLD + "\n").currentVersion()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        ''                         | TENANT_ENCRYPTION_KEY is not set
        '  '                       | TENANT_ENCRYPTION_KEY is not set
        '%NEW%,'                   | key 2 of 2 is empty
        '%NEW%,,%OLD%'             | key 2 of 3 is empty
        '%NEW%,c2hvcnQtc2VjcmV0'   | key 2 of 2 decodes to 12 bytes; a Fernet key has exactly 32
        'c2hvcnQtc2VjcmV0,%NEW%'   | key 1 of 2 decodes to 12 bytes
        '%NEW%,not a key at all!'  | key 2 of 2 is not base64url
        '%NEW%,ab+/'               | key 2 of 2 is standard base64; a Fernet key is base64url
        '%NEW%,%OLD%,%NEW%'        | key 3 of 3 is the same as key 1
        """)
    void a_malformed_key_is_named_by_its_place_and_never_shown(String keys, String expected) {
        String value = keys.replace("%NEW%", NEW).replace("%OLD%", OLD);

        assertThatThrownBy(() -> Vault.of(value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(expected)
                .hasNoCause()
                .satisfies(e -> assertThat(e.getMessage())
                        .doesNotContain(NEW, OLD, "c2hvcnQtc2VjcmV0", "short-secret", "not a key at all", "ab+/"));
    }

    private static byte[] foreign(String key, String json) {
        return Fernet.seal(Fernet.Key.parse(key), Instant.now(), new byte[16], json.getBytes(StandardCharsets.UTF_8));
    }
}
