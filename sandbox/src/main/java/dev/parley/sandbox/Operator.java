package dev.parley.sandbox;

import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.core.Vertx;
import io.vertx.mutiny.pgclient.PgBuilder;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.PoolOptions;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;

/** What commands have that work with the services' own classes: an environment like a service's, and a database. */
final class Operator {
    /** For one statement or a handful of them. */
    static final Duration QUICK = Duration.ofSeconds(30);

    private Operator() {}

    /** What the environment says wins; what it leaves open is that of the sandbox on {@code directory}. */
    static Map<String, String> environment(Path directory) {
        Map<String, String> environment = new TreeMap<>(Endpoints.operatorEnvironment(directory));
        environment.putAll(System.getenv());
        return environment;
    }

    /** The setting called {@code name}; missing or blank is an {@link IllegalArgumentException} that says so. */
    static String required(Map<String, String> env, String name) {
        String value = env.getOrDefault(name, "");
        if (value.isBlank()) {
            throw new IllegalArgumentException(name + " is not set");
        }
        return value;
    }

    /** Runs {@code work} with the database that {@code env} names, and ends every connection after it. */
    static <T> T connected(Map<String, String> env, BiFunction<Vertx, Pool, T> work) {
        PgConnectOptions options;
        try {
            options = PgConnectOptions.fromUri(required(env, "PARLEY_DB_URL"));
        } catch (IllegalArgumentException e) {
            // The parser's message would repeat the address, which may contain a password.
            throw new IllegalArgumentException(
                    env.containsKey("PARLEY_DB_URL")
                            ? "PARLEY_DB_URL is not an address such as postgresql://127.0.0.1:54321/parley"
                            : e.getMessage());
        }
        options.setUser(required(env, "PARLEY_DB_USER")).setPassword(env.getOrDefault("PARLEY_DB_PASSWORD", ""));
        Vertx vertx = Vertx.vertx();
        try {
            Pool db = PgBuilder.pool()
                    .connectingTo(options)
                    .with(new PoolOptions().setMaxSize(2))
                    .using(vertx)
                    .build();
            return work.apply(vertx, db);
        } finally {
            // Ends the pool as well.
            vertx.close()
                    .onFailure()
                    .recoverWithUni(failure -> Uni.createFrom().voidItem())
                    .await()
                    .atMost(QUICK);
        }
    }

    /** In words for the person who typed the command. */
    static String explain(RuntimeException failure, Map<String, String> env) {
        Throwable cause = failure;
        while (!(cause instanceof PgException) && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof PgException database) {
            return switch (String.valueOf(database.getSqlState())) {
                case "28P01", "28000" -> "the database does not accept PARLEY_DB_USER and PARLEY_DB_PASSWORD";
                case "3D000" -> "the database that PARLEY_DB_URL names does not exist";
                case "42P01", "3F000" -> "the database has no Parley schema yet: run the migrations first";
                case "42501" ->
                    "the user in PARLEY_DB_USER may not do this: it takes the role parley_operator and this release's"
                            + " migrations";
                default -> "database error " + database.getSqlState() + ": " + database.getErrorMessage();
            };
        }
        if (cause instanceof ConnectException || cause instanceof UnknownHostException) {
            return "the database at " + env.getOrDefault("PARLEY_DB_URL", "").replaceAll("//[^@/]*@", "//")
                    + " is not reachable";
        }
        return cause.getClass().getSimpleName() + ": " + cause.getMessage();
    }
}
