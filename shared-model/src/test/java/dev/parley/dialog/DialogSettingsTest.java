package dev.parley.dialog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.tenant.Settings;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantId;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DialogSettingsTest {
    private static DialogSettings of(String json) {
        return DialogSettings.of(new Tenant(
                new TenantId(UUID.randomUUID()),
                "smile",
                "Smile",
                true,
                null,
                null,
                new Settings(new JsonObject(json))));
    }

    @Test
    void no_settings_are_good_settings() {
        DialogSettings settings = of("{}");
        assertThat(settings.findings()).isEmpty();
        assertThat(settings.isOn()).isTrue();
        assertThat(settings.humanPause()).isEqualTo(Duration.ofHours(24));
        assertThat(settings.resendUnknown()).isTrue();
        assertThat(settings.business()).isEqualTo("Smile");
    }

    @Test
    void settings_are_read() {
        DialogSettings settings = of("""
                {"dialog": {"human_pause": "P2D", "max_replies": 5, "opt_out_words": ["Basta!"]},
                 "messaging": {"ambiguous": "fail"}, "texts": {"business": "Zahn & Co"}, "theirs": {"x": 1}}
                """);
        assertThat(settings.findings()).isEmpty();
        assertThat(settings.humanPause()).isEqualTo(Duration.ofDays(2));
        assertThat(settings.maxReplies()).isEqualTo(5);
        assertThat(settings.optOutWords()).containsExactly("basta");
        assertThat(settings.resendUnknown()).isFalse();
        assertThat(settings.business()).isEqualTo("Zahn & Co");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"dialog": 5}                                  | dialog:
            {"dialog": {"enabled": "yes"}}                 | dialog.enabled
            {"dialog": {"human_pause": "1 day"}}           | dialog.human_pause
            {"dialog": {"human_pause": "-PT1H"}}           | dialog.human_pause
            {"dialog": {"human_pause": "PT99999999999999H"}} | dialog.human_pause
            {"dialog": {"human_pause": 5}}                 | dialog.human_pause
            {"dialog": {"max_replies": 0}}                 | dialog.max_replies
            {"dialog": {"max_replies": 1.5}}               | dialog.max_replies
            {"dialog": {"max_same_reply": 99999999999}}    | dialog.max_same_reply
            {"dialog": {"opt_out_words": "stop"}}          | dialog.opt_out_words
            {"dialog": {"help_words": ["", 1]}}            | dialog.help_words
            {"messaging": {"ambiguous": "maybe"}}          | messaging.ambiguous
            {"texts": {"greeting": 5}}                     | texts.greeting
            {"texts": {"greeting": "  "}}                  | texts.greeting
            {"texts": []}                                  | texts:
            """)
    void a_bad_value_is_named_and_counts_as_its_default(String json, String finding) {
        DialogSettings settings = of(json);
        assertThat(settings.findings()).isNotEmpty().allMatch(found -> found.startsWith(finding));
        DialogSettings sound = of("{}");
        assertThat(settings.humanPause()).isEqualTo(sound.humanPause());
        assertThat(settings.maxReplies()).isEqualTo(sound.maxReplies());
        assertThat(settings.say("greeting", "Ana")).isEqualTo(sound.say("greeting", "Ana"));
        assertThat(settings.isOn()).isTrue();
    }
}
