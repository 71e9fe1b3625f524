package dev.parley.ingest;

import dev.parley.inbound.EventKey;
import dev.parley.inbound.InboundEvent;
import dev.parley.inbound.Payload;
import dev.parley.inbound.Receipt;
import dev.parley.ingest.Answer.Delay;
import dev.parley.ingest.Answer.Item;
import dev.parley.ingest.Answer.Later;
import dev.parley.ingest.Answer.Refusal;
import dev.parley.ingest.Answer.Refused;
import dev.parley.ingest.Answer.Status;
import dev.parley.ingest.Answer.Taken;
import dev.parley.spi.Delivery;
import dev.parley.spi.Reading;
import dev.parley.spi.Verdict;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantDirectory;
import io.smallrye.mutiny.Uni;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides about one delivery: whose it is, whether it is genuine, what it says; then the inbox stores it. Nothing a
 * stranger sends gets further than {@code verify}, and strangers are told the same thing after the same work whatever was
 * wrong.
 */
@Singleton
class Intake {
    private static final Logger LOG = LoggerFactory.getLogger(Intake.class);
    private static final Pattern PLAIN_ID = Pattern.compile("[A-Za-z0-9_.-]{1,80}");
    private static final Pattern TRACEPARENT = Pattern.compile("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}");

    private static final int TOO_MANY_REQUESTS = 429;

    private final ProviderRegistry providers;
    private final TenantDirectory tenants;
    private final WebhookSecrets secrets;
    private final Inbox inbox;
    private final IngestConfig config;
    private final IngestMeters meters;
    private final TenantBudget budget;
    private final QueueWatch queue;

    @Inject
    Intake(
            ProviderRegistry providers,
            TenantDirectory tenants,
            WebhookSecrets secrets,
            Inbox inbox,
            IngestConfig config,
            IngestMeters meters,
            TenantBudget budget,
            QueueWatch queue) {
        this.providers = providers;
        this.tenants = tenants;
        this.secrets = secrets;
        this.inbox = inbox;
        this.config = config;
        this.meters = meters;
        this.budget = budget;
        this.queue = queue;
    }

    /** An event with its tenant, or with the reason why that has to wait. */
    private record Placed(
            @Nullable InboundEvent event, @Nullable Delay delay) {}

    /**
     * @param provider name in the URL
     * @param slug the tenant's name in the URL; null = none
     * @return never fails for anything the sender did; {@link LaterException} is turned into an answer too
     */
    Uni<Answer> take(@Nullable String provider, @Nullable String slug, Delivery delivery) {
        Optional<WebhookProvider> known = provider == null ? Optional.empty() : providers.find(provider);
        if (provider == null || known.isEmpty()) {
            return refusedAfterDecoy(providers.decoy(provider), delivery, Refusal.UNKNOWN_PROVIDER);
        }
        WebhookProvider vendor = known.get();
        Uni<Answer> answer = switch (vendor.scope()) {
            case APP -> takeForApp(vendor, slug, delivery);
            case TENANT -> takeForTenant(vendor, ProviderRegistry.source(provider), slug, delivery);
        };
        return answer.onFailure().recoverWithItem(failure -> later(vendor, failure));
    }

    private Uni<Answer> refusedAfterDecoy(WebhookProvider vendor, Delivery delivery, Refusal why) {
        Verdict alwaysForged = verdict(vendor, delivery, List.of());
        LOG.debug("refused {} after {}", why, alwaysForged);
        return Uni.createFrom().item(new Refused(why));
    }

    private Later later(WebhookProvider vendor, Throwable failure) {
        if (failure instanceof LaterException known) {
            return later(vendor, known.why());
        }
        LOG.error("a delivery could not be taken, provider={}", vendor.name(), failure);
        return later(vendor, Delay.UNEXPECTED);
    }

    private Later later(WebhookProvider vendor, Delay why) {
        return new Later(
                why,
                vendor.retryLaterStatus(),
                why == Delay.TENANT_DISABLED ? config.retryAfterDisabled() : config.retryAfter());
    }

