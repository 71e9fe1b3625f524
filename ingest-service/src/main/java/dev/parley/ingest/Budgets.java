package dev.parley.ingest;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * A token bucket for each key, for as many keys as fit; the one unused for longest makes room, which gives nobody more than
 * the keys they have. Never waits, safe from any thread.
 */
final class Budgets<K> {
    private static final int SEGMENTS = 16;

    private final int rate;
    private final int burst;
    private final TimeMeter clock;
    private final List<Map<K, Bucket>> segments = new ArrayList<>(SEGMENTS);

    /**
     * @param rate tokens a second; 0 = no limit
     * @param burst most tokens that can be saved up; at least 1
     * @param most keys remembered
     */
    Budgets(int rate, int burst, int most, LongSupplier nanoTime) {
        this.rate = rate;
        this.burst = burst;
        this.clock = new TimeMeter() {
            @Override
            public long currentTimeNanos() {
                return nanoTime.getAsLong();
            }

            @Override
            public boolean isWallClockBased() {
                return false;
            }
        };
        int mostInOne = Math.max(1, most / SEGMENTS);
        for (int at = 0; at < SEGMENTS; at++) {
            segments.add(new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<K, Bucket> eldest) {
                    return size() > mostInOne;
                }
            });
        }
    }

    /** Takes one token; {@link Duration#ZERO} = taken, otherwise none was left and there will be one after that time. */
    Duration take(K key) {
        if (rate == 0) {
            return Duration.ZERO;
        }
        Bucket bucket = bucket(key);
        return bucket.tryConsume(1)
                ? Duration.ZERO
                : Duration.ofNanos(
                        Math.max(1, bucket.estimateAbilityToConsume(1).getNanosToWaitForRefill()));
    }

    /** Takes one token on credit: what belongs to a delivery that was let in is not torn from it. */
    void owe(K key) {
        if (rate != 0) {
            bucket(key).consumeIgnoringRateLimits(1);
        }
    }

    /** Returns a token that should not have been asked for. */
    void giveBack(K key) {
        if (rate != 0) {
            bucket(key).addTokens(1);
        }
    }

    int remembered() {
        int sum = 0;
        for (Map<K, Bucket> segment : segments) {
            synchronized (segment) {
                sum += segment.size();
            }
        }
        return sum;
    }

    private Bucket bucket(K key) {
        Map<K, Bucket> segment = segments.get((key.hashCode() * 0x9E3779B9) >>> 28);
        synchronized (segment) {
            Bucket known = segment.get(key);
            if (known == null) {
                known = Bucket.builder()
                        .withCustomTimePrecision(clock)
                        .addLimit(limit -> limit.capacity(burst).refillGreedy(rate, Duration.ofSeconds(1)))
                        .build();
                segment.put(key, known);
            }
            return known;
        }
    }
}
