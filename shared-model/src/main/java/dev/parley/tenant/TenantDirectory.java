package dev.parley.tenant;

import io.smallrye.mutiny.Uni;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All tenants in memory, by id, slug and external account. Reading never waits; {@link TenantWatch} keeps it fresh. A
 * refresh that fails keeps the old view. Safe from any thread.
 */
public final class TenantDirectory {
    /** Takes genuine events that belong to no known tenant; see migration V005. Not reachable by slug or account. */
    public static final TenantId UNROUTED = new TenantId(UUID.fromString("00000000-0000-7000-8000-000000000000"));

    private static final Logger LOG = LoggerFactory.getLogger(TenantDirectory.class);
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private record Account(String provider, String id) {}

    private record View(
            Map<TenantId, Tenant> byId,
            Map<String, Tenant> bySlug,
            Map<Account, Tenant> byAccount,
            Set<TenantId> enabled,
            Set<TenantId> disabled) {
        static final View EMPTY = new View(Map.of(), Map.of(), Map.of(), Set.of(), Set.of());
    }

    private final Supplier<Uni<List<Tenant>>> source;
    private final Map<String, String> accountSettings;
    private final LongSupplier nanoTime;

    private volatile View view = View.EMPTY;
    private volatile boolean loaded;
    private @Nullable Uni<Void> running;
    private boolean lastFailed;
    private long lastStarted;
    private boolean everStarted;

    /** @param accountSettings by provider: the path in a tenant's settings that names its account with that provider */
    public TenantDirectory(TenantStore store, Map<String, String> accountSettings) {
        this(store::findAll, accountSettings, System::nanoTime);
    }

    TenantDirectory(Supplier<Uni<List<Tenant>>> source, Map<String, String> accountSettings, LongSupplier nanoTime) {
        this.source = source;
        this.accountSettings = Map.copyOf(accountSettings);
        this.nanoTime = nanoTime;
    }

    /** Whether it was ever read. Until then everything is unknown. */
    public boolean isLoaded() {
        return loaded;
    }

    public Optional<Tenant> find(TenantId id) {
        return Optional.ofNullable(view.byId.get(id));
    }

    public Optional<Tenant> findBySlug(String slug) {
        return Optional.ofNullable(view.bySlug.get(slug));
    }

    /** Empty also if two tenants claim the account: better nobody's than the wrong one's. */
    public Optional<Tenant> findByAccount(String provider, String account) {
        return Optional.ofNullable(view.byAccount.get(new Account(provider, account)));
    }

    public Set<TenantId> enabled() {
        return view.enabled;
    }

    public Set<TenantId> disabled() {
        return view.disabled;
    }

    public Collection<Tenant> all() {
        return view.byId.values();
    }

    /**
     * Like {@link #findBySlug}, but an unknown slug is looked for in the database first, so that a tenant created a moment
     * ago is found. At most one query a second whatever strangers ask for. Fails where the database could not be asked:
     * then nobody knows whether there is such a tenant.
     */
    public Uni<Optional<Tenant>> lookUpBySlug(String slug) {
        return lookUp(() -> findBySlug(slug));
    }

    /** Like {@link #lookUpBySlug}, for {@link #findByAccount}. */
    public Uni<Optional<Tenant>> lookUpByAccount(String provider, String account) {
        return lookUp(() -> findByAccount(provider, account));
    }

    private Uni<Optional<Tenant>> lookUp(Supplier<Optional<Tenant>> inMemory) {
        Optional<Tenant> known = inMemory.get();
        if (known.isPresent()) {
            return Uni.createFrom().item(known);
        }
        return reloadSeldom().map(done -> inMemory.get());
    }

    private synchronized Uni<Void> reloadSeldom() {
        boolean justNow = everStarted && nanoTime.getAsLong() - lastStarted < PAUSE.toNanos();
        if (running == null && justNow) {
            return lastFailed
                    ? Uni.createFrom().failure(new IllegalStateException("tenants could not be read a moment ago"))
                    : Uni.createFrom().voidItem();
        }
        return reload();
    }

    /** Reads all tenants again, after any reading that is under way (that one may have begun too early). */
    public synchronized Uni<Void> refresh() {
        Uni<Void> before = running;
        return before == null ? reload() : before.onFailure().recoverWithNull().chain(done -> reload());
    }

    private synchronized Uni<Void> reload() {
        Uni<Void> shared = running;
        if (shared == null) {
            everStarted = true;
            lastStarted = nanoTime.getAsLong();
            shared = Uni.createFrom()
                    .deferred(source::get)
                    // All who wait share this one answer: it must come.
                    .ifNoItem()
                    .after(PATIENCE)
                    .failWith(() -> new IllegalStateException("the tenants were not read within " + PATIENCE))
                    .invoke(this::show)
                    .replaceWithVoid()
                    .onTermination()
                    .invoke((done, failure, cancelled) -> ended(failure != null || cancelled))
                    .memoize()
                    .indefinitely();
            running = shared;
        }
        return shared;
    }

    private synchronized void ended(boolean failed) {
        lastFailed = failed;
        running = null;
    }

    private void show(List<Tenant> tenants) {
        Map<String, Tenant> bySlug = new HashMap<>();
        Map<Account, Tenant> byAccount = new HashMap<>();
        Set<Account> contested = new HashSet<>();
        for (Tenant tenant : tenants) {
            if (tenant.id().equals(UNROUTED)) {
                continue;
            }
            bySlug.put(tenant.slug(), tenant);
            accountSettings.forEach((provider, setting) -> tenant.settings()
                    .text(setting)
                    .ifPresent(id -> {
                        Account account = new Account(provider, id);
                        Tenant other = byAccount.putIfAbsent(account, tenant);
                        if (other != null) {
                            contested.add(account);
                            LOG.warn(
                                    "tenants {} and {} both claim {} account {}: neither gets its events until one lets go",
                                    other.slug(),
                                    tenant.slug(),
                                    provider,
                                    id);
                        }
                    }));
        }
        byAccount.keySet().removeAll(contested);
        Map<Boolean, Set<TenantId>> byState = tenants.stream()
                .collect(Collectors.partitioningBy(
                        Tenant::enabled, Collectors.mapping(Tenant::id, Collectors.toUnmodifiableSet())));
        view = new View(
                tenants.stream().collect(Collectors.toUnmodifiableMap(Tenant::id, Function.identity())),
                Map.copyOf(bySlug),
                Map.copyOf(byAccount),
                byState.getOrDefault(true, Set.of()),
                byState.getOrDefault(false, Set.of()));
        loaded = true;
    }
}
