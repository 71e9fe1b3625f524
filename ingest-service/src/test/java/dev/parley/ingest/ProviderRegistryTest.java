package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ingest.provider.signed.SignedWebhooks;
import dev.parley.ingest.provider.twilio.TwilioWebhooks;
import dev.parley.spi.WebhookProvider;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProviderRegistryTest {
    private final List<WebhookProvider> all = List.of(new TwilioWebhooks(""), new SignedWebhooks());
    private final ProviderRegistry on = new ProviderRegistry(all, List.of());
    private final ProviderRegistry off = new ProviderRegistry(all, List.of("twilio", "signed"));

    @ParameterizedTest
    @ValueSource(strings = {"twilio", "twilio.shop", "signed", "signed.shop", "unheard-of", "unheard-of.shop", ""})
    void what_is_switched_off_would_be_read_as_if_it_were_on(String name) {
        assertThat(off.find(name)).isEmpty();
        assertThat(off.likeness(name)).isEqualTo(on.find(name)).isEqualTo(on.likeness(name));
    }
}
