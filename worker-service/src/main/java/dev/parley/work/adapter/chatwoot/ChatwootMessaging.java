package dev.parley.work.adapter.chatwoot;

import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.MessageHistory;
import dev.parley.spi.MessagingAdapter;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.Vault;
import dev.parley.work.adapter.StoredCredentials;
import dev.parley.work.adapter.VendorCall;
import dev.parley.work.adapter.VendorHttp.Answer;
import dev.parley.work.reader.ChatwootEvents;
import io.smallrye.mutiny.Uni;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.core.Vertx;
import io.vertx.mutiny.sqlclient.Pool;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes into Chatwoot's conversations. Each message bears our id in its {@code content_attributes}: an echo is known by it
 * whoever is faster, and after an unclear end the conversation's messages are read and it is looked for, by that id, or
 * where an old version drops it by words, sender and time.
 *
 * <p>A message that hands the conversation to people also opens it there ({@code toggle_status}), which is where Chatwoot's
 * agents look. That second call is tried once and never changes what became of the message.
 *
 * <p>Credentials {@code chatwoot}: {@code {"access_token": "…"}} of an agent bot (best: what it sends is never taken for a
 * person's) or of a user; bots may not read, so {@code "read_token"} of a user makes look-ups possible. Settings: {@code
 * chatwoot.account_id}, where the event named none.
 *
 * <p>Source: chatwoot/chatwoot, {@code swagger/paths/application/conversation/messages}, {@code
 * app/builders/messages/message_builder.rb}, {@code app/controllers/concerns/access_token_auth_helper.rb}.
 */
@Singleton
public final class ChatwootMessaging implements MessagingAdapter, AutoCloseable {
    private static final String NAME = "chatwoot";
    static final String NUMBER = "[0-9]{1,18}";
    private static final Logger LOG = LoggerFactory.getLogger(ChatwootMessaging.class);

    private final ChatwootApi api;
    private final StoredCredentials credentials;
    private final ChatwootConfig config;

    @Inject
    public ChatwootMessaging(ChatwootConfig config, Vertx vertx, Pool db, Vault vault) {
        this(config, vertx, db, vault, Clock.systemUTC());
    }

