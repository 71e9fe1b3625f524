package dev.parley.tenant;

import dev.parley.tenant.CredentialStore.Sealed;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.SqlConnection;
import io.vertx.pgclient.PgException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What an operator does with credentials: seal one, see which keys are in use, move all to the newest key. Runs beside
 * the services and disturbs none of them.
 */
public final class Credentials {
    private static final Pattern PROVIDER = Pattern.compile("[a-z0-9][a-z0-9_.-]*(:[a-z0-9][a-z0-9_.-]*)?");
    private static final String WEBHOOK_PREFIX = "webhook:";
    private static final int PAGE = 50;
    private static final String LOCK_NOT_AVAILABLE = "55P03";

    /** A worker holds a row while it exchanges a token: longer than that takes, shorter than patience. */
    private static final String BOUND_THE_WAIT = "SET LOCAL lock_timeout = '60s'";

    private final Pool db;
    private final Vault vault;
    private final TenantStore tenants;
    private final CredentialStore store = new CredentialStore();

    public Credentials(Pool db, Vault vault) {
        this.db = db;
        this.vault = vault;
        this.tenants = new TenantStore(db);
    }

    /** A row that stays as it is, and why. The reason holds no secret. */
    public record Unopened(UUID id, TenantId tenant, String provider, String reason) {}

    /**
     * How far a rotation is.
     *
     * @param rotated rows that are now, or were already, under the newest key
     * @param total rows there were when it began
     */
    public record Progress(long rotated, long total, List<Unopened> unopened) {
        public Progress {
            unopened = List.copyOf(unopened);
        }
    }

    /**
     * What is stored.
     *
     * @param byKey number of rows by the version of the key that really opens them
     * @param mislabelled rows of which {@code key_version} says otherwise; a rotation corrects it
     */
    public record Census(int newestKey, SortedMap<Integer, Long> byKey, long mislabelled, List<Unopened> unopened) {
        public Census {
            unopened = List.copyOf(unopened);
        }
    }

    /**
     * Seals {@code credentials} for a tenant and stores them in place of those it had.
     *
     * <p>Fails with {@link IllegalArgumentException} (message for people, without the secret) if there is no such tenant
     * or the provider or the credentials cannot be right.
     */
    public Uni<Void> seal(String tenantSlug, String provider, JsonObject credentials) {
        String objection = objection(provider, credentials);
        if (objection != null) {
            return Uni.createFrom().failure(new IllegalArgumentException(objection));
        }
        return tenants.findAll()
                .flatMap(all -> all.stream()
                        .filter(tenant -> tenant.slug().equals(tenantSlug))
                        .findFirst()
                        .map(tenant -> store.put(
                                db,
                                tenant.id(),
                                provider,
                                vault.seal(tenant.id(), provider, credentials),
                                vault.currentVersion()))
                        .orElseGet(() -> Uni.createFrom()
                                .failure(new IllegalArgumentException(
                                        "there is no tenant with the slug '" + tenantSlug + "'"))));
    }

    private static @Nullable String objection(String provider, JsonObject credentials) {
        if (!PROVIDER.matcher(provider).matches()) {
            return "'" + provider + "' is no provider name: it is lower case, such as ghl or webhook:ghl-workflow";
        }
        if (credentials.isEmpty()) {
            return "the JSON object is empty";
        }
        if (provider.startsWith(WEBHOOK_PREFIX)
                && !(credentials.getValue("secrets") instanceof JsonArray secrets
                        && !secrets.isEmpty()
                        && secrets.stream().allMatch(each -> each instanceof String text && !text.isBlank()))) {
            return "secrets that verify webhooks have the shape {\"secrets\": [\"newest\", \"older\"]}";
        }
        return null;
    }

    /** Opens every row, to say which keys are still needed. Reads only. */
    public Uni<Census> census() {
        SortedMap<Integer, Long> byKey = new TreeMap<>();
        List<Unopened> unopened = new ArrayList<>();
        long[] mislabelled = {0};
        return pages().onItem()
                .invoke(page -> page.forEach(row -> {
                    try {
                        var unused = vault.open(row.tenant(), row.provider(), row.token());
                        int version = vault.keyVersionOf(row.token());
                        byKey.merge(version, 1L, Long::sum);
                        mislabelled[0] += version == row.keyVersion() ? 0 : 1;
                    } catch (VaultException e) {
                        unopened.add(unopened(row, String.valueOf(e.getMessage())));
                    }
                }))
                .onItem()
                .ignoreAsUni()
                .replaceWith(() -> new Census(vault.currentVersion(), byKey, mislabelled[0], unopened));
    }

