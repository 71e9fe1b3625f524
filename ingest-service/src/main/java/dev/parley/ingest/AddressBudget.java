package dev.parley.ingest;

import io.vertx.core.http.HttpServerRequest;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;

/**
 * What one address may have refused. Each request is charged before it is looked at, and the genuine ones are given back
 * their token: so verification costs a stranger's budget, and a provider that sends everything from one address has no limit
 * here but the requests it has open at the same moment.
 */
@Singleton
class AddressBudget {
    private final ClientAddress clients;
    private final Budgets<Long> budgets;

    @Inject
    AddressBudget(IngestConfig config) {
        IngestConfig.Limits limits = config.limits();
        clients = new ClientAddress(limits.trustedProxies().orElse(List.of()));
        budgets = new Budgets<>(limits.addressRate(), limits.addressBurst(), limits.addresses(), System::nanoTime);
    }

    /** The address the request came from, as far as our own proxies vouch for it. */
    Client client(HttpServerRequest request) {
        // Not the request's: that one works out the whole URL first, to say the same.
        var peer = request.connection().remoteAddress();
        String host = peer == null ? null : peer.hostAddress();
        String address = host == null
                ? ""
                : clients.hasProxies() ? clients.of(host, request.headers().getAll("X-Forwarded-For")) : host;
        return new Client(address, ClientAddress.budgetOf(address));
    }

    /** An address, and whose budget it is. */
    record Client(String address, Long budget) {}

    /** {@link Duration#ZERO} = go on; otherwise how long to stay away. */
    Duration charge(Client client) {
        return budgets.take(client.budget());
    }

    void giveBack(Client client) {
        budgets.giveBack(client.budget());
    }
}
