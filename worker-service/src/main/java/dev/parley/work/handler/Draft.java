package dev.parley.work.handler;

import dev.parley.dialog.Contact;
import dev.parley.dialog.ContactKey;
import dev.parley.dialog.Conversation;
import dev.parley.dialog.Dialog;
import dev.parley.dialog.Message;
import dev.parley.dialog.MessageId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a set of jobs has made of what was read, in memory: later jobs see what earlier ones did, and each row is written
 * once, with its final state, if it is not what it was.
 */
final class Draft {
    private static final class Relation {
        private final @Nullable Contact readContact;
        private final @Nullable Conversation readConversation;
        private Contact contact;
        private Conversation conversation;
        private boolean isMet;
        private boolean isBegun;

        Relation(ContactKey key, @Nullable Contact contact, @Nullable Conversation conversation) {
            this.readContact = contact;
            this.readConversation = conversation;
            this.contact = contact == null ? Contact.stranger(key) : contact;
            this.conversation = conversation == null ? Conversation.begin(this.contact) : conversation;
        }
    }

    private final Map<ContactKey, Relation> relations = new HashMap<>();
    private final Map<MessageId, Message> readMessages = new HashMap<>();
    private final Map<MessageId, Message> messages = new LinkedHashMap<>();

    /** What the database says; the first word about a contact counts. */
    void know(ContactKey key, Optional<Contact> contact, Optional<Conversation> conversation) {
        relations.computeIfAbsent(key, it -> new Relation(it, contact.orElse(null), conversation.orElse(null)));
    }

    /** {@code message} as this draft has it. */
    Message know(Message message) {
        readMessages.putIfAbsent(message.id(), message);
        return messages.getOrDefault(message.id(), message);
    }

    boolean isKnown(ContactKey key) {
        Relation relation = relation(key);
        return relation.readContact != null || relation.isMet;
    }

    /** The contact, or a stranger who is stored only once {@link #put(Contact)} is called. */
    Contact contact(ContactKey key) {
        return relation(key).contact;
    }

    Conversation conversation(ContactKey key) {
        return relation(key).conversation;
    }

    void put(Contact contact) {
        Relation relation = relation(contact.key());
        relation.contact = contact;
        relation.isMet = true;
    }

    void put(ContactKey key, Conversation conversation) {
        Relation relation = relation(key);
        relation.conversation = conversation;
        relation.isMet = true;
        relation.isBegun = true;
    }

    void put(Message message) {
        messages.put(message.id(), message);
    }

    private Relation relation(ContactKey key) {
        return relations.computeIfAbsent(key, it -> new Relation(it, null, null));
    }

    Dialog.Changes changes() {
        List<Contact> contacts = new ArrayList<>();
        List<Conversation> conversations = new ArrayList<>();
        for (Relation relation : relations.values()) {
            if (relation.isMet && !relation.contact.equals(relation.readContact)) {
                contacts.add(relation.contact);
            }
            if (relation.isBegun && !relation.conversation.equals(relation.readConversation)) {
                conversations.add(relation.conversation);
            }
        }
        List<Message> changed = messages.values().stream()
                .filter(message -> !message.equals(readMessages.get(message.id())))
                .toList();
        return new Dialog.Changes(contacts, conversations, changed);
    }
}
