package dev.parley.work.adapter.ghl;

import dev.parley.dialog.Lenient;
import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.MessageHistory;
import dev.parley.spi.MessagingAdapter;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.Vault;
import dev.parley.work.adapter.VendorCall;
import dev.parley.work.reader.References;
import io.smallrye.mutiny.Uni;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.core.Vertx;
import io.vertx.mutiny.sqlclient.Pool;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Sends through GoHighLevel's conversations API. The API has no idempotency key and bills every attempt, so one
 * {@link #send} is one accepted request at most, and whatever may have arrived without a clear answer is
 * {@code AMBIGUOUS}:
 *
 * <table>
 *   <caption>What an end means</caption>
 *   <tr><td>2xx with a JSON object</td><td>sent</td></tr>
 *   <tr><td>2xx with anything else</td><td>AMBIGUOUS: probably accepted, perhaps a proxy's page</td></tr>
 *   <tr><td>no connection, or time was up before there was one</td><td>TRANSIENT</td></tr>
 *   <tr><td>connection lost or time up after the request left</td><td>AMBIGUOUS</td></tr>
 *   <tr><td>5xx</td><td>AMBIGUOUS: no 5xx is documented as not processed, and gateways give them for requests that
 *       were. Only 503 with {@code Retry-After} says that it did nothing: TRANSIENT</td></tr>
 *   <tr><td>429</td><td>THROTTLED for the whole account, also for calls not yet made</td></tr>
 *   <tr><td>401 for an expired or invalid token</td><td>one refresh and one more request (the first was certainly not
 *       accepted), then UNAUTHORIZED</td></tr>
 *   <tr><td>401 or 403 of another kind</td><td>UNAUTHORIZED; the reason begins with {@code scope: user-type:
 *       auth-class: location:}</td></tr>
 *   <tr><td>contact does not want to be written to</td><td>REFUSED; the reason begins with {@code dnd:}</td></tr>
 *   <tr><td>3xx, 408, 425</td><td>TRANSIENT: refused before it was looked at</td></tr>
 *   <tr><td>any other 4xx</td><td>REFUSED</td></tr>
 * </table>
 *
 * <p>{@link #media} asks for one message, so often as it is called; nothing it does is ever AMBIGUOUS.
 *
 * <p>Read from {@code settings.ghl} of the tenant, all optional: {@code location_id} (where the credential names none),
 * {@code from_number}, {@code send_to_number} (true = name the contact's number too), {@code conversation_provider_id}
 * (channel {@code custom}), {@code email_subject}.
 */
@Singleton
public final class GhlMessaging implements MessagingAdapter, AutoCloseable {
    private static final Map<String, String> TYPES = Map.of(
            "sms", "SMS",
            "whatsapp", "WhatsApp",
            "email", "Email",
            "instagram", "IG",
            "facebook", "FB",
            "webchat", "Live_Chat",
            "custom", "Custom");

    private final GhlClient api;
    private final GhlConfig config;

    @Inject
    public GhlMessaging(GhlConfig config, Vertx vertx, Pool db, Vault vault) {
        this(config, vertx, db, vault, Clock.systemUTC());
    }

    GhlMessaging(GhlConfig config, Vertx vertx, Pool db, Vault vault, Clock clock) {
        this.config = config;
        this.api = new GhlClient(config, vertx, db, vault, clock);
    }

    @Override
    public String name() {
        return GhlClient.NAME;
    }

    @Override
    public Uni<Sent> send(Tenant tenant, OutboundMessage message) {
        return VendorCall.ending("send", true, config.callTimeout(), left -> {
            JsonObject body = body(tenant, message);
            List<String> quotes = List.of(message.text(), message.channelAddress());
            GhlClient.Request request = new GhlClient.Request(
                    HttpMethod.POST, "/conversations/messages", Map.ofEntries(VendorCall.trace(message)), body, quotes);
            return api.call(tenant, request, left).map(GhlMessaging::sent);
        });
    }

    @Override
    public Uni<Optional<Sent>> lookUp(Tenant tenant, OutboundMessage message, Instant attemptedAt) {
        return VendorCall.ending(
                "look-up",
                false,
                config.callTimeout(),
                left -> new GhlLookUp(api, config, tenant, message, attemptedAt, left).run());
    }

    @Override
    public Uni<JsonArray> media(Tenant tenant, String providerMessageId) {
        String path = "/conversations/messages/" + GhlClient.encoded(providerMessageId);
        return api.read("media", tenant, path, List.of(providerMessageId)).map(json -> {
            // The API wraps the message; its description does not.
            JsonObject message = json.getValue("message") instanceof JsonObject wrapped ? wrapped : json;
            return References.toUrls(Lenient.array(message, "attachments"));
        });
    }

    @Override
    public Optional<MessageHistory> history() {
        return Optional.of(new GhlHistory(
                (tenant, path) -> api.read("list of messages", tenant, path, List.of()), api::locationOf));
    }

    private static JsonObject body(Tenant tenant, OutboundMessage message) {
        String type = TYPES.get(message.channel());
        if (type == null) {
            throw GhlClient.refused("GoHighLevel sends nothing on channel " + message.channel());
        }
        JsonObject settings = tenant.settings().section(GhlClient.NAME);
        JsonObject body = new JsonObject()
                .put("type", type)
                .put("contactId", GhlClient.contactId(message))
                .put("message", message.text());
        switch (type) {
            case "SMS", "WhatsApp" -> {
                if (settings.getValue("from_number") instanceof String from && !from.isBlank()) {
                    body.put("fromNumber", from);
                }
                if (Boolean.TRUE.equals(settings.getValue("send_to_number"))) {
                    body.put("toNumber", message.channelAddress());
                }
            }
            case "Email" -> {
                Object subject = settings.getValue("email_subject");
                body.put("html", html(message.text()))
                        .put("subject", subject instanceof String text && !text.isBlank() ? text : tenant.name());
            }
            case "Custom" -> {
                if (settings.getValue("conversation_provider_id") instanceof String id && !id.isBlank()) {
                    body.put("conversationProviderId", id);
                } else {
                    // The vendor would answer 2xx and deliver nothing.
                    throw GhlClient.refused("channel custom needs settings.ghl.conversation_provider_id");
                }
            }
            default -> {}
        }
        return body;
    }

    private static String html(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\n", "<br>");
    }

    private static Sent sent(GhlClient.Call call) {
        if (!call.answer().isSuccess()) {
            throw call.failure(true);
        }
        JsonObject json = call.answer().json();
        if (json == null) {
            throw new AdapterException(
                    Kind.AMBIGUOUS, "GoHighLevel answered " + call.answer().status() + " without a JSON object");
        }
        String id = json.getValue("messageId") instanceof String text && !text.isBlank() ? text : null;
        return new Sent(id, json.getValue("status") instanceof String status ? status : "sent");
    }

    @Override
    @PreDestroy
    public void close() {
        api.close();
    }
}
