package dev.parley.sandbox;

import dev.parley.tenant.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * What this sandbox invented for itself and must find again: passwords, the encryption key, signing keys. One file of
 * {@code name=value} lines, readable by its owner only, replaced as a whole so that no crash leaves half of it.
 */
final class Secrets {
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Path file;
    private final Map<String, Secret> byName = new TreeMap<>();

    private Secrets(Path file) {
        this.file = file;
    }

    static Secrets in(DataDirectory data) {
        Secrets secrets = new Secrets(data.secrets().resolve("sandbox.secrets"));
        if (Files.exists(secrets.file)) {
            try {
                for (String line : Files.readAllLines(secrets.file)) {
                    int equals = line.indexOf('=');
                    if (equals > 0 && !line.startsWith("#")) {
                        secrets.byName.put(
                                line.substring(0, equals).strip(),
                                Secret.of(line.substring(equals + 1).strip()));
                    }
                }
            } catch (IOException e) {
                throw new SandboxException("cannot read " + secrets.file + ": " + e, e);
            }
        }
        return secrets;
    }

    Path file() {
        return file;
    }

    synchronized Optional<Secret> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** The secret kept under {@code name}; {@code first} makes it the first time. */
    synchronized Secret keep(String name, Supplier<String> first) {
        Secret known = byName.get(name);
        if (known != null) {
            return known;
        }
        Secret made = Secret.of(first.get());
        byName.put(name, made);
        String lines = byName.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue().reveal() + "\n")
                .collect(Collectors.joining(
                        "", "# Made by the sandbox for itself. Losing this file loses its database.\n", ""));
        write(file, lines);
        return made;
    }

    /** Writes a file that only its owner can read, whole or not at all. */
    static void write(Path file, String text) {
        Path next = file.resolveSibling(file.getFileName() + ".new");
        try {
            Files.deleteIfExists(next);
            Files.createFile(next, DataDirectory.ownerOnly("rw-------"));
            Files.writeString(next, text, StandardOpenOption.WRITE);
            Files.move(next, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new SandboxException("cannot write " + file + ": " + e, e);
        }
    }

    /** Letters and digits only: such a password needs no quoting anywhere. */
    static String password() {
        String alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
        return RANDOM.ints(32, 0, alphabet.length())
                .mapToObj(i -> String.valueOf(alphabet.charAt(i)))
                .collect(Collectors.joining());
    }

    /** A Fernet key: base64url of 32 random bytes. */
    static String fernetKey() {
        return Base64.getUrlEncoder().encodeToString(bytes(32));
    }

    static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        RANDOM.nextBytes(bytes);
        return bytes;
    }
}
