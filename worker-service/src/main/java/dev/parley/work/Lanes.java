package dev.parley.work;

import dev.parley.queue.Lane;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.SqlConnection;
import io.vertx.mutiny.sqlclient.Tuple;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import org.jboss.logging.Logger;

/**
 * Which lanes this session owns. Ownership is a session-level advisory lock <em>on the connection that writes</em>: when
 * the session ends, by whatever cause, its uncommitted write and its locks go together, so nobody can own a lane whose
 * former owner may still commit.
 *
 * <p>Every worker looks at the same picture ({@code pg_locks}) twice a second and moves towards an equal share: takes free
 * lanes, gives up surplus ones between batches. Members that stay silent for the lease time are ended. A worker that has just
 * come counts for nothing beside established ones until it has stayed a while, so that one that comes and goes does not make
 * lanes dance; one that has only lost its session is established still, and takes its lanes back at once: the others leave
 * them to it for one look.
 *
 * <p>Confined to the owner's event loop.
 */
final class Lanes {
    /** First key of our advisory locks: "par" and a digit, chosen once; other users of the database keep clear of it. */
    static final int LANE_SPACE = 0x70617201;

    static final int MEMBER_SPACE = 0x70617202;

    private static final Logger LOG = Logger.getLogger(Lanes.class);

    private static final int MEMBER = 0;
    private static final int ESTABLISHED = 1;

    private static final String JOIN = "SELECT pg_advisory_lock_shared($1, $2)";

    /** All lane and member locks in this database, with how long their sessions have been silent. */
    private static final String PICTURE = """
            SELECT l.classid::bigint = $2 AS member,
                   l.objid::int AS lane,
                   l.pid,
                   l.pid = pg_backend_pid() AS mine,
                   (extract(epoch FROM clock_timestamp()
                        - greatest(a.state_change, a.query_start, a.backend_start)) * 1000)::bigint AS silent_ms
            FROM pg_locks l
            JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE l.locktype = 'advisory'
              AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
              AND l.classid::bigint IN ($1, $2)
              AND l.objsubid = 2
              AND l.granted
            """;

    private static final String TAKE = """
            SELECT t.lane
            FROM unnest($2::int[]) AS t (lane)
            WHERE pg_try_advisory_lock($1, t.lane)
            """;

    private static final String GIVE = """
            SELECT pg_advisory_unlock($1, t.lane)
            FROM unnest($2::int[]) AS t (lane)
            """;

    private static final String END_SESSION = "SELECT pg_terminate_backend($1)";

    private final Duration silence;
    private final Random random;
    private final Set<Integer> owned = new TreeSet<>();
    private final BooleanSupplier hasStayed;
    private boolean established;
    private boolean everLooked;
    /** How many looks in a row found a lane free. */
    private final Map<Integer, Integer> looksFree = new HashMap<>();

    private final Map<Integer, Integer> lastOwners = new HashMap<>();

    /** @param hasStayed has this worker, not only this session, been a member for a while? */
    Lanes(Duration silence, Random random, BooleanSupplier hasStayed) {
        this.silence = silence;
        this.random = random;
        this.hasStayed = hasStayed;
    }

    /**
     * What changed. {@code orphaned} lanes came from a session that died, or from nobody knows whom: what it left has to be
     * settled, and it may have been killed by what it was doing. {@code handedOver} lanes were given up in order.
     */
    record Change(Set<Integer> orphaned, Set<Integer> handedOver, Set<Integer> given) {
        static final Change NONE = new Change(Set.of(), Set.of(), Set.of());

        boolean isEmpty() {
            return orphaned.isEmpty() && handedOver.isEmpty() && given.isEmpty();
        }
    }

    Set<Integer> owned() {
        return Collections.unmodifiableSet(owned);
    }

    Uni<Void> join(SqlConnection session) {
        return session.preparedQuery(JOIN)
                .execute(Tuple.of(MEMBER_SPACE, MEMBER))
                .chain(() -> establishIfTime(session));
    }

    private Uni<Void> establishIfTime(SqlConnection session) {
        if (established || !hasStayed.getAsBoolean()) {
            return Uni.createFrom().voidItem();
        }
        return session.preparedQuery(JOIN)
                .execute(Tuple.of(MEMBER_SPACE, ESTABLISHED))
                .invoke(() -> established = true)
                .replaceWithVoid();
    }

    /**
     * One look and one step towards the fair share.
     *
     * @param keep lanes with a call in flight: not given up in this round
     */
    Uni<Change> balance(SqlConnection session, Set<Integer> keep) {
        return establishIfTime(session)
                .chain(() -> session.preparedQuery(PICTURE).execute(Tuple.of((long) LANE_SPACE, (long) MEMBER_SPACE)))
                .chain(rows -> {
                    Picture picture = Picture.of(rows);
                    return endSilentSessions(session, picture).chain(() -> step(session, picture, keep));
                });
    }

