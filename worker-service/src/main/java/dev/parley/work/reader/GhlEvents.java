package dev.parley.work.reader;

import dev.parley.dialog.Lenient;
import dev.parley.queue.Job;
import dev.parley.spi.EventReader;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Singleton;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Events of a GoHighLevel marketplace app: flat, camelCase, every field optional in practice. */
@Singleton
public final class GhlEvents implements EventReader {
    static final String ADAPTER = "ghl";

    private static final Map<String, String> CHANNEL_OF_MARK = Map.of(
            "sms", "sms",
            "whatsapp", "whatsapp",
            "email", "email",
            "call", "call",
            "voicemail", "voicemail",
            "ig", "instagram",
            "fb", "facebook",
            "gmb", "google",
            "live_chat", "webchat",
            "custom", "custom");

    /** The channels that a contact's general "do not disturb" covers. */
    private static final List<String> CHANNELS = List.of(
            "sms", "whatsapp", "email", "call", "voicemail", "instagram", "facebook", "google", "webchat", "custom");

    @Override
    public String provider() {
        return "ghl";
    }

    @Override
    public Incoming incoming(Job.Event event) {
        JsonObject payload = event.payload();
        String from = Lenient.text(payload, "from");
        boolean isMail = isMail(event, payload);
        return new Incoming(
                words(event, payload),
                isMail && from != null ? Mail.name(from) : null,
                at(payload),
                refs(payload),
                details(payload),
                References.toUrls(Lenient.array(payload, "attachments")));
    }

    /** Voice notes, pictures: GoHighLevel tells of them before it has fetched them from WhatsApp itself. */
    @Override
    public boolean showsMediaLater(Job.Event event) {
        JsonObject payload = event.payload();
        return "WhatsApp".equalsIgnoreCase(Lenient.text(payload, "messageType"))
                && Lenient.text(payload, "body") == null
                && Lenient.array(payload, "attachments").isEmpty();
    }

    @Override
    public Report report(Job.Event event) {
        JsonObject payload = event.payload();
        if ("InternalComment".equals(Lenient.text(payload, "messageType"))) {
            // A note among the team: nobody was written to.
            return new Report(null, State.OTHER, null, "", null, at(payload), refs(payload));
        }
        String status = Lenient.text(payload, "status");
        State state = state(status);
        String error = Lenient.firstText(payload, "error", "errorMessage", "failureReason");
        return new Report(
                Lenient.firstText(payload, "messageId", "emailMessageId"),
                state,
                author(payload),
                words(event, payload),
                state == State.FAILED && error == null ? status : error,
                at(payload),
                refs(payload));
    }

    private static State state(@Nullable String status) {
        if (status == null) {
            return State.OTHER;
        }
        return switch (status.toLowerCase(Locale.ROOT)) {
            case "sent", "connected", "completed" -> State.SENT;
            case "delivered" -> State.DELIVERED;
            case "read", "opened", "clicked" -> State.READ;
            case "failed", "undelivered", "opt_out" -> State.FAILED;
            default -> State.OTHER;
        };
    }

    private static @Nullable Author author(JsonObject payload) {
        String source = Lenient.text(payload, "source");
        if (source == null) {
            return Lenient.text(payload, "userId") == null ? null : Author.HUMAN;
        }
        return switch (source.toLowerCase(Locale.ROOT)) {
            case "app" -> Author.HUMAN;
            case "workflow", "bulk_actions", "campaign" -> Author.AUTOMATION;
            case "api" -> Author.API;
            default -> null;
        };
    }

