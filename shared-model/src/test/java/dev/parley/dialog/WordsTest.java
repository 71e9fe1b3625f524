package dev.parley.dialog;

import static org.assertj.core.api.Assertions.assertThat;

import java.text.Normalizer;
import java.util.Locale;
import java.util.Random;
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

    /** What {@link Words#plain} promises, said by regular expressions, which take many times as long. */
    private static String plainByExpression(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFKD)
                .toUpperCase(Locale.ROOT)
                .toLowerCase(Locale.ROOT)
                .replaceAll("[\\p{Cf}\\p{M}]+", "")
                .replaceAll("[^\\p{L}\\p{Nd}]+", " ")
                .strip();
    }

    @Test
    void any_writing_is_brought_to_the_form_that_the_rule_says() {
        String[] pieces = {
            "a", "Z", "ß", "İ", "É", "e\u0301", "ＳＴ", "ﬁ", "Σ", "σ", "م", "中", "７", "٣", "0", " ", "  ", "\n", "\t",
            "_", "-", "'", ".", "…", "\u00A0", "\u00AD", "\u200B", "\u200D", "\u202E", "\uFEFF", "\u0000", "❤️", "👍🏽",
            "𝐒", "\uD83D", "\uDE00", "\u20DD", "\u0903", "Ⅷ", "½"
        };
        Random random = new Random(20261201);
        for (int turn = 0; turn < 20_000; turn++) {
            StringBuilder text = new StringBuilder();
            for (int left = random.nextInt(12); left > 0; left--) {
                text.append(pieces[random.nextInt(pieces.length)]);
            }
            assertThat(Words.plain(text.toString()))
                    .as("of %s", text.chars().mapToObj(Integer::toHexString).toList())
                    .isEqualTo(plainByExpression(text.toString()));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "well, could you connect me to a manager, please?",
                "we talk to you and then speak to the staff",
                "put me through with an adviser",
                "not now. a human please",
                "ich will mit einer Mitarbeiterin reden",
                "is a representative please too much to ask"
            })
    void it_is_found_wherever_it_begins(String text) {
        assertThat(Words.asksForAPerson(Words.plain(text), Set.of())).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "they want a humane answer",
                "surreal person",
                "call me backwards",
                "I want to connect my agenda",
                "chatting with people is fun"
            })
    void half_a_word_asks_for_nobody(String text) {
        assertThat(Words.asksForAPerson(Words.plain(text), Set.of())).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            Thanks! This inbox is not monitored.     | true
            Hello. Do not reply to this              | true
            Autoreply: gone fishing                  | true
            Automatische Antwort: bin im Urlaub      | true
            autoreplying is fun                      | false
            this inboxes is not monitored            | false
            do not reply to thistle                  | false
            my office: out of office                 | false
            """)
    void machines_are_told_by_whole_words(String text, boolean machine) {
        assertThat(Words.isAutoReply(Words.plain(text))).isEqualTo(machine);
    }
}
