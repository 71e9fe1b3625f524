package dev.parley.benchmarks.load;

import dev.parley.tenant.Secret;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Standard Webhooks deliveries of one message each, signed while they are written: a body of exactly the wanted size, a
 * fresh event id, one of a number of contacts. With {@code repeats} every second request of a connection is the one before
 * it once more.
 */
public final class SignedMessages implements HttpLoad.Requests {
    private static final int ID_DIGITS = 12;
    private static final int ADDRESS_DIGITS = 7;

    private final byte[] head;
    private final byte[] body;
    private final int idAt;
    private final int addressAt;
    private final Mac mac;
    private final String run;
    private final String prefix;
    private final int contacts;
    private final byte[][] last;
    private long number;
    private long fresh;

    /**
     * @param run part of every event id: two runs do not repeat each other
     * @param secret {@code whsec_…}
     * @param connections how many connections will ask
     */
    public SignedMessages(
            String path, String run, Secret secret, int bodySize, int contacts, int connections, boolean repeats) {
        this.run = run;
        this.contacts = contacts;
        this.last = new byte[repeats ? connections : 0][0];
        this.prefix = "msg_" + run + "_";
        this.head = ("POST " + path + " HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
                        + "content-length: " + bodySize + "\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        String start = "{\"type\":\"message.received\",\"timestamp\":\"" + Instant.now()
                + "\",\"data\":{\"message_id\":\"" + prefix;
        String middle = "\",\"channel\":\"sms\",\"address\":\"+1555";
        String rest = "\",\"name\":\"Ada Lovelace\",\"text\":\"Do you have a slot tomorrow? ";
        String end = "\"}}";
        int fixed = start.length() + ID_DIGITS + middle.length() + ADDRESS_DIGITS + rest.length() + end.length();
        String text = start
                + "0".repeat(ID_DIGITS)
                + middle
                + "0".repeat(ADDRESS_DIGITS)
                + rest
                + "x".repeat(bodySize - fixed)
                + end;
        this.body = text.getBytes(StandardCharsets.US_ASCII);
        this.idAt = start.length();
        this.addressAt = start.length() + ID_DIGITS + middle.length();
        try {
            mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(
                    Base64.getDecoder().decode(secret.reveal().substring("whsec_".length())), "HmacSHA256"));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HmacSHA256", e);
        }
    }

    /** The part of every event id that tells this run from others. */
    public String run() {
        return run;
    }

    /** How many different events were written. */
    public long fresh() {
        return fresh;
    }

    @Override
    public void next(int connection, ByteBuffer into) {
        if (last.length > 0 && last[connection].length > 0) {
            into.put(last[connection]);
            last[connection] = new byte[0];
            return;
        }
        write(into);
        fresh++;
        if (last.length > 0) {
            byte[] copy = new byte[into.position()];
            into.duplicate().flip().get(copy);
            last[connection] = copy;
        }
    }

    private void write(ByteBuffer into) {
        long mine = number++;
        digits(body, idAt, ID_DIGITS, mine);
        digits(body, addressAt, ADDRESS_DIGITS, mine % contacts);
        String id = prefix + mine;
        String timestamp = Long.toString(System.currentTimeMillis() / 1_000);
        mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.US_ASCII));
        String signature = Base64.getEncoder().encodeToString(mac.doFinal(body));
        into.put(head);
        into.put(("webhook-id: " + id + "\r\nwebhook-timestamp: " + timestamp + "\r\nwebhook-signature: v1," + signature
                        + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        into.put(body);
    }

    private static void digits(byte[] into, int at, int count, long value) {
        long rest = value;
        for (int digit = at + count - 1; digit >= at; digit--) {
            into[digit] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
    }
}
