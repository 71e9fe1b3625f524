package dev.parley.ingest;

import dev.parley.inbound.EventKey;
import dev.parley.inbound.Payload;
import dev.parley.spi.Delivery;
import dev.parley.spi.Reading;
import dev.parley.spi.Verdict;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A vendor of tests that counts how often it was made to verify, and believes nobody. */
final class CountingWebhooks implements WebhookProvider {
    /** Of all of them together. */
    static final AtomicInteger VERIFICATIONS = new AtomicInteger();

    /** Its name makes it the one who works for unknown paths. */
    static final String OF_TENANTS = "a-counting";

    static final String OF_AN_APP = "a-counting-app";
    static final String SWITCHED_OFF = "a-counting-off";

    private final String name;
    private final Scope scope;

    private CountingWebhooks(String name, Scope scope) {
        this.name = name;
        this.scope = scope;
    }

    /** One of each kind. */
    static final class Vendors {
        @Produces
        @Singleton
        WebhookProvider ofTenants() {
            return new CountingWebhooks(OF_TENANTS, Scope.TENANT);
        }

        @Produces
        @Singleton
        WebhookProvider ofAnApp() {
            return new CountingWebhooks(OF_AN_APP, Scope.APP);
        }

        @Produces
        @Singleton
        WebhookProvider switchedOff() {
            return new CountingWebhooks(SWITCHED_OFF, Scope.TENANT);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Scope scope() {
        return scope;
    }

    @Override
    public Verdict verify(Delivery delivery, List<Secret> secrets) {
        VERIFICATIONS.incrementAndGet();
        return Verdict.forged("test");
    }

    @Override
    public Reading read(Delivery delivery, Payload payload) {
        return Reading.event(
                Reading.Event.of("other:counted", null, EventKey.ofBody(name(), delivery.body()), payload));
    }
}