    /**
     * Per channel where the event says so, else the contact's general mark. The contact may be known by phone, by mail or
     * by GoHighLevel's own id, depending on how it wrote.
     */
    @Override
    public List<DoNotDisturb> doNotDisturb(Job.Event event) {
        JsonObject payload = event.payload();
        JsonObject settings = Lenient.object(payload, "dndSettings");
        Instant at = Lenient.instant(payload, "timestamp");
        List<DoNotDisturb> marks = new ArrayList<>();
        Set<String> told = new LinkedHashSet<>();
        for (String name : settings.fieldNames()) {
            String channel = CHANNEL_OF_MARK.get(name.toLowerCase(Locale.ROOT));
            JsonObject mark = Lenient.object(settings, name);
            String status = Lenient.text(mark, "status");
            if (channel != null && status != null && told.add(channel)) {
                boolean isPermanent = status.equalsIgnoreCase("permanent");
                boolean isOn = isPermanent || status.equalsIgnoreCase("active");
                String reason = isOn ? Lenient.text(mark, "message") : null;
                for (String address : addresses(channel, payload)) {
                    marks.add(new DoNotDisturb(channel, address, isOn, isPermanent, reason, at));
                }
            }
        }
        if (payload.getValue("dnd") instanceof Boolean general) {
            for (String channel : CHANNELS) {
                if (!told.contains(channel)) {
                    for (String address : addresses(channel, payload)) {
                        marks.add(new DoNotDisturb(channel, address, general, false, null, at));
                    }
                }
            }
        }
        return List.copyOf(marks);
    }

    private static Set<String> addresses(String channel, JsonObject payload) {
        Set<String> addresses = new LinkedHashSet<>();
        String phone = Lenient.text(payload, "phone");
        String email = Lenient.text(payload, "email");
        String id = Lenient.firstText(payload, "id", "contactId");
        if (phone != null
                && Set.of("sms", "whatsapp", "call", "voicemail", "custom").contains(channel)) {
            addresses.add(normalised(phone));
        }
        if (email != null && Set.of("email", "custom").contains(channel)) {
            addresses.add(email.strip().toLowerCase(Locale.ROOT));
        }
        if (id != null) {
            addresses.add(id);
        }
        return addresses;
    }

    /** As ingest writes a phone number into {@code channel_address}: {@code +} and digits. */
    private static String normalised(String phone) {
        String number = phone.strip();
        String digits = number.replaceAll("[^0-9]", "");
        return number.startsWith("+") ? "+" + digits : digits;
    }

    private static boolean isMail(Job.Event event, JsonObject payload) {
        return "email".equals(event.channel()) || "Email".equalsIgnoreCase(Lenient.text(payload, "messageType"));
    }

    private static String words(Job.Event event, JsonObject payload) {
        String plain = Lenient.text(payload, "plainText");
        String body = plain == null ? Lenient.text(payload, "body") : plain;
        if (body == null) {
            return "";
        }
        if (!isMail(event, payload)) {
            return body;
        }
        return Mail.withoutQuote(plain == null && Html.looksLike(body) ? Html.text(body) : body);
    }

    private static @Nullable Instant at(JsonObject payload) {
        Instant added = Lenient.instant(payload, "dateAdded");
        return added == null ? Lenient.instant(payload, "timestamp") : added;
    }

    private static JsonObject refs(JsonObject payload) {
        JsonObject refs = new JsonObject();
        put(refs, "contact_id", Lenient.text(payload, "contactId"));
        put(refs, "conversation_id", Lenient.text(payload, "conversationId"));
        return refs.isEmpty() ? refs : new JsonObject().put(ADAPTER, refs);
    }

    private static JsonObject details(JsonObject payload) {
        JsonObject details = new JsonObject();
        put(details, "message_type", Lenient.text(payload, "messageType"));
        put(details, "to", Lenient.text(payload, "to"));
        put(details, "subject", Lenient.text(payload, "subject"));
        put(details, "thread_id", Lenient.text(payload, "threadId"));
        put(details, "conversation_provider_id", Lenient.text(payload, "conversationProviderId"));
        put(details, "call_status", Lenient.text(payload, "callStatus"));
        if (payload.getValue("callDuration") instanceof Number seconds) {
            details.put("call_seconds", seconds.intValue());
        }
        return details;
    }

    private static void put(JsonObject json, String key, @Nullable String value) {
        if (value != null) {
            json.put(key, value);
        }
    }
}
