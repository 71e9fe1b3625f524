package dev.parley.work;

import dev.parley.tenant.TenantId;
import org.jboss.logging.Logger;

/**
 * Memory is for order, not for the backlog: when too many contacts' lines wait, the tenant that has most of them is read no
 * further, and its place in the queue is kept. What it has in hand goes on, and so do all other tenants. Nothing of it may be
 * passed over instead, its sends for example: what is read past and not remembered would be overtaken by what comes next.
 *
 * <p>A tenant with a hundredth of the room keeps it whatever others do, so the bound is that room and a hundredth of it for each
 * tenant. Confined to the owner's event loop.
 */
final class Backpressure {
    private static final Logger LOG = Logger.getLogger(Backpressure.class);

    private final int most;
    private final Lines lines;
    private final Scans scans;

    /** @param most lines remembered at once */
    Backpressure(int most, Lines lines, Scans scans) {
        this.most = most;
        this.lines = lines;
        this.scans = scans;
    }

    void apply() {
        for (TenantId tenant : scans.heldBack()) {
            if (lines.size() < most - most / 10 || lines.sizeOf(tenant) < Math.max(1, most / 200)) {
                scans.goOn(tenant);
                LOG.infof("tenant %s is read on: %d of its contacts wait", tenant.value(), lines.sizeOf(tenant));
            }
        }
        if (lines.size() < most) {
            return;
        }
        TenantId largest = lines.largest(tenant -> !scans.isHeldBack(tenant) && !scans.isDisabled(tenant));
        if (largest != null && lines.sizeOf(largest) >= Math.max(1, most / 100)) {
            scans.holdBack(largest);
            LOG.warnf(
                    "tenant %s is read no further for now: %d contacts wait here for calls, retries or pauses, %d of them its own",
                    largest.value(), lines.size(), lines.sizeOf(largest));
        }
    }
}
