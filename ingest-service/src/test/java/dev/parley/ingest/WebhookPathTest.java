package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebhookPathTest {
    @ParameterizedTest
    @CsvSource(
            value = {
                "/webhooks/ghl, ghl, none",
                "/webhooks/ghl/, ghl, none",
                "/webhooks/ghl/acme, ghl, acme",
                "/webhooks/ghl/acme/, ghl, acme",
                "/webhooks/signed.stripe/a%2Fb, signed.stripe, a/b",
                "/webhooks/ghl/a+b, ghl, a+b",
                "/webhooks/gh%6C/%61cme, ghl, acme",
                "/webhooks//acme, '', acme",
                "/webhooks/ghl//, ghl, ''",
                "/webhooks//, '', none",
            },
            nullValues = "none")
    void says_where_it_goes(String path, String provider, @Nullable String slug) {
        assertThat(WebhookPath.of(path)).isEqualTo(new WebhookPath(provider, slug));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "/webhooks",
                "/webhooks/",
                "/webhook/ghl",
                "webhooks/ghl",
                "/webhooks/ghl/acme/more",
                "/webhooks/ghl/acme//",
                "/webhooks/ghl//acme"
            })
    void says_nothing_of_any_other(String path) {
        assertThat(WebhookPath.of(path)).isEqualTo(new WebhookPath(null, null));
    }

    @Test
    void has_no_part_that_cannot_be_decoded() {
        assertThat(WebhookPath.of("/webhooks/%zz/acme")).isEqualTo(new WebhookPath(null, "acme"));
        assertThat(WebhookPath.of("/webhooks/ghl/%")).isEqualTo(new WebhookPath("ghl", null));
        assertThat(WebhookPath.of(null)).isEqualTo(new WebhookPath(null, null));
    }
}
