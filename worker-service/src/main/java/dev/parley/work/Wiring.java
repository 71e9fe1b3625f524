package dev.parley.work;

import dev.parley.dialog.Dialog;
import dev.parley.dialog.FirstDialog;
import dev.parley.queue.JobQueue;
import dev.parley.queue.QueueUpkeep;
import dev.parley.session.SessionPool;
import dev.parley.spi.BatchJobHandler;
import dev.parley.spi.EventReader;
import dev.parley.spi.MessagingAdapter;
import dev.parley.tenant.TenantDirectory;
import dev.parley.tenant.TenantStore;
import dev.parley.work.handler.EventReaders;
import dev.parley.work.handler.FetchMedia;
import dev.parley.work.handler.MediaCheck;
import dev.parley.work.handler.MessagingAdapters;
import dev.parley.work.handler.ProcessDeliveryStatus;
import dev.parley.work.handler.ProcessInboundMessage;
import dev.parley.work.handler.SendOutboundMessage;
import dev.parley.work.handler.SendPolicy;
import dev.parley.work.outside.MediaConfig;
import dev.parley.work.outside.Networks;
import dev.parley.work.outside.OutsideHttp;
import dev.parley.work.outside.UrlGuard;
import io.quarkus.arc.All;
import io.quarkus.reactive.pg.client.PgPoolCreator;
import io.vertx.core.Vertx;
import io.vertx.mutiny.sqlclient.Pool;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.List;
import java.util.Map;

/** Makes beans of what is written without CDI. Readers, adapters and further handlers are found, not listed. */
@Singleton
final class Wiring {
    /** The pool for what goes on aside of the lanes; without lanes, for everything. */
    @Singleton
    static final class Pools implements PgPoolCreator {
        private final WorkerConfig config;

        @Inject
        Pools(WorkerConfig config) {
            this.config = config;
        }

        @Override
        public io.vertx.sqlclient.Pool create(Input input) {
            return SessionPool.of(
                    input.vertx(),
                    input.pgConnectOptionsList(),
                    input.poolOptions(),
                    config.db().deadAfter());
        }
    }

    @Produces
    @Singleton
    JobQueue jobQueue() {
        return new JobQueue();
    }

    @Produces
    @Singleton
    QueueUpkeep queueUpkeep() {
        return new QueueUpkeep();
    }

    @Produces
    @Singleton
    TenantDirectory tenantDirectory(Pool db) {
        return new TenantDirectory(new TenantStore(db), Map.of());
    }

    @Produces
    @Singleton
    MessagingAdapters messagingAdapters(@All List<MessagingAdapter> adapters) {
        return new MessagingAdapters(adapters);
    }

    @Produces
    @Singleton
    EventReaders eventReaders(@All List<EventReader> readers) {
        return new EventReaders(readers);
    }

    @Produces
    @Singleton
    BatchJobHandler processInboundMessage(
            EventReaders readers, MessagingAdapters adapters, JobQueue queue, TenantDirectory tenants) {
        return new ProcessInboundMessage(
                new Dialog(), new FirstDialog(), readers, adapters, queue::enqueueAll, tenants::find);
    }

    @Produces
    @Singleton
    BatchJobHandler processDeliveryStatus(EventReaders readers, TenantDirectory tenants) {
        return new ProcessDeliveryStatus(new Dialog(), readers, tenants::find);
    }

    @Produces
    @Singleton
    SendPolicy sendPolicy(WorkerConfig config) {
        WorkerConfig.Send send = config.send();
        return new SendPolicy(
                send.reconcileEvery(), send.certainAfter(), send.throttledPause(), send.unauthorizedPause());
    }

    @Produces
    @Singleton
    SendOutboundMessage sendOutboundMessage(MessagingAdapters adapters, SendPolicy policy, TenantDirectory tenants) {
        return new SendOutboundMessage(new Dialog(), adapters, policy, tenants::find);
    }

    @Produces
    @Singleton
    OutsideHttp outsideHttp(Vertx vertx, MediaConfig config) {
        Networks allowed = Networks.of(
                "parley.media.allowed-networks", config.allowedNetworks().orElse(List.of()));
        return new OutsideHttp(vertx, new UrlGuard(OutsideHttp.resolver(vertx), allowed), config.timeout());
    }

    @Produces
    @Singleton
    FetchMedia fetchMedia(
            MessagingAdapters adapters,
            SendPolicy policy,
            OutsideHttp http,
            MediaConfig config,
            TenantDirectory tenants) {
        return new FetchMedia(
                new Dialog(),
                adapters,
                new MediaCheck(http, config.hosts(), Clock.systemUTC()),
                policy,
                config.giveUpAfter(),
                tenants::find);
    }
}
