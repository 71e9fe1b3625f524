package dev.parley.work.reader;

import dev.parley.dialog.Lenient;
import dev.parley.dialog.Media;
import dev.parley.queue.Job;
import dev.parley.spi.EventReader;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Twilio's messages and status callbacks: flat, every value a text, whether posted as a form or as JSON. */
@Singleton
public final class TwilioEvents implements EventReader {
    private static final String ADAPTER = "twilio";

    /** Kept beside the words where they are there. */
    private static final Map<String, String> DETAILS = Map.of(
            "To", "to",
            "MessagingServiceSid", "messaging_service_sid",
            "WaId", "wa_id",
            "ButtonPayload", "button_payload",
            "OptOutType", "opt_out_type",
            "Latitude", "latitude",
            "Longitude", "longitude",
            "Address", "address",
            "Label", "label",
            "OriginalRepliedMessageSid", "replied_to");

    @Override
    public String provider() {
        return "twilio";
    }

    @Override
    public Incoming incoming(Job.Event event) {
        JsonObject payload = event.payload();
        String words = Lenient.firstText(payload, "Body", "ButtonText");
        String name = Lenient.text(payload, "ProfileName");
        return new Incoming(
                words == null ? "" : words,
                name == null ? null : name.strip(),
                null,
                refs(Lenient.text(payload, "To")),
                details(payload),
                media(payload));
    }

    /** The number that the customer wrote to is the one to answer from. */
    private static JsonObject refs(@Nullable String to) {
        return to == null ? new JsonObject() : new JsonObject().put(ADAPTER, new JsonObject().put("to", to));
    }

    private static JsonObject details(JsonObject payload) {
        JsonObject details = new JsonObject();
        DETAILS.forEach((theirs, ours) -> {
            String value = Lenient.text(payload, theirs);
            if (value != null) {
                details.put(ours, value);
            }
        });
        return details;
    }

    private static JsonArray media(JsonObject payload) {
        JsonArray media = new JsonArray();
        for (int at = 0; at < Media.MOST; at++) {
            String url = Lenient.text(payload, "MediaUrl" + at);
            if (url == null) {
                break;
            }
            media.add(References.toUrl(url, Lenient.text(payload, "MediaContentType" + at)));
        }
        return media;
    }

    @Override
    public Report report(Job.Event event) {
        JsonObject payload = event.payload();
        State state = state(Lenient.firstText(payload, "MessageStatus", "SmsStatus"));
        return new Report(
                Lenient.firstText(payload, "MessageSid", "SmsSid"),
                state,
                null,
                "",
                state == State.FAILED ? error(payload) : null,
                null,
                new JsonObject());
    }

    private static State state(@Nullable String status) {
        if (status == null) {
            return State.OTHER;
        }
        return switch (status.toLowerCase(Locale.ROOT)) {
            case "sent" -> State.SENT;
            case "delivered" -> State.DELIVERED;
            case "read" -> State.READ;
            case "failed", "undelivered", "canceled" -> State.FAILED;
            default -> State.OTHER;
        };
    }

    private static String error(JsonObject payload) {
        String code = Lenient.text(payload, "ErrorCode");
        String words = Lenient.firstText(payload, "ErrorMessage", "ChannelStatusMessage");
        String status = String.valueOf(Lenient.firstText(payload, "MessageStatus", "SmsStatus"));
        return status + (code == null ? "" : ", Twilio error " + code) + (words == null ? "" : ": " + words);
    }

    /** What Twilio's own opt-out list says since this message; it has told the customer so itself. */
    @Override
    public List<DoNotDisturb> doNotDisturb(Job.Event event) {
        String type = Lenient.text(event.payload(), "OptOutType");
        if (type == null || event.channel() == null || event.channelAddress() == null) {
            return List.of();
        }
        boolean isStop = type.equalsIgnoreCase("STOP");
        return isStop || type.equalsIgnoreCase("START")
                ? List.of(new DoNotDisturb(
                        event.channel(),
                        event.channelAddress(),
                        isStop,
                        false,
                        isStop ? "opted out at Twilio" : null,
                        null))
                : List.of();
    }
}
