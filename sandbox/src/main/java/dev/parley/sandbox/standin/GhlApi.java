package dev.parley.sandbox.standin;

import io.vertx.core.MultiMap;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The endpoints, as strict as GoHighLevel's. Order of the checks: token, rate limit, version, kind of token, scope,
 * shape of the request, location, state.
 */
final class GhlApi {
    private static final Set<String> VERSIONS = Set.of("2021-04-15", "2021-07-28", "2023-02-21", "v3");

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

    private static final Set<String> SEARCH_PARAMETERS = Set.of("locationId", "contactId", "id", "query", "limit");
    private static final Set<String> SEARCH_PARAMETERS_LEFT_OUT = Set.of(
            "assignedTo",
            "followers",
            "mentions",
            "sort",
            "startAfterDate",
            "lastMessageType",
            "lastMessageAction",
            "lastMessageDirection",
            "status",
            "sortBy",
            "sortScoreProfile",
            "scoreProfile",
            "scoreProfileMin",
            "scoreProfileMax",
            "startDate",
            "endDate");

    private static final Pattern TRACEPARENT = Pattern.compile("00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}");

    private final Accounts accounts;
    private final Tokens tokens;
    private final RateLimits limits;
    private final Inbox inbox;

    GhlApi(Accounts accounts, Tokens tokens, RateLimits limits, Inbox inbox) {
        this.accounts = accounts;
        this.tokens = tokens;
        this.limits = limits;
        this.inbox = inbox;
    }

    /** An endpoint behind the gateway: what it may rely on, and what its answer will carry. */
    private interface Endpoint {
        Answer answer(Tokens.Token token);
    }

    Answer token(RoutingContext call) {
        return tokens.refresh(call.request().formAttributes());
    }

    /** {@code POST /oauth/locationToken}: a company's token for one location's. */
    Answer locationToken(RoutingContext call) {
        return gateway(call, null, Set.of(TokenKind.COMPANY), token -> {
            MultiMap form = call.request().formAttributes();
            String company = form.get("companyId");
            String location = form.get("locationId");
            List<String> findings = new ArrayList<>();
            if (company == null || company.isBlank()) {
                findings.add("companyId must be a string");
            }
            if (location == null || location.isBlank()) {
                findings.add("locationId must be a string");
            }
            if (!findings.isEmpty()) {
                return Answer.unprocessable(findings);
            }
            if (!Tokens.COMPANY_ID.equals(company)
                    || accounts.findLocation(location).isEmpty()) {
                return Answer.badRequest("Location not found");
            }
            return Answer.ok(tokens.toJson(tokens.issue(TokenKind.LOCATION, location, token.scopes()), token.scopes()));
        });
    }

    /** {@code POST /conversations/messages} */
    Answer sendMessage(RoutingContext call) {
        return gateway(call, "conversations/message.write", WORKS_ON_A_LOCATION, token -> {
            JsonObject body = jsonBody(call);
            checkSendShape(body);
            Channel channel = Channel.ofApiType(body.getString("type"))
                    .orElseThrow(() -> new Refusal(notImitated("type " + body.getString("type"))));
            Location location = locationOf(token);
            Contact contact = contactFor(token, body.getString("contactId"));
            String text = channel == Channel.EMAIL && body.getString("html") != null
                    ? body.getString("html")
                    : body.getString("message", "");
            List<String> attachments = texts(body.getJsonArray("attachments"));
            if (text.isBlank() && attachments.isEmpty()) {
                return Answer.badRequest("There is no message or attachments for this message. Skip sending.");
            }
            String fromNumber = body.getString("fromNumber");
            if (fromNumber != null && !fromNumber.equals(location.phone())) {
                return Answer.badRequest("fromNumber does not belong to this location");
            }
            String toNumber = body.getString("toNumber");
            if (toNumber != null && !toNumber.equals(contact.phone())) {
                return Answer.badRequest("toNumber does not belong to this contact");
            }
            if (channel.usesPhone() && contact.phone() == null) {
                return Answer.badRequest("Missing phone number");
            }
            if (channel == Channel.EMAIL && contact.email() == null) {
                return Answer.badRequest("Unable to send e-mail, contact's e-mail is invalid");
            }
            if (contact.refuses(channel)) {
                return Answer.badRequest("Cannot send message as DND is active for " + channel.apiType() + ".");
            }
            Message sent = inbox.fromApi(
                    location,
                    contact,
                    channel,
                    text,
                    attachments,
                    body.getString("subject"),
                    traceId(call.request().getHeader("traceparent")));
            JsonObject answer = new JsonObject()
                    .put("conversationId", sent.conversationId())
                    .put("messageId", sent.id())
                    .put("messageIds", new JsonArray().add(sent.id()))
                    .put("msg", "Message queued successfully.")
                    .put("status", "pending");
            if (channel == Channel.EMAIL) {
                answer.put("emailMessageId", sent.id());
            }
            return Answer.ok(answer);
        });
    }