    /** What is answered before anything of the delivery was looked at. */
    Later overloaded(@Nullable String provider) {
        int status = Optional.ofNullable(provider)
                .flatMap(providers::likeness)
                .map(WebhookProvider::retryLaterStatus)
                .orElse(503);
        return new Later(Delay.OVERLOADED, status, config.retryAfter());
    }

    private Uni<Answer> takeForApp(WebhookProvider vendor, @Nullable String slug, Delivery delivery) {
        Optional<Refused> refused = refused(verdict(vendor, delivery, List.of()));
        if (refused.isPresent()) {
            return Uni.createFrom().item(refused.get());
        }
        if (slug == null) {
            return read(vendor, null, null, delivery);
        }
        return tenant(slug)
                .chain(tenant -> tenant.isEmpty()
                        ? Uni.createFrom().item(new Refused(Refusal.UNKNOWN_TENANT))
                        : read(vendor, null, slug, delivery));
    }

    private Uni<Answer> takeForTenant(
            WebhookProvider vendor, @Nullable String source, @Nullable String slug, Delivery delivery) {
        if (slug == null) {
            return refusedAfterDecoy(vendor, delivery, Refusal.UNKNOWN_PATH);
        }
        return tenant(slug).chain(found -> {
            if (found.isEmpty()) {
                return refusedAfterDecoy(vendor, delivery, Refusal.UNKNOWN_TENANT);
            }
            Tenant tenant = found.get();
            Optional<WebhookProvider> setUp = setUp(vendor, tenant, source);
            if (setUp.isEmpty()) {
                return refusedAfterDecoy(vendor, delivery, Refusal.UNKNOWN_PROVIDER);
            }
            WebhookProvider theirs = setUp.get();
            return secrets.of(tenant.id(), theirs.name()).chain(known -> takeWith(known, theirs, tenant, delivery));
        });
    }

    /** A set-up that breaks is none. */
    private static Optional<WebhookProvider> setUp(WebhookProvider vendor, Tenant tenant, @Nullable String source) {
        try {
            return vendor.forTenant(tenant.settings(), source);
        } catch (RuntimeException e) {
            LOG.error(
                    "the settings of tenant {} for {} broke it: {}",
                    tenant.slug(),
                    vendor.name(),
                    e.getClass().getName());
            return Optional.empty();
        }
    }

    private Uni<Answer> takeWith(List<Secret> known, WebhookProvider vendor, Tenant tenant, Delivery delivery) {
        Optional<Refused> refused = refused(verdict(vendor, delivery, known));
        return refused.isPresent()
                ? Uni.createFrom().item(refused.get())
                : read(vendor, tenant, tenant.slug(), delivery);
    }

    /** A verifier that breaks has not verified. */
    private static Verdict verdict(WebhookProvider vendor, Delivery delivery, List<Secret> secrets) {
        try {
            return vendor.verify(delivery, secrets);
        } catch (RuntimeException e) {
            LOG.error(
                    "the verifier of {} broke: {}", vendor.name(), e.getClass().getName());
            return Verdict.forged("verifier broke");
        }
    }

    private static Optional<Refused> refused(Verdict verdict) {
        if (verdict instanceof Verdict.Genuine) {
            return Optional.empty();
        }
        LOG.debug("{}", verdict);
        return Optional.of(new Refused(verdict instanceof Verdict.Stale ? Refusal.STALE : Refusal.FORGED));
    }

    private Uni<Optional<Tenant>> tenant(String slug) {
        return asked(tenants.lookUpBySlug(slug));
    }

    /** Whether there is such a tenant is not known: that is no reason to send anybody away for good. */
    private static <T> Uni<T> asked(Uni<T> lookUp) {
        return lookUp.onFailure()
                .transform(failure -> new LaterException(Delay.DATABASE, "tenants could not be read", failure));
    }

    // --- from here on the delivery is genuine: whatever it holds is kept

