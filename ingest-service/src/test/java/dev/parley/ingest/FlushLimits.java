package dev.parley.ingest;

import io.quarkus.runtime.configuration.MemorySize;
import java.math.BigInteger;
import java.time.Duration;

/** Limits of the group commit for tests that have no configuration. */
record FlushLimits(int maxEvents, long bytes, int maxWaiting, Duration timeout) implements IngestConfig.Flush {
    @Override
    public MemorySize maxBytes() {
        return new MemorySize(BigInteger.valueOf(bytes));
    }

    @Override
    public Duration hintPause() {
        return Duration.ofMillis(10);
    }
}
