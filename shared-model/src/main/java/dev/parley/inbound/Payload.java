package dev.parley.inbound;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A body as it will be stored, decided by one strict parse; every field that anybody uses comes from that parse, so no two
 * readers can see different things in the same bytes.
 *
 * <ul>
 *   <li>Clean JSON objects are stored as sent.
 *   <li>What only {@code jsonb} cannot hold (U+0000, lone surrogates) is <b>mended</b>: each such character becomes U+FFFD
 *       and the original bytes stand beside the message's own fields, {@code {"type": …, "body": …, "$raw": base64,
 *       "$reason": …}}. Whoever reads the payload finds every field where it always is.
 *   <li>What should not be acted upon (invalid JSON or UTF-8, no object, a key twice, deeper than {@value #MAX_DEPTH},
 *       numbers beyond a double, names of thousands of letters) is <b>unreadable</b>: {@code {"$raw": …, "$reason": …}}, with the fields that could be
 *       read beside it. It belongs in quarantine.
 * </ul>
 *
 * Nothing is dropped: {@code $raw} is always the whole body. Immutable as long as nobody changes the bytes.
 */
public final class Payload {
    public static final int MAX_DEPTH = 64;
    private static final int MAX_NUMBER_LENGTH = 400;
    // Longer ones are no names; and whoever reads the column back with Jackson's defaults would choke on 50,000.
    private static final int MAX_NAME_LENGTH = 1_000;
    private static final int MAX_EXPONENT = 308;
    private static final char REPLACEMENT = '\uFFFD';
    private static final String RAW = "$raw";
    private static final String REASON = "$reason";

    // Jackson's own limits end a parse; ours note what was wrong and read on, so that as much as possible can be shown.
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(Integer.MAX_VALUE)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .build())
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            // Names come from strangers: no table shared by all requests for them to fill.
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build();

    private enum Kind {
        CLEAN,
        MENDED,
        UNREADABLE
    }

    private final Kind kind;
    private final byte[] body;
    private final JsonObject content;
    private final String stored;
    private final @Nullable String reason;

    private Payload(Kind kind, byte[] body, JsonObject content, String stored, @Nullable String reason) {
        this.kind = kind;
        this.body = body;
        this.content = content;
        this.stored = stored;
        this.reason = reason;
    }

    /** Reads {@code body} as one JSON object. Never throws, whatever the bytes are. */
    public static Payload json(byte[] body) {
        String text = text(body);
        if (text == null) {
            return unreadable(body, "not UTF-8");
        }
        boolean marked = text.startsWith("\uFEFF");
        String json = marked ? text.substring(1) : text;
        // Decoded text holds neither half a surrogate pair nor, outside of an escape, a U+0000.
        Parse parse = new Parse(json.contains("\\u"));
        if (marked) {
            parse.mend("byte order mark");
        }
        JsonObject content;
        try (JsonParser parser = JSON.createParser(json)) {
            JsonToken first = parser.nextToken();
            if (first == null) {
                return unreadable(body, "empty body");
            }
            if (first != JsonToken.START_OBJECT) {
                parser.skipChildren();
                return unreadable(body, "not a JSON object");
            }
            content = parse.object(parser, 1);
            if (parser.nextToken() != null) {
                return unreadable(body, "more than one JSON value");
            }
        } catch (JsonProcessingException e) {
            // Where, never what: the parser's message quotes the body.
            var at = e.getLocation();
            return unreadable(
                    body,
                    at == null
                            ? "not JSON"
                            : "not JSON (line %d, column %d)".formatted(at.getLineNr(), at.getColumnNr()));
        } catch (IOException e) {
            throw new UncheckedIOException("reading a text in memory", e);
        }
        if (parse.fault != null) {
            JsonObject trusted = parse.ambiguous ? new JsonObject() : content;
            return new Payload(
                    Kind.UNREADABLE,
                    body,
                    trusted,
                    withRaw(content, body, parse.fault).encode(),
                    parse.fault);
        }
        if (parse.mended != null) {
            return new Payload(
                    Kind.MENDED,
                    body,
                    content,
                    withRaw(content, body, parse.mended).encode(),
                    parse.mended);
        }
        return new Payload(Kind.CLEAN, body, content, json, null);
    }

    /**
     * Reads {@code body} as a form: an object of strings, of arrays where a name stands several times. Stored is that
     * object; as it does not show how the sender escaped it, whatever had to be mended keeps its bytes. Never throws.
     */
    public static Payload form(byte[] body) {
        Optional<Form> form = Form.of(body);
        if (form.isEmpty()) {
            return unreadable(body, "not a form");
        }
        JsonObject content = new JsonObject();
        boolean isMended = false;
        for (Form.Field field : form.get().fields()) {
            String name = text(field.name());
            String value = text(field.value());
            if (name == null || value == null) {
                return unreadable(body, "not UTF-8");
            }
            if (name.length() > MAX_NAME_LENGTH) {
                return unreadable(body, "a name longer than " + MAX_NAME_LENGTH + " characters");
            }
            isMended |= firstBad(name) >= 0 || firstBad(value) >= 0;
            add(content, mended(name), mended(value));
        }
        return isMended
                ? new Payload(
                        Kind.MENDED,
                        body,
                        content,
                        withRaw(content, body, "U+0000 in a text").encode(),
                        "U+0000 in a text")
                : new Payload(Kind.CLEAN, body, content, content.encode(), null);
    }

    private static void add(JsonObject content, String name, String value) {
        Object before = content.getValue(name);
        if (before instanceof JsonArray several) {
            several.add(value);
        } else if (before == null) {
            content.put(name, value);
        } else {
            content.put(name, new JsonArray().add(before).add(value));
        }
    }

    /** Null = not UTF-8. */
    private static @Nullable String text(byte[] utf8) {
        String lenient = new String(utf8, StandardCharsets.UTF_8);
        // Without a replacement nothing was replaced: the usual text is decoded once, by what the JVM does fastest.
        return lenient.indexOf(REPLACEMENT) < 0 ? lenient : strictly(utf8);
    }

    private static @Nullable String strictly(byte[] utf8) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    private static Payload unreadable(byte[] body, String reason) {
        return new Payload(
                Kind.UNREADABLE,
                body,
                new JsonObject(),
                withRaw(new JsonObject(), body, reason).encode(),
                reason);
    }

    /** A payload whose stored text nobody checked: what the database says to it is what a test wants to know. */
    static Payload unchecked(String stored) {
        return new Payload(Kind.CLEAN, stored.getBytes(StandardCharsets.UTF_8), new JsonObject(), stored, null);
    }

    /** Whether it may be acted upon. Not so: it is stored for a person to look at. */
    public boolean isReadable() {
        return kind != Kind.UNREADABLE;
    }

    /**
     * What was read, mended; do not change it. Empty where nothing could be read, and where a key stood twice: then no
     * field can be trusted to be the one that the sender meant.
     */
    public JsonObject content() {
        return content;
    }

    /** Why the bytes are kept beside the fields; null = stored as sent. Never holds any of the body. */
    public @Nullable String reason() {
        return reason;
    }

    /** Text of the {@code jsonb} column. */
    public String stored() {
        return stored;
    }

    /** Roughly what it takes in memory and on the wire. */
    public int size() {
        return stored.length();
    }

    /** The same with a note for a person: {@code "$reason"} beside the fields, which stay as sent. */
    public Payload noting(String note) {
        if (kind != Kind.CLEAN) {
            String both = reason + "; " + note;
            return new Payload(
                    kind,
                    body,
                    content,
                    new JsonObject(stored).put(REASON, both).encode(),
                    both);
        }
        // At the end: of two equal keys jsonb keeps the last, and this one must be ours.
        int end = stored.lastIndexOf('}');
        String separator = content.isEmpty() ? "" : ",";
        String noted = stored.substring(0, end)
                + separator
                + new JsonObject().put(REASON, note).encode().substring(1);
        return new Payload(kind, body, content, noted, note);
    }

    /** Only the bytes and {@code why}: what is left when even the database refused the rest. */
    Payload bytesOnly(String why) {
        return unreadable(body, why);
    }

    private static JsonObject withRaw(JsonObject content, byte[] body, String reason) {
        return content.copy().put(RAW, Base64.getEncoder().encodeToString(body)).put(REASON, reason);
    }

    /** Replaces what {@code jsonb} and {@code text} cannot hold by U+FFFD. */
    static String mended(String text) {
        int bad = firstBad(text);
        if (bad < 0) {
            return text;
        }
        StringBuilder out = new StringBuilder(text);
        for (int at = bad; at < out.length(); at++) {
            char c = out.charAt(at);
            if (Character.isHighSurrogate(c) && at + 1 < out.length() && Character.isLowSurrogate(out.charAt(at + 1))) {
                at++;
            } else if (c == 0 || Character.isSurrogate(c)) {
                out.setCharAt(at, REPLACEMENT);
            }
        }
        return out.toString();
    }

    private static int firstBad(String text) {
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == 0) {
                return at;
            }
            if (Character.isSurrogate(c)) {
                boolean pair = Character.isHighSurrogate(c)
                        && at + 1 < text.length()
                        && Character.isLowSurrogate(text.charAt(at + 1));
                if (!pair) {
                    return at;
                }
                at++;
            }
        }
        return -1;
    }

    /** One walk over the tokens: builds the content and remembers the first thing wrong of each kind. */
    private static final class Parse {
        private final boolean mayNeedMending;
        private @Nullable String fault;
        private @Nullable String mended;
        private boolean ambiguous;

        Parse(boolean mayNeedMending) {
            this.mayNeedMending = mayNeedMending;
        }

        void mend(String what) {
            mended = mended == null ? what : mended;
        }

        void blame(String what) {
            fault = fault == null ? what : fault;
        }

        JsonObject object(JsonParser parser, int depth) throws IOException {
            JsonObject object = new JsonObject();
            for (JsonToken token = parser.nextToken();
                    token != JsonToken.END_OBJECT && token != null;
                    token = parser.nextToken()) {
                String name = name(parser.currentName());
                if (object.containsKey(name)) {
                    ambiguous = true;
                    blame("a key stands twice in one object");
                }
                parser.nextToken();
                object.put(name, value(parser, depth));
            }
            return object;
        }

        private JsonArray array(JsonParser parser, int depth) throws IOException {
            JsonArray array = new JsonArray();
            for (JsonToken token = parser.nextToken();
                    token != JsonToken.END_ARRAY && token != null;
                    token = parser.nextToken()) {
                array.add(value(parser, depth));
            }
            return array;
        }

        private @Nullable Object value(JsonParser parser, int depth) throws IOException {
            JsonToken token = parser.currentToken();
            if (token == null) {
                return null;
            }
            return switch (token) {
                case START_OBJECT -> isTooDeep(parser, depth) ? null : object(parser, depth + 1);
                case START_ARRAY -> isTooDeep(parser, depth) ? null : array(parser, depth + 1);
                case VALUE_STRING -> text(parser.getText());
                case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number(parser.getText());
                case VALUE_TRUE -> Boolean.TRUE;
                case VALUE_FALSE -> Boolean.FALSE;
                default -> null;
            };
        }

        private boolean isTooDeep(JsonParser parser, int depth) throws IOException {
            if (depth < MAX_DEPTH) {
                return false;
            }
            blame("nested deeper than " + MAX_DEPTH + " levels");
            parser.skipChildren();
            return true;
        }

        private Object number(String text) {
            int exponentAt = Math.max(text.indexOf('e'), text.indexOf('E'));
            if (text.length() > MAX_NUMBER_LENGTH || (exponentAt >= 0 && isHuge(text.substring(exponentAt + 1)))) {
                blame("a number beyond what a double holds");
                return text;
            }
            if (exponentAt >= 0 || text.indexOf('.') >= 0) {
                return Double.valueOf(text);
            }
            if (text.length() < 18) {
                long value = Long.parseLong(text);
                // Readers ask for getInteger as well as getLong; Vert.x narrows and widens either way.
                return (int) value == value ? (Number) (int) value : (Number) value;
            }
            return new BigInteger(text);
        }

        private static boolean isHuge(String exponent) {
            String digits = exponent.replaceFirst("^[+-]?0*", "");
            return digits.length() > 3 || (!digits.isEmpty() && Integer.parseInt(digits) > MAX_EXPONENT);
        }

        private String name(String name) {
            if (name.length() <= MAX_NAME_LENGTH) {
                return text(name);
            }
            blame("a name longer than " + MAX_NAME_LENGTH + " characters");
            return text(name.substring(0, MAX_NAME_LENGTH));
        }

        private String text(String text) {
            int bad = mayNeedMending ? firstBad(text) : -1;
            if (bad < 0) {
                return text;
            }
            mend(text.charAt(bad) == 0 ? "U+0000 in a text" : "half a surrogate pair in a text");
            return Payload.mended(text);
        }
    }
}
