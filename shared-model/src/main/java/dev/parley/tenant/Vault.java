package dev.parley.tenant;

import dev.parley.tenant.Fernet.InvalidToken;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;

/**
 * The only cipher: Fernet tokens of JSON objects under one or several keys.
 *
 * <p>What {@link #seal} makes is bound to its row: inside stands {@code {"t": tenant id, "p": provider, "v": {…}}}, and
 * {@link #open} refuses it for any other tenant or provider. A plain JSON object sealed by any other Fernet
 * implementation opens too; it carries no such binding until it is sealed here.
 *
 * <p>Immutable and safe from any thread; does no I/O and costs some ten microseconds a call.
 */
public final class Vault {
    private static final Set<String> ENVELOPE = Set.of("t", "p", "v");

    /** Newest first; the last one has version 1. */
    private final List<Fernet.Key> keys;

    private final Clock clock;
    private final SecureRandom random = new SecureRandom();

    private Vault(List<Fernet.Key> keys, Clock clock) {
        this.keys = List.copyOf(keys);
        this.clock = clock;
    }

    /** The same secret under the newest key. */
    public record Resealed(byte[] token, int keyVersion) {}

    /**
     * @param keys one or several Fernet keys (base64url of 32 bytes), newest first, comma separated: the value of
     *     {@code TENANT_ENCRYPTION_KEY}
     * @throws IllegalArgumentException says which key is malformed and how, never the key
     */
    public static Vault of(String keys) {
        return of(keys, Clock.systemUTC());
    }

    static Vault of(String keys, Clock clock) {
        if (keys.isBlank()) {
            throw new IllegalArgumentException("TENANT_ENCRYPTION_KEY is not set: it takes one or several Fernet keys "
                    + "(base64url of 32 random bytes), newest first, comma separated");
        }
        String[] texts = keys.split(",", -1);
        List<Fernet.Key> parsed = new ArrayList<>();
        for (int i = 0; i < texts.length; i++) {
            String place = "TENANT_ENCRYPTION_KEY: key " + (i + 1) + " of " + texts.length + " ";
            String text = texts[i].strip();
            if (text.isEmpty()) {
                throw new IllegalArgumentException(place + "is empty");
            }
            Fernet.Key key;
            try {
                key = Fernet.Key.parse(text);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(place + e.getMessage());
            }
            for (int earlier = 0; earlier < parsed.size(); earlier++) {
                if (parsed.get(earlier).isSameAs(key)) {
                    throw new IllegalArgumentException(place + "is the same as key " + (earlier + 1));
                }
            }
            parsed.add(key);
        }
        return new Vault(parsed, clock);
    }

    /** A new key, as it goes into {@code TENANT_ENCRYPTION_KEY}. */
    public static String newKey() {
        byte[] bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        return Base64.getUrlEncoder().encodeToString(bytes);
    }

    /** A token of {@code credentials} under the newest key that opens for this tenant and provider only. */
    public byte[] seal(TenantId tenant, String provider, JsonObject credentials) {
        byte[] plaintext = new JsonObject()
                .put("t", tenant.toString())
                .put("p", provider)
                .put("v", credentials)
                .encode()
                .getBytes(StandardCharsets.UTF_8);
        return Fernet.seal(keys.get(0), clock.instant(), iv(), plaintext);
    }

    /** @throws VaultException if no key opens it or it was sealed for another row; the message holds no secret */
    public JsonObject open(TenantId tenant, String provider, byte[] token) {
        return credentials(tenant, provider, unlock(token).plaintext());
    }

    /** Version of the key that seals: keys are numbered from the oldest = 1. */
    public int currentVersion() {
        return keys.size();
    }

    /**
     * Which key a token was sealed with, whatever its row's {@code key_version} says: once an old key is taken off the
     * list, the numbers of the others move down.
     *
     * @throws VaultException if none of the keys made it
     */
    public int keyVersionOf(byte[] token) {
        return unlock(token).keyVersion();
    }

    /**
     * The same content under the newest key, with a fresh IV; when it was first sealed stays on record. What was sealed
     * elsewhere without a binding stays so: whoever wrote it must still be able to read it.
     *
     * @throws VaultException if it would not {@link #open} for this tenant and provider
     */
    public Resealed reseal(TenantId tenant, String provider, byte[] token) {
        Unlocked unlocked = unlock(token);
        var unused = credentials(tenant, provider, unlocked.plaintext());
        return new Resealed(
                Fernet.seal(keys.get(0), unlocked.sealedAt(), iv(), unlocked.plaintext()), currentVersion());
    }

    private record Unlocked(int keyVersion, Instant sealedAt, byte[] plaintext) {}

    private Unlocked unlock(byte[] token) {
        for (int i = 0; i < keys.size(); i++) {
            try {
                // Stored credentials have no age limit: a time to live would lock a tenant out by the clock.
                Fernet.Opened opened = Fernet.open(keys.get(i), token, null, Instant.EPOCH);
                return new Unlocked(keys.size() - i, opened.sealedAt(), opened.plaintext());
            } catch (InvalidToken e) {
                if (e.reason() == InvalidToken.Reason.MALFORMED) {
                    throw new VaultException("the stored credentials are not a Fernet token: " + e.getMessage());
                }
            }
        }
        throw new VaultException("the stored credentials open with none of the " + keys.size()
                + " key(s) in TENANT_ENCRYPTION_KEY: sealed with another key, or altered");
    }

    private static JsonObject credentials(TenantId tenant, String provider, byte[] plaintext) {
        JsonObject json = json(plaintext);
        boolean bound = json.fieldNames().equals(ENVELOPE)
                && json.getValue("t") instanceof String
                && json.getValue("p") instanceof String
                && json.getValue("v") instanceof JsonObject;
        if (!bound) {
            return json;
        }
        if (!json.getString("t").equals(tenant.toString())
                || !json.getString("p").equals(provider)) {
            throw new VaultException("the stored credentials were sealed for another tenant or provider");
        }
        return json.getJsonObject("v");
    }

    private static JsonObject json(byte[] plaintext) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(plaintext))
                    .toString();
            if (Json.decodeValue(text) instanceof JsonObject object) {
                return object;
            }
        } catch (DecodeException | CharacterCodingException e) {
            // Fall through: the parser's own message would quote the secret.
        }
        throw new VaultException("the stored credentials open, but are not a JSON object");
    }

    private byte[] iv() {
        byte[] iv = new byte[Fernet.IV_BYTES];
        random.nextBytes(iv);
        return iv;
    }
}
