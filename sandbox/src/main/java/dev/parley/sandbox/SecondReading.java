package dev.parley.sandbox;

import dev.parley.inbound.EventKey;
import dev.parley.inbound.InboundEvent;
import dev.parley.inbound.Payload;
import dev.parley.queue.JobId;
import dev.parley.queue.NewJob;
import dev.parley.queue.TimeOrderedId;
import dev.parley.spi.Delivery;
import dev.parley.spi.Reading;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantDirectory;
import dev.parley.tenant.TenantId;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the present readers make of an event that was put aside or ignored when it came: a new release may read it, a setting
 * may name what it is, a tenant may have its account by now. It was verified before it was stored.
 *
 * <p>Events are never changed, so what is understood now becomes a fact of its own, under the same trace. In the same tenant
 * its key says that it was read again from that very event; in another tenant the key is the one it came with, under which
 * the vendor may have delivered it there in the meantime. Either way there can be one of it.
 */
final class SecondReading {
    private final Vendors vendors;
    private final TenantDirectory tenants;

    /** @param tenants as they are now, with the accounts of {@link #accountSettings} */
    SecondReading(Vendors vendors, TenantDirectory tenants) {
        this.vendors = vendors;
        this.tenants = tenants;
    }

    /** For the directory: where tenants' settings name their account, by provider. */
    static Map<String, String> accountSettings(Vendors vendors) {
        Map<String, String> settings = new java.util.HashMap<>();
        vendors.providers()
                .forEach(provider -> provider.accountSetting().ifPresent(path -> settings.put(provider.name(), path)));
        return settings;
    }

    /**
     * Exactly one of the two is non-null.
     *
     * @param fact to be stored, with its job
     * @param obstacle why it still is nothing to act upon
     */
    record Outcome(@Nullable InboundEvent fact, @Nullable String obstacle) {
        static Outcome still(String why) {
            return new Outcome(null, why);
        }
    }

    Outcome of(StoredEvent stored) {
        String family = stored.provider().replaceFirst("\\..*", "");
        String source =
                family.equals(stored.provider()) ? null : stored.provider().substring(family.length() + 1);
        Optional<WebhookProvider> known = vendors.provider(family);
        if (known.isEmpty()) {
            return Outcome.still("no provider is called " + family);
        }
        Optional<Tenant> owner = tenants.find(stored.tenant());
        WebhookProvider vendor = known.get();
        if (vendor.scope() == WebhookProvider.Scope.TENANT) {
            Optional<WebhookProvider> setUp =
                    owner.flatMap(tenant -> known.get().forTenant(tenant.settings(), source));
            if (setUp.isEmpty()) {
                return Outcome.still("its tenant has no source " + stored.provider());
            }
            vendor = setUp.get();
        }
        byte[] body = body(stored.payload());
        Delivery delivery = new Delivery(body, Map.of(), stored.receivedAt().toInstant(), System.nanoTime());
        boolean hasBytes = stored.payload().containsKey("$raw");
        Payload payload = hasBytes ? vendor.payload(delivery) : Payload.json(body);
        if (!payload.isReadable()) {
            return Outcome.still(String.valueOf(payload.reason()));
        }
        return understood(stored, vendor, vendor.read(delivery, payload));
    }

    private Outcome understood(StoredEvent stored, WebhookProvider vendor, Reading reading) {
        if (reading instanceof Reading.NotOurs notOurs) {
            return Outcome.still(notOurs.reason());
        }
        if (!(reading instanceof Reading.Events events) || events.events().size() != 1) {
            return Outcome.still("it does not tell of one thing");
        }
        Reading.Event event = events.events().get(0);
        if (event.quarantine() != null) {
            return Outcome.still(event.quarantine());
        }
        if (event.job() == null) {
            return Outcome.still("nothing is to be done for an event of type " + event.type());
        }
        TenantId tenant = stored.tenant();
        if (vendor.scope() == WebhookProvider.Scope.APP) {
            String account = event.account();
            Optional<Tenant> named = account == null ? Optional.empty() : tenants.findByAccount(vendor.name(), account);
            if (named.isEmpty()) {
                return Outcome.still("no tenant has the account that it names");
            }
            tenant = named.get().id();
            if (!stored.tenant().equals(TenantDirectory.UNROUTED)
                    && !stored.tenant().equals(tenant)) {
                return Outcome.still("the account that it names is another tenant's now");
            }
        }
        EventKey key = tenant.equals(stored.tenant())
                ? EventKey.of(stored.provider(), "again", stored.id().toString())
                : new EventKey(stored.dedupeKey(), null);
        InboundEvent read = event.fact(tenant, stored.provider(), System.nanoTime());
        UUID id = TimeOrderedId.next();
        return new Outcome(
                new InboundEvent(
                        id,
                        tenant,
                        stored.provider(),
                        read.type(),
                        read.providerEventId(),
                        read.providerMessageId(),
                        read.channel(),
                        read.channelAddress(),
                        key,
                        read.payload(),
                        stored.traceId(),
                        System.nanoTime(),
                        new NewJob(new JobId(TimeOrderedId.next()), tenant, event.job(), id, stored.traceId())),
                null);
    }

    /** The bytes that came where they were kept, else the fields without our notes. */
    private static byte[] body(JsonObject payload) {
        if (payload.getValue("$raw") instanceof String raw) {
            try {
                return Base64.getDecoder().decode(raw);
            } catch (IllegalArgumentException e) {
                return new byte[0];
            }
        }
        JsonObject fields = payload.copy();
        fields.remove("$reason");
        return fields.encode().getBytes(StandardCharsets.UTF_8);
    }

    /** As its handler would be given it. */
    static dev.parley.queue.Job asJob(InboundEvent fact, Instant now) {
        return StoredEvent.job(
                fact.tenant(),
                fact.traceId(),
                new dev.parley.queue.Job.Event(
                        fact.id(),
                        fact.provider(),
                        fact.type(),
                        fact.providerEventId(),
                        fact.providerMessageId(),
                        fact.channel(),
                        fact.channelAddress(),
                        now.atOffset(java.time.ZoneOffset.UTC),
                        fact.payload().content()));
    }
}
