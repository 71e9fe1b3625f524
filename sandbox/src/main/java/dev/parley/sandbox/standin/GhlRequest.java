package dev.parley.sandbox.standin;

import io.vertx.core.MultiMap;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The shape of a request, as the published validation wants it: what it does not know is refused in its words. */
final class GhlRequest {
    private static final Set<String> SEND_TYPES =
            Set.of("SMS", "RCS", "Email", "WhatsApp", "IG", "FB", "Custom", "Live_Chat", "TIKTOK");
    private static final Set<String> SEND_FIELDS = Set.of(
            "type",
            "subType",
            "contactId",
            "message",
            "attachments",
            "fromNumber",
            "toNumber",
            "html",
            "subject",
            "status",
            "emailFrom",
            "emailTo",
            "emailCc",
            "emailBcc",
            "emailReplyMode",
            "conversationProviderId",
            "appointmentId",
            "replyMessageId",
            "threadId");
    /** Real, but not imitated: refused in words, rather than taken and not done. */
    private static final Set<String> SEND_FIELDS_LEFT_OUT = Set.of(
            "scheduledTimestamp",
            "templateId",
            "forward",
            "customSubtypeId",
            "usesNativeSchedulingAi",
            "optimizationPeriod");

    private GhlRequest() {}

    /** Another content type is not read at all, as with the real parser: every required field is then missing. */
    static JsonObject jsonBody(RoutingContext call) {
        String contentType = call.request().getHeader("Content-Type");
        if (contentType == null || !contentType.toLowerCase(Locale.ROOT).startsWith("application/json")) {
            return new JsonObject();
        }
        try {
            JsonObject body = call.body().asJsonObject();
            return body == null ? new JsonObject() : body;
        } catch (DecodeException | ClassCastException e) {
            throw new Refusal(Answer.badRequest("Request body is not a JSON object"));
        }
    }

    static void checkParameters(MultiMap query, Set<String> known, Set<String> leftOut) {
        List<String> findings = new ArrayList<>();
        for (String name : query.names()) {
            if (leftOut.contains(name)) {
                throw new Refusal(notImitated("parameter " + name));
            }
            if (!known.contains(name)) {
                findings.add("property " + name + " should not exist");
            }
        }
        if (!findings.isEmpty()) {
            throw new Refusal(Answer.unprocessable(findings));
        }
    }

    static int limit(MultiMap query, int otherwise, int most) {
        String text = query.get("limit");
        if (text == null) {
            return otherwise;
        }
        if (!text.matches("[0-9]{1,4}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > most) {
            throw new Refusal(Answer.unprocessable(List.of("limit must be a number from 1 to " + most)));
        }
        return Integer.parseInt(text);
    }

    /** {@code POST /conversations/messages} */
    static void checkSend(JsonObject body) {
        List<String> findings = new ArrayList<>();
        for (String field : body.fieldNames()) {
            if (SEND_FIELDS_LEFT_OUT.contains(field)) {
                throw new Refusal(notImitated(field));
            }
            if (!SEND_FIELDS.contains(field)) {
                findings.add("property " + field + " should not exist");
            }
        }
        if (!(body.getValue("type") instanceof String type) || !SEND_TYPES.contains(type)) {
            findings.add("type must be a valid enum value");
        }
        if (!(body.getValue("contactId") instanceof String contactId) || contactId.isBlank()) {
            findings.add("contactId must be a string");
            findings.add("contactId should not be empty");
        }
        for (String field : List.of("message", "html", "subject", "fromNumber", "toNumber")) {
            if (body.containsKey(field) && !(body.getValue(field) instanceof String)) {
                findings.add(field + " must be a string");
            }
        }
        if (body.containsKey("attachments")
                && !(body.getValue("attachments") instanceof JsonArray array
                        && array.stream().allMatch(String.class::isInstance))) {
            findings.add("each value in attachments must be a string");
        }
        if (!findings.isEmpty()) {
            throw new Refusal(Answer.unprocessable(findings));
        }
    }

    static Answer notImitated(String what) {
        return Answer.badRequest("stand-in: " + what + " is not imitated");
    }
}
