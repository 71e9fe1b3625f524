package dev.parley.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What nobody acknowledged is counted: a run that hides it would look like a run in which nothing was lost. */
class SenderIT {
    private static final String TRACE = "{\"trace_id\": \"01a222bd-dc5b-7000-9e74-c2476f34fbc9\"}";

    private final Book book = new Book();
    private final AtomicInteger status = new AtomicInteger();
    private final AtomicInteger requests = new AtomicInteger();
    private Vertx vertx;
    private Sender sender;

    @BeforeEach
    void listen() {
        vertx = Vertx.vertx();
        HttpServer server = Waiting.on(
                vertx.createHttpServer()
                        .requestHandler(request -> {
                            requests.incrementAndGet();
                            request.response().setStatusCode(status.get()).end(TRACE);
                        })
                        .listen(0, "127.0.0.1"),
                Duration.ofSeconds(10));
        sender = new Sender(vertx, server.actualPort(), book, 1);
    }

    @AfterEach
    void close() {
        sender.close();
        Waiting.on(vertx.close(), Duration.ofSeconds(10));
    }

    private static Book.Parcel parcel(int number) {
        String id = new UUID(0, number).toString();
        return new Book.Parcel(number, new UUID(0, 0), "+15550000000", id, id, JsonText.of("{}"), "s", false);
    }

    private void sendThree() {
        sender.start(
                List.of(
                        new Script.Step(0, Duration.ZERO),
                        new Script.Step(1, Duration.ZERO),
                        new Script.Step(1, Duration.ofMillis(5))),
                List.of(parcel(1), parcel(2)));
    }

    @Test
    void what_is_acknowledged_is_not_given_up() {
        status.set(200);

        sendThree();

        await().until(() -> sender.underWay() == 0);
        assertThat(sender.givenUp()).isZero();
        assertThat(book.acknowledgedSoFar()).isEqualTo(2);
    }

    @Test
    void deliveries_that_are_told_to_come_later_until_the_end_are_given_up_and_counted() {
        status.set(503);
        sendThree();
        // Everything was tried again at least once.
        await().until(() -> requests.get() >= 6);

        sender.giveUp();

        await().until(() -> sender.underWay() == 0);
        assertThat(sender.givenUp()).isEqualTo(3);
        assertThat(book.acknowledgedSoFar()).isZero();
    }
}
