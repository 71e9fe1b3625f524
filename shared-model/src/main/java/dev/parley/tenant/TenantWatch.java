package dev.parley.tenant;

import io.vertx.mutiny.core.Vertx;
import io.vertx.mutiny.pgclient.pubsub.PgSubscriber;
import io.vertx.pgclient.PgConnectOptions;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a {@link TenantDirectory} fresh: reads it at the start (again every second until that worked), on every
 * notification of {@code parley_tenants}, and every so often in any case. Where LISTEN does not work (a transaction
 * pooler, a connection that is gone) only that last one is left, and nothing else is lost.
 */
public final class TenantWatch {
    private static final Logger LOG = LoggerFactory.getLogger(TenantWatch.class);
    private static final String CHANNEL = "parley_tenants";
    private static final long FIRST_TRIES_MILLIS = 1_000;
    private static final long RECONNECT_MILLIS = 2_000;

    private final Vertx vertx;
    private final PgSubscriber subscriber;
    private final TenantDirectory directory;
    private final Duration every;
    private final Consumer<@Nullable TenantId> changed;
    private final AtomicBoolean failing = new AtomicBoolean();
    private volatile boolean stopped;
    private volatile long timer = -1;

    /**
     * @param session where to listen; must be a session of its own, not a transaction pooler's
     * @param changed told after the directory was refreshed because of a change: which tenant, or null = any may have
     */
    public TenantWatch(
            Vertx vertx,
            PgConnectOptions session,
            TenantDirectory directory,
            Duration every,
            Consumer<@Nullable TenantId> changed) {
        this.vertx = vertx;
        this.directory = directory;
        this.every = every;
        this.changed = changed;
        this.subscriber = PgSubscriber.subscriber(vertx, session);
        subscriber.reconnectPolicy(tries -> stopped ? -1L : RECONNECT_MILLIS);
        var channel = subscriber.channel(CHANNEL);
        // Also after every reconnect: what was announced in between is lost.
        channel.subscribeHandler(() -> refresh(null));
        channel.handler(this::announced);
    }

    /** Returns at once; failures are logged once and tried again. */
    public void start() {
        refresh(null);
        subscriber
                .connect()
                .subscribe()
                .with(
                        done -> {},
                        failure -> LOG.warn(
                                "cannot listen for tenant changes, they are seen every {} s: {}",
                                every.toSeconds(),
                                failure.getMessage()));
    }

    public void stop() {
        stopped = true;
        vertx.cancelTimer(timer);
        subscriber.close().subscribe().with(done -> {}, failure -> LOG.debug("closing the tenant watch", failure));
    }

    private void announced(String payload) {
        TenantId tenant = null;
        try {
            tenant = new TenantId(UUID.fromString(payload));
        } catch (IllegalArgumentException e) {
            LOG.debug("notification without a tenant id on {}", CHANNEL);
        }
        refresh(tenant);
    }

    private void refresh(@Nullable TenantId tenant) {
        if (stopped) {
            return;
        }
        directory.refresh().subscribe().with(done -> succeeded(tenant), this::failed);
    }

    private void succeeded(@Nullable TenantId tenant) {
        if (failing.getAndSet(false)) {
            LOG.info("tenants are readable again");
        }
        changed.accept(tenant);
        schedule(every.toMillis());
    }

    private void failed(Throwable failure) {
        if (!stopped && !failing.getAndSet(true)) {
            LOG.warn("cannot read the tenants, going on with what is known: {}", failure.getMessage());
        }
        schedule(directory.isLoaded() ? every.toMillis() : FIRST_TRIES_MILLIS);
    }

    private synchronized void schedule(long millis) {
        vertx.cancelTimer(timer);
        if (!stopped) {
            timer = vertx.setTimer(millis, id -> refresh(null));
        }
    }
}