    /**
     * Brings every row under the newest key while the services run. May be stopped and started again at any point: a row
     * is either as it was or done. A row that does not open is left as it is, reported, and does not stop the others.
     *
     * @param watcher told after every batch, from an event loop
     * @return where it ended
     */
    public Uni<Progress> rotate(Consumer<Progress> watcher) {
        return store.countByKeyVersion(db)
                .map(counts ->
                        counts.values().stream().mapToLong(Long::longValue).sum())
                .flatMap(total -> {
                    Rotation rotation = new Rotation(total);
                    return pages().onItem()
                            .transformToUniAndConcatenate(
                                    page -> rotation.reseal(page).invoke(() -> watcher.accept(rotation.progress())))
                            .onItem()
                            .ignoreAsUni()
                            .replaceWith(rotation::progress);
                });
    }

    private Multi<List<Sealed>> pages() {
        AtomicReference<@Nullable UUID> last = new AtomicReference<>();
        return Multi.createBy()
                .repeating()
                .uni(() -> {
                    UUID after = last.get();
                    return after == null ? store.firstPage(db, PAGE) : store.pageAfter(db, after, PAGE);
                })
                .until(List::isEmpty)
                .onItem()
                .invoke(page -> last.set(page.get(page.size() - 1).id()));
    }

    private static Unopened unopened(Sealed row, String reason) {
        return new Unopened(row.id(), row.tenant(), row.provider(), reason);
    }

    /** The running numbers of one rotation; its pages come one after the other. */
    private final class Rotation {
        private final long total;
        private final List<Unopened> unopened = new ArrayList<>();
        private long rotated;

        Rotation(long total) {
            this.total = total;
        }

        Progress progress() {
            // Rows sealed meanwhile are walked too: never more than all.
            return new Progress(rotated, Math.max(total, rotated + unopened.size()), unopened);
        }

        Uni<Void> reseal(List<Sealed> page) {
            List<Sealed> old = new ArrayList<>();
            List<byte[]> fresh = new ArrayList<>();
            for (Sealed row : page) {
                try {
                    byte[] token = tokenUnderNewestKey(row);
                    if (token == null) {
                        rotated++;
                    } else {
                        old.add(row);
                        fresh.add(token);
                    }
                } catch (VaultException e) {
                    unopened.add(unopened(row, String.valueOf(e.getMessage())));
                }
            }
            if (old.isEmpty()) {
                return Uni.createFrom().voidItem();
            }
            return store.resealAll(db, old, fresh, vault.currentVersion()).flatMap(done -> {
                rotated += done.size();
                return oneByOne(old, done);
            });
        }

        /** Rows that somebody held or changed meanwhile: wait for each and look again. */
        private Uni<Void> oneByOne(List<Sealed> page, Set<UUID> done) {
            return Multi.createFrom()
                    .iterable(page)
                    .filter(row -> !done.contains(row.id()))
                    .onItem()
                    .transformToUniAndConcatenate(row -> db.withTransaction(tx -> waitAndReseal(tx, row))
                            .onFailure(Rotation::isRefusal)
                            .recoverWithItem(failure -> {
                                unopened.add(unopened(
                                        row,
                                        failure instanceof VaultException
                                                ? String.valueOf(failure.getMessage())
                                                : "another session has held the row for a minute"));
                                return 0;
                            })
                            .invoke(count -> rotated += count))
                    .onItem()
                    .ignoreAsUni();
        }

        private Uni<Integer> waitAndReseal(SqlConnection tx, Sealed row) {
            return tx.query(BOUND_THE_WAIT)
                    .execute()
                    .chain(() -> store.lock(tx, row.tenant(), row.provider()))
                    .flatMap(found -> {
                        if (found.isEmpty()) {
                            return Uni.createFrom().item(0); // removed meanwhile: nothing is left to rotate
                        }
                        Sealed locked = found.get();
                        byte[] token = tokenUnderNewestKey(locked);
                        return token == null
                                ? Uni.createFrom().item(1)
                                : store.update(tx, locked, token, vault.currentVersion())
                                        .replaceWith(1);
                    });
        }

        /** Null = nothing to do. The label alone is no proof: numbers move when an old key is taken off the list. */
        private byte @Nullable [] tokenUnderNewestKey(Sealed row) {
            var unused = vault.open(row.tenant(), row.provider(), row.token());
            if (vault.keyVersionOf(row.token()) < vault.currentVersion()) {
                return vault.reseal(row.tenant(), row.provider(), row.token()).token();
            }
            return row.keyVersion() == vault.currentVersion() ? null : row.token();
        }

        private static boolean isRefusal(Throwable failure) {
            return failure instanceof VaultException
                    || failure instanceof PgException database && LOCK_NOT_AVAILABLE.equals(database.getSqlState());
        }
    }
}