    private record Picture(
            Map<Integer, Long> othersSilence,
            Map<Integer, Integer> ownerOf,
            Set<Integer> members,
            Set<Integer> established) {
        static Picture of(Iterable<Row> rows) {
            Map<Integer, Long> silence = new HashMap<>();
            Map<Integer, Integer> ownerOf = new HashMap<>();
            Set<Integer> members = new HashSet<>();
            Set<Integer> established = new HashSet<>();
            for (Row row : rows) {
                int pid = row.getInteger("pid");
                if (row.getBoolean("member")) {
                    (row.getInteger("lane") == ESTABLISHED ? established : members).add(pid);
                } else {
                    ownerOf.put(row.getInteger("lane"), pid);
                }
                Long silentMs = row.getLong("silent_ms");
                if (!row.getBoolean("mine") && silentMs != null) {
                    silence.put(pid, silentMs);
                }
            }
            return new Picture(silence, ownerOf, members, established);
        }

        Set<Integer> free() {
            Set<Integer> free = new HashSet<>();
            for (int lane = 0; lane < Lane.COUNT; lane++) {
                if (!ownerOf.containsKey(lane)) {
                    free.add(lane);
                }
            }
            return free;
        }
    }

    private Uni<Void> endSilentSessions(SqlConnection session, Picture picture) {
        Uni<Void> all = Uni.createFrom().voidItem();
        for (Map.Entry<Integer, Long> other : picture.othersSilence.entrySet()) {
            if (other.getValue() > silence.toMillis()) {
                LOG.warnf(
                        "worker session %d has been silent for %d ms: ending it, its lanes move",
                        other.getKey(), other.getValue());
                all = all.chain(() -> session.preparedQuery(END_SESSION)
                        .execute(Tuple.of(other.getKey()))
                        .replaceWithVoid());
            }
        }
        return all;
    }

    private Uni<Change> step(SqlConnection session, Picture picture, Set<Integer> keep) {
        Set<Integer> freeNow = picture.free();
        looksFree.keySet().retainAll(freeNow);
        freeNow.forEach(lane -> looksFree.merge(lane, 1, Integer::sum));
        boolean amongNewcomers = picture.established.isEmpty();
        int mostToHave = share(Math.max(1, established ? picture.established.size() : picture.members.size()));
        int mostToKeep = amongNewcomers || established ? mostToHave : Lane.COUNT;

        Set<Integer> given = Set.of();
        Uni<Void> giving = Uni.createFrom().voidItem();
        if (owned.size() > mostToKeep) {
            List<Integer> surplus = new ArrayList<>(owned);
            surplus.removeAll(keep);
            Collections.shuffle(surplus, random);
            given = new HashSet<>(surplus.subList(0, Math.min(surplus.size(), owned.size() - mostToKeep)));
            owned.removeAll(given);
            giving = session.preparedQuery(GIVE)
                    .execute(Tuple.of(LANE_SPACE, given.toArray(Integer[]::new)))
                    .replaceWithVoid();
        }
        Set<Integer> givenNow = given;
        Uni<Set<Integer>> taking = Uni.createFrom().item(Set.of());
        if (given.isEmpty() && owned.size() < mostToHave) {
            List<Integer> free = new ArrayList<>();
            looksFree.forEach((lane, looks) -> {
                if (looks >= looksBeforeTaking(lane, picture)) {
                    free.add(lane);
                }
            });
            if (!free.isEmpty()) {
                Collections.shuffle(free, random);
                Integer[] wanted = free.subList(0, Math.min(free.size(), mostToHave - owned.size()))
                        .toArray(Integer[]::new);
                taking = session.preparedQuery(TAKE)
                        .execute(Tuple.of(LANE_SPACE, wanted))
                        .map(rows -> {
                            Set<Integer> taken = new HashSet<>();
                            rows.forEach(row -> taken.add(row.getInteger("lane")));
                            return taken;
                        });
            }
        }
        Map<Integer, Integer> ownersBefore = Map.copyOf(lastOwners);
        lastOwners.putAll(picture.ownerOf);
        everLooked = true;
        Uni<Set<Integer>> taken = taking;
        return giving.chain(() -> taken).map(lanes -> {
            owned.addAll(lanes);
            Set<Integer> orphaned = new HashSet<>();
            Set<Integer> handedOver = new HashSet<>();
            for (int lane : lanes) {
                Integer before = ownersBefore.get(lane);
                (before != null && picture.members.contains(before) ? handedOver : orphaned).add(lane);
            }
            return lanes.isEmpty() && givenNow.isEmpty() ? Change.NONE : new Change(orphaned, handedOver, givenNow);
        });
    }

    /** In how many looks in a row a lane was free before we take it: who has the better claim comes first. */
    private int looksBeforeTaking(int lane, Picture picture) {
        if (!established) {
            return picture.established.isEmpty() ? 1 : 4;
        }
        Integer before = lastOwners.get(lane);
        boolean wasHandedOver = before != null && picture.members.contains(before);
        // Its session ended: it is back in a moment, if it lives. A session that has just begun may be that one.
        return wasHandedOver || !everLooked ? 1 : 2;
    }

    private static int share(int workers) {
        return (Lane.COUNT + workers - 1) / workers;
    }
}
