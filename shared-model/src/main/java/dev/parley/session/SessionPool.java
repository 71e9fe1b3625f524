package dev.parley.session;

import io.vertx.core.Vertx;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.sqlclient.ClientBuilder;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.SqlConnectOptions;
import io.vertx.sqlclient.SqlConnection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The pools of the services: dead connections are found out, and plans stay good while tables grow. */
public final class SessionPool {
    private static final Logger LOG = LoggerFactory.getLogger(SessionPool.class);
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private SessionPool() {}

    /**
     * A pool of sessions with {@code servers}.
     *
     * @param limits as the caller wants them; its idle timeout must be shorter than {@code deadAfter}, so that only
     *     connections in use can be taken for dead
     * @param deadAfter a connection in use, or being made, that says nothing for this long is closed: what waits for it fails,
     *     and its place in the pool is free. Without it a network that swallows everything keeps both for a quarter of an hour
     */
    public static Pool of(Vertx vertx, List<PgConnectOptions> servers, PoolOptions limits, Duration deadAfter) {
        for (PgConnectOptions options : servers) {
            quick(options)
                    .setIdleTimeoutUnit(TimeUnit.MILLISECONDS)
                    .setReadIdleTimeout(Math.toIntExact(deadAfter.toMillis()));
        }
        ClientBuilder<Pool> pool = ClientBuilder.pool(new ImpatientDriver())
                .using(vertx)
                .connectingTo(List.<SqlConnectOptions>copyOf(servers))
                .with(limits);
        // Where nothing is kept every statement gets a plan of its own, and a session may be a pooler's: not ours to
        // set up.
        if (servers.stream().allMatch(SqlConnectOptions::getCachePreparedStatements)) {
            pool.withConnectHandler(SessionPool::welcome);
        }
        return pool.build();
    }

    /** Lets {@code options} give up connecting after two seconds, notice a peer that is gone, and keep all statements prepared. */
    public static PgConnectOptions quick(PgConnectOptions options) {
        options.setConnectTimeout((int) PATIENCE.toMillis()).setTcpKeepAlive(true);
        return Prepared.longStatementsToo(options);
    }

    /** Runs once for a new session; closing it hands it to the pool. */
    private static void welcome(SqlConnection session) {
        session.query(Prepared.KEEP_PLANS_BY_KEY)
                .execute()
                .onFailure(refused -> LOG.warn("plans of this session may age badly: {}", refused.getMessage()))
                .onComplete(told -> session.close());
    }
}
