package dev.parley.ingest.provider.signed;

import dev.parley.inbound.Payload;
import dev.parley.spi.Delivery;
import dev.parley.spi.Reading;
import dev.parley.spi.Verdict;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import dev.parley.tenant.Settings;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Singleton;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Webhooks that a tenant describes in {@code settings.signed.<source>}; they come to
 * {@code /webhooks/signed.<source>/<tenant>}, with secrets under {@code webhook:signed.<source>}. By itself it verifies
 * nothing: {@link #forTenant} does, by a {@link SignedSource}.
 */
@Singleton
public final class SignedWebhooks implements WebhookProvider {
    static final String NAME = "signed";

    /** As a provider of credentials is written, and short enough for the database's columns. */
    private static final Pattern SOURCE = Pattern.compile("[a-z0-9][a-z0-9_-]{0,39}");

    private static final int MOST_KEPT = 1_000;
    private static final Logger LOG = LoggerFactory.getLogger(SignedWebhooks.class);

    private final SignedSource decoy = new SignedSource(
            NAME + ".decoy",
            Description.of(new JsonObject().put("preset", "github"))
                    .description()
                    .orElseThrow());

    private final Understood understood = new Understood();

    public SignedWebhooks() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Scope scope() {
        return Scope.TENANT;
    }

    @Override
    public boolean hasSources() {
        return true;
    }

    @Override
    public boolean takesForms() {
        return true;
    }

    @Override
    public Optional<WebhookProvider> forTenant(Settings settings, @Nullable String source) {
        if (source == null
                || !SOURCE.matcher(source).matches()
                || !(settings.section(NAME).getValue(source) instanceof JsonObject described)) {
            return Optional.empty();
        }
        return understood
                .of(settings.json(), source, described)
                .description()
                .map(by -> new SignedSource(NAME + "." + source, by));
    }

    /** Each description is understood once, so that asking for one that is there takes no longer than for one that is not. */
    private static final class Understood {
        /** These very settings, not such that look alike: to compare them would cost more than it saves. */
        private record Same(JsonObject settings, String source) {
            @Override
            @SuppressWarnings("ReferenceEquality")
            public boolean equals(@Nullable Object other) {
                return other instanceof Same same && same.settings == settings && same.source.equals(source);
            }

            @Override
            public int hashCode() {
                return System.identityHashCode(settings) * 31 + source.hashCode();
            }
        }

        private final Map<Same, Description.Result> results = new LinkedHashMap<>(64, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<Same, Description.Result> eldest) {
                return size() > MOST_KEPT;
            }
        };

        /** So that each finding is told once, not whenever the tenants are read again. */
        private final Set<String> told = new HashSet<>();

        synchronized Description.Result of(JsonObject settings, String source, JsonObject described) {
            return results.computeIfAbsent(new Same(settings, source), unknown -> {
                Description.Result result = Description.of(described);
                result.findings().forEach(finding -> tell("settings.signed." + source + ": " + finding));
                return result;
            });
        }

        private void tell(String finding) {
            if (told.size() < MOST_KEPT && told.add(finding)) {
                LOG.warn("{}; until that is mended its webhooks are refused", finding);
            }
        }
    }

    /** The same work as for one that exists. */
    @Override
    public Verdict verify(Delivery delivery, List<Secret> secrets) {
        Verdict unused = decoy.verify(delivery, List.of());
        return Verdict.forged("no source" + (unused instanceof Verdict.Genuine ? "!" : ""));
    }

    /** Never reached: nothing is genuine without a source. */
    @Override
    public Reading read(Delivery delivery, Payload payload) {
        return decoy.read(delivery, payload);
    }
}
