package dev.parley.ingest.fuzz;

import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Twilio's forms where a number is set to GET: in the query, which is signed with the URL and not field by field. */
public final class TwilioByGetSubject implements FuzzSubject {
    /** What a query may hold as it is, besides letters and digits; with it what stands in an escape. */
    private static final String PLAIN = "-._~!$'()*+,;:@/?=&";

    /** The service reads request lines of 20,480 characters. Longer than this is longer than that, with any path. */
    private static final int TOO_LONG = 20_480;

    private static final int FITS = 20_000;

    private final TwilioSubject form = new TwilioSubject();

    @Override
    public String provider() {
        return form.provider();
    }

    @Override
    public String name() {
        return "twilio by GET";
    }

    @Override
    public String method() {
        return "GET";
    }

    @Override
    public List<byte[]> samples(String tag, long number) {
        // Letters of their own: the other subject's numbers are told apart from ours, but its tag is the same.
        return form.samples(tag + "-get", number);
    }

    /** Escaped where it has to be, as everybody does who builds a URL; between fitting and too long it is cut. */
    @Override
    public byte[] sendable(byte[] body) {
        StringBuilder query = new StringBuilder(body.length);
        for (int at = 0; at < body.length; at++) {
            char one = (char) (body[at] & 0xff);
            if (isPlain(one) || isEscape(body, at)) {
                query.append(one);
            } else {
                query.append(String.format("%%%02X", (int) one));
            }
        }
        if (query.length() > FITS && query.length() <= TOO_LONG) {
            query.setLength(FITS);
            int escape = query.lastIndexOf("%");
            if (escape > FITS - 3) {
                query.setLength(escape);
            }
        }
        return query.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    private static boolean isPlain(char one) {
        return (one >= 'a' && one <= 'z')
                || (one >= 'A' && one <= 'Z')
                || (one >= '0' && one <= '9')
                || PLAIN.indexOf(one) >= 0;
    }

    private static boolean isEscape(byte[] body, int at) {
        return body[at] == '%'
                && new String(Arrays.copyOfRange(body, at, Math.min(body.length, at + 3)), StandardCharsets.ISO_8859_1)
                        .matches("%[0-9A-Fa-f]{2}");
    }

    @Override
    public Map<String, String> sign(String path, byte[] body, long number) {
        return Map.of(
                "X-Twilio-Signature",
                TwilioSubject.signature(
                        TwilioSubject.PUBLIC_URL + path + "?" + new String(body, StandardCharsets.ISO_8859_1)));
    }

    @Override
    public boolean signsThePath() {
        return true;
    }

    @Override
    public boolean canSign(byte[] body) {
        return body.length <= FITS;
    }

    @Override
    public byte[] stored(byte[] body) {
        return form.stored(body);
    }

    @Override
    public boolean isSameEvent(JsonObject stored, byte[] body) {
        return form.isSameEvent(stored, body);
    }
}
