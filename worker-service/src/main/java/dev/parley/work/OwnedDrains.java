package dev.parley.work;

import io.smallrye.mutiny.Uni;
import java.time.Duration;
import java.util.List;

/**
 * Several sessions of one worker, each the owner of a share of its lanes, as if they were workers of their own: they know of
 * one another by their locks only. One session alone reads, decides and commits in turn, so either the database or this
 * process would always wait for the other; and a statement that hangs, or ends its session, holds up that session's contacts
 * and no others.
 */
final class OwnedDrains implements Drain {
    private final List<OwnedDrain> all;

    /** @param all at least one, all on one event loop: what they share is confined to it */
    OwnedDrains(List<OwnedDrain> all) {
        this.all = List.copyOf(all);
    }

    @Override
    public void start() {
        all.forEach(Drain::start);
    }

    @Override
    public void wake() {
        all.forEach(Drain::wake);
    }

    /** One of them is enough: it takes over the others' lanes. */
    @Override
    public boolean isTurning() {
        return all.stream().anyMatch(Drain::isTurning);
    }

    @Override
    public String describe() {
        return isTurning()
                ? "owns " + all.stream().mapToInt(OwnedDrain::lanesOwned).sum() + " lanes"
                : "no session";
    }

    @Override
    public Uni<Void> stop(Duration patience) {
        List<Uni<Void>> stops = all.stream().map(drain -> drain.stop(patience)).toList();
        return Uni.join().all(stops).andCollectFailures().replaceWithVoid();
    }
}