    /** {@code GET /conversations/{id}/messages}, newest first. */
    Answer messagesOfConversation(RoutingContext call) {
        return gateway(call, "conversations/message.readonly", WORKS_ON_A_LOCATION, token -> {
            MultiMap query = call.queryParams();
            checkParameters(query, Set.of("limit", "lastMessageId", "type"), Set.of());
            int limit = limit(query, 20, 100);
            Accounts.Conversation conversation = conversationFor(token, call.pathParam("id"));
            List<Message> newestFirst = new ArrayList<>(accounts.messagesOf(conversation.id()));
            java.util.Collections.reverse(newestFirst);
            String type = query.get("type");
            if (type != null) {
                Set<String> wanted = Set.of(type.split(","));
                newestFirst.removeIf(
                        message -> !wanted.contains(message.channel().typeString()));
            }
            String after = query.get("lastMessageId");
            int from = 0;
            if (after != null) {
                while (from < newestFirst.size() && !newestFirst.get(from).id().equals(after)) {
                    from++;
                }
                if (from == newestFirst.size()) {
                    return Answer.badRequest("Message with id " + after + " not found");
                }
                from++;
            }
            int to = Math.min(newestFirst.size(), from + limit);
            JsonArray page = new JsonArray();
            newestFirst.subList(from, to).forEach(message -> page.add(message.toApiJson()));
            JsonObject messages = new JsonObject()
                    .put("lastMessageId", to > from ? newestFirst.get(to - 1).id() : "")
                    .put("nextPage", to < newestFirst.size())
                    .put("messages", page);
            // The OpenAPI file shows the inner object alone; the live API wraps it.
            return Answer.ok(new JsonObject().put("messages", messages));
        });
    }

    /** {@code GET /conversations/messages/export} */
    Answer exportMessages(RoutingContext call) {
        return gateway(call, "conversations/message.readonly", WORKS_ON_A_LOCATION, token -> {
            MultiMap query = call.queryParams();
            checkParameters(query, MessageExport.PARAMETERS, Set.of());
            String locationId = query.get("locationId");
            if (locationId == null || locationId.isBlank()) {
                return Answer.unprocessable(List.of("locationId must be a string", "locationId should not be empty"));
            }
            requireLocation(token, locationId);
            return MessageExport.page(query, accounts.messagesOfLocation(locationId));
        });
    }

    /** {@code GET /conversations/messages/{id}} */
    Answer message(RoutingContext call) {
        return gateway(call, "conversations/message.readonly", WORKS_ON_A_LOCATION, token -> {
            String id = call.pathParam("id");
            Message message = accounts.findMessage(id)
                    .orElseThrow(() -> new Refusal(Answer.badRequest("Message with id " + id + " not found")));
            requireLocation(token, message.locationId());
            return Answer.ok(new JsonObject().put("message", message.toApiJson()));
        });
    }

