package dev.parley.ingest.fuzz;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/** Twilio's forms. What is no form is nothing that Twilio could sign. */
public final class TwilioSubject implements FuzzSubject {
    /** Where the service under test has to be told that the world sees it. */
    public static final String PUBLIC_URL = "https://hooks.example.com";

    private static final String TOKEN = "fuzz-twilio-token-0123456789abcdef";
    private static final Pattern HALF_AN_ESCAPE = Pattern.compile("%(?![0-9A-Fa-f]{2})");
    private static final int MOST_FIELDS = 500;

    /** Both as bytes, one a character. */
    private record Field(String name, String value) {}

    @Override
    public String provider() {
        return "twilio";
    }

    @Override
    public List<String> secrets() {
        return List.of(TOKEN);
    }

    @Override
    public List<byte[]> samples(String tag, long number) {
        String ids = "MessageSid=SM" + tag + "-" + number + "&AccountSid=AC0123456789";
        String phones = "&To=%2B15550100&From=%2B15550199";
        return List.of(
                Keyed.utf8("ToCountry=US&ToState=&SmsStatus=received&NumMedia=0&" + ids + phones
                        + "&Body=hello+there%2C+Gr%C3%BC%C3%9Fe+%F0%9F%99%82&ApiVersion=2010-04-01"),
                Keyed.utf8(
                        ids + "&From=whatsapp%3A%2B15550199&To=whatsapp%3A%2B15550100&ProfileName=Ada&WaId=15550199"
                                + "&NumMedia=1&MediaUrl0=https%3A%2F%2Fapi.example.com%2Fm&MediaContentType0=image%2Fjpeg&Body="),
                Keyed.utf8(ids + phones + "&MessageStatus=delivered&SmsStatus=delivered"),
                Keyed.utf8(ids + phones + "&MessageStatus=failed&ErrorCode=30003"));
    }

    @Override
    public Map<String, String> sign(String path, byte[] body, long number) {
        StringBuilder signed = new StringBuilder(PUBLIC_URL + path);
        fields(body).stream()
                .sorted(Comparator.comparing(Field::name).thenComparing(Field::value))
                .collect(java.util.stream.Collectors.toCollection(LinkedHashSet::new))
                .forEach(field -> signed.append(field.name()).append(field.value()));
        return Map.of(
                "Content-Type",
                "application/x-www-form-urlencoded; charset=UTF-8",
                "X-Twilio-Signature",
                signature(signed.toString()));
    }

    /** @param signed bytes, one a character */
    static String signature(String signed) {
        return Base64.getEncoder()
                .encodeToString(
                        Keyed.hash("HmacSHA1", Keyed.utf8(TOKEN), signed.getBytes(StandardCharsets.ISO_8859_1)));
    }

    @Override
    public boolean signsThePath() {
        return true;
    }

    @Override
    public boolean canSign(byte[] body) {
        String text = new String(body, StandardCharsets.ISO_8859_1);
        return !HALF_AN_ESCAPE.matcher(text).find() && fields(body).size() <= MOST_FIELDS;
    }

    /** None of what cannot be signed anyway. */
    private static List<Field> fields(byte[] body) {
        String text = HALF_AN_ESCAPE
                .matcher(new String(body, StandardCharsets.ISO_8859_1))
                .replaceAll("%25");
        List<Field> fields = new ArrayList<>();
        for (String part : text.split("&", -1)) {
            if (!part.isEmpty()) {
                String[] both = part.split("=", 2);
                fields.add(new Field(unescaped(both[0]), both.length == 1 ? "" : unescaped(both[1])));
            }
        }
        return fields;
    }

    private static String unescaped(String text) {
        return URLDecoder.decode(text, StandardCharsets.ISO_8859_1);
    }

    @Override
    public byte[] stored(byte[] body) {
        JsonObject json = new JsonObject();
        for (Field field : fields(body)) {
            String name;
            String value;
            try {
                name = text(field.name());
                value = text(field.value());
            } catch (CharacterCodingException e) {
                // Kept as bytes then, and compared as such.
                return Keyed.utf8("{}");
            }
            Object before = json.getValue(name);
            if (before instanceof JsonArray several) {
                several.add(value);
            } else {
                json.put(
                        name,
                        before == null ? value : new JsonArray().add(before).add(value));
            }
        }
        return json.toBuffer().getBytes();
    }

    private static String text(String bytes) throws CharacterCodingException {
        return StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1)))
                .toString();
    }

    @Override
    public boolean isSameEvent(JsonObject stored, byte[] body) {
        Object sid = FuzzSubject.json(stored(body)).getValue("MessageSid");
        return sid != null && Objects.equals(sid, stored.getValue("MessageSid"));
    }
}
