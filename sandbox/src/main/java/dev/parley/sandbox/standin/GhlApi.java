package dev.parley.sandbox.standin;

import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The endpoints, as strict as GoHighLevel's. Order of the checks: what {@link GhlGateway} wants, shape of the request,
 * location, state.
 */
final class GhlApi {
    private static final Pattern TRACEPARENT = Pattern.compile("00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}");

    private final Accounts accounts;
    private final Tokens tokens;
    private final GhlGateway gateway;
    private final ConversationSearch search;
    private final Inbox inbox;

    GhlApi(Accounts accounts, Tokens tokens, GhlGateway gateway, Inbox inbox) {
        this.accounts = accounts;
        this.tokens = tokens;
        this.gateway = gateway;
        this.search = new ConversationSearch(accounts);
        this.inbox = inbox;
    }

    Answer token(RoutingContext call) {
        return tokens.refresh(call.request().formAttributes());
    }

    /** {@code POST /oauth/locationToken}: a company's token for one location's. */
    Answer locationToken(RoutingContext call) {
        return gateway.pass(call, null, Set.of(TokenKind.COMPANY), token -> {
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
        return gateway.pass(call, "conversations/message.write", GhlGateway.WORKS_ON_A_LOCATION, token -> {
            JsonObject body = GhlRequest.jsonBody(call);
            GhlRequest.checkSend(body);
            Channel channel = Channel.ofApiType(body.getString("type"))
                    .orElseThrow(() -> new Refusal(GhlRequest.notImitated("type " + body.getString("type"))));
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
        return gateway.pass(call, "conversations/message.readonly", GhlGateway.WORKS_ON_A_LOCATION, token -> {
            MultiMap query = call.queryParams();
            GhlRequest.checkParameters(query, Set.of("limit", "lastMessageId", "type"), Set.of());
            int limit = GhlRequest.limit(query, 20, 100);
            Accounts.Conversation conversation = conversationFor(token, call.pathParam("id"));
            List<Message> newestFirst = new ArrayList<>(accounts.messagesOf(conversation.id()));
            Collections.reverse(newestFirst);
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
        return gateway.pass(call, "conversations/message.readonly", GhlGateway.WORKS_ON_A_LOCATION, token -> {
            MultiMap query = call.queryParams();
            GhlRequest.checkParameters(query, MessageExport.PARAMETERS, Set.of());
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
        return gateway.pass(call, "conversations/message.readonly", GhlGateway.WORKS_ON_A_LOCATION, token -> {
            String id = call.pathParam("id");
            Message message = accounts.findMessage(id)
                    .orElseThrow(() -> new Refusal(Answer.badRequest("Message with id " + id + " not found")));
            requireLocation(token, message.locationId());
            return Answer.ok(new JsonObject().put("message", message.toApiJson()));
        });
    }

    /** {@code GET /conversations/search}, the most recently active first. */
    Answer searchConversations(RoutingContext call) {
        return gateway.pass(call, "conversations.readonly", GhlGateway.WORKS_ON_A_LOCATION, token -> {
            MultiMap query = call.queryParams();
            String locationId = search.locationOf(query);
            requireLocation(token, locationId);
            return search.page(query, locationId);
        });
    }

    /** {@code GET /contacts/{id}} */
    Answer contact(RoutingContext call) {
        return gateway.pass(
                call,
                "contacts.readonly",
                GhlGateway.WORKS_ON_A_LOCATION,
                token -> Answer.ok(new JsonObject()
                        .put("contact", contactFor(token, call.pathParam("id")).toApiJson())));
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

    private static List<String> texts(@Nullable JsonArray array) {
        return array == null ? List.of() : array.stream().map(Object::toString).toList();
    }

    private static @Nullable String traceId(@Nullable String traceparent) {
        if (traceparent == null) {
            return null;
        }
        Matcher matcher = TRACEPARENT.matcher(traceparent);
        return matcher.matches() ? matcher.group(1) : null;
    }
}