    ChatwootMessaging(ChatwootConfig config, Vertx vertx, Pool db, Vault vault, Clock clock) {
        this.config = config;
        this.api = new ChatwootApi(config, vertx.getDelegate(), clock);
        this.credentials = new StoredCredentials(db, vault);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Uni<Sent> send(Tenant tenant, OutboundMessage message) {
        return VendorCall.ending("send", true, config.callTimeout(), time -> {
            String conversation = conversation(tenant, message);
            JsonObject body = new JsonObject()
                    .put("content", message.text())
                    .put("message_type", "outgoing")
                    .put("private", false)
                    .put(
                            "content_attributes",
                            new JsonObject()
                                    .put(
                                            ChatwootEvents.OUR_ID,
                                            message.messageId().toString()));
            return credentials.of(tenant.id(), NAME).flatMap(credential -> {
                String token = token(credential);
                return api.call(tenant, message, HttpMethod.POST, conversation + "/messages", token, body, time)
                        .map(answer -> sent(answer, tenant, List.of(token, message.text(), message.channelAddress())))
                        .call(sent -> message.isHandOff()
                                ? open(tenant, message, conversation, token, time)
                                : Uni.createFrom().voidItem());
            });
        });
    }

    private Sent sent(Answer answer, Tenant tenant, List<String> quotes) {
        if (!answer.isSuccess()) {
            throw api.failure(answer, tenant, quotes, true);
        }
        JsonObject json = answer.json();
        if (json == null) {
            throw new AdapterException(
                    Kind.AMBIGUOUS, "Chatwoot answered " + answer.status() + " without a JSON object");
        }
        return sent(json);
    }

    static Sent sent(JsonObject message) {
        return new Sent(ChatwootApi.id(message), message.getValue("status") instanceof String status ? status : "sent");
    }

    /** Never fails: the message is there, and whoever looks for open conversations only looks in vain. */
    private Uni<Void> open(Tenant tenant, OutboundMessage message, String conversation, String token, VendorCall time) {
        JsonObject open = new JsonObject().put("status", "open");
        return Uni.createFrom()
                .deferred(() ->
                        api.call(tenant, message, HttpMethod.POST, conversation + "/toggle_status", token, open, time))
                .onItemOrFailure()
                .invoke((answer, failure) -> {
                    if (answer == null || !answer.isSuccess()) {
                        LOG.warn(
                                "conversation handed to people was not opened in Chatwoot tenant={}: {}",
                                tenant.slug(),
                                answer == null ? failure.getClass().getSimpleName() : "answered " + answer.status());
                    }
                })
                .onFailure()
                .recoverWithNull()
                .replaceWithVoid();
    }

    private static String token(JsonObject credential) {
        return StoredCredentials.required(credential, "access_token", "{\"access_token\": \"…\"}")
                .reveal();
    }

    private static String readToken(JsonObject credential) {
        return credential.getValue("read_token") instanceof String token && !token.isBlank()
                ? token.strip()
                : token(credential);
    }

    /** The path of the contact's latest conversation. */
    private static String conversation(Tenant tenant, OutboundMessage message) {
        String account = ref(message, "account_id")
                .or(() -> tenant.settings().text("chatwoot.account_id"))
                .filter(id -> id.matches(NUMBER))
                .orElseThrow(() -> refused("the account is not known: neither refs.chatwoot.account_id nor"
                        + " settings.chatwoot.account_id is a number"));
        String conversation = ref(message, "conversation_id")
                .filter(id -> id.matches(NUMBER))
                .orElseThrow(() ->
                        refused("the contact's Chatwoot conversation is not known (refs.chatwoot.conversation_id)"));
        return "/api/v1/accounts/" + account + "/conversations/" + conversation;
    }

    private static Optional<String> ref(OutboundMessage message, String key) {
        return message.contactRefs().getValue(NAME) instanceof JsonObject refs
                        && refs.getValue(key) instanceof String id
                        && !id.isBlank()
                ? Optional.of(id)
                : Optional.empty();
    }

    private static AdapterException refused(String reason) {
        return new AdapterException(Kind.REFUSED, reason);
    }

    @Override
    public Uni<Optional<Sent>> lookUp(Tenant tenant, OutboundMessage message, Instant attemptedAt) {
        return VendorCall.ending("look-up", false, config.callTimeout(), time -> {
            String conversation = conversation(tenant, message);
            return credentials
                    .of(tenant.id(), NAME)
                    .flatMap(credential -> new ChatwootLookUp(
                                    api,
                                    config,
                                    tenant,
                                    message,
                                    conversation + "/messages",
                                    readToken(credential),
                                    attemptedAt,
                                    time)
                            .run());
        });
    }

    @Override
    public Optional<MessageHistory> history() {
        return Optional.of(new ChatwootHistory(this::read));
    }

    /** One GET below the tenant's account. */
    private Uni<JsonObject> read(Tenant tenant, String path) {
        return VendorCall.ending("list of messages", false, config.callTimeout(), time -> {
            String account = tenant.settings()
                    .text("chatwoot.account_id")
                    .filter(id -> id.matches(NUMBER))
                    .orElseThrow(
                            () -> refused("the account is not known: settings.chatwoot.account_id is not a number"));
            return credentials.of(tenant.id(), NAME).flatMap(credential -> {
                String token = readToken(credential);
                return api.call(tenant, null, HttpMethod.GET, "/api/v1/accounts/" + account + path, token, null, time)
                        .map(answer -> {
                            if (!answer.isSuccess()) {
                                throw api.failure(answer, tenant, List.of(token), false);
                            }
                            JsonObject json = answer.json();
                            if (json == null) {
                                throw new AdapterException(
                                        Kind.TRANSIENT,
                                        "list of messages: Chatwoot answered 2xx without a JSON object");
                            }
                            return json;
                        });
            });
        });
    }

    @Override
    @PreDestroy
    public void close() {
        api.close();
    }
}
