package dev.parley.sandbox.standin;

import static dev.parley.sandbox.standin.ControlRoutes.done;
import static dev.parley.sandbox.standin.ControlRoutes.on;

import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/** {@code /phone}, the page to chat from, and {@code /_phone}, what it is made of. */
final class PhoneRoutes {
    // A load run may leave thousands: the page shows the newest.
    private static final int PEOPLE_SHOWN = 200;
    private static final int MESSAGES_SHOWN = 300;

    private final GhlStandIn standIn;
    private final String page;
    private final SecureRandom random = new SecureRandom();
    private final Set<HttpServerResponse> listeners = ConcurrentHashMap.newKeySet();
    private final AtomicLong changes = new AtomicLong();

    PhoneRoutes(GhlStandIn standIn) {
        this.standIn = standIn;
        this.page = read("/standin/phone.html");
    }

    void mount(Router router) {
        router.get("/phone").handler(this::page);
        router.get("/_phone/events").handler(this::listen);
        on(router, HttpMethod.GET, "/_phone/people", call -> done(people()));
        on(router, HttpMethod.GET, "/_phone/chat", call -> done(chat(call)));
        on(router, HttpMethod.POST, "/_phone/contacts", this::addContact);
        on(router, HttpMethod.POST, "/_phone/messages", this::customerWrites);
        on(router, HttpMethod.POST, "/_phone/human", this::humanWrites);
    }

    /** Tells every open page to look again. */
    void changed() {
        long number = changes.incrementAndGet();
        for (HttpServerResponse listener : listeners) {
            // One that does not keep up misses this: it looks by itself every few seconds.
            if (!listener.closed() && !listener.writeQueueFull()) {
                Future<?> unused = listener.write("data: " + number + "\n\n");
            }
        }
    }

    private void page(RoutingContext call) {
        byte[] bytes = new byte[18];
        random.nextBytes(bytes);
        String nonce = Base64.getUrlEncoder().encodeToString(bytes);
        call.response()
                .putHeader("Content-Type", "text/html; charset=utf-8")
                .putHeader(
                        "Content-Security-Policy",
                        "default-src 'none'; script-src 'nonce-" + nonce + "'; style-src 'nonce-" + nonce
                                + "'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none';"
                                + " frame-ancestors 'none'")
                .putHeader("X-Content-Type-Options", "nosniff")
                .putHeader("Referrer-Policy", "no-referrer")
                .putHeader("Cache-Control", "no-store")
                .end(page.replace("{{nonce}}", nonce));
    }

    private void listen(RoutingContext call) {
        HttpServerResponse response = call.response();
        response.putHeader("Content-Type", "text/event-stream")
                .putHeader("Cache-Control", "no-store")
                .setChunked(true);
        listeners.add(response);
        response.closeHandler(closed -> listeners.remove(response));
        Future<?> unused = response.write("data: " + changes.get() + "\n\n");
    }

    private JsonObject people() {
        JsonArray locations = new JsonArray();
        for (Location location : standIn.locations()) {
            JsonArray contacts = new JsonArray();
            List<Contact> all = standIn.contacts(location.id());
            for (Contact contact : all.subList(Math.max(0, all.size() - PEOPLE_SHOWN), all.size())) {
                contacts.add(contactJson(contact));
            }
            locations.add(new JsonObject()
                    .put("id", location.id())
                    .put("name", location.name())
                    .put("phone", location.phone())
                    .put("contacts", contacts));
        }
        return new JsonObject().put("locations", locations);
    }

    private static JsonObject contactJson(Contact contact) {
        return new JsonObject()
                .put("id", contact.id())
                .put("name", contact.name())
                .put("phone", contact.phone())
                .put("email", contact.email());
    }

    private JsonObject chat(RoutingContext call) {
        String location = call.queryParams().get("location");
        String wanted = call.queryParams().get("contact");
        if (location == null || wanted == null) {
            throw new IllegalArgumentException("location and contact are needed");
        }
        Contact contact = standIn.contact(location, wanted);
        List<Message> all = standIn.messages(location, contact.id());
        List<Message> shown = all.subList(Math.max(0, all.size() - MESSAGES_SHOWN), all.size());
        Map<String, JsonArray> deliveriesByMessage = new HashMap<>();
        for (WebhookDelivery delivery :
                standIn.deliveriesOf(shown.stream().map(Message::id).collect(Collectors.toSet()))) {
            JsonObject json = delivery.toJson();
            json.remove("body");
            deliveriesByMessage
                    .computeIfAbsent(String.valueOf(delivery.messageId()), id -> new JsonArray())
                    .add(json);
        }
        JsonArray messages = new JsonArray();
        for (Message message : shown) {
            messages.add(message.toApiJson()
                    .put("trace_id", message.traceId())
                    .put("deliveries", deliveriesByMessage.getOrDefault(message.id(), new JsonArray())));
        }
        return new JsonObject().put("contact", contactJson(contact)).put("messages", messages);
    }

    private Future<JsonObject> addContact(RoutingContext call) {
        Instruction body = Instruction.of(call);
        String location = body.text("location");
        String from = body.text("from");
        String name = body.text("name");
        body.nothingElse();
        return done(contactJson(standIn.addContact(location, from, name)));
    }

    private Future<JsonObject> customerWrites(RoutingContext call) {
        Instruction body = Instruction.of(call);
        String location = body.text("location");
        String from = body.text("from");
        String name = body.findText("name").orElse(null);
        String text = body.text("text");
        String channel = body.text("channel", from.contains("@") ? "Email" : "SMS");
        Integer copies = body.findNumber("copies");
        body.nothingElse();
        return Future.fromCompletionStage(standIn.customerWrites(location, channel(channel), from, name, text, copies))
                .map(PhoneRoutes::writtenJson);
    }

    private Future<JsonObject> humanWrites(RoutingContext call) {
        Instruction body = Instruction.of(call);
        String location = body.text("location");
        String contact = body.text("contact");
        String text = body.text("text");
        String userId = body.text("userId", "SandboxUser000000001");
        String channel = body.text("channel", contact.contains("@") ? "Email" : "SMS");
        body.nothingElse();
        return Future.fromCompletionStage(standIn.humanWrites(location, contact, channel(channel), userId, text))
                .map(PhoneRoutes::writtenJson);
    }

    private static Channel channel(String text) {
        return Channel.ofApiType(text).orElseThrow(() -> new IllegalArgumentException("no such channel: " + text));
    }

    private static JsonObject writtenJson(GhlStandIn.Written written) {
        return new JsonObject()
                .put("message", written.message().toApiJson())
                .put(
                        "deliveries",
                        ControlRoutes.deliveries(written.deliveries()).getJsonArray("deliveries"));
    }

    private static String read(String resource) {
        try (InputStream in = PhoneRoutes.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("not packaged: " + resource);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
