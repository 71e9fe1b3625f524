package dev.parley.ingest.provider.signed;

import io.vertx.core.json.JsonObject;
import io.vertx.core.json.pointer.JsonPointer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * {@code settings.signed.<source>} of a tenant, understood. Strict: what is not understood is a finding, and a description
 * with a finding verifies nothing; docs/providers/signed.md lists the keys.
 */
record Description(
        String header,
        boolean isPairs,
        String prefix,
        String signatureKey,
        String timestampKey,
        Optional<String> timestampHeader,
        Optional<String> idHeader,
        Optional<String> typeHeader,
        Algorithm algorithm,
        Encoding encoding,
        Encoding secretEncoding,
        Template template,
        Duration tolerance,
        boolean isForm,
        Optional<JsonPointer> eventId,
        Optional<JsonPointer> eventType,
        Optional<Message> message,
        Optional<Challenge> challenge) {

    enum Algorithm {
        SHA1("HmacSHA1"),
        SHA256("HmacSHA256"),
        SHA512("HmacSHA512"),
        ED25519("");

        private final String mac;

        Algorithm(String mac) {
            this.mac = mac;
        }

        String mac() {
            return mac;
        }
    }

    enum Encoding {
        HEX,
        BASE64,
        BASE64URL,
        /** Of secrets only: the characters themselves. */
        TEXT
    }

    /** Which events are a customer's message, and where its parts are. */
    record Message(
            Conditions conditions, String channel, JsonPointer address, JsonPointer text, Optional<JsonPointer> id) {}

    /** A question that the vendor wants answered, and where the answer stands. */
    record Challenge(Conditions conditions, JsonPointer answer) {}

    /** All of {@code when} have these values, and nothing is at any of {@code unless}. */
    record Conditions(Map<JsonPointer, Object> when, List<JsonPointer> unless) {
        boolean hold(JsonObject json) {
            return when.entrySet().stream()
                            .allMatch(
                                    each -> each.getValue().equals(each.getKey().queryJson(json)))
                    && unless.stream().allMatch(each -> each.queryJson(json) == null);
        }
    }

    /** What came of reading one: a description, or why there is none. */
    record Result(Optional<Description> description, List<String> findings) {}

    static final Set<String> CHANNELS = Set.of(
            "sms", "whatsapp", "email", "instagram", "facebook", "google", "webchat", "call", "voicemail", "custom");

    private static final Set<String> KEYS = Set.of(
            "preset",
            "header",
            "scheme",
            "prefix",
            "signature_key",
            "timestamp_key",
            "timestamp_header",
            "id_header",
            "type_header",
            "algorithm",
            "encoding",
            "secret_encoding",
            "template",
            "tolerance_seconds",
            "body",
            "event_id",
            "event_type",
            "message",
            "challenge");
    private static final Set<String> MESSAGE_KEYS =
            Set.of("when", "unless", "channel", "address", "text", "id", "name", "sent_at");
    private static final Set<String> CHALLENGE_KEYS = Set.of("when", "unless", "answer");
    private static final Pattern HEADER = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}");
    private static final Pattern PAIR_KEY = Pattern.compile("[A-Za-z0-9_-]{1,30}");
    private static final long LONGEST_TOLERANCE = 86_400;

    static Result of(JsonObject settings) {
        Reader reader = new Reader(settings);
        Description description = null;
        try {
            description = reader.read();
        } catch (Unusable e) {
            // Its reason is among the findings.
            description = null;
        }
        return reader.findings.isEmpty()
                ? new Result(Optional.ofNullable(description), List.of())
                : new Result(Optional.empty(), List.copyOf(reader.findings));
    }

    private static final class Unusable extends RuntimeException {
        Unusable() {
            super(null, null, false, false);
        }
    }

    /** Reads one description and collects everything that is wrong with it. */
    private static final class Reader {
        private final JsonObject json;
        private final List<String> findings = new ArrayList<>();

        Reader(JsonObject settings) {
            JsonObject all = new JsonObject();
            Object preset = settings.getValue("preset");
            if (preset != null) {
                JsonObject known = preset instanceof String name ? Presets.of(name) : new JsonObject();
                if (known.isEmpty()) {
                    findings.add("preset: there is none called " + preset + ", only " + Presets.names());
                }
                all.mergeIn(known);
            }
            this.json = all.mergeIn(settings);
            onlyKnown("", json, KEYS);
        }

        Description read() {
            String scheme = word("scheme", "plain", Set.of("plain", "pairs"));
            boolean isPairs = scheme.equals("pairs");
            Algorithm algorithm =
                    Algorithm.valueOf(word("algorithm", null, Set.of("sha1", "sha256", "sha512", "ed25519"))
                            .toUpperCase(Locale.ROOT));
            Encoding encoding = Encoding.valueOf(
                    word("encoding", null, Set.of("hex", "base64", "base64url")).toUpperCase(Locale.ROOT));
            Encoding secretEncoding = Encoding.valueOf(word(
                            "secret_encoding",
                            algorithm == Algorithm.ED25519 ? "hex" : "text",
                            algorithm == Algorithm.ED25519
                                    ? Set.of("hex", "base64", "base64url")
                                    : Set.of("text", "hex", "base64", "base64url"))
                    .toUpperCase(Locale.ROOT));
            Template template = template();
            Optional<String> timestampHeader = header("timestamp_header");
            Optional<String> idHeader = header("id_header");
            String timestampKey = isPairs ? pairKey("timestamp_key", "") : "";
            boolean hasTimestamp = timestampHeader.isPresent() || !timestampKey.isEmpty();
            agree(
                    "{timestamp}",
                    template.has(Template.Value.TIMESTAMP),
                    hasTimestamp,
                    "timestamp_header or timestamp_key");
            agree("{id}", template.has(Template.Value.ID), idHeader.isPresent(), "id_header");
            if (timestampHeader.isPresent() && !timestampKey.isEmpty()) {
                findings.add("timestamp_header and timestamp_key: only one of them can be meant");
            }
            Optional<String> header = header("header");
            if (header.isEmpty() && findings.stream().noneMatch(finding -> finding.startsWith("header:"))) {
                findings.add("header: name the header that holds the signature");
            }
            return new Description(
                    header.orElse(""),
                    isPairs,
                    text("prefix").orElse(""),
                    isPairs ? pairKey("signature_key", null) : "",
                    timestampKey,
                    timestampHeader,
                    idHeader,
                    header("type_header"),
                    algorithm,
                    encoding,
                    secretEncoding,
                    template,
                    tolerance(),
                    word("body", "json", Set.of("json", "form")).equals("form"),
                    pointer("event_id", json, "event_id"),
                    pointer("event_type", json, "event_type"),
                    section("message", MESSAGE_KEYS).map(this::message),
                    section("challenge", CHALLENGE_KEYS).map(this::challenge));
        }

        private void onlyKnown(String path, JsonObject object, Set<String> known) {
            object.fieldNames().stream()
                    .filter(key -> !known.contains(key))
                    .forEach(key -> findings.add(path + key + ": unknown key"));
        }

        private void agree(String place, boolean isSigned, boolean isGiven, String key) {
            if (isSigned && !isGiven) {
                findings.add("template: has " + place + ", but no " + key + " says where it stands");
            } else if (!isSigned && isGiven) {
                findings.add(key + ": is not signed (no " + place + " in template), so it proves nothing");
            }
        }

        private Optional<String> text(String key) {
            Object value = json.getValue(key);
            if (value == null) {
                return Optional.empty();
            }
            if (value instanceof String text && !text.isEmpty()) {
                return Optional.of(text);
            }
            findings.add(key + ": expected a text");
            return Optional.empty();
        }

        private String word(String key, @Nullable String otherwise, Set<String> allowed) {
            Object value = json.getValue(key);
            if (value == null && otherwise != null) {
                return otherwise;
            }
            if (value instanceof String text && allowed.contains(text.toLowerCase(Locale.ROOT))) {
                return text.toLowerCase(Locale.ROOT);
            }
            findings.add(key + ": expected one of " + new java.util.TreeSet<>(allowed)
                    + (value == null ? ", nothing is there" : ""));
            throw new Unusable();
        }

        private Optional<String> header(String key) {
            Optional<String> name = text(key);
            if (name.isPresent() && !HEADER.matcher(name.get()).matches()) {
                findings.add(key + ": not the name of a header");
            }
            return name;
        }

        private String pairKey(String key, @Nullable String otherwise) {
            Optional<String> name = text(key);
            if (name.isEmpty() && otherwise != null) {
                return otherwise;
            }
            if (name.isEmpty() || !PAIR_KEY.matcher(name.get()).matches()) {
                findings.add(key + ": expected the name before the = in the header, such as v1");
            }
            return name.orElse("");
        }

        private Template template() {
            Optional<String> text = text("template");
            if (text.isEmpty()) {
                findings.add("template: say what is signed, such as {body} or {timestamp}.{body}");
                throw new Unusable();
            }
            try {
                return Template.of(text.get());
            } catch (IllegalArgumentException e) {
                findings.add("template: " + e.getMessage());
                throw new Unusable();
            }
        }

        private Duration tolerance() {
            Object value = json.getValue("tolerance_seconds");
            if (value == null) {
                return Duration.ofSeconds(300);
            }
            if ((value instanceof Integer || value instanceof Long)
                    && ((Number) value).longValue() >= 1
                    && ((Number) value).longValue() <= LONGEST_TOLERANCE) {
                return Duration.ofSeconds(((Number) value).longValue());
            }
            findings.add("tolerance_seconds: expected a whole number from 1 to " + LONGEST_TOLERANCE);
            return Duration.ofSeconds(1);
        }

        private Optional<JsonPointer> pointer(String shown, JsonObject in, String key) {
            Object value = in.getValue(key);
            if (value == null) {
                return Optional.empty();
            }
            try {
                if (value instanceof String text && text.startsWith("/")) {
                    return Optional.of(JsonPointer.from(text));
                }
            } catch (RuntimeException e) {
                // Said below, in our words.
                findings.add(shown + ": not a JSON pointer such as /data/id");
                return Optional.empty();
            }
            findings.add(shown + ": not a JSON pointer such as /data/id");
            return Optional.empty();
        }

        private JsonPointer required(String section, JsonObject in, String key) {
            Optional<JsonPointer> pointer = pointer(section + "." + key, in, key);
            if (!in.containsKey(key)) {
                findings.add(section + "." + key + ": say where it stands, such as /data/" + key);
            }
            return pointer.orElseGet(JsonPointer::create);
        }

        private Optional<JsonObject> section(String key, Set<String> known) {
            Object value = json.getValue(key);
            if (value == null) {
                return Optional.empty();
            }
            if (!(value instanceof JsonObject section)) {
                findings.add(key + ": expected an object");
                return Optional.empty();
            }
            onlyKnown(key + ".", section, known);
            return Optional.of(section);
        }

        private Message message(JsonObject section) {
            Object channel = section.getValue("channel");
            if (channel != null && !(channel instanceof String word && CHANNELS.contains(word))) {
                findings.add("message.channel: expected one of " + new java.util.TreeSet<>(CHANNELS));
            }
            var unusedName = pointer("message.name", section, "name");
            var unusedTime = pointer("message.sent_at", section, "sent_at");
            return new Message(
                    conditions("message", section),
                    channel instanceof String word ? word : "custom",
                    required("message", section, "address"),
                    required("message", section, "text"),
                    pointer("message.id", section, "id"));
        }

        private Challenge challenge(JsonObject section) {
            Conditions conditions = conditions("challenge", section);
            if (conditions.when().isEmpty()) {
                findings.add("challenge.when: say which events are a question, such as {\"/type\": \"challenge\"}");
            }
            return new Challenge(conditions, required("challenge", section, "answer"));
        }

        private Conditions conditions(String name, JsonObject section) {
            Map<JsonPointer, Object> when = new LinkedHashMap<>();
            Object given = section.getValue("when");
            if (given instanceof JsonObject all) {
                for (String path : all.fieldNames()) {
                    Object value = all.getValue(path);
                    Optional<JsonPointer> pointer = pointer(name + ".when", new JsonObject().put("path", path), "path");
                    if (!(value instanceof String || value instanceof Number || value instanceof Boolean)) {
                        findings.add(name + ".when: " + path + " needs a text, a number or a truth to compare with");
                    } else if (pointer.isPresent()) {
                        when.put(pointer.get(), value);
                    }
                }
            } else if (given != null) {
                findings.add(name + ".when: expected an object of pointers and values");
            }
            List<JsonPointer> unless = new ArrayList<>();
            Object excluded = section.getValue("unless");
            if (excluded instanceof io.vertx.core.json.JsonArray paths) {
                for (Object path : paths) {
                    pointer(name + ".unless", new JsonObject().put("path", path), "path")
                            .ifPresent(unless::add);
                }
            } else if (excluded != null) {
                findings.add(name + ".unless: expected an array of pointers");
            }
            return new Conditions(when, unless);
        }
    }
}
