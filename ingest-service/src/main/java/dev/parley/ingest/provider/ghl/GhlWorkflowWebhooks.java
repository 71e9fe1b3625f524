package dev.parley.ingest.provider.ghl;

import dev.parley.inbound.EventKey;
import dev.parley.inbound.Payload;
import dev.parley.ingest.IngestConfig;
import dev.parley.ingest.provider.HeaderSecret;
import dev.parley.queue.JobType;
import dev.parley.spi.Delivery;
import dev.parley.spi.Reading;
import dev.parley.spi.Verdict;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The "Webhook" action of a GoHighLevel workflow. It is not signed and has neither id nor time, so it proves itself by a
 * secret header, {@code X-Parley-Secret}, that the tenant enters in the workflow, and is recognised by its bytes: equal
 * bodies within a short window are one event. A workflow that honestly says the same later is heard again.
 *
 * <p>What a workflow says is up to whoever built it. It is a customer's message if it has words ({@code message.body},
 * else {@code customData.message}, else {@code customData.text}) and somebody who said them, and does not call itself
 * outbound. Everything else is stored without a job.
 */
@Singleton
public final class GhlWorkflowWebhooks implements WebhookProvider {
    private static final String NAME = "ghl-workflow";
    private static final HeaderSecret SECRET = new HeaderSecret("X-Parley-Secret");
    // The numbers of GoHighLevel's message types that are about a channel of ours.
    private static final Map<Object, String> TYPE_NUMBERS =
            Map.of(1, "call", 2, "sms", 3, "email", 10, "voicemail", 11, "facebook", 18, "instagram", 19, "whatsapp");

    private final Duration window;

    @Inject
    GhlWorkflowWebhooks(IngestConfig config) {
        this(config.ghlWorkflow().window());
    }

    public GhlWorkflowWebhooks(Duration window) {
        this.window = window;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Scope scope() {
        return Scope.TENANT;
    }

    @Override
    public Verdict verify(Delivery delivery, List<Secret> secrets) {
        return SECRET.verify(delivery, secrets);
    }

    @Override
    public Reading read(Delivery delivery, Payload payload) {
        EventKey key = EventKey.ofBodyWithin(NAME, delivery.body(), delivery.receivedAt(), window);
        JsonObject json = payload.content();
        JsonObject message = object(json, "message");
        JsonObject custom = object(json, "customData");
        String channel = channel(json, message, custom);
        String address = address(channel, json);
        String direction = text(message, "direction");
        boolean isOutbound = direction != null && !direction.equalsIgnoreCase("inbound");
        boolean isWritten =
                !channel.equals("call") && !channel.equals("voicemail") && !channel.equals(GhlChannel.INTERNAL);
        if (!hasWords(json, message, custom) || address == null || isOutbound || !isWritten) {
            return Reading.event(Reading.Event.of("other:workflow", null, key, payload));
        }
        return Reading.event(Reading.Event.of("inbound_message", JobType.PROCESS_INBOUND_MESSAGE, key, payload)
                .on(channel, address));
    }

    private static boolean hasWords(JsonObject json, JsonObject message, JsonObject custom) {
        return text(message, "body") != null
                || text(json, "message") != null
                || text(custom, "message") != null
                || text(custom, "text") != null;
    }

    private static String channel(JsonObject json, JsonObject message, JsonObject custom) {
        Optional<String> named = GhlChannel.of(text(custom, "channel"))
                .or(() -> GhlChannel.of(text(message, "type")))
                .or(() -> Optional.ofNullable(message.getValue("type")).map(TYPE_NUMBERS::get));
        if (named.isPresent()) {
            return named.get();
        }
        if (text(json, "phone") != null) {
            return "sms";
        }
        return text(json, "email") == null ? GhlChannel.CUSTOM : "email";
    }

    private static @Nullable String address(String channel, JsonObject json) {
        for (String name : List.of("phone", "email")) {
            String value = text(json, name);
            Optional<String> address = value == null ? Optional.empty() : GhlChannel.address(channel, value);
            if (address.isPresent()) {
                return address.get();
            }
        }
        return text(json, "contact_id");
    }

    private static JsonObject object(JsonObject json, String name) {
        return json.getValue(name) instanceof JsonObject object ? object : new JsonObject();
    }

    private static @Nullable String text(JsonObject json, String name) {
        return json.getValue(name) instanceof String text && !text.isBlank() ? text : null;
    }
}
