package dev.parley.sandbox.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class SigningKeyTest {
    // RFC 8032, section 7.1, test 2
    private static final byte[] SEED =
            HexFormat.of().parseHex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    private static final String PUBLIC = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    private static final String SIGNATURE = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

    @Test
    void a_seed_gives_the_key_and_the_signatures_of_the_standard() {
        SigningKey key = SigningKey.from(SEED);

        byte[] spki = Base64.getDecoder().decode(key.publicKeySpki());
        assertThat(HexFormat.of().formatHex(Arrays.copyOfRange(spki, spki.length - 32, spki.length)))
                .isEqualTo(PUBLIC);
        assertThat(HexFormat.of().formatHex(Base64.getDecoder().decode(key.sign(new byte[] {0x72}))))
                .isEqualTo(SIGNATURE);
    }

    @Test
    void without_a_seed_every_start_has_its_own_key() {
        assertThat(SigningKey.from(null).publicKeySpki())
                .isNotEqualTo(SigningKey.from(null).publicKeySpki());
    }

    @Test
    void a_seed_of_another_length_is_refused() {
        assertThatThrownBy(() -> SigningKey.from(new byte[31])).hasMessageContaining("32 bytes");
    }
}
