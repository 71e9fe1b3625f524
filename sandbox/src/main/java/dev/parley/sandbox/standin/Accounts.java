package dev.parley.sandbox.standin;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Every location's contacts, conversations and messages, in memory. Safe from any thread. */
final class Accounts {
    /** A load run must not fill the memory: a conversation forgets its oldest messages. */
    private static final int MESSAGES_KEPT = 2_000;

    record Conversation(String id, String locationId, String contactId) {}

    private static final class Talk {
        final Conversation conversation;
        final List<Message> messages = new ArrayList<>();

        Talk(Conversation conversation) {
            this.conversation = conversation;
        }
    }

    private final Map<String, Location> locations = new LinkedHashMap<>();
    private final Map<String, Contact> contacts = new LinkedHashMap<>();
    private final Map<String, String> contactIdByAddress = new LinkedHashMap<>();
    private final Map<String, Talk> talkByConversation = new LinkedHashMap<>();
    private final Map<String, Talk> talkByContact = new LinkedHashMap<>();
    private final Map<String, Talk> talkByMessage = new LinkedHashMap<>();

    synchronized void add(Location location) {
        locations.put(location.id(), location);
    }

    synchronized List<Location> locations() {
        return List.copyOf(locations.values());
    }

    synchronized Optional<Location> findLocation(String id) {
        return Optional.ofNullable(locations.get(id));
    }

    synchronized Optional<Contact> findContact(String id) {
        return Optional.ofNullable(contacts.get(id));
    }

    synchronized List<Contact> contactsOf(String locationId) {
        return contacts.values().stream()
                .filter(contact -> contact.locationId().equals(locationId))
                .toList();
    }

    /** The contact with this address in this location, created when new; a name given later replaces an older one. */
    synchronized Contact contactAt(Location location, String address, @Nullable String name) {
        String key = location.id() + " " + address;
        String id = contactIdByAddress.get(key);
        Contact known = id == null ? null : contacts.get(id);
        boolean email = address.contains("@");
        if (known == null) {
            Contact created = new Contact(
                    ShortId.next(),
                    location.id(),
                    name == null ? address : name,
                    email ? null : address,
                    email ? address : null,
                    Instant.now(),
                    Map.of());
            contactIdByAddress.put(key, created.id());
            contacts.put(created.id(), created);
            return created;
        }
        if (name == null || name.equals(known.name())) {
            return known;
        }
        Contact renamed = new Contact(
                known.id(), known.locationId(), name, known.phone(), known.email(), known.dateAdded(), known.dnd());
        contacts.put(renamed.id(), renamed);
        return renamed;
    }

    synchronized Contact setDnd(Contact contact, String key, String status) {
        Map<String, String> dnd = new TreeMap<>(contact.dnd());
        dnd.put(key, status);
        Contact changed = new Contact(
                contact.id(),
                contact.locationId(),
                contact.name(),
                contact.phone(),
                contact.email(),
                contact.dateAdded(),
                dnd);
        contacts.put(changed.id(), changed);
        return changed;
    }

    /** A contact has one conversation, opened by its first message. */
    synchronized Conversation conversationOf(Contact contact) {
        Talk talk = talkByContact.get(contact.id());
        if (talk == null) {
            talk = new Talk(new Conversation(ShortId.next(), contact.locationId(), contact.id()));
            talkByContact.put(contact.id(), talk);
            talkByConversation.put(talk.conversation.id(), talk);
        }
        return talk.conversation;
    }

    synchronized Optional<Conversation> findConversation(String id) {
        return Optional.ofNullable(talkByConversation.get(id)).map(talk -> talk.conversation);
    }

    synchronized List<Conversation> conversationsOf(String locationId, Predicate<Conversation> wanted) {
        return talkByConversation.values().stream()
                .map(talk -> talk.conversation)
                .filter(conversation -> conversation.locationId().equals(locationId))
                .filter(wanted)
                .toList();
    }

    synchronized void record(Message message) {
        Talk talk = talkByConversation.get(message.conversationId());
        if (talk == null) {
            throw new IllegalStateException("no conversation " + message.conversationId());
        }
        talk.messages.add(message);
        talkByMessage.put(message.id(), talk);
        if (talk.messages.size() > MESSAGES_KEPT) {
            talkByMessage.remove(talk.messages.remove(0).id());
        }
    }

    /** @return the message as it is now, or empty if it was forgotten */
    Optional<Message> setStatus(String messageId, String status) {
        return change(messageId, message -> message.withStatus(status));
    }

    /** @return the message as it is now, or empty if it was forgotten */
    Optional<Message> setAttachments(String messageId, List<String> attachments) {
        return change(messageId, message -> message.withAttachments(attachments));
    }

    private synchronized Optional<Message> change(String messageId, UnaryOperator<Message> how) {
        Talk talk = talkByMessage.get(messageId);
        if (talk == null) {
            return Optional.empty();
        }
        for (int i = 0; i < talk.messages.size(); i++) {
            Message message = talk.messages.get(i);
            if (message.id().equals(messageId)) {
                Message changed = how.apply(message);
                talk.messages.set(i, changed);
                return Optional.of(changed);
            }
        }
        return Optional.empty();
    }

    synchronized Optional<Message> findMessage(String id) {
        Talk talk = talkByMessage.get(id);
        return talk == null
                ? Optional.empty()
                : talk.messages.stream()
                        .filter(message -> message.id().equals(id))
                        .findFirst();
    }

    /** Oldest first. */
    synchronized List<Message> messagesOf(String conversationId) {
        Talk talk = talkByConversation.get(conversationId);
        Collection<Message> messages = talk == null ? List.of() : talk.messages;
        return List.copyOf(messages);
    }

    synchronized List<Message> messagesOfLocation(String locationId) {
        return talkByConversation.values().stream()
                .filter(talk -> talk.conversation.locationId().equals(locationId))
                .flatMap(talk -> talk.messages.stream())
                .toList();
    }

    synchronized List<Message> messagesOfContact(String contactId) {
        Talk talk = talkByContact.get(contactId);
        Collection<Message> messages = talk == null ? List.of() : talk.messages;
        return List.copyOf(messages);
    }
}
