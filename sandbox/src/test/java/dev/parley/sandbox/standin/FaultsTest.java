package dev.parley.sandbox.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class FaultsTest {
    private final TestClock clock = new TestClock();
    private final Faults faults = new Faults(clock);

    @Test
    void a_fault_strikes_as_often_as_told_and_then_the_next_one_does() {
        faults.add(Fault.status(500).times(2));
        faults.add(Fault.status(503).times(1));

        assertThat(faults.strike("GET", "/x", null)).map(Fault::status).contains(500);
        assertThat(faults.strike("GET", "/x", null)).map(Fault::status).contains(500);
        assertThat(faults.strike("GET", "/x", null)).map(Fault::status).contains(503);
        assertThat(faults.strike("GET", "/x", null)).isEmpty();
    }

    @Test
    void a_fault_ends_with_its_time() {
        faults.add(Fault.status(429).lasting(Duration.ofSeconds(5)));

        clock.pass(Duration.ofMillis(4_999));
        assertThat(faults.strike("GET", "/x", null)).isPresent();
        clock.pass(Duration.ofMillis(1));
        assertThat(faults.strike("GET", "/x", null)).isEmpty();
        assertThat(faults.inForce()).isEmpty();
    }

    @Test
    void a_fault_strikes_only_what_it_is_for() {
        faults.add(Fault.status(500).on("POST", "/conversations/messages").at("here"));

        assertThat(faults.strike("GET", "/conversations/messages", "here")).isEmpty();
        assertThat(faults.strike("POST", "/oauth/token", "here")).isEmpty();
        assertThat(faults.strike("POST", "/conversations/messages", "there")).isEmpty();
        assertThat(faults.strike("POST", "/conversations/messages", null)).isEmpty();
        assertThat(faults.strike("POST", "/conversations/messages", "here")).isPresent();
    }

    @Test
    void refusing_the_refresh_concerns_the_token_endpoint_alone() {
        faults.add(Fault.of(Fault.Kind.REFUSE_REFRESH));

        assertThat(faults.strike("POST", "/conversations/messages", null)).isEmpty();
        assertThat(faults.strike("POST", "/oauth/token", null)).isPresent();
    }

    @Test
    void a_fault_that_could_never_strike_is_refused() {
        assertThatThrownBy(() -> Fault.status(42)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Fault.status(500).times(0)).isInstanceOf(IllegalArgumentException.class);
    }
}
