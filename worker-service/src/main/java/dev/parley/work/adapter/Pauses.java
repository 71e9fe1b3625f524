package dev.parley.work.adapter;

import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.tenant.TenantId;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Tenants whose vendor said "too fast": nobody asks for them again before their time. Safe from any thread. */
public final class Pauses {
    /** Nobody asks for more than this in earnest. */
    private static final Duration LONGEST = Duration.ofHours(24);

    private final Clock clock;
    private final Map<TenantId, Instant> until = new ConcurrentHashMap<>();

    public Pauses(Clock clock) {
        this.clock = clock;
    }

    /** @throws AdapterException {@code THROTTLED}, if the tenant has to wait */
    public void check(TenantId tenant) {
        Instant end = until.get(tenant);
        Instant now = clock.instant();
        if (end == null) {
            return;
        }
        if (now.isBefore(end)) {
            throw new AdapterException(
                    Kind.THROTTLED, "the vendor asked for a pause; not asked", Duration.between(now, end), null);
        }
        until.remove(tenant, end);
    }

    /** The vendor said so; returns how long it will be. */
    public Duration begin(TenantId tenant, Duration asked) {
        Duration pause = asked.compareTo(LONGEST) > 0 ? LONGEST : asked;
        until.merge(tenant, clock.instant().plus(pause), (one, other) -> one.isAfter(other) ? one : other);
        return pause;
    }
}
