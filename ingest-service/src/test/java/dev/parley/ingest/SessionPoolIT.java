package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import dev.parley.session.SessionPool;
import io.vertx.core.AsyncResult;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A pool of one connection shows best whether a dead one gives its place back. */
@Timeout(60)
class SessionPoolIT {
    private static final Duration SILENCE = Duration.ofMillis(500);

    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private static Pool pool(int port) {
        PgConnectOptions options =
                db.connectOptions(Login.INGEST).setHost("127.0.0.1").setPort(port);
        return SessionPool.of(
                db.vertx().getDelegate(),
                List.of(options),
                new PoolOptions().setMaxSize(1).setConnectionTimeout(0),
                SILENCE);
    }

    /** @return how it ended; fails if it does not end */
    private static boolean succeeds(Pool pool) throws Exception {
        CompletionStage<Boolean> end = pool.query("SELECT 1")
                .execute()
                .map(rows -> rows.iterator().next().getInteger(0) == 1)
                .otherwise(false)
                .toCompletionStage();
        return end.toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    @Test
    void a_statement_whose_connection_swallows_everything_fails_and_the_next_has_a_new_one() throws Exception {
        try (FaultyNetwork network = new FaultyNetwork(db.host(), db.port())) {
            Pool pool = pool(network.port());
            assertThat(succeeds(pool)).isTrue();

            for (int round = 0; round < 3; round++) {
                network.swallow();

                assertThat(succeeds(pool)).isFalse();
                // The pool hears of it a moment after the statement does.
                await().until(() -> succeeds(pool));
            }
            close(pool);
        }
    }

    @Test
    void a_server_that_takes_the_connection_and_says_nothing_is_given_up_too() throws Exception {
        try (ServerSocket mute = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            Pool pool = pool(mute.getLocalPort());

            assertThat(succeeds(pool)).isFalse();
            assertThat(succeeds(pool)).isFalse();

            try (Socket first = mute.accept()) {
                assertThat(isHungUp(first)).isTrue();
            }
            close(pool);
        }
    }

    /** Reads what the client said to the end. */
    private static boolean isHungUp(Socket socket) throws IOException {
        socket.setSoTimeout(10_000);
        socket.getInputStream().readAllBytes();
        return true;
    }

    private static void close(Pool pool) {
        CompletableFuture<AsyncResult<Void>> closed = new CompletableFuture<>();
        pool.close().onComplete(closed::complete);
        closed.join();
    }
}
