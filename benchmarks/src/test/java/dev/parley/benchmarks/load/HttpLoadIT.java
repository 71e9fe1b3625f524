package dev.parley.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HttpLoadIT {
    private static final byte[] REQUEST =
            "POST /x HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 5\r\n\r\nhello".getBytes(StandardCharsets.US_ASCII);
    private static final HttpLoad.Requests REQUESTS = (connection, into) -> into.put(REQUEST);
    private static final long LONG_MICROS = TimeUnit.SECONDS.toMicros(60);

    @Test
    void closed_loop_counts_every_answer_and_sends_nothing_before_the_answer_is_there() throws IOException {
        try (SmallServer server = new SmallServer((number, out) -> out.write(SmallServer.accepted()))) {
            HttpLoad.Result result =
                    HttpLoad.closed(server.address(), 4, Duration.ZERO, Duration.ofMillis(400), REQUESTS);

            assertThat(result.sent()).isGreaterThan(4).isEqualTo(server.requests());
            assertThat(result.answers()).containsExactly(Map.entry("200 accepted", result.sent()));
            assertThat(result.latencyMicros().getTotalCount()).isEqualTo(result.sent());
            // At most the last one of each connection came too late to be counted.
            assertThat(result.counted()).isBetween(result.sent() - 4, result.sent());
            assertThat(result.perSecond()).isEqualTo(result.counted() / 0.4);
            assertThat(server.early()).isZero();
        }
    }

    @Test
    void the_lead_is_sent_and_answered_but_not_measured() throws IOException {
        try (SmallServer server = new SmallServer((number, out) -> out.write(SmallServer.accepted()))) {
            HttpLoad.Result result =
                    HttpLoad.open(server.address(), 4, 200, Duration.ofMillis(400), Duration.ofMillis(200), REQUESTS);

            assertThat(result.answered("200 accepted")).isEqualTo(result.sent());
            assertThat(result.latencyMicros().getTotalCount())
                    .isPositive()
                    .isLessThanOrEqualTo(41)
                    .isLessThan(result.sent());
        }
    }

    @Test
    void open_loop_sends_as_many_as_the_clock_says_however_fast_the_answers_are() throws IOException {
        try (SmallServer server = new SmallServer((number, out) -> out.write(SmallServer.accepted()))) {
            HttpLoad.Result result =
                    HttpLoad.open(server.address(), 8, 200, Duration.ZERO, Duration.ofMillis(600), REQUESTS);

            // 120; fewer only by what this thread lost before it looked at the clock for the first time.
            assertThat(result.sent()).isBetween(100L, 120L).isEqualTo(server.requests());
            assertThat(result.answered("200 accepted")).isEqualTo(result.sent());
            assertThat(result.latencyMicros().getTotalCount()).isEqualTo(result.sent());
        }
    }

    @Test
    void open_loop_sends_all_that_was_due_also_after_a_stall_of_the_only_connection() throws IOException {
        try (SmallServer server = stallingAtFirst(Duration.ofMillis(500))) {
            HttpLoad.Result result =
                    HttpLoad.open(server.address(), 1, 100, Duration.ZERO, Duration.ofMillis(600), REQUESTS);

            assertThat(result.sent()).isBetween(50L, 60L).isEqualTo(server.requests());
            assertThat(server.early()).isZero();
        }
    }

    @Test
    void a_stall_is_felt_by_everybody_who_was_due_during_it() throws IOException {
        try (SmallServer server = stallingAtFirst(Duration.ofMillis(500))) {
            HttpLoad.Result result =
                    HttpLoad.open(server.address(), 1, 100, Duration.ZERO, Duration.ofMillis(600), REQUESTS);

            // Those due in the first 400 of 500 ms; who counts from when it could send has one.
            assertThat(result.latencyMicros().getCountBetweenValues(100_000, LONG_MICROS))
                    .isGreaterThanOrEqualTo(30);
            assertThat(result.latencyMicros().getMaxValue()).isGreaterThanOrEqualTo(495_000);
        }
    }

    @Test
    void an_answer_that_comes_byte_by_byte_is_one_answer() throws IOException {
        SmallServer.Answer inBytes = (number, out) -> {
            for (byte one : SmallServer.accepted()) {
                out.write(one);
                out.flush();
            }
        };
        try (SmallServer server = new SmallServer(inBytes)) {
            HttpLoad.Result result =
                    HttpLoad.closed(server.address(), 2, Duration.ZERO, Duration.ofMillis(300), REQUESTS);

            assertThat(result.sent()).isGreaterThan(2).isEqualTo(server.requests());
            assertThat(result.answers()).containsExactly(Map.entry("200 accepted", result.sent()));
        }
    }

    @Test
    void answers_are_told_apart_by_status_and_by_what_they_say() throws IOException {
        SmallServer.Answer inTurn = (number, out) -> out.write(
                switch (number % 3) {
                    case 0 -> SmallServer.accepted();
                    case 1 -> SmallServer.response("200 OK", "{\"trace\":\"1\",\"status\":\"duplicate\"}");
                    default -> SmallServer.response("503 Service Unavailable", "");
                });
        try (SmallServer server = new SmallServer(inTurn)) {
            HttpLoad.Result result =
                    HttpLoad.closed(server.address(), 1, Duration.ZERO, Duration.ofMillis(300), REQUESTS);

            long third = result.sent() / 3;
            assertThat(third).isPositive();
            assertThat(result.answered("200 accepted")).isEqualTo(third);
            assertThat(result.answered("200 duplicate")).isBetween(third, third + 1);
            assertThat(result.others("200 accepted", "200 duplicate"))
                    .isEqualTo(result.answered("503"))
                    .isBetween(third, third + 1);
        }
    }

    @Test
    void a_service_that_closes_a_connection_is_an_error_not_a_missing_number() throws IOException {
        SmallServer.Answer half = (number, out) -> {
            out.write("HTTP/1.1 200 OK\r\n".getBytes(StandardCharsets.US_ASCII));
            out.close();
        };
        try (SmallServer server = new SmallServer(half)) {
            assertThatThrownBy(
                            () -> HttpLoad.closed(server.address(), 1, Duration.ZERO, Duration.ofMillis(300), REQUESTS))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("closed a connection");
        }
    }

    private static SmallServer stallingAtFirst(Duration stall) throws IOException {
        CountDownLatch never = new CountDownLatch(1);
        return new SmallServer((number, out) -> {
            if (number == 1) {
                assertThat(never.await(stall.toMillis(), TimeUnit.MILLISECONDS)).isFalse();
            }
            out.write(SmallServer.accepted());
        });
    }
}
