package dev.parley.ingest.provider;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            +15551234567        | +15551234567
            ' +1 (555) 123-4567 '| +15551234567
            555.123.4567        | 5551234567
            22395               | 22395
            """)
    void phones_are_plus_and_digits(String written, String phone) {
        assertThat(Address.phone(written)).contains(phone);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "+", "12", "ACME", "+1555x", "1+555123", "123456789012345678901", "a@b.c"})
    void what_is_no_number_is_no_phone(String written) {
        assertThat(Address.phone(written)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            Sample@Email.Service                     | sample@email.service
            Internal Notify <sample@email.service>   | sample@email.service
            "Doe, Jane" <Jane@Example.com>           | jane@example.com
            """)
    void emails_are_lower_case_without_a_name(String written, String email) {
        assertThat(Address.email(written)).contains(email);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "@", "a@", "@b", "a b@c", "a@b@c", "a@b, c@d", "<>", "+15551234567"})
    void what_is_no_address_is_no_email(String written) {
        assertThat(Address.email(written)).isEmpty();
    }

    @Test
    void digits_of_other_scripts_are_no_phone() {
        assertThat(Address.phone("+١٢٣٤٥٦")).isEmpty();
    }
}
