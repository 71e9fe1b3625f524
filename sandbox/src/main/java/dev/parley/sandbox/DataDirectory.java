package dev.parley.sandbox;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Everything one sandbox keeps: {@code pg} (the database), {@code secrets} (readable by its owner only), {@code log},
 * {@code run} (what runs now) and {@code lock} (held while a sandbox runs on it).
 */
record DataDirectory(Path root) {
    /** A second lock in the same JVM would silently drop the first one: POSIX releases all when any descriptor closes. */
    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    static DataDirectory at(Path root) {
        Path real = root.toAbsolutePath().normalize();
        try {
            Files.createDirectories(real);
            DataDirectory data = new DataDirectory(real.toRealPath());
            Files.createDirectories(data.log());
            Files.createDirectories(data.run());
            if (!Files.isDirectory(data.secrets())) {
                Files.createDirectory(data.secrets(), ownerOnly("rwx------"));
            }
            return data;
        } catch (IOException e) {
            throw new SandboxException("cannot write to the data directory " + real + ": " + e, e);
        }
    }

    Path pg() {
        return root.resolve("pg");
    }

    Path log() {
        return root.resolve("log");
    }

    Path log(String name) {
        return log().resolve(name + ".log");
    }

    Path run() {
        return root.resolve("run");
    }

    Path secrets() {
        return root.resolve("secrets");
    }

    /** Ports and addresses of the last start, for the commands that run beside it. */
    Path endpoints() {
        return run().resolve("endpoints.properties");
    }

    private Path lockFile() {
        return root.resolve("lock");
    }

    /** Held until closed or until this process is gone, however it ends. */
    static final class Hold implements AutoCloseable {
        private final Path file;
        private final FileChannel channel;

        private Hold(Path file, FileChannel channel) {
            this.file = file;
            this.channel = channel;
        }

        @Override
        public void close() {
            try {
                channel.truncate(0);
                channel.close();
            } catch (IOException e) {
                throw new SandboxException("cannot give up " + file + ": " + e, e);
            } finally {
                HELD_HERE.remove(file);
            }
        }
    }

    /** The one right to run on this directory; empty while another sandbox has it. */
    Optional<Hold> tryLock() {
        Path file = lockFile();
        if (!HELD_HERE.add(file)) {
            return Optional.empty();
        }
        @Nullable FileChannel channel = null;
        boolean locked = false;
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            @Nullable FileLock lock = channel.tryLock();
            if (lock == null) {
                return Optional.empty();
            }
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(ProcessIdentity.current().written().getBytes(StandardCharsets.US_ASCII)));
            locked = true;
            return Optional.of(new Hold(file, channel));
        } catch (IOException e) {
            throw new SandboxException("cannot lock " + file + ": " + e, e);
        } finally {
            if (!locked) {
                HELD_HERE.remove(file);
                closeQuietly(channel);
            }
        }
    }

    /** Like {@link #tryLock()}, but says who has it. */
    Hold lock() {
        return tryLock()
                .orElseThrow(() -> new SandboxException("a sandbox is already running on " + root
                        + holder().map(pid -> " (pid " + pid + ")").orElse("")
                        + ". Stop it with `./parley down`, or give this one its own directory: --data DIR"));
    }

    /** Pid of the process that has, or had last, the lock. */
    Optional<Long> holder() {
        return ProcessIdentity.read(lockFile()).map(ProcessIdentity::pid);
    }

    /** The process that has, or had last, the lock, if it runs; never another one that got its number. */
    Optional<ProcessHandle> launcher() {
        return ProcessIdentity.read(lockFile()).flatMap(ProcessIdentity::running);
    }

    /** Deletes this directory with all it holds. */
    void delete() {
        Trees.delete(root);
    }

    static FileAttribute<?>[] ownerOnly(String permissions) {
        return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }

    private static void closeQuietly(@Nullable FileChannel channel) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                throw new SandboxException("cannot close a lock file: " + e, e);
            }
        }
    }
}
