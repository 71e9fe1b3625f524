package dev.parley.sandbox;

import io.zonky.test.db.postgres.embedded.DefaultPostgresBinaryResolver;
import io.zonky.test.db.postgres.util.ArchUtils;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;
import org.jspecify.annotations.Nullable;

/** The programs of a real Postgres 18, unpacked once per version into a directory that sandboxes may share. */
record PostgresBinaries(Path home) {
    static final String MAJOR = "18";

    /** Unpacks below {@code cache} unless it was done before. Two processes may do so at once: the first one wins. */
    static PostgresBinaries unpackedIn(Path cache) {
        String system = System.getProperty("os.name").startsWith("Mac") ? "Darwin" : "Linux";
        String machine = System.getProperty("os.arch");
        byte[] archive;
        try (InputStream stream =
                DefaultPostgresBinaryResolver.INSTANCE.getPgBinary(system, ArchUtils.normalize(machine))) {
            archive = stream.readAllBytes();
        } catch (IOException | RuntimeException e) {
            throw new SandboxException("there is no embedded Postgres for " + system + " on " + machine + ": " + e, e);
        }
        Path home = cache.resolve("postgres-" + MAJOR + "-" + fingerprint(archive));
        if (!Files.isDirectory(home)) {
            unpack(archive, home);
        }
        return new PostgresBinaries(home);
    }

    /** The command line of one of its programs. */
    List<String> command(String program, List<String> arguments) {
        List<String> words = new ArrayList<>(asOrdinaryUser());
        words.add(home.resolve("bin").resolve(program).toString());
        words.addAll(arguments);
        return words;
    }

    /** Postgres refuses to run as root; in a user namespace of its own it is not root, with the same rights on files. */
    private static List<String> asOrdinaryUser() {
        return Root.IS ? List.of("unshare", "-U") : List.of();
    }

    private static final class Root {
        static final boolean IS = isRoot();

        private static boolean isRoot() {
            Command.Result id = Command.run(List.of("id", "-u"), Duration.ofSeconds(5));
            if (!id.output().equals("0")) {
                return false;
            }
            if (!Command.run(List.of("unshare", "-U", "true"), Duration.ofSeconds(5))
                    .succeeded()) {
                throw new SandboxException("Postgres does not run as root, and this machine does not let root step into"
                        + " a user namespace (`unshare -U` fails). Run this as an ordinary user.");
            }
            return true;
        }
    }

    private static void unpack(byte[] archive, Path home) {
        @Nullable Path fresh = null;
        try {
            Files.createDirectories(home.getParent());
            fresh = Files.createTempDirectory(home.getParent(), "unpacking");
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rwxr-xr-x"));
            try (TarArchiveInputStream tar = new TarArchiveInputStream(
                    new XZCompressorInputStream(new BufferedInputStream(new ByteArrayInputStream(archive))))) {
                for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                    unpack(tar, entry, fresh);
                }
            }
            Files.move(fresh, home);
        } catch (IOException e) {
            if (!Files.isDirectory(home)) {
                throw new SandboxException("cannot unpack Postgres into " + home + ": " + e, e);
            }
        } finally {
            if (fresh != null && Files.exists(fresh)) {
                Trees.delete(fresh);
            }
        }
    }

    private static void unpack(TarArchiveInputStream tar, TarArchiveEntry entry, Path into) throws IOException {
        Path target = into.resolve(entry.getName()).normalize();
        if (!target.startsWith(into)) {
            throw new IOException("the archive names a path outside itself: " + entry.getName());
        }
        if (entry.isDirectory()) {
            Files.createDirectories(target);
            return;
        }
        Files.createDirectories(target.getParent());
        if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
        } else if (entry.isLink()) {
            Files.createLink(target, into.resolve(entry.getLinkName()));
        } else {
            Files.copy(tar, target);
        }
        if ((entry.getMode() & 0100) != 0 && Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)) {
            Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    private static String fingerprint(byte[] archive) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(archive);
            return HexFormat.of().formatHex(digest, 0, 6);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
