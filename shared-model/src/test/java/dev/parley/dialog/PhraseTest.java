package dev.parley.dialog;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PhraseTest {
    @Test
    void placeholders_are_filled_in() {
        assertThat(Phrase.fill("Hi {name}, this is {business}.", Map.of("name", "Ana", "business", "Smile $1 Dental")))
                .isEqualTo("Hi Ana, this is Smile $1 Dental.");
    }

    @Test
    void a_missing_name_leaves_no_gap() {
        assertThat(Phrase.fill("Hi {name}! Thanks {name}.", Map.of("name", ""))).isEqualTo("Hi! Thanks.");
    }

    @Test
    void what_a_contact_calls_itself_is_no_placeholder() {
        assertThat(Phrase.fill("Hi {name}", Map.of("name", "{business}", "business", "secret")))
                .isEqualTo("Hi {business}");
    }

    @Test
    void an_unknown_placeholder_stays() {
        assertThat(Phrase.fill("Hi {nmae}", Map.of("name", "Ana"))).isEqualTo("Hi {nmae}");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            Ana Maria        | Ana
            ' José '         | José
            O'Neil           | O'Neil
            +15551234567     | ''
            ana@example.com  | ''
            <b>x</b>         | ''
            {business} x     | ''
            """)
    void a_first_name_is_used_only_if_it_is_one(String display, String first) {
        assertThat(Phrase.firstName(display)).isEqualTo(first);
    }
}
