package dev.parley.dialog;

import dev.parley.tenant.Tenant;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a tenant's settings say about the dialog, read tolerantly: a bad value counts as its default and is named in
 * {@link #findings()}. Every key is documented in {@code docs/settings.md}.
 *
 * @param business what the bot calls the tenant
 * @param humanPause how long the bot is silent after a person wrote, or was asked for
 * @param maxReplies how many replies one contact gets within {@code repliesWindow}
 * @param maxSameReply how often the same reply is given in a row
 * @param resendUnknown may a message be sent again that the provider, asked twice, does not have?
 */
public record DialogSettings(
        boolean isOn,
        String business,
        Map<String, String> texts,
        Set<String> silentTexts,
        Set<String> optOutWords,
        Set<String> optInWords,
        Set<String> helpWords,
        Set<String> handoffPhrases,
        Duration humanPause,
        int maxReplies,
        Duration repliesWindow,
        int maxSameReply,
        boolean resendUnknown,
        List<String> findings) {

    static final Map<String, String> TEXTS = Map.of(
            "greeting", "Hi {name}! Thanks for contacting {business}. How can we help you today?",
            "fallback", "Thanks for your message, we will get back to you shortly. Reply AGENT to talk to a person.",
            "media", "Thanks, we received it. Could you tell us in a few words how we can help?",
            "help",
                    "{business}: tell us what you need and we will answer here. Reply AGENT to talk to a person, STOP to"
                            + " get no more messages.",
            "handoff", "Thanks {name}. Someone from our team will answer you here as soon as possible.",
            "cancel",
                    "Do you want to cancel your appointment, or get no more messages from us? Reply APPOINTMENT or STOP.",
            "opt_out",
                    "{business}: you are unsubscribed and will get no more messages. Reply START to subscribe again.",
            "opt_in", "{business}: you are subscribed again. Reply STOP to get no more messages, HELP for help.");

    private static final Duration LONGEST = Duration.ofDays(366);
    private static final int LONGEST_TEXT = 1600;

    public static DialogSettings of(Tenant tenant) {
        return new Reading(tenant).settings();
    }

    /** The text {@code name} with its placeholders filled in; empty = the tenant switched it off. */
    Optional<String> say(String name, String contactName) {
        if (silentTexts.contains(name)) {
            return Optional.empty();
        }
        return Optional.of(Phrase.fill(
                texts.getOrDefault(name, TEXTS.getOrDefault(name, "")),
                Map.of("name", contactName, "business", business)));
    }

    /** One pass over one tenant's settings. */
    private static final class Reading {
        private final Tenant tenant;
        private final List<String> findings = new ArrayList<>();

        Reading(Tenant tenant) {
            this.tenant = tenant;
        }

        DialogSettings settings() {
            JsonObject dialog = section("dialog");
            JsonObject texts = section("texts");
            JsonObject messaging = section("messaging");
            Map<String, String> said = new java.util.TreeMap<>();
            Set<String> silent = new TreeSet<>();
            for (String name : TEXTS.keySet()) {
                Object value = texts.getValue(name);
                if (value instanceof String text && !text.isBlank() && text.length() <= LONGEST_TEXT) {
                    said.put(name, text.strip());
                } else if (Boolean.FALSE.equals(value)) {
                    silent.add(name);
                } else if (value != null) {
                    findings.add("texts." + name + ": expected a text of at most " + LONGEST_TEXT
                            + " characters, or false to say nothing");
                }
            }
            String business = Lenient.text(texts, "business");
            return new DialogSettings(
                    bool(dialog, "dialog.enabled", true),
                    business == null ? tenant.name() : business.strip(),
                    Map.copyOf(said),
                    Set.copyOf(silent),
                    words(dialog, "dialog.opt_out_words"),
                    words(dialog, "dialog.opt_in_words"),
                    words(dialog, "dialog.help_words"),
                    words(dialog, "dialog.handoff_phrases"),
                    duration(dialog, "dialog.human_pause", Duration.ofHours(24)),
                    number(dialog, "dialog.max_replies", 30),
                    duration(dialog, "dialog.max_replies_window", Duration.ofHours(1)),
                    number(dialog, "dialog.max_same_reply", 3),
                    resend(messaging),
                    List.copyOf(findings));
        }

        private JsonObject section(String name) {
            Object value = tenant.settings().json().getValue(name);
            if (value != null && !(value instanceof JsonObject)) {
                findings.add(name + ": expected an object");
            }
            return tenant.settings().section(name);
        }

        private boolean bool(JsonObject section, String path, boolean otherwise) {
            Object value = section.getValue(key(path));
            if (value instanceof Boolean set) {
                return set;
            }
            if (value != null) {
                findings.add(path + ": expected true or false");
            }
            return otherwise;
        }

        private int number(JsonObject section, String path, int otherwise) {
            Object value = section.getValue(key(path));
            if (value instanceof Integer number && number >= 1 && number <= 1000) {
                return number;
            }
            if (value != null) {
                findings.add(path + ": expected a whole number from 1 to 1000");
            }
            return otherwise;
        }

        private Duration duration(JsonObject section, String path, Duration otherwise) {
            Object value = section.getValue(key(path));
            if (value == null) {
                return otherwise;
            }
            try {
                if (value instanceof String text) {
                    Duration duration = Duration.parse(text.strip());
                    if (!duration.isNegative() && !duration.isZero() && duration.compareTo(LONGEST) <= 0) {
                        return duration;
                    }
                }
            } catch (DateTimeException e) {
                // Named below, like every other value that is none.
            }
            findings.add(path + ": expected an ISO-8601 duration from PT0.001S to P366D, such as PT24H");
            return otherwise;
        }

        private Set<String> words(JsonObject section, String path) {
            Object value = section.getValue(key(path));
            Set<String> words = new HashSet<>();
            if (value instanceof JsonArray array) {
                for (Object entry : array) {
                    String plain = entry instanceof String text ? Words.plain(text) : "";
                    if (plain.isEmpty()) {
                        findings.add(path + ": expected words, found one without a letter");
                    } else {
                        words.add(plain);
                    }
                }
            } else if (value != null) {
                findings.add(path + ": expected an array of words");
            }
            return Set.copyOf(words);
        }

        private boolean resend(JsonObject messaging) {
            Object value = messaging.getValue("ambiguous");
            if (value != null && !"resend".equals(value) && !"fail".equals(value)) {
                findings.add("messaging.ambiguous: expected \"resend\" or \"fail\"");
            }
            return !"fail".equals(value);
        }

        private static String key(String path) {
            return path.substring(path.indexOf('.') + 1);
        }
    }
}
