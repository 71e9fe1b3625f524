package dev.parley.dialog;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConsentTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {}                          | true
            {"opted_out": null}         | true
            {"opted_out": false}        | true
            {"opted_out": true}         | false
            {"opted_out": "yes"}        | false
            {"opted_out": {}}           | false
            {"dnd": {"on": false}}      | true
            {"dnd": {"on": true}}       | false
            {"dnd": {}}                 | false
            {"dnd": true}               | false
            {"dnd": false}              | true
            """)
    void in_doubt_nothing_is_sent(String json, boolean maySend) {
        assertThat(new Consent(new JsonObject(json)).objection().isEmpty()).isEqualTo(maySend);
    }

    @Test
    void the_contacts_word_and_the_providers_mark_are_independent() {
        Consent both = Consent.none().optOut("stop", NOON).doNotDisturb(true, false, "ghl", "x", NOON);
        Consent markLifted = both.doNotDisturb(false, false, "ghl", null, NOON.plusSeconds(1));
        assertThat(markLifted.isDoNotDisturb()).isFalse();
        assertThat(markLifted.isOptedOut()).isTrue();
    }

    @Test
    void older_news_of_the_mark_changes_nothing() {
        Consent on = Consent.none().doNotDisturb(true, false, "ghl", null, NOON);
        assertThat(on.doNotDisturb(false, false, "ghl", null, NOON.minusSeconds(1)))
                .isSameAs(on);
    }

    @Test
    void what_is_known_already_changes_nothing() {
        Consent on = Consent.none().doNotDisturb(true, false, "ghl", null, NOON);
        assertThat(on.doNotDisturb(true, false, "ghl", null, NOON.plusSeconds(9)))
                .isSameAs(on);
        Consent none = Consent.none();
        assertThat(none.doNotDisturb(false, false, "ghl", null, NOON)).isSameAs(none);
    }

    @Test
    void unknown_keys_survive() {
        Consent consent = new Consent(new JsonObject().put("source", "form"))
                .optOut("stop", NOON)
                .optIn("start", NOON)
                .doNotDisturb(true, true, "ghl", null, NOON);
        assertThat(consent.json().getString("source")).isEqualTo("form");
    }
}
