package dev.parley.ingest.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * One request, reproducible from the run's seed and its number.
 *
 * @param provider the subject's name
 * @param genuine whether the provider itself would have sent exactly these bytes with these headers
 * @param what for whoever has to understand a failure: what was done to it
 * @param wire the request as it goes over the wire
 */
public record FuzzCase(long number, String provider, boolean genuine, String what, byte[] body, byte[] wire) {

    /** As the vendor sends it, with nothing done to it. */
    static FuzzCase genuine(long number, FuzzSubject subject, String slug, byte[] original) {
        byte[] body = subject.sendable(original);
        String path = subject.path(slug);
        List<Map.Entry<String, String>> headers =
                List.copyOf(subject.sign(path, body, number).entrySet());
        return new FuzzCase(
                number,
                subject.name(),
                true,
                "",
                body,
                wire(subject, subject.method(), path, headers, body, new Random(number)));
    }

    /** @param body what it says, wherever that stands */
    static byte[] wire(
            FuzzSubject subject,
            String method,
            String path,
            List<Map.Entry<String, String>> headers,
            byte[] body,
            Random random) {
        return subject.method().equals("GET")
                ? wire(method, path + "?" + new String(body, StandardCharsets.ISO_8859_1), headers, new byte[0], random)
                : wire(method, path, headers, body, random);
    }

    static byte[] wire(
            String method, String path, List<Map.Entry<String, String>> headers, byte[] body, Random random) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(body.length + 512);
        StringBuilder head =
                new StringBuilder().append(method).append(' ').append(path).append(" HTTP/1.1\r\nHost: fuzz\r\n");
        headers.forEach(header -> head.append(header.getKey())
                .append(": ")
                .append(header.getValue())
                .append("\r\n"));
        boolean isChunked = random.nextInt(5) == 0;
        head.append(isChunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: " + body.length + "\r\n\r\n");
        out.writeBytes(head.toString().getBytes(StandardCharsets.ISO_8859_1));
        if (!isChunked) {
            out.writeBytes(body);
            return out.toByteArray();
        }
        for (int at = 0; at < body.length; ) {
            int size = Math.min(body.length - at, 1 + random.nextInt(Math.max(64, body.length / 3)));
            out.writeBytes((Integer.toHexString(size) + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
            out.write(body, at, size);
            out.writeBytes("\r\n".getBytes(StandardCharsets.ISO_8859_1));
            at += size;
        }
        out.writeBytes("0\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
        return out.toByteArray();
    }
}
