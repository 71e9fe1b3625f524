package dev.parley.work.handler;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReasonTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            cannot reach +1 (555) 123-4567 now      | cannot reach …67 now
            to=15551234567                          | to=…67
            mail for ana.souza@example.com bounced  | mail for …@… bounced
            Authorization: Bearer abc.def-ghi       | Authorization: ***
            token=s3cr3t rejected                   | *** rejected
            {"access_token":"abc","x":1}            | {"***,"x":1}
            token expired: Bearer abc               | token expired: ***
            pit-1234-abcd is invalid                | *** is invalid
            HTTP 400: Cannot send                   | HTTP 400: Cannot send
            'a\tb'                                  | a b
            """)
    void neither_address_nor_secret_is_kept(String said, String kept) {
        assertThat(Reason.of(said)).isEqualTo(kept);
    }

    @Test
    void a_novel_is_cut_between_characters() {
        String cut = Reason.of("x".repeat(299) + "😀".repeat(50));
        assertThat(cut).hasSizeLessThanOrEqualTo(301).endsWith("x…");
    }

    @Test
    void a_failure_without_words_is_named() {
        assertThat(Reason.of(new NullPointerException())).isEqualTo("NullPointerException");
    }

    @ParameterizedTest
    @CsvSource({
        "Cannot send message as DND is active for SMS.,true", "error 21610,true", "recipient opted out,true",
        "opt_out,true", "invalid number,false", "sounds like a 216101 thing,false"
    })
    void a_refusal_for_consent_is_told_from_others(String said, boolean dnd) {
        assertThat(Reason.saysDoNotDisturb(said)).isEqualTo(dnd);
    }
}
