package dev.parley.ledger;

import dev.parley.sandbox.Ports;
import dev.parley.sandbox.SandboxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What a scenario may lay before the stack stands: secrets of its choice, programs between, settings of the services. */
final class Ground implements AutoCloseable {
    private final Path directory;
    private Path data;
    private final Ports ports;
    private final Network network;
    private final Map<String, String> worker = new HashMap<>();
    private final Map<String, String> ingest = new HashMap<>();
    private final List<Runnable> remains = new ArrayList<>();

    Ground(Path directory, Ports ports, Network network) {
        this.directory = directory;
        this.data = directory;
        this.ports = ports;
        this.network = network;
    }

    Path directory() {
        return directory;
    }

    /** Where the stack keeps its data. */
    Path data() {
        return data;
    }

    /** Elsewhere: on a disk of the scenario's own. */
    void data(Path elsewhere) {
        data = elsewhere;
    }

    Ports ports() {
        return ports;
    }

    Network network() {
        return network;
    }

    Map<String, String> worker() {
        return worker;
    }

    Map<String, String> ingest() {
        return ingest;
    }

    /** Ended when the stack is gone. */
    void remains(Runnable end) {
        remains.add(end);
    }

    /** A secret the stack would otherwise invent: {@code password.worker}, {@code TENANT_ENCRYPTION_KEY}. */
    void secret(String name, String value) {
        try {
            Path secrets = data.resolve("secrets");
            if (!Files.isDirectory(secrets)) {
                Files.createDirectories(data);
                Files.createDirectory(
                        secrets, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            Files.writeString(
                    secrets.resolve("sandbox.secrets"),
                    name + "=" + value + "\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new SandboxException("cannot write to " + directory + ": " + e, e);
        }
    }

    @Override
    public void close() {
        remains.forEach(Runnable::run);
    }
}
