package dev.parley.dialog;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WordsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            STOP!!            | stop
            ＳＴＯＰ          | stop
            Stop 🛑           | stop
            Opt-Out           | opt out
            Arrêt.            | arret
            ARRE\u0302T       | arret
            st\u200Bop        | stop
            İNFO              | info
            ❤️ stop ❤️        | stop
            don't stop        | don t stop
            '…'               | ''
            ΣΤΟΠ              | στοπ
            Straße            | strasse
            """)
    void writing_is_brought_to_one_form(String written, String plain) {
        assertThat(Words.plain(written)).isEqualTo(plain);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "stop",
                "STOP",
                "Stop.",
                "quit",
                "END",
                "revoke",
                "opt out",
                "opt-out",
                "OPTOUT",
                "unsubscribe",
                "stopall",
                "STOP ALL",
                "arret",
                "ARRÊT",
                "TD",
                "remove",
                "Stop texting me",
                "unsubscribe me please",
                "stop it"
            })
    void these_mean_opt_out(String text) {
        assertThat(Words.isOptOut(Words.plain(text), Set.of())).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "when does it stop?",
                "don't stop",
                "please do not end this",
                "stop by the shop tomorrow",
                "the end",
                "cancel my appointment",
                "I want to quit smoking",
                "removed",
                "🛑",
                "yes"
            })
    void these_do_not(String text) {
        assertThat(Words.isOptOut(Words.plain(text), Set.of())).isFalse();
    }

    @Test
    void a_tenant_adds_words_of_its_own() {
        assertThat(Words.isOptOut(Words.plain("BASTA!"), Set.of("basta"))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "agent",
                "Human please!",
                "Can I talk to a person?",
                "I'd like to speak with someone",
                "let me talk to a real human",
                "I want a human",
                "is there a real person here",
                "connect me to an agent",
                "call me back",
                "Quiero hablar con una persona",
                "je veux parler à quelqu'un",
                "kann ich mit einem Menschen sprechen"
            })
    void these_ask_for_a_person(String text) {
        assertThat(Words.asksForAPerson(Words.plain(text), Set.of())).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "hello",
                "my travel agent said so",
                "how many people per table",
                "a personal question",
                "talk to you later"
            })
    void these_do_not_ask_for_a_person(String text) {
        assertThat(Words.asksForAPerson(Words.plain(text), Set.of())).isFalse();
    }

    @Test
    void a_tenants_phrase_counts_as_whole_words_only() {
        assertThat(Words.asksForAPerson(Words.plain("I need Maria now"), Set.of("maria")))
                .isTrue();
        assertThat(Words.asksForAPerson(Words.plain("a mariachi band"), Set.of("maria")))
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            Automatic reply: I am away                   | true
            This is an automated message                 | true
            I'm currently out of the office until Monday | true
            Do not reply to this message.                | true
            Is this an automated message?                | false
            I was out of the office yesterday, sorry     | false
            """)
    void machines_are_told_from_people(String text, boolean machine) {
        assertThat(Words.isAutoReply(Words.plain(text))).isEqualTo(machine);
    }
}
