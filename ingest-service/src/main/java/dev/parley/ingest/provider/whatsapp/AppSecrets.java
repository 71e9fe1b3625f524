package dev.parley.ingest.provider.whatsapp;

import dev.parley.ingest.IngestConfig;
import dev.parley.ingest.provider.WatchedFile;
import dev.parley.tenant.Secret;
import io.vertx.core.Vertx;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The secrets of our Meta app that may have signed: those of the configuration, and those of a file that may change at any
 * time. Safe from any thread.
 */
@Singleton
final class AppSecrets {
    private final List<Secret> fixed;
    private volatile List<Secret> all;

    @Inject
    AppSecrets(IngestConfig config, Vertx vertx) {
        this(config.whatsapp().appSecrets().orElse(List.of()));
        config.whatsapp()
                .appSecretsFile()
                .filter(file -> !file.isBlank())
                .ifPresent(file -> WatchedFile.watch(
                        vertx, Path.of(file), config.whatsapp().appSecretsEvery(), this::fromFile));
    }

    AppSecrets(List<String> texts) {
        fixed = texts.stream()
                .map(String::strip)
                .filter(text -> !text.isEmpty())
                .map(Secret::of)
                .toList();
        all = fixed;
    }

    /**
     * Takes the place of what the file said before.
     *
     * @throws IllegalArgumentException if a line is more than one word; says which; then nothing changes
     */
    void fromFile(String content) {
        List<Secret> secrets = new ArrayList<>(fixed);
        List<String> lines = content.lines()
                .map(line -> line.replaceFirst("#.*", "").strip())
                .toList();
        for (int at = 0; at < lines.size(); at++) {
            if (lines.get(at).chars().anyMatch(Character::isWhitespace)) {
                throw new IllegalArgumentException(
                        "PARLEY_WHATSAPP_APP_SECRETS_FILE: line " + (at + 1) + " is more than one word");
            }
            if (!lines.get(at).isEmpty()) {
                secrets.add(Secret.of(lines.get(at)));
            }
        }
        all = List.copyOf(secrets);
    }

    List<Secret> all() {
        return all;
    }
}
