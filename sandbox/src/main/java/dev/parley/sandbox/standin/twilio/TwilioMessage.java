package dev.parley.sandbox.standin.twilio;

import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A message of the account, either way. */
public record TwilioMessage(
        String sid,
        boolean isInbound,
        String from,
        String to,
        String body,
        @Nullable String service,
        String status,
        Instant created) {
    private static final DateTimeFormatter RFC_2822 = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss Z", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    TwilioMessage now(String other) {
        return new TwilioMessage(sid, isInbound, from, to, body, service, other, created);
    }

    /** As the API shows it. */
    JsonObject json(String account) {
        boolean isQueued = status.equals("queued") || status.equals("accepted");
        return new JsonObject()
                .put("sid", sid)
                .put("account_sid", account)
                .put("api_version", "2010-04-01")
                .put("body", body)
                .put("date_created", RFC_2822.format(created))
                .put("date_updated", RFC_2822.format(created))
                .put("date_sent", isQueued ? null : RFC_2822.format(created))
                .put("direction", isInbound ? "inbound" : "outbound-api")
                .put("error_code", null)
                .put("error_message", null)
                .put("from", from)
                .put("messaging_service_sid", service)
                .put("num_media", "0")
                .put("num_segments", service == null ? "1" : "0")
                .put("price", null)
                .put("price_unit", "USD")
                .put("status", status)
                .put("subresource_uris", new JsonObject())
                .put("to", to)
                .put("uri", "/2010-04-01/Accounts/" + account + "/Messages/" + sid + ".json");
    }
}
