package dev.parley.sandbox;

import dev.parley.sandbox.standin.GhlStandIn;
import dev.parley.sandbox.standin.Location;
import dev.parley.sandbox.standin.Options;
import dev.parley.sandbox.standin.TokenPair;
import dev.parley.tenant.Secret;
import dev.parley.tenant.TenantId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.sql.SQLException;
import java.util.Base64;
import java.util.HexFormat;

/** Makes the sandbox's businesses known on both sides: at the GoHighLevel stand-in and, as tenants, in the database. */
final class Businesses {
    private final Secrets secrets;

    Businesses(Secrets secrets) {
        this.secrets = secrets;
    }

    /** A stand-in with every business's location, whose webhooks go to ingest on {@code ingestPort}. */
    GhlStandIn startStandIn(int port, int ingestPort) {
        Options usual = Options.defaults();
        Options.App app = usual.app();
        // As outside: an app has a secret of its own, and its webhooks a key that is the same after a restart.
        Secret clientSecret = secrets.keep("ghl.client-secret", Secrets::password);
        Secret seed = secrets.keep("ghl.signing-seed", () -> HexFormat.of().formatHex(Secrets.bytes(32)));
        Options options = usual.onPort(port)
                .forApp(new Options.App(app.appId(), app.versionId(), app.clientId(), clientSecret, app.scopes()))
                .signingWith(HexFormat.of().parseHex(seed.reveal()))
                .withLocations(
                        SandboxTenant.ALL.stream().map(SandboxTenant::location).toArray(Location[]::new))
                .withWebhooks(usual.webhooks().to(URI.create("http://127.0.0.1:" + ingestPort + "/webhooks/ghl")));
        try {
            return GhlStandIn.start(options);
        } catch (IllegalStateException e) {
            throw new SandboxException("the GoHighLevel stand-in did not start: " + e.getMessage(), e);
        }
    }

    /** Its API goes on answering; customers' messages and reports no longer leave. */
    static void stopWebhooks(GhlStandIn ghl) {
        Options.Webhooks now = ghl.webhooks();
        ghl.changeWebhooks(new Options.Webhooks(
                null,
                now.timeout(),
                now.retry(),
                now.copies(),
                now.together(),
                now.shuffle(),
                now.shuffleWindow(),
                now.deliveredAfter()));
    }

    /** As if every business had just installed the app: tenant, tokens, and secrets for the other kinds of webhook. */
    void install(Tenants tenants, GhlStandIn ghl) throws SQLException {
        for (SandboxTenant business : SandboxTenant.ALL) {
            TenantId tenant = add(business, tenants, ghl);
            Secret workflow = secrets.keep("webhook.ghl-workflow." + business.slug(), Secrets::password);
            tenants.seal(tenant, "webhook:ghl-workflow", verifying(workflow));
            Secret standard = secrets.keep(
                    "webhook.standard-webhooks." + business.slug(),
                    () -> "whsec_" + Base64.getEncoder().encodeToString(Secrets.bytes(32)));
            tenants.seal(tenant, "webhook:standard-webhooks", verifying(standard));
        }
    }

    /** One more business with its tokens; the location must be known to the stand-in. */
    static TenantId add(SandboxTenant business, Tenants tenants, GhlStandIn ghl) throws SQLException {
        TenantId tenant = tenants.keep(business.slug(), business.name(), business.settings());
        tenants.seal(tenant, "ghl", tokens(ghl, business));
        return tenant;
    }

    private static JsonObject tokens(GhlStandIn ghl, SandboxTenant business) {
        TokenPair tokens = ghl.issueTokens(business.location().id());
        JsonObject credentials = new JsonObject()
                .put("access_token", tokens.access().reveal())
                .put("location_id", business.location().id())
                .put("user_type", "Location");
        if (tokens.refresh() != null) {
            credentials.put("refresh_token", tokens.refresh().reveal());
        }
        if (tokens.expiresAt() != null) {
            credentials.put("expires_at", tokens.expiresAt().toString());
        }
        return credentials;
    }

    private static JsonObject verifying(Secret secret) {
        return new JsonObject().put("secrets", new JsonArray().add(secret.reveal()));
    }
}
