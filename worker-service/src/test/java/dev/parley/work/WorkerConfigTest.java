package dev.parley.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorkerConfigTest {
    private static WorkerConfig config(Map<String, String> environment) {
        Map<String, String> all = new HashMap<>(Map.of(
                "PARLEY_WORKER_DB_URL", "postgresql://nobody",
                "PARLEY_WORKER_DB_USER", "nobody",
                "PARLEY_WORKER_DB_PASSWORD", "secret"));
        all.putAll(environment);
        return new SmallRyeConfigBuilder()
                .addDefaultInterceptors()
                .withSources(new EnvConfigSource(all, 300))
                .withConverter(Duration.class, 200, new DurationConverter())
                .withMapping(WorkerConfig.class)
                .build()
                .getConfigMapping(WorkerConfig.class);
    }

    @Test
    void nothing_has_to_be_set() {
        assertThatCode(config(Map.of())::check).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({
        "BATCH_MAX, 16",
        "BATCH_MAX, 64",
        "LINES_MAX, 1",
        "LEASE_DURATION, 2s",
        "RETRY_CAP, 1s",
        "RETRY_MAX_ATTEMPTS, 1",
        "CALLS_MAX_IN_FLIGHT, 1",
        "SESSIONS, 1",
        "POLL, 1ms",
        "DRAIN_TIMEOUT, 0s",
        "KEEP_DONE, 0s",
        "SEND_CERTAIN_AFTER, 0s",
    })
    void the_least_that_works_is_taken(String key, String value) {
        assertThatCode(config(Map.of("PARLEY_WORKER_" + key, value))::check).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({"CALLS_MAX_IN_FLIGHT, 1, 1", "LINES_MAX, 1, 1", "CALLS_MAX_IN_FLIGHT, 2, 2", "SESSIONS, 5, 5"})
    void there_are_no_more_sessions_than_what_is_divided_among_them(String key, String value, int sessions) {
        assertThat(config(Map.of("PARLEY_WORKER_" + key, value)).sessionsAtWork())
                .isEqualTo(sessions);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "BATCH_MAX | 0 | batch.max must be one of [16, 64, 256], it is 0",
                "BATCH_MAX | 100 | batch.max must be one of [16, 64, 256], it is 100",
                "LINES_MAX | 0 | lines.max must be more than nothing, it is 0",
                "LINES_MAX | -5 | lines.max must be more than nothing, it is -5",
                "LEASE_DURATION | 1999ms | lease.duration must be 2 seconds or more, it is PT1.999S",
                "LEASE_DURATION | 25d | lease.duration must not be more than 24 days, it is PT600H",
                "RETRY_BASE | 0s | retry.base must be a millisecond or more, it is PT0S",
                "RETRY_CAP | 999ms | retry.cap must not be less than parley.worker.retry.base, PT1S, it is PT0.999S",
                "RETRY_MAX_ATTEMPTS | 0 | retry.max-attempts must be more than nothing, it is 0",
                "CALLS_MAX_IN_FLIGHT | 0 | calls.max-in-flight must be more than nothing, it is 0",
                "SESSIONS | 0 | sessions must be 1 to 16, it is 0",
                "SESSIONS | 17 | sessions must be 1 to 16, it is 17",
                "CALLS_TIMEOUT | 0s | calls.timeout must be a millisecond or more, it is PT0S",
                "POLL | 0s | poll must be a millisecond or more, it is PT0S",
                "DRAIN_TIMEOUT | PT-1S | drain-timeout must not be less than 0, it is PT-1S",
                "KEEP_DONE | PT-1S | keep.done must not be less than 0, it is PT-1S",
                "SEND_RECONCILE_EVERY | 0s | send.reconcile-every must be a millisecond or more, it is PT0S",
                "SEND_CERTAIN_AFTER | PT-1S | send.certain-after must not be less than 0, it is PT-1S",
                "SEND_THROTTLED_PAUSE | 0s | send.throttled-pause must be a millisecond or more, it is PT0S",
                "SEND_UNAUTHORIZED_PAUSE | 0s | send.unauthorized-pause must be a millisecond or more, it is PT0S",
                "DB_DEAD_AFTER | 0s | db.dead-after must be a millisecond or more, it is PT0S",
                "DB_DEAD_AFTER | 25d | db.dead-after must not be more than 24 days, it is PT600H",
            })
    void what_cannot_work_is_refused_with_its_key_the_rule_and_the_value(String key, String value, String message) {
        assertThatThrownBy(config(Map.of("PARLEY_WORKER_" + key, value))::check)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("parley.worker." + message);
    }
}
