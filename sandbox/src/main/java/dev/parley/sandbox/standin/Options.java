package dev.parley.sandbox.standin;

import dev.parley.tenant.Secret;
import java.net.URI;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a stand-in starts. {@link #defaults()} is the real service's behaviour, with waits scaled down.
 *
 * @param port 0 for a free one; always on 127.0.0.1
 * @param locations may be none: {@link GhlStandIn#addLocation} adds more
 * @param signingSeed 64 hex digits: the same key at every start; null for a new one
 * @param bookSize how many calls, and how many deliveries, are remembered
 */
public record Options(
        int port,
        App app,
        List<Location> locations,
        Limits limits,
        TokenLife tokenLife,
        Webhooks webhooks,
        @Nullable Secret signingSeed,
        int bookSize) {

    /**
     * The marketplace app everything belongs to.
     *
     * @param scopes what its tokens may do
     */
    public record App(String appId, String versionId, String clientId, Secret clientSecret, Set<String> scopes) {
        public App {
            scopes = Set.copyOf(scopes);
        }
    }

    /**
     * Rate limits, per app and location.
     *
     * @param burst requests per {@code window}
     * @param daily requests per UTC day
     */
    public record Limits(int burst, Duration window, int daily) {}

    public record TokenLife(Duration access, Duration refresh) {}

    /**
     * How webhooks leave; changeable while running.
     *
     * @param url where to; null sends nothing yet
     * @param timeout an answer that takes longer counts as none
     * @param copies how often each webhook is delivered; 1 is once
     * @param together all copies at the same moment, else each after the one before it was answered
     * @param shuffle hold what comes within {@code shuffleWindow} and deliver it in another order
     * @param deliveredAfter when a sent message reports {@code delivered}; null never
     */
    public record Webhooks(
            @Nullable URI url,
            Duration timeout,
            RetryPolicy retry,
            int copies,
            boolean together,
            boolean shuffle,
            Duration shuffleWindow,
            @Nullable Duration deliveredAfter) {
        public Webhooks {
            if (copies < 1 || copies > 1_000) {
                throw new IllegalArgumentException("copies must be 1 to 1000, not " + copies);
            }
        }

        public Webhooks to(URI newUrl) {
            return new Webhooks(newUrl, timeout, retry, copies, together, shuffle, shuffleWindow, deliveredAfter);
        }

        public Webhooks withTimeout(Duration newTimeout) {
            return new Webhooks(url, newTimeout, retry, copies, together, shuffle, shuffleWindow, deliveredAfter);
        }

        public Webhooks withRetry(RetryPolicy policy) {
            return new Webhooks(url, timeout, policy, copies, together, shuffle, shuffleWindow, deliveredAfter);
        }

        public Webhooks withCopies(int number, boolean atTheSameMoment) {
            return new Webhooks(url, timeout, retry, number, atTheSameMoment, shuffle, shuffleWindow, deliveredAfter);
        }

        public Webhooks withShuffle(boolean on, Duration window) {
            return new Webhooks(url, timeout, retry, copies, together, on, window, deliveredAfter);
        }

        public Webhooks withDeliveredAfter(@Nullable Duration wait) {
            return new Webhooks(url, timeout, retry, copies, together, shuffle, shuffleWindow, wait);
        }
    }

    public Options {
        locations = List.copyOf(locations);
        if (bookSize < 1) {
            throw new IllegalArgumentException("bookSize must be at least 1");
        }
    }

    public static Options defaults() {
        return new Options(
                0,
                new App(
                        "5a0d0b0c5a0d0b0c5a0d0001",
                        "5a0d0b0c5a0d0b0c5a0d0002",
                        "5a0d0b0c5a0d0b0c5a0d0001-standin",
                        Secret.of("00000000-0000-4000-8000-00000000cafe"),
                        Set.of(
                                "conversations.readonly",
                                "conversations.write",
                                "conversations/message.readonly",
                                "conversations/message.write",
                                "contacts.readonly")),
                List.of(),
                new Limits(100, Duration.ofSeconds(10), 200_000),
                new TokenLife(Duration.ofSeconds(86_399), Duration.ofDays(365)),
                new Webhooks(
                        null,
                        Duration.ofSeconds(10),
                        RetryPolicy.asPublished().scaledBy(0.02),
                        1,
                        true,
                        false,
                        Duration.ofMillis(300),
                        Duration.ofMillis(400)),
                null,
                5_000);
    }

    public Options onPort(int newPort) {
        return new Options(newPort, app, locations, limits, tokenLife, webhooks, signingSeed, bookSize);
    }

    public Options forApp(App newApp) {
        return new Options(port, newApp, locations, limits, tokenLife, webhooks, signingSeed, bookSize);
    }

    public Options withLocations(Location... newLocations) {
        return new Options(port, app, List.of(newLocations), limits, tokenLife, webhooks, signingSeed, bookSize);
    }

    public Options withLimits(Limits newLimits) {
        return new Options(port, app, locations, newLimits, tokenLife, webhooks, signingSeed, bookSize);
    }

    public Options withTokenLife(TokenLife newLife) {
        return new Options(port, app, locations, limits, newLife, webhooks, signingSeed, bookSize);
    }

    public Options withWebhooks(Webhooks newWebhooks) {
        return new Options(port, app, locations, limits, tokenLife, newWebhooks, signingSeed, bookSize);
    }

    /** @param seed 32 bytes: the same key at every start */
    public Options signingWith(byte[] seed) {
        return new Options(
                port,
                app,
                locations,
                limits,
                tokenLife,
                webhooks,
                Secret.of(HexFormat.of().formatHex(seed)),
                bookSize);
    }

    public Options withBookSize(int size) {
        return new Options(port, app, locations, limits, tokenLife, webhooks, signingSeed, size);
    }
}
