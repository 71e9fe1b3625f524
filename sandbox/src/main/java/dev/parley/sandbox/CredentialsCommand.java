package dev.parley.sandbox;

import dev.parley.tenant.Credentials;
import dev.parley.tenant.TenantId;
import dev.parley.tenant.Vault;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * {@code ./parley credentials seal <tenant-slug> <provider> | rotate | status}: a command, so unlike the services it
 * waits for its answers. Secrets come on standard input only: arguments end up in the shell's history and in {@code ps}.
 */
final class CredentialsCommand {
    static final int OK = 0;
    /** It ran, and something needs a person. */
    static final int INCOMPLETE = 1;
    /** It did not run: arguments, configuration, database. */
    static final int NOT_RUN = 2;

    static final String USAGE = """
            usage: parley credentials seal <tenant-slug> <provider>   reads a JSON object from standard input
                   parley credentials rotate                          brings all under the newest key
                   parley credentials status                          which keys are in use
            needs: PARLEY_DB_URL, PARLEY_DB_USER, PARLEY_DB_PASSWORD, TENANT_ENCRYPTION_KEY
            """;

    private static final int MAX_INPUT = 64 * 1024;

    private CredentialsCommand() {}

    /** Does what {@code args} say and returns the exit code. Never prints a secret. */
    static int run(String[] args, InputStream in, PrintStream out, PrintStream err, Map<String, String> env) {
        try {
            List<String> words = List.of(args);
            if (words.size() == 3 && words.get(0).equals("seal")) {
                // Read before connecting: a typing error should not need a database to be found.
                JsonObject credentials = read(in);
                return with(env, credentialsOf -> seal(credentialsOf, words.get(1), words.get(2), credentials, out));
            }
            if (words.equals(List.of("rotate"))) {
                return with(env, credentials -> rotate(credentials, out, err));
            }
            if (words.equals(List.of("status"))) {
                return with(env, credentials -> status(credentials, out, err));
            }
            err.print(USAGE);
            return NOT_RUN;
        } catch (IllegalArgumentException | IOException e) {
            err.println("parley credentials: " + e.getMessage());
            return NOT_RUN;
        } catch (RuntimeException e) {
            err.println("parley credentials: " + Operator.explain(e, env));
            return NOT_RUN;
        }
    }

    private static int seal(Credentials credentials, String slug, String provider, JsonObject secret, PrintStream out) {
        credentials.seal(slug, provider, secret).await().atMost(Operator.QUICK);
        out.println("sealed the credentials of " + slug + " for " + provider);
        return OK;
    }

    // A command has nothing else to do: here, on its own thread, waiting is the point.
    private static int rotate(Credentials credentials, PrintStream out, PrintStream err) {
        Credentials.Progress end = credentials
                .rotate(progress -> out.println("rotated " + progress.rotated() + "/" + progress.total()))
                .await()
                .indefinitely();
        if (end.total() == 0) {
            out.println("rotated 0/0: there are no credentials");
        }
        return report(end.unopened(), err);
    }

    private static int status(Credentials credentials, PrintStream out, PrintStream err) {
        // A command at a terminal: there is nobody else to serve meanwhile, and Ctrl-C ends it.
        Credentials.Census census = credentials.census().await().indefinitely();
        for (int key = census.newestKey(); key >= 1; key--) {
            out.printf(
                    "key %d%s: %d%n",
                    key,
                    key == census.newestKey() ? " (newest)" : "",
                    census.byKey().getOrDefault(key, 0L));
        }
        if (census.mislabelled() > 0) {
            out.println(census.mislabelled() + " row(s) carry another key_version than their key's number now; "
                    + "'parley credentials rotate' corrects it");
        }
        return report(census.unopened(), err);
    }

    private static int report(List<Credentials.Unopened> unopened, PrintStream err) {
        unopened.forEach(row -> err.println(
                "did not open: tenant " + id(row.tenant()) + ", provider " + row.provider() + ": " + row.reason()));
        return unopened.isEmpty() ? OK : INCOMPLETE;
    }

    private static String id(TenantId tenant) {
        return tenant.value().toString();
    }

    private static JsonObject read(InputStream in) throws IOException {
        byte[] bytes = in.readNBytes(MAX_INPUT + 1);
        if (bytes.length > MAX_INPUT) {
            throw new IllegalArgumentException("more than " + MAX_INPUT / 1024 + " KiB on standard input");
        }
        if (new String(bytes, StandardCharsets.UTF_8).isBlank()) {
            throw new IllegalArgumentException(
                    "nothing on standard input; it takes a JSON object such as " + "{\"private_token\": \"…\"}");
        }
        try {
            if (Json.decodeValue(new String(bytes, StandardCharsets.UTF_8)) instanceof JsonObject object) {
                return object;
            }
        } catch (DecodeException e) {
            // The parser's message would quote the secret.
            throw new IllegalArgumentException("standard input is not valid JSON");
        }
        throw new IllegalArgumentException("standard input is JSON, but not an object");
    }

    private static int with(Map<String, String> env, Function<Credentials, Integer> command) {
        Vault vault = Vault.of(env.getOrDefault("TENANT_ENCRYPTION_KEY", ""));
        return Operator.connected(env, (vertx, db) -> command.apply(new Credentials(db, vault)));
    }
}
