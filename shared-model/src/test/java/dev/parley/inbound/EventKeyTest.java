package dev.parley.inbound;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class EventKeyTest {
    private static final byte[] BODY = "{}".getBytes(StandardCharsets.UTF_8);
    private static final Duration WINDOW = Duration.ofSeconds(60);

    @Test
    void a_key_is_provider_kind_and_parts() {
        assertThat(EventKey.of("ghl", "msg", "InboundMessage", "m1").value()).isEqualTo("ghl:msg:InboundMessage:m1");
    }

    @Test
    void parts_cannot_run_into_each_other() {
        assertThat(EventKey.of("p", "k", "a", "bc")).isNotEqualTo(EventKey.of("p", "k", "ab", "c"));
        assertThat(EventKey.of("p", "k", "a:b", "c")).isNotEqualTo(EventKey.of("p", "k", "a", "b:c"));
        assertThat(EventKey.of("p", "k", "a%3Ab")).isNotEqualTo(EventKey.of("p", "k", "a:b"));
        assertThat(EventKey.of("p", "k", "", "a")).isNotEqualTo(EventKey.of("p", "k", "a", ""));
        assertThat(EventKey.of("p", "k:x", "a")).isNotEqualTo(EventKey.of("p", "k", "x", "a"));
    }

    @Test
    void long_parts_are_hashed_and_stay_different() {
        String one = EventKey.of("ghl", "wh", "x".repeat(5000) + "1").value();
        String other = EventKey.of("ghl", "wh", "x".repeat(5000) + "2").value();

        assertThat(one).startsWith("ghl:long:").hasSizeLessThan(100).isNotEqualTo(other);
    }

    @Test
    void a_hashed_key_cannot_be_imitated_by_a_short_one() {
        String hashed = EventKey.of("ghl", "wh", "x".repeat(5000)).value();

        assertThat(EventKey.of("ghl", "wh", hashed.substring("ghl:".length())).value())
                .isNotEqualTo(hashed);
    }

    @Test
    void control_characters_never_reach_the_database() {
        assertThat(EventKey.of("p", "k", "a\u0000b\nc").value()).isEqualTo("p:k:a%00b%0Ac");
        assertThat(EventKey.of("p", "k", "\ud800").value()).isEqualTo("p:k:\uFFFD");
    }

    @Test
    void equal_bodies_have_equal_keys() {
        assertThat(EventKey.ofBody("p", BODY)).isEqualTo(EventKey.ofBody("p", BODY.clone()));
        assertThat(EventKey.ofBody("p", BODY)).isNotEqualTo(EventKey.ofBody("q", BODY));
        assertThat(EventKey.ofBody("p", BODY).value())
                .isEqualTo("p:sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    }

    @Test
    void a_body_again_just_over_the_edge_of_a_window_is_recognised() {
        Instant edge = Instant.ofEpochSecond(60 * 1_000_000L);

        EventKey before = EventKey.ofBodyWithin("p", BODY, edge.minusMillis(1), WINDOW);
        EventKey after = EventKey.ofBodyWithin("p", BODY, edge, WINDOW);

        assertThat(after.value()).isNotEqualTo(before.value());
        assertThat(after.before()).isEqualTo(before.value());
    }

    @Test
    void a_body_again_after_two_windows_is_a_new_event() {
        Instant first = Instant.ofEpochSecond(60 * 1_000_000L);

        EventKey one = EventKey.ofBodyWithin("p", BODY, first, WINDOW);
        EventKey later = EventKey.ofBodyWithin("p", BODY, first.plus(WINDOW).plus(WINDOW), WINDOW);

        assertThat(later.value()).isNotEqualTo(one.value());
        assertThat(later.before()).isNotEqualTo(one.value());
    }
}
