package dev.parley.sandbox.standin;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** What happens in a location: somebody writes, and the webhook that tells of it leaves. Safe from any thread. */
final class Inbox {
    private final Vertx vertx;
    private final Accounts accounts;
    private final Events events;
    private final WebhookSender webhooks;
    private final Runnable onChange;
    private final Map<String, List<String>> notShown = new ConcurrentHashMap<>();

    Inbox(Vertx vertx, Accounts accounts, Events events, WebhookSender webhooks, Runnable onChange) {
        this.vertx = vertx;
        this.accounts = accounts;
        this.events = events;
        this.webhooks = webhooks;
        this.onChange = onChange;
    }

    /** A customer writes. */
    Future<GhlStandIn.Written> fromCustomer(
            Location location,
            Channel channel,
            String address,
            @Nullable String name,
            String text,
            @Nullable Integer copies) {
        Contact contact = accounts.contactAt(location, address, name);
        Message message =
                record(location, contact, channel, true, text, List.of(), "delivered", null, null, null, null);
        return webhooks.send(events.inbound(message, contact), message.id(), copies)
                .map(deliveries -> new GhlStandIn.Written(message, deliveries));
    }

    /** A customer sends media: the webhook knows nothing of them, and neither does the API before {@link #showMedia}. */
    Future<GhlStandIn.Written> mediaFromCustomer(
            Location location,
            String address,
            @Nullable String name,
            List<String> urls,
            @Nullable Duration shownAfter) {
        Contact contact = accounts.contactAt(location, address, name);
        Message message =
                record(location, contact, Channel.WHATSAPP, true, "", List.of(), "delivered", null, null, null, null);
        notShown.put(message.id(), List.copyOf(urls));
        if (shownAfter != null) {
            vertx.setTimer(Math.max(1, shownAfter.toMillis()), timer -> showMedia(message.id()));
        }
        return webhooks.send(events.inbound(message, contact), message.id(), null)
                .map(deliveries -> new GhlStandIn.Written(message, deliveries));
    }

    /** From now on the API shows the message's media; no webhook tells of it. Empty = none are waiting. */
    Optional<Message> showMedia(String messageId) {
        List<String> urls = notShown.remove(messageId);
        Optional<Message> shown = urls == null ? Optional.empty() : accounts.setAttachments(messageId, urls);
        onChange.run();
        return shown;
    }

    /** A human writes in GoHighLevel's own inbox. */
    Future<GhlStandIn.Written> fromHuman(
            Location location, Contact contact, Channel channel, String userId, String text) {
        Message message = record(location, contact, channel, false, text, List.of(), "sent", "app", userId, null, null);
        return announce(message, contact).map(deliveries -> new GhlStandIn.Written(message, deliveries));
    }

    /** The API was told to send. The webhook follows after the API has answered, or before: as in life, no order holds. */
    Message fromApi(
            Location location,
            Contact contact,
            Channel channel,
            String text,
            List<String> attachments,
            @Nullable String subject,
            @Nullable String traceId) {
        Message message =
                record(location, contact, channel, false, text, attachments, "sent", "api", null, subject, traceId);
        Future<?> unused = announce(message, contact);
        return message;
    }

    /** The last known news of an outbound message, sent again with another status. */
    Optional<Message> report(String messageId, String status) {
        Optional<Message> changed = accounts.setStatus(messageId, status);
        changed.ifPresent(message -> accounts.findContact(message.contactId()).ifPresent(contact -> {
            Future<?> unused = webhooks.send(events.outbound(message, contact), message.id(), null);
        }));
        onChange.run();
        return changed;
    }

    Future<List<WebhookDelivery>> dnd(Contact contact, String key, String status) {
        Contact changed = accounts.setDnd(contact, key, status);
        onChange.run();
        return webhooks.send(events.dndUpdate(changed), null, null);
    }

    private Future<List<WebhookDelivery>> announce(Message message, Contact contact) {
        Duration deliveredAfter = webhooks.settings().deliveredAfter();
        if (deliveredAfter != null) {
            vertx.setTimer(Math.max(1, deliveredAfter.toMillis()), timer -> report(message.id(), "delivered"));
        }
        return webhooks.send(events.outbound(message, contact), message.id(), null);
    }

    private Message record(
            Location location,
            Contact contact,
            Channel channel,
            boolean inbound,
            String text,
            List<String> attachments,
            String status,
            @Nullable String source,
            @Nullable String userId,
            @Nullable String subject,
            @Nullable String traceId) {
        String ours = channel == Channel.EMAIL ? location.email() : location.phone();
        String theirs = address(contact, channel);
        Message message = new Message(
                ShortId.next(),
                accounts.conversationOf(contact).id(),
                contact.id(),
                location.id(),
                channel,
                inbound,
                text,
                attachments,
                status,
                source,
                userId,
                inbound ? theirs : ours,
                inbound ? ours : theirs,
                subject,
                Instant.now(),
                traceId);
        accounts.record(message);
        onChange.run();
        return message;
    }

    private static String address(Contact contact, Channel channel) {
        String address = channel == Channel.EMAIL ? contact.email() : contact.phone();
        return address == null ? contact.id() : address;
    }
}