    /**
     * @param owner the tenant whose secret it was; null = to be found by the event's account
     * @param slug what the URL said; null = nothing
     */
    private Uni<Answer> read(WebhookProvider vendor, @Nullable Tenant owner, @Nullable String slug, Delivery delivery) {
        Payload payload = vendor.payload(delivery);
        return taken(vendor, owner, slug, delivery, reading(vendor, delivery, payload))
                .onFailure()
                .recoverWithItem(failure -> later(vendor, failure))
                .map(answer -> answer.of(vendor.app(payload).orElse(null)));
    }

    private Uni<Answer> taken(
            WebhookProvider vendor, @Nullable Tenant owner, @Nullable String slug, Delivery delivery, Reading reading) {
        if (reading instanceof Reading.NotOurs notOurs) {
            UUID trace = UUID.randomUUID();
            LOG.info(
                    "ignored and not stored provider={} reason=\"{}\" trace={}",
                    vendor.name(),
                    notOurs.reason(),
                    trace);
            meters.event(ProviderRegistry.family(vendor.name()), Status.IGNORED);
            return Uni.createFrom()
                    .item(new Taken(
                            List.of(new Item(Status.IGNORED, trace)),
                            vendor.reply().orElse(null)));
        }
        if (reading instanceof Reading.Question question) {
            LOG.info("answered a question of the vendor provider={}", vendor.name());
            meters.event(ProviderRegistry.family(vendor.name()), Status.IGNORED);
            return Uni.createFrom()
                    .item(new Taken(List.of(new Item(Status.IGNORED, UUID.randomUUID())), question.answer()));
        }
        List<Reading.Event> events = ((Reading.Events) reading).events();
        if (owner != null) {
            return store(
                    vendor,
                    events.stream()
                            .map(event -> inTenant(vendor, owner, event, delivery))
                            .toList(),
                    delivery);
        }
        return Uni.join()
                .all(events.stream()
                        .map(event -> place(vendor, slug, event, delivery))
                        .toList())
                .andFailFast()
                .chain(placed -> store(vendor, placed, delivery));
    }

    /** Never throws: what the provider's reader trips over is quarantined, with its bytes. */
    private static Reading reading(WebhookProvider vendor, Delivery delivery, Payload payload) {
        Reading reading;
        try {
            reading = vendor.read(delivery, payload);
        } catch (RuntimeException e) {
            // The exception may quote the payload; its kind must do.
            LOG.error("the reader of {} broke: {}", vendor.name(), e.getClass().getName());
            return Reading.event(Reading.Event.of(InboundEvent.QUARANTINED, null, bodyKey(vendor, delivery), payload)
                    .quarantined("reader broke: " + e.getClass().getSimpleName()));
        }
        if (payload.isReadable() || !(reading instanceof Reading.Events events)) {
            return reading;
        }
        Set<Optional<String>> accounts = events.events().stream()
                .map(event -> Optional.ofNullable(event.account()))
                .collect(Collectors.toSet());
        String account = accounts.size() == 1 ? accounts.iterator().next().orElse(null) : null;
        return Reading.event(Reading.Event.of(InboundEvent.QUARANTINED, null, bodyKey(vendor, delivery), payload)
                .from(account)
                .quarantined(String.valueOf(payload.reason())));
    }

    private static EventKey bodyKey(WebhookProvider vendor, Delivery delivery) {
        return EventKey.ofBody(vendor.name(), delivery.body());
    }

    private Uni<Placed> place(WebhookProvider vendor, @Nullable String slug, Reading.Event event, Delivery delivery) {
        String account = event.account();
        if (account == null) {
            return Uni.createFrom().item(unrouted(vendor, event, delivery, "no account in the event"));
        }
        return asked(tenants.lookUpByAccount(vendor.name(), account)).chain(found -> {
            if (found.isEmpty()) {
                return Uni.createFrom()
                        .item(unrouted(vendor, event, delivery, "no tenant has account " + shown(account)));
            }
            if (slug != null && !slug.equals(found.get().slug())) {
                return Uni.createFrom()
                        .item(unrouted(
                                vendor,
                                event,
                                delivery,
                                "account " + shown(account) + " is not that of the URL's tenant"));
            }
            return Uni.createFrom().item(inTenant(vendor, found.get(), event, delivery));
        });
    }

