package dev.parley.sandbox;

import dev.parley.ingest.provider.chatwoot.ChatwootWebhooks;
import dev.parley.ingest.provider.ghl.GhlWebhooks;
import dev.parley.ingest.provider.ghl.GhlWorkflowWebhooks;
import dev.parley.ingest.provider.signed.SignedWebhooks;
import dev.parley.ingest.provider.standardwebhooks.StandardWebhooks;
import dev.parley.ingest.provider.telegram.TelegramWebhooks;
import dev.parley.ingest.provider.twilio.TwilioWebhooks;
import dev.parley.ingest.provider.whatsapp.WhatsAppWebhooks;
import dev.parley.spi.EventReader;
import dev.parley.spi.MessagingAdapter;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Vault;
import dev.parley.work.adapter.chatwoot.ChatwootConfig;
import dev.parley.work.adapter.chatwoot.ChatwootMessaging;
import dev.parley.work.adapter.ghl.GhlConfig;
import dev.parley.work.adapter.ghl.GhlMessaging;
import dev.parley.work.handler.EventReaders;
import dev.parley.work.reader.ChatwootEvents;
import dev.parley.work.reader.GhlEvents;
import dev.parley.work.reader.GhlWorkflowEvents;
import dev.parley.work.reader.SignedEvents;
import dev.parley.work.reader.StandardWebhookEvents;
import dev.parley.work.reader.TelegramEvents;
import dev.parley.work.reader.TwilioEvents;
import dev.parley.work.reader.WhatsAppEvents;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.vertx.mutiny.core.Vertx;
import io.vertx.mutiny.sqlclient.Pool;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The services' vendors, for commands. In the services CDI finds them; here, where none is, they are listed, and a test
 * compares the list with what there is.
 */
final class Vendors {
    /** Vendors whose API has no list of messages to be asked for, and why. */
    private static final Map<String, String> WITHOUT_HISTORY = Map.of(
            "twilio", "Twilio's adapter does not list messages",
            "telegram", "Telegram's bots cannot look back",
            "whatsapp", "Meta's Cloud API does not list messages");

    private static final Set<String> WITH_HISTORY = Set.of("chatwoot", "ghl");

    private final Map<String, String> environment;

    /** @param environment as the services have it: {@code PARLEY_GHL_BASE_URL} and so on */
    Vendors(Map<String, String> environment) {
        this.environment = environment;
    }

    /** All that read what is stored. */
    static EventReaders readers() {
        return new EventReaders(eventReaders());
    }

    static List<EventReader> eventReaders() {
        return List.of(
                new ChatwootEvents(),
                new GhlEvents(),
                new GhlWorkflowEvents(),
                new SignedEvents(),
                new StandardWebhookEvents(),
                new TelegramEvents(),
                new TwilioEvents(),
                new WhatsAppEvents());
    }

    /** All that tell what a delivery says. Good for {@link WebhookProvider#read} alone: they were given no secrets. */
    List<WebhookProvider> providers() {
        List<String> apps = Arrays.stream(
                        environment.getOrDefault("PARLEY_GHL_APP_IDS", "").split(","))
                .map(String::strip)
                .filter(id -> !id.isEmpty())
                .toList();
        return List.of(
                new ChatwootWebhooks(Duration.ZERO),
                new GhlWebhooks(apps, List.of()),
                new GhlWorkflowWebhooks(Duration.ofMinutes(1)),
                new SignedWebhooks(),
                new StandardWebhooks(Duration.ZERO),
                new TelegramWebhooks(),
                new TwilioWebhooks(environment.get("PARLEY_PUBLIC_URL")),
                new WhatsAppWebhooks(List.of(), List.of()));
    }

    Optional<WebhookProvider> provider(String name) {
        return providers().stream()
                .filter(provider -> provider.name().equals(name))
                .findFirst();
    }

    /**
     * The adapter called {@code name}, if its vendor's messages can be listed.
     *
     * @throws SandboxException if they cannot, or there is no such adapter
     */
    MessagingAdapter adapterWithHistory(String name, Vertx vertx, Pool db, Vault vault) {
        return switch (name) {
            case "ghl" -> new GhlMessaging(config(GhlConfig.class), vertx, db, vault);
            case "chatwoot" -> new ChatwootMessaging(config(ChatwootConfig.class), vertx, db, vault);
            default ->
                throw new SandboxException(WITHOUT_HISTORY.getOrDefault(name, "no adapter is called " + name)
                        + ": what was missed there cannot be found. Backfill knows "
                        + String.join(" and ", new java.util.TreeSet<>(WITH_HISTORY)));
        };
    }

    private <T> T config(Class<T> mapping) {
        return new SmallRyeConfigBuilder()
                .withConverter(Duration.class, 200, Spans::parse)
                .withMapping(mapping)
                // The door's keys have the same prefix.
                .withMappingIgnore("parley.**")
                .withSources(new EnvConfigSource(environment, 300))
                .build()
                .getConfigMapping(mapping);
    }
}
