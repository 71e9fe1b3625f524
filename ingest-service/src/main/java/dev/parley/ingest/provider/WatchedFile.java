package dev.parley.ingest.provider;

import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file of keys that may change while we run, as mounted secrets do. What cannot be read or used is said once and changes
 * nothing: whatever was good stays.
 */
public final class WatchedFile {
    private static final Logger LOG = LoggerFactory.getLogger(WatchedFile.class);

    private final Path path;
    private final Consumer<String> use;
    private String known = "";
    private boolean failing;

    private WatchedFile(Path path, Consumer<String> use) {
        this.path = path;
        this.use = use;
    }

    /**
     * Reads it now, on the calling thread, and from then on again and again, on an event loop.
     *
     * @param use told the content whenever it is another; throws {@link IllegalArgumentException} if it is of no use
     * @throws IllegalArgumentException if it cannot be read or used the first time; names it
     */
    public static void watch(Vertx vertx, Path path, Duration every, Consumer<String> use) {
        WatchedFile file = new WatchedFile(path, use);
        try {
            file.offer(Files.readString(path));
        } catch (IOException e) {
            throw new IllegalArgumentException(path + " cannot be read: " + e.getMessage(), e);
        }
        vertx.setPeriodic(
                every.toMillis(),
                id -> vertx.fileSystem()
                        .readFile(path.toString())
                        .onComplete(read ->
                                file.again(read.succeeded() ? read.result().toString(StandardCharsets.UTF_8) : null)));
    }

    private void offer(String content) {
        use.accept(content);
        known = content;
    }

    private synchronized void again(@org.jspecify.annotations.Nullable String content) {
        if (content == null) {
            fail("it cannot be read");
        } else if (!content.equals(known)) {
            try {
                offer(content);
                failing = false;
                LOG.info("{} has changed and is in use", path);
            } catch (IllegalArgumentException e) {
                fail(String.valueOf(e.getMessage()));
            }
        } else {
            failing = false;
        }
    }

    private void fail(String why) {
        if (!failing) {
            failing = true;
            LOG.error("{} is of no use, going on with what was known: {}", path, why);
        }
    }
}
