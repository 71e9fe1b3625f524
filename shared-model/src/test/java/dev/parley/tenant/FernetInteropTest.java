package dev.parley.tenant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.macasaet.fernet.Key;
import com.macasaet.fernet.StringValidator;
import com.macasaet.fernet.Token;
import com.macasaet.fernet.TokenValidationException;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Both ways with an implementation that shares no line with ours (com.macasaet.fernet). */
class FernetInteropTest {
    private static final StringValidator READER = new StringValidator() {};

    private final TenantId tenant = new TenantId(UUID.randomUUID());
    private final String key = Vault.newKey();

    @Test
    void what_another_implementation_sealed_opens_here() {
        String token =
                Token.generate(new Key(key), "{\"private_token\":\"pit-ü\"}").serialise();

        JsonObject opened = Vault.of(key).open(tenant, "ghl", token.getBytes(StandardCharsets.US_ASCII));

        assertThat(opened).isEqualTo(new JsonObject().put("private_token", "pit-ü"));
    }

    @Test
    void what_is_sealed_here_opens_in_another_implementation() {
        byte[] sealed = Vault.of(key).seal(tenant, "ghl", new JsonObject().put("private_token", "pit-ü"));

        String text = Token.fromString(new String(sealed, StandardCharsets.US_ASCII))
                .validateAndDecrypt(new Key(key), READER);

        assertThat(new JsonObject(text).getJsonObject("v")).isEqualTo(new JsonObject().put("private_token", "pit-ü"));
        assertThat(new JsonObject(text).getString("t")).isEqualTo(tenant.value().toString());
    }

    @Test
    void neither_opens_the_others_token_with_another_key() {
        String other = Vault.newKey();
        byte[] sealed = Vault.of(key).seal(tenant, "ghl", new JsonObject());
        String theirs = Token.generate(new Key(key), "{}").serialise();

        assertThatThrownBy(() -> Token.fromString(new String(sealed, StandardCharsets.US_ASCII))
                        .validateAndDecrypt(new Key(other), READER))
                .isInstanceOf(TokenValidationException.class);
        assertThatThrownBy(() -> Vault.of(other).open(tenant, "ghl", theirs.getBytes(StandardCharsets.US_ASCII)))
                .isInstanceOf(VaultException.class);
    }
}
