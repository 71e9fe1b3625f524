package dev.parley.sandbox;

import dev.parley.spi.MessageHistory;
import dev.parley.spi.MessagingAdapter;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantDirectory;
import dev.parley.tenant.TenantStore;
import dev.parley.tenant.Vault;
import io.vertx.mutiny.core.Vertx;
import io.vertx.mutiny.sqlclient.Pool;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Messages of a tenant that no webhook told of, from the vendor's own list into the queue. */
final class BackfillCommand {
    private static final String USUAL_ANSWER_WITHIN = "1h";

    private BackfillCommand() {}

    static int run(List<String> words) {
        Arguments arguments = Arguments.parse(words, Set.of("--data", "--since", "--answer-within"), Set.of());
        if (arguments.rest().size() != 1 || arguments.option("--since").isEmpty()) {
            throw new SandboxException("backfill takes one tenant and --since T; see `./parley help backfill`");
        }
        Instant since = Spans.past(arguments.option("--since").get(), Instant.now());
        Duration answerWithin = answerWithin(arguments);
        Map<String, String> environment = Operator.environment(Parley.data(arguments));
        try {
            Vault vault = Vault.of(Operator.required(environment, "TENANT_ENCRYPTION_KEY"));
            return Operator.connected(
                    environment,
                    (vertx, db) -> run(
                            arguments.rest().get(0), since, answerWithin, new Vendors(environment), vertx, db, vault));
        } catch (SandboxException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw new SandboxException("backfill: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            throw new SandboxException("backfill: " + Operator.explain(e, environment), e);
        }
    }

    private static Duration answerWithin(Arguments arguments) {
        String text = arguments.option("--answer-within").orElse(USUAL_ANSWER_WITHIN);
        try {
            return text.equals("0") ? Duration.ZERO : Spans.parse(text);
        } catch (IllegalArgumentException e) {
            throw new SandboxException("--answer-within takes 0 or a span such as 30m or 2h, not " + text, e);
        }
    }

    private static int run(
            String slug, Instant since, Duration answerWithin, Vendors vendors, Vertx vertx, Pool db, Vault vault) {
        Tenant tenant = new TenantDirectory(new TenantStore(db), Map.of())
                .lookUpBySlug(slug)
                .await()
                .atMost(Operator.QUICK)
                .orElseThrow(() -> new SandboxException("there is no tenant " + slug));
        if (!tenant.enabled()) {
            throw new SandboxException("tenant " + slug + " is switched off: its webhooks are refused as well");
        }
        String adapterName = tenant.messagingAdapter();
        if (adapterName == null) {
            throw new SandboxException("tenant " + slug + " has no messaging adapter: there is nobody to ask");
        }
        MessagingAdapter adapter = vendors.adapterWithHistory(adapterName, vertx, db, vault);
        MessageHistory history = adapter.history()
                .orElseThrow(() -> new SandboxException("adapter " + adapterName + " cannot list messages"));
        WebhookProvider provider = vendors.provider(history.provider())
                .orElseThrow(() -> new SandboxException("no provider is called " + history.provider()));
        Backfill.Result result = new Backfill(db, history, provider, System.err::println)
                .run(new Backfill.Plan(tenant, since, answerWithin));
        System.out.print(text(tenant, since, result));
        return 0;
    }

    static String text(Tenant tenant, Instant since, Backfill.Result result) {
        StringBuilder text = new StringBuilder("%s since %s: listed %d, already stored %d, added %d%n"
                .formatted(
                        tenant.slug(),
                        since,
                        result.listed(),
                        result.known(),
                        result.added().size()));
        for (Backfill.Added added : result.added()) {
            text.append("  %s  %-16s trace %s%s%n"
                    .formatted(
                            added.at(),
                            added.what(),
                            added.traceId(),
                            added.silence() == null ? "" : "  not answered: " + added.silence()));
        }
        return text.toString();
    }
}