    /** {@code GET /conversations/search}, the most recently active first. */
    Answer searchConversations(RoutingContext call) {
        return gateway(call, "conversations.readonly", WORKS_ON_A_LOCATION, token -> {
            MultiMap query = call.queryParams();
            checkParameters(query, SEARCH_PARAMETERS, SEARCH_PARAMETERS_LEFT_OUT);
            int limit = limit(query, 20, 100);
            String locationId = query.get("locationId");
            if (locationId == null || locationId.isBlank()) {
                return Answer.unprocessable(List.of("locationId must be a string", "locationId should not be empty"));
            }
            requireLocation(token, locationId);
            String contactId = query.get("contactId");
            String id = query.get("id");
            String words = query.get("query");
            List<JsonObject> found = new ArrayList<>();
            accounts.conversationsOf(
                            locationId,
                            conversation -> (contactId == null || contactId.equals(conversation.contactId()))
                                    && (id == null || id.equals(conversation.id())))
                    .forEach(conversation -> summary(conversation, words).ifPresent(found::add));
            found.sort(Comparator.comparing((JsonObject one) -> one.getLong("lastMessageDate"))
                    .reversed());
            return Answer.ok(new JsonObject()
                    .put("conversations", new JsonArray(List.copyOf(found.subList(0, Math.min(limit, found.size())))))
                    .put("total", found.size()));
        });
    }

    /** {@code GET /contacts/{id}} */
    Answer contact(RoutingContext call) {
        return gateway(
                call,
                "contacts.readonly",
                WORKS_ON_A_LOCATION,
                token -> Answer.ok(new JsonObject()
                        .put("contact", contactFor(token, call.pathParam("id")).toApiJson())));
    }

    /** The location whose known token the call bears, expired or not; for the book and for faults. */
    @Nullable
    String locationOf(RoutingContext call) {
        return tokens.find(bearer(call)).map(Tokens.Token::locationId).orElse(null);
    }

    private static final Set<TokenKind> WORKS_ON_A_LOCATION = Set.of(TokenKind.LOCATION, TokenKind.PRIVATE);

    private Answer gateway(RoutingContext call, @Nullable String scope, Set<TokenKind> kinds, Endpoint endpoint) {
        Map<String, String> headers = new LinkedHashMap<>();
        try {
            Tokens.Token token = authenticate(call);
            RateLimits.Count count = limits.count(token.locationId());
            headers.putAll(count.headers());
            if (count.exceeded()) {
                throw new Refusal(Answer.error(429, "Too Many Requests", "Too Many Requests"));
            }
            checkVersion(call);
            checkKind(token, kinds);
            if (scope != null && !token.scopes().contains(scope)) {
                throw new Refusal(Answer.unauthorized("The token is not authorized for this scope."));
            }
            return endpoint.answer(token).with(headers);
        } catch (Refusal refusal) {
            return refusal.answer().with(headers);
        }
    }

    private Tokens.Token authenticate(RoutingContext call) {
        if (call.request().getHeader("Authorization") == null) {
            throw new Refusal(Answer.unauthorized("Authorization header was not found."));
        }
        String presented = bearer(call);
        Optional<Tokens.Token> token = tokens.find(presented);
        if (token.isEmpty()) {
            throw new Refusal(Answer.unauthorized(
                    presented.startsWith("pit-") ? "Invalid Private Integration token" : "Invalid JWT"));
        }
        if (tokens.isExpired(token.get())) {
            throw new Refusal(Answer.unauthorized("Invalid token: access token is invalid"));
        }
        return token.get();
    }

    private static String bearer(RoutingContext call) {
        String header = call.request().getHeader("Authorization");
        return header != null && header.startsWith("Bearer ") ? header.substring("Bearer ".length()) : "";
    }

    private static void checkVersion(RoutingContext call) {
        String version = call.request().getHeader("Version");
        if (version == null || version.isBlank()) {
            throw new Refusal(Answer.unauthorized("version header was not found."));
        }
        if (!VERSIONS.contains(version)) {
            throw new Refusal(Answer.badRequest("version header is invalid"));
        }
    }

    private static void checkKind(Tokens.Token token, Set<TokenKind> kinds) {
        if (kinds.contains(token.kind())) {
            return;
        }
        throw new Refusal(Answer.unauthorized(
                token.kind().isOAuth()
                        ? "This authClass type is not allowed to access this scope. Please verify your IAM"
                                + " configuration if this is not the case."
                        : "Token's user type mismatch!"));
    }