    /** As far as it looks like an id: this ends up in a log. */
    private static String shown(String account) {
        return PLAIN_ID.matcher(account).matches() ? account : "(of another form)";
    }

    private static Placed unrouted(WebhookProvider vendor, Reading.Event event, Delivery delivery, String why) {
        String known = event.quarantine();
        Reading.Event kept = event.quarantined(known == null ? why : known);
        return new Placed(kept.fact(TenantDirectory.UNROUTED, vendor.name(), delivery.arrivedNanos()), null);
    }

    private static Placed inTenant(WebhookProvider vendor, Tenant tenant, Reading.Event event, Delivery delivery) {
        return tenant.enabled()
                ? new Placed(event.fact(tenant.id(), vendor.name(), delivery.arrivedNanos()), null)
                : new Placed(null, Delay.TENANT_DISABLED);
    }

    /** Stores what can be stored; if any event has to wait the whole delivery comes again, and the rest are duplicates. */
    private Uni<Answer> store(WebhookProvider vendor, List<Placed> placed, Delivery delivery) {
        List<InboundEvent> events = new ArrayList<>();
        TenantBudget.Turn turn = budget.turn();
        Later later = null;
        for (Placed one : placed) {
            InboundEvent event = one.event();
            Later wait = event == null ? later(vendor, Objects.requireNonNull(one.delay())) : held(vendor, turn, event);
            if (wait == null) {
                events.add(Objects.requireNonNull(event));
            }
            later = later == null ? wait : later;
        }
        if (events.isEmpty() && later != null) {
            return Uni.createFrom().item(later);
        }
        Later toldLater = later;
        return inbox.put(events).map(receipts -> {
            List<Item> items = new ArrayList<>();
            for (int at = 0; at < events.size(); at++) {
                Item item = item(events.get(at), receipts.get(at));
                items.add(item);
                meters.event(ProviderRegistry.family(vendor.name()), item.status());
                note(events.get(at), item, delivery);
            }
            return toldLater == null ? new Taken(items, vendor.reply().orElse(null)) : toldLater;
        });
    }

    /** Why a genuine event has to wait all the same; null = it has not. */
    private @Nullable Later held(WebhookProvider vendor, TenantBudget.Turn turn, InboundEvent event) {
        if (event.job() != null && queue.isTooLong()) {
            return later(vendor, Delay.BACKLOG);
        }
        Duration wait = turn.charge(event.tenant());
        return wait.isZero() ? null : new Later(Delay.TENANT_BUDGET, TOO_MANY_REQUESTS, wait);
    }

    private static Item item(InboundEvent event, Receipt receipt) {
        if (receipt instanceof Receipt.Duplicate) {
            return new Item(Status.DUPLICATE, receipt.traceId());
        }
        if (event.type().equals(InboundEvent.QUARANTINED)) {
            return new Item(Status.QUARANTINED, receipt.traceId());
        }
        return new Item(event.type().startsWith("other:") ? Status.IGNORED : Status.ACCEPTED, receipt.traceId());
    }

    private static void note(InboundEvent event, Item item, Delivery delivery) {
        boolean quarantined = item.status() == Status.QUARANTINED;
        if (!quarantined && !LOG.isDebugEnabled()) {
            return;
        }
        LogFacts.about(event, item, () -> {
            if (quarantined) {
                LOG.warn(
                        "event quarantined, see bot.inbound_events: \"{}\"",
                        event.payload().reason());
            } else {
                // The sender's trace is for reading only: ours is always our own.
                LOG.debug("event {} traceparent={}", item.status(), traceparent(delivery));
            }
        });
    }

    private static String traceparent(Delivery delivery) {
        return delivery.only("traceparent")
                .filter(value -> TRACEPARENT.matcher(value).matches())
                .orElse("none");
    }
}
