package dev.parley.ingest.provider.signed;

import dev.parley.inbound.EventKey;
import dev.parley.inbound.Payload;
import dev.parley.ingest.provider.Address;
import dev.parley.ingest.provider.Ed25519Key;
import dev.parley.ingest.provider.Hmac;
import dev.parley.ingest.provider.signed.Description.Algorithm;
import dev.parley.ingest.provider.signed.Description.Challenge;
import dev.parley.ingest.provider.signed.Description.Encoding;
import dev.parley.ingest.provider.signed.Description.Message;
import dev.parley.queue.JobType;
import dev.parley.spi.Delivery;
import dev.parley.spi.Reading;
import dev.parley.spi.Reply;
import dev.parley.spi.Verdict;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import io.vertx.core.json.JsonObject;
import io.vertx.core.json.pointer.JsonPointer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One described source of one tenant: verifies and reads as its {@link Description} says. */
final class SignedSource implements WebhookProvider {
    private static final Logger LOG = LoggerFactory.getLogger(SignedSource.class);
    private static final int MOST_SIGNATURES = 16;
    private static final Secret DECOY = Secret.of("0".repeat(64));
    private static final Pattern TIMESTAMP = Pattern.compile("[0-9]{1,12}");
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,200}");
    private static final Pattern TYPE = Pattern.compile("[A-Za-z0-9_./-]{1,80}");
    /** What may be sent back to whoever can sign: nothing that a browser or a parser takes for more than a word. */
    private static final Pattern ANSWER = Pattern.compile("[A-Za-z0-9_.=+/-]{1,512}");

    private final String name;
    private final Description by;

    SignedSource(String name, Description by) {
        this.name = name;
        this.by = by;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Scope scope() {
        return Scope.TENANT;
    }

    @Override
    public boolean takesForms() {
        return by.isForm();
    }

    /** What the headers say, as far as it can be used. */
    private record Presented(List<byte[]> signatures, String timestamp, String id) {}

    @Override
    public Verdict verify(Delivery delivery, List<Secret> secrets) {
        Optional<Presented> said = presented(delivery);
        Presented presented = said.orElse(new Presented(List.of(new byte[0]), "0", "none"));
        boolean matches = false;
        for (Secret secret : secrets.isEmpty() ? List.of(DECOY) : secrets) {
            matches |= matches(secret, presented, delivery.body());
        }
        if (said.isEmpty()) {
            return Verdict.forged("no usable signature");
        }
        if (secrets.isEmpty() || !matches) {
            return Verdict.forged("wrong signature");
        }
        if (by.template().has(Template.Value.TIMESTAMP)) {
            long age = delivery.receivedAt().getEpochSecond() - Long.parseLong(presented.timestamp());
            if (Math.abs(age) > by.tolerance().toSeconds()) {
                return Verdict.stale(age > 0 ? "too old" : "from the future");
            }
        }
        return Verdict.genuine();
    }

    private Optional<Presented> presented(Delivery delivery) {
        Optional<String> header = delivery.only(by.header());
        if (header.isEmpty()) {
            return Optional.empty();
        }
        List<String> signatures = new ArrayList<>();
        List<String> timestamps = new ArrayList<>();
        if (by.isPairs()) {
            for (String pair : header.get().split(",", MOST_SIGNATURES * 2)) {
                String each = pair.strip();
                if (each.startsWith(by.signatureKey() + "=")) {
                    signatures.add(each.substring(by.signatureKey().length() + 1));
                } else if (!by.timestampKey().isEmpty() && each.startsWith(by.timestampKey() + "=")) {
                    timestamps.add(each.substring(by.timestampKey().length() + 1));
                }
            }
        } else {
            signatures.add(header.get());
        }
        by.timestampHeader().flatMap(delivery::only).ifPresent(timestamps::add);
        List<byte[]> decoded = signatures.stream()
                .limit(MOST_SIGNATURES)
                .filter(each -> each.startsWith(by.prefix()))
                .map(each -> decoded(each.substring(by.prefix().length()), by.encoding()))
                .flatMap(Optional::stream)
                .toList();
        boolean needsTimestamp = by.template().has(Template.Value.TIMESTAMP);
        boolean hasTimestamp =
                timestamps.size() == 1 && TIMESTAMP.matcher(timestamps.get(0)).matches();
        Optional<String> id = by.idHeader()
                .flatMap(delivery::only)
                .filter(each -> ID.matcher(each).matches());
        if (decoded.isEmpty()
                || (needsTimestamp && !hasTimestamp)
                || (by.idHeader().isPresent() && id.isEmpty())) {
            return Optional.empty();
        }
        return Optional.of(new Presented(decoded, needsTimestamp ? timestamps.get(0) : "", id.orElse("")));
    }

    private boolean matches(Secret secret, Presented presented, byte[] body) {
        Optional<byte[]> key = decoded(secret.reveal(), by.secretEncoding());
        if (key.isEmpty() || key.get().length == 0) {
            LOG.warn("a secret of webhook:{} is not {}; it is ignored", name, by.secretEncoding());
            return false;
        }
        return by.algorithm() == Algorithm.ED25519
                ? verifies(key.get(), presented, body)
                : equals(key.get(), presented, body);
    }

    private boolean equals(byte[] key, Presented presented, byte[] body) {
        byte[] expected = Hmac.of(
                by.algorithm().mac(),
                key,
                signed -> by.template().write(body, presented.timestamp(), presented.id(), signed));
        boolean matches = false;
        for (byte[] signature : presented.signatures()) {
            matches |= MessageDigest.isEqual(expected, signature);
        }
        return matches;
    }

    private boolean verifies(byte[] key, Presented presented, byte[] body) {
        Ed25519Key verifier;
        try {
            verifier = Ed25519Key.ofRaw(key);
        } catch (IllegalArgumentException e) {
            LOG.warn("a secret of webhook:{} is no Ed25519 public key ({}); it is ignored", name, e.getMessage());
            return false;
        }
        ByteArrayOutputStream signed = new ByteArrayOutputStream(body.length + 64);
        by.template().write(body, presented.timestamp(), presented.id(), signed::writeBytes);
        byte[] bytes = signed.toByteArray();
        return presented.signatures().stream().anyMatch(signature -> verifier.verifies(signature, bytes));
    }

    /** Empty = not of this encoding. Exactly one spelling of each value: no white space, nothing left over. */
    private static Optional<byte[]> decoded(String text, Encoding encoding) {
        try {
            return Optional.of(
                    switch (encoding) {
                        case HEX -> HexFormat.of().parseHex(text);
                        case BASE64 -> Base64.getDecoder().decode(text);
                        case BASE64URL -> Base64.getUrlDecoder().decode(text);
                        case TEXT -> text.getBytes(StandardCharsets.UTF_8);
                    });
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    @Override
    public Payload payload(Delivery delivery) {
        return by.isForm() ? Payload.form(delivery.body()) : Payload.json(delivery.body());
    }

    @Override
    public Reading read(Delivery delivery, Payload payload) {
        JsonObject json = payload.content();
        Optional<Challenge> asked = by.challenge()
                .filter(each -> payload.isReadable() && each.conditions().hold(json));
        if (asked.isPresent()) {
            String answer = text(json, asked.get().answer());
            if (answer != null && ANSWER.matcher(answer).matches()) {
                return new Reading.Question(new Reply("text/plain; charset=utf-8", answer));
            }
        }
        String id = by.eventId().map(pointer -> text(json, pointer)).orElse(null);
        String signedId = by.idHeader().flatMap(delivery::only).orElse(null);
        EventKey key = id != null
                ? EventKey.of(name, "event", id)
                : signedId != null ? EventKey.of(name, "id", signedId) : EventKey.ofBody(name, delivery.body());
        return Reading.event(event(json, key, delivery, payload).named(id == null ? signedId : id, messageId(json)));
    }

    private Reading.Event event(JsonObject json, EventKey key, Delivery delivery, Payload payload) {
        Optional<Message> message =
                by.message().filter(each -> each.conditions().hold(json));
        if (message.isPresent()) {
            String address = text(json, message.get().address());
            if (address != null && text(json, message.get().text()) != null) {
                String channel = message.get().channel();
                return Reading.Event.of("inbound_message", JobType.PROCESS_INBOUND_MESSAGE, key, payload)
                        .on(channel, Address.on(channel, address));
            }
        }
        String type = by.eventType()
                .map(pointer -> text(json, pointer))
                // A label and no more: nobody signed the header.
                .or(() -> by.typeHeader().flatMap(delivery::only))
                .filter(each -> TYPE.matcher(each).matches())
                .orElse("event");
        return Reading.Event.of("other:" + type, null, key, payload);
    }

    private @Nullable String messageId(JsonObject json) {
        return by.message()
                .flatMap(Message::id)
                .map(pointer -> text(json, pointer))
                .orElse(null);
    }

    private static @Nullable String text(JsonObject json, JsonPointer pointer) {
        Object value = pointer.queryJson(json);
        return value instanceof String text && !text.isBlank()
                ? text
                : value instanceof Number number ? number.toString() : null;
    }
}
