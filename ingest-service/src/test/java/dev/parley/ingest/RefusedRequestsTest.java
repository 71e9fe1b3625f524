package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ingest.Answer.Refusal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RefusedRequestsTest {
    private final AtomicLong clock = new AtomicLong(1);
    private final RefusedRequests refusals = new RefusedRequests(3, clock::get);
    private final List<String> lines = new ArrayList<>();
    private final Logger logger = Logger.getLogger(RefusedRequests.class.getName());
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord line) {
            lines.add(line.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void listen() {
        logger.addHandler(handler);
    }

    @AfterEach
    void stop() {
        logger.removeHandler(handler);
    }

    private void refuse(Refusal why, long bytes) {
        refusals.add(new RefusedRequests.Entry(Instant.EPOCH, "ghl", why, 401, bytes, "127.0.0.1"));
    }

    @Test
    void only_the_last_are_remembered_newest_first() {
        for (int bytes = 1; bytes <= 5; bytes++) {
            refuse(Refusal.FORGED, bytes);
        }

        assertThat(refusals.all()).extracting(RefusedRequests.Entry::bytes).containsExactly(5L, 4L, 3L);
    }

    @Test
    void a_flood_is_one_line_a_second() {
        for (int at = 0; at < 1000; at++) {
            refuse(Refusal.FORGED, 1);
        }
        assertThat(lines).hasSize(1);
        refuse(Refusal.METHOD, 1);
        assertThat(lines).hasSize(2);

        clock.addAndGet(1_000_000_001L);
        refuse(Refusal.FORGED, 1);

        assertThat(lines).hasSize(3);
    }
}
