package dev.parley.ingest.provider.ghl;

import dev.parley.ingest.IngestConfig;
import dev.parley.ingest.provider.Ed25519Key;
import dev.parley.ingest.provider.WatchedFile;
import io.vertx.core.Vertx;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The keys GoHighLevel may sign with: its published one, those of the configuration, and those of a file that may change at
 * any time. Safe from any thread.
 */
@Singleton
final class GhlKeys {
    /** GoHighLevel's own, published in its webhook guide; a rotation is announced by mail and configured. */
    static final String GHL_PUBLIC_KEY = "MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=";

    private final List<Ed25519Key> fixed;
    private volatile List<Ed25519Key> all;

    @Inject
    GhlKeys(IngestConfig config, Vertx vertx) {
        this(config.ghl().publicKeys().orElse(List.of()));
        config.ghl()
                .publicKeysFile()
                .filter(file -> !file.isBlank())
                .ifPresent(file ->
                        WatchedFile.watch(vertx, Path.of(file), config.ghl().publicKeysEvery(), this::fromFile));
    }

    /** @throws IllegalArgumentException if one of {@code extra} is malformed; says which */
    GhlKeys(List<String> extra) {
        List<Ed25519Key> keys = new ArrayList<>();
        keys.add(Ed25519Key.ofSpki(GHL_PUBLIC_KEY));
        keys.addAll(keys("PARLEY_GHL_PUBLIC_KEYS", extra));
        fixed = List.copyOf(keys);
        all = fixed;
    }

    /**
     * Takes the place of what the file said before.
     *
     * @throws IllegalArgumentException if a line is malformed; says which; then nothing changes
     */
    void fromFile(String content) {
        List<String> lines = content.lines()
                .map(line -> line.replaceFirst("#.*", "").strip())
                .toList();
        List<Ed25519Key> keys = new ArrayList<>(fixed);
        keys.addAll(keys("PARLEY_GHL_PUBLIC_KEYS_FILE", lines));
        all = List.copyOf(keys);
    }

    List<Ed25519Key> all() {
        return all;
    }

    private static List<Ed25519Key> keys(String source, List<String> encoded) {
        List<Ed25519Key> keys = new ArrayList<>();
        for (int at = 0; at < encoded.size(); at++) {
            if (encoded.get(at).isBlank()) {
                continue;
            }
            try {
                keys.add(Ed25519Key.ofSpki(encoded.get(at)));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(source + ": key " + (at + 1) + " is " + e.getMessage(), e);
            }
        }
        return keys;
    }
}