    private static void requireLocation(Tokens.Token token, String locationId) {
        if (!token.locationId().equals(locationId)) {
            throw new Refusal(Answer.forbidden("The token does not have access to this location."));
        }
    }

    private Location locationOf(Tokens.Token token) {
        return accounts.findLocation(token.locationId())
                .orElseThrow(() -> new Refusal(Answer.badRequest("Location not found")));
    }

    private Contact contactFor(Tokens.Token token, String id) {
        Contact contact = accounts.findContact(id)
                .orElseThrow(() -> new Refusal(Answer.badRequest("Contact with id " + id + " not found")));
        requireLocation(token, contact.locationId());
        return contact;
    }

    private Accounts.Conversation conversationFor(Tokens.Token token, String id) {
        Accounts.Conversation conversation = accounts.findConversation(id)
                .orElseThrow(() -> new Refusal(Answer.badRequest("Conversation with id " + id + " not found")));
        requireLocation(token, conversation.locationId());
        return conversation;
    }

    private static void checkSendShape(JsonObject body) {
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

    /** Another content type is not read at all, as with the real parser: every required field is then missing. */
    private static JsonObject jsonBody(RoutingContext call) {
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

    private static void checkParameters(MultiMap query, Set<String> known, Set<String> leftOut) {
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

    private static int limit(MultiMap query, int otherwise, int most) {
        String text = query.get("limit");
        if (text == null) {
            return otherwise;
        }
        if (!text.matches("[0-9]{1,4}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > most) {
            throw new Refusal(Answer.unprocessable(List.of("limit must be a number from 1 to " + most)));
        }
        return Integer.parseInt(text);
    }

    private Optional<JsonObject> summary(Accounts.Conversation conversation, @Nullable String words) {
        List<Message> messages = accounts.messagesOf(conversation.id());
        Optional<Contact> found = accounts.findContact(conversation.contactId());
        if (messages.isEmpty() || found.isEmpty()) {
            return Optional.empty();
        }
        Contact contact = found.get();
        if (words != null && !mentions(contact, messages, words.toLowerCase(Locale.ROOT))) {
            return Optional.empty();
        }
        Message newest = messages.get(messages.size() - 1);
        int unread = 0;
        for (Message message : messages) {
            unread = message.inbound() ? unread + 1 : 0;
        }
        return Optional.of(new JsonObject()
                .put("id", conversation.id())
                .put("contactId", contact.id())
                .put("locationId", conversation.locationId())
                .put("lastMessageBody", newest.body())
                .put("lastMessageType", newest.channel().typeString())
                .put("lastMessageDirection", newest.direction())
                .put("lastMessageDate", newest.dateAdded().toEpochMilli())
                .put("type", newest.channel() == Channel.EMAIL ? "TYPE_EMAIL" : "TYPE_PHONE")
                .put("unreadCount", unread)
                .put("fullName", contact.name())
                .put("contactName", contact.name())
                .put("email", contact.email())
                .put("phone", contact.phone()));
    }

    private static boolean mentions(Contact contact, List<Message> messages, String words) {
        return contact.name().toLowerCase(Locale.ROOT).contains(words)
                || (contact.phone() != null && contact.phone().contains(words))
                || (contact.email() != null && contact.email().contains(words))
                || messages.stream()
                        .anyMatch(message ->
                                message.body().toLowerCase(Locale.ROOT).contains(words));
    }

    private static List<String> texts(@Nullable JsonArray array) {
        return array == null ? List.of() : array.stream().map(Object::toString).toList();
    }

    private static Answer notImitated(String what) {
        return Answer.badRequest("stand-in: " + what + " is not imitated");
    }

    private static @Nullable String traceId(@Nullable String traceparent) {
        if (traceparent == null) {
            return null;
        }
        Matcher matcher = TRACEPARENT.matcher(traceparent);
        return matcher.matches() ? matcher.group(1) : null;
    }
}
