package dev.parley.spi;

import dev.parley.inbound.Payload;
import dev.parley.tenant.Secret;
import dev.parley.tenant.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The inbound side of one vendor: knows its signature and what its events mean. Pure and quick: no I/O, called on an event
 * loop by many requests at once, never throws for anything a stranger can send.
 */
public interface WebhookProvider {
    /** The word in the URL ({@code /webhooks/<name>}) and in {@code bot.inbound_events.provider}. */
    String name();

    /** Whose webhook it is. */
    enum Scope {
        /**
         * One URL and one key for all of the vendor's accounts: verified first, then the tenant is found by the account
         * that the event names. A slug in the URL may confirm that, never replace it.
         */
        APP,
        /** Each tenant has a URL and secrets of its own. */
        TENANT
    }

    Scope scope();

    /**
     * Where a tenant's settings say which of the vendor's accounts is theirs, for example {@code ghl.location_id}. Only
     * for {@link Scope#APP}.
     */
    default Optional<String> accountSetting() {
        return Optional.empty();
    }

    /**
     * This provider as one tenant set it up, for {@link Scope#TENANT}; the same object where nothing can be set up. Called
     * for each delivery, before {@link #verify}: keep it cheap. A set-up that cannot work verifies nothing.
     *
     * @param settings the tenant's
     * @param source what follows the first dot of the name in the URL ({@code signed.stripe}); null = no dot. Only asked of
     *     providers that {@link #hasSources()}
     * @return empty = the tenant has no such source; answered like an unknown tenant
     */
    default Optional<WebhookProvider> forTenant(Settings settings, @Nullable String source) {
        return Optional.of(this);
    }

    /** Whether a tenant may have several of it, told apart by {@code <name>.<source>} in the URL. */
    default boolean hasSources() {
        return false;
    }

    /** Whether it sends {@code application/x-www-form-urlencoded}; others' forms are refused unread. */
    default boolean takesForms() {
        return false;
    }

    /**
     * Whether it may be set up to send by GET, with all it says in the URL ({@link Delivery#isQuery}); others' GETs are
     * refused unread.
     */
    default boolean takesQueries() {
        return false;
    }

    /** What a delivery that was taken is answered; empty = Parley's own JSON, which says what became of it. */
    default Optional<Reply> reply() {
        return Optional.empty();
    }

    /** The status that makes this vendor send again later: 503, or 429 where the vendor takes nothing else. */
    default int retryLaterStatus() {
        return 503;
    }

    /**
     * Over how long this vendor looks at the share of deliveries that succeed, where it stops sending to a URL that fails
     * too often. Empty = it has no such breaker that would hit all tenants at once.
     */
    default Optional<Duration> successWindow() {
        return Optional.empty();
    }

    /** Our apps at a vendor with such a breaker, each with one of its own; empty = one for all there is. */
    default Set<String> apps() {
        return Set.of();
    }

    /** Whose breaker a genuine delivery counts for, ours or not; empty = it does not say. */
    default Optional<String> app(Payload payload) {
        return Optional.empty();
    }

    /**
     * What to answer to the GET by which the vendor checks that a URL is ours. Compares in constant time; an answer is sent
     * back as plain text, so it holds nothing but letters, digits, {@code -} and {@code _}.
     *
     * @param query decoded parameters, values in the order they came
     * @return empty = not the vendor, or the vendor asks nothing: answered like any other GET
     */
    default Optional<String> handshake(Map<String, List<String>> query) {
        return Optional.empty();
    }

    /**
     * Decides on bytes alone; nothing is parsed before. Compares in constant time, takes the first doubt for a no, and
     * reads exactly one value of each header. No reason is ever a reason to skip the check.
     *
     * @param secrets the tenant's secrets, newest first; any may match. Empty for {@link Scope#APP} (the keys are the
     *     provider's own) and for a tenant that does not exist or has none: then the work of one secret is done all the
     *     same and the verdict is {@code Forged}, so that time does not tell who our tenants are. The same work is done
     *     where the signature is missing or malformed.
     */
    Verdict verify(Delivery delivery, List<Secret> secrets);

    /** How the body is read; JSON unless the vendor sends something else. Called for genuine deliveries only. */
    default Payload payload(Delivery delivery) {
        return Payload.json(delivery.body());
    }

    /**
     * What a genuine delivery says. {@code payload} may be unreadable ({@link Payload#isReadable()}); then only the account
     * of the events is used, everything else is quarantined as it is.
     */
    Reading read(Delivery delivery, Payload payload);
}
