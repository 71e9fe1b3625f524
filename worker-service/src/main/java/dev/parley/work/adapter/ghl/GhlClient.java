package dev.parley.work.adapter.ghl;

import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.MessagingAdapter.OutboundMessage;
import dev.parley.tenant.CredentialStore;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.Vault;
import dev.parley.work.adapter.VendorCall;
import dev.parley.work.adapter.VendorHttp;
import dev.parley.work.adapter.VendorHttp.Answer;
import dev.parley.work.adapter.ghl.GhlBudget.Account;
import io.smallrye.mutiny.Uni;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.core.Vertx;
import io.vertx.mutiny.sqlclient.Pool;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Requests to GoHighLevel with a tenant's token, within what its account may ask, and what their answers mean. */
final class GhlClient implements AutoCloseable {
    static final String NAME = "ghl";

    /** The conversations API's own; {@code v3} exists and changes nothing for these calls. */
    private static final String VERSION = "2021-04-15";

    private final VendorHttp client;
    private final GhlTokens tokens;
    private final GhlBudget budget;
    private final GhlConfig config;
    private final Clock clock;

    GhlClient(GhlConfig config, Vertx vertx, Pool db, Vault vault, Clock clock) {
        this.config = config;
        this.clock = clock;
        this.client = new VendorHttp(
                vertx.getDelegate(),
                NAME,
                "parley.ghl.base-url",
                config.baseUrl(),
                config.connectTimeout(),
                config.keepAlive(),
                config.poolSize());
        this.tokens = new GhlTokens(db, new CredentialStore(), vault, client, config, clock);
        this.budget = new GhlBudget(clock, config);
    }

    /** What to ask; {@code quotes} may come back in an error text and must not be shown. */
    record Request(
            HttpMethod method,
            String path,
            Map<String, String> headers,
            @Nullable JsonObject body,
            List<String> quotes) {
        Request quoting(GhlCredential credential) {
            List<String> more = new ArrayList<>(quotes);
            more.add(credential.accessToken().reveal());
            return new Request(method, path, headers, body, more);
        }
    }

    /** An answered request. */
    final class Call {
        private final Answer answer;
        private final GhlCredential credential;
        private final Account account;
        private final List<String> quotes;

        Call(Answer answer, GhlCredential credential, Account account, List<String> quotes) {
            this.answer = answer;
            this.credential = credential;
            this.account = account;
            this.quotes = quotes;
        }

        Answer answer() {
            return answer;
        }

        GhlRefusal refusal() {
            return GhlRefusal.of(answer, quotes);
        }

        boolean asksForFreshToken() {
            return answer.status() == 401
                    && credential.refreshToken() != null
                    && refusal().kind() == GhlRefusal.Kind.TOKEN;
        }

        /** @param writes whether the request would have changed something */
        AdapterException failure(boolean writes) {
            int status = answer.status();
            GhlRefusal refusal = refusal();
            String reason = refusal.reason(status);
            if (status == 429) {
                return new AdapterException(Kind.THROTTLED, reason, budget.refused(account, answer.headers()), null);
            }
            if (status >= 500) {
                Duration after = VendorHttp.retryAfter(answer.headers(), clock.instant());
                boolean saysItDidNothing = status == 503 && after != null;
                Kind kind = writes && !saysItDidNothing ? Kind.AMBIGUOUS : Kind.TRANSIENT;
                return new AdapterException(kind, reason, kind == Kind.TRANSIENT ? after : null, null);
            }
            if (status == 408 || status == 425 || status < 400) {
                return new AdapterException(Kind.TRANSIENT, reason);
            }
            boolean aboutUs = status == 401 || status == 403;
            return new AdapterException(
                    aboutUs && refusal.kind() != GhlRefusal.Kind.DND ? Kind.UNAUTHORIZED : Kind.REFUSED, reason);
        }
    }

    /** One request with the tenant's token; once more with a fresh one if the vendor did not accept the first. */
    Uni<Call> call(Tenant tenant, Request request, VendorCall left) {
        return tokens.current(tenant.id())
                .flatMap(credential -> once(tenant, credential, request, left))
                .flatMap(first -> first.asksForFreshToken()
                        ? tokens.insteadOf(tenant.id(), first.credential)
                                .flatMap(fresh -> once(tenant, fresh, request.quoting(first.credential), left))
                        : Uni.createFrom().item(first));
    }

    private Uni<Call> once(Tenant tenant, GhlCredential credential, Request request, VendorCall left) {
        Account account = new Account(tenant.id(), location(tenant, credential).orElse(""));
        Duration wait = budget.take(account);
        if (wait != null) {
            return Uni.createFrom()
                    .failure(new AdapterException(
                            Kind.THROTTLED, "the account's requests are used up; not asked", wait, null));
        }
        Map<String, String> headers = new HashMap<>(request.headers());
        headers.put("Authorization", "Bearer " + credential.accessToken().reveal());
        headers.put("Version", VERSION);
        headers.put("Accept", "application/json");
        Buffer body = null;
        if (request.body() != null) {
            headers.put("Content-Type", "application/json");
            body = request.body().toBuffer();
        }
        Buffer sent = body;
        return left.requesting(() -> client.exchange(request.method(), request.path(), headers, sent, left.timeLeft()))
                .onItemOrFailure()
                .invoke((answer, failure) -> {
                    if (answer == null) {
                        budget.unanswered(account);
                    } else {
                        budget.answered(account, answer.headers());
                    }
                })
                .map(answer -> new Call(
                        answer, credential, account, request.quoting(credential).quotes()));
    }

    /** One GET, of a JSON object. */
    Uni<JsonObject> read(String what, Tenant tenant, String path, List<String> quotes) {
        return VendorCall.ending(
                what,
                false,
                config.callTimeout(),
                left -> call(tenant, new Request(HttpMethod.GET, path, Map.of(), null, quotes), left)
                        .map(call -> {
                            if (!call.answer().isSuccess()) {
                                throw call.failure(false);
                            }
                            JsonObject json = call.answer().json();
                            if (json == null) {
                                throw new AdapterException(
                                        Kind.TRANSIENT, what + ": GoHighLevel answered 2xx without a JSON object");
                            }
                            return json;
                        }));
    }

    /** Fails with {@code REFUSED} where nobody says which location the account is. */
    Uni<String> locationOf(Tenant tenant) {
        return tokens.current(tenant.id())
                .map(credential -> location(tenant, credential)
                        .orElseThrow(() -> refused("the account's location is not known: neither the credentials nor"
                                + " settings.ghl.location_id name it")));
    }

    private static Optional<String> location(Tenant tenant, GhlCredential credential) {
        return Optional.ofNullable(credential.locationId())
                .or(() -> tenant.settings().text("ghl.location_id"));
    }

    static String contactId(OutboundMessage message) {
        return ref(message, "contact_id")
                .orElseThrow(() -> refused("the contact's GoHighLevel id is not known (refs.ghl.contact_id)"));
    }

    /** What the contact is called by GoHighLevel, or one of its things. */
    static Optional<String> ref(OutboundMessage message, String key) {
        return message.contactRefs().getValue(NAME) instanceof JsonObject refs
                        && refs.getValue(key) instanceof String id
                        && !id.isBlank()
                ? Optional.of(id)
                : Optional.empty();
    }

    static AdapterException refused(String reason) {
        return new AdapterException(Kind.REFUSED, reason);
    }

    static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    @Override
    public void close() {
        client.close();
    }
}
