package dev.parley.ingest;

import dev.parley.inbound.EventKey;
import dev.parley.inbound.Payload;
import dev.parley.spi.Delivery;
import dev.parley.spi.Reading;
import dev.parley.spi.Verdict;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A vendor of tests that counts how often it was made to verify. Its name makes it the one who works for unknown paths. */
@Singleton
class CountingWebhooks implements WebhookProvider {
    static final AtomicInteger VERIFICATIONS = new AtomicInteger();

    @Override
    public String name() {
        return "a-counting";
    }

    @Override
    public Scope scope() {
        return Scope.TENANT;
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
