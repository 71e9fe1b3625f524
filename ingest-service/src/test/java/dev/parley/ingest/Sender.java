package dev.parley.ingest;

import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Plays the providers, the well-behaved and the others. */
final class Sender {
    private final URI base;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();

    Sender(URI base) {
        this.base = base;
    }

    /** An SMS as GoHighLevel really sends it: the documentation's sample in the live envelope. */
    static JsonObject sms(String location) {
        return Samples.json("ghl-inboundmessage-sms.json")
                .put("locationId", location)
                .put("appId", IngestDatabase.APP)
                .put("versionId", IngestDatabase.APP)
                .put("timestamp", Instant.now().toString())
                .put("messageId", "msg-" + UUID.randomUUID())
                .put("webhookId", UUID.randomUUID().toString());
    }

    static Map<String, String> ghlHeaders(byte[] body) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Content-Type", "application/json");
        headers.put("X-GHL-Signature", IngestDatabase.GHL.sign(body));
        return headers;
    }

    Answered ghl(JsonObject json) {
        return ghl(json.encode());
    }

    Answered ghl(String body) {
        return ghl(body.getBytes(StandardCharsets.UTF_8));
    }

    Answered ghl(byte[] body) {
        return post("/webhooks/ghl", body, ghlHeaders(body));
    }

    static Map<String, String> standardHeaders(String secret, String id, Instant at, byte[] body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(Base64.getDecoder().decode(secret.substring("whsec_".length())), "HmacSHA256"));
            mac.update((id + "." + at.getEpochSecond() + ".").getBytes(StandardCharsets.UTF_8));
            return Map.of(
                    "Content-Type",
                    "application/json",
                    "webhook-id",
                    id,
                    "webhook-timestamp",
                    String.valueOf(at.getEpochSecond()),
                    "webhook-signature",
                    "v1," + Base64.getEncoder().encodeToString(mac.doFinal(body)));
        } catch (java.security.GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    record Answered(int status, JsonObject body, Map<String, java.util.List<String>> headers, Duration took) {
        String outcome() {
            return body.getString("status");
        }

        UUID trace() {
            return UUID.fromString(body.getString("trace_id"));
        }

        String header(String name) {
            return headers.entrySet().stream()
                    .filter(header -> header.getKey().equalsIgnoreCase(name))
                    .map(header -> header.getValue().get(0))
                    .findFirst()
                    .orElse(null);
        }
    }

    Answered post(String path, byte[] body, Map<String, String> headers) {
        return send("POST", path, body, headers);
    }

    Answered send(String method, String path, byte[] body, Map<String, String> headers) {
        return later(method, path, body, headers).join();
    }

    CompletableFuture<Answered> later(String method, String path, byte[] body, Map<String, String> headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve(path))
                .timeout(Duration.ofSeconds(30))
                .method(method, HttpRequest.BodyPublishers.ofByteArray(body));
        headers.forEach(request::header);
        long start = System.nanoTime();
        return client.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString())
                .thenApply(response -> answered(response, start));
    }

    private static Answered answered(HttpResponse<String> response, long start) {
        String text = response.body();
        return new Answered(
                response.statusCode(),
                text == null || text.isEmpty() ? new JsonObject() : new JsonObject(text),
                response.headers().map(),
                Duration.ofNanos(System.nanoTime() - start));
    }

    String get(String path) {
        try {
            return client.send(HttpRequest.newBuilder(base.resolve(path)).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Bytes on the wire, exactly these. */
    Wire wire() {
        try {
            Socket socket = new Socket(base.getHost(), base.getPort());
            socket.setSoTimeout(20_000);
            return new Wire(socket);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    record Wire(Socket socket) implements AutoCloseable {
        Wire write(String text) throws IOException {
            return write(text.getBytes(StandardCharsets.ISO_8859_1));
        }

        Wire write(byte[] bytes) throws IOException {
            OutputStream out = socket.getOutputStream();
            out.write(bytes);
            out.flush();
            return this;
        }

        /** Everything until the other side closes. */
        String readToEnd() throws IOException {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            InputStream in = socket.getInputStream();
            byte[] buffer = new byte[4096];
            try {
                for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                    all.write(buffer, 0, count);
                }
            } catch (java.net.SocketException e) {
                // A reset after the answer is an end too.
            }
            return all.toString(StandardCharsets.ISO_8859_1);
        }

        /** The first line of the answer. */
        String readStatus() throws IOException {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            InputStream in = socket.getInputStream();
            for (int one = in.read(); one >= 0 && one != '\n'; one = in.read()) {
                line.write(one);
            }
            return line.toString(StandardCharsets.ISO_8859_1).strip();
        }

        @Override
        public void close() {
            try {
                socket.close();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
