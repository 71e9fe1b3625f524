package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.tenant.TenantId;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BudgetsTest {
    private final AtomicLong now = new AtomicLong();
    private final Budgets<String> budgets = new Budgets<>(10, 3, 1600, now::get);

    private void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }

    @Test
    void a_burst_is_let_in_and_what_is_over_it_is_told_when_to_come_again() {
        assertThat(budgets.take("a")).isZero();
        assertThat(budgets.take("a")).isZero();
        assertThat(budgets.take("a")).isZero();

        assertThat(budgets.take("a")).isBetween(Duration.ofMillis(1), Duration.ofMillis(100));
    }

    @Test
    void whoever_waits_as_long_as_told_is_let_in() {
        for (int at = 0; at < 3; at++) {
            budgets.take("a");
        }
        pass(budgets.take("a"));

        assertThat(budgets.take("a")).isZero();
        assertThat(budgets.take("a")).isPositive();
    }

    @Test
    void one_keys_flood_is_not_anothers() {
        for (int at = 0; at < 1000; at++) {
            budgets.take("flood");
        }

        assertThat(budgets.take("other")).isZero();
    }

    @Test
    void a_token_given_back_can_be_taken_again_and_none_can_be_won_by_it() {
        for (int at = 0; at < 3; at++) {
            budgets.take("a");
        }
        budgets.giveBack("a");
        assertThat(budgets.take("a")).isZero();
        for (int at = 0; at < 50; at++) {
            budgets.giveBack("a");
        }

        assertThat(IntStream.range(0, 50).filter(at -> budgets.take("a").isZero()))
                .hasSize(3);
    }

    @Test
    void what_is_owed_is_waited_for() {
        for (int at = 0; at < 13; at++) {
            budgets.owe("a");
        }

        assertThat(budgets.take("a")).isGreaterThan(Duration.ofSeconds(1));
        pass(Duration.ofMillis(1100));
        assertThat(budgets.take("a")).isZero();
    }

    @Test
    void a_rate_of_none_is_no_limit() {
        Budgets<String> unlimited = new Budgets<>(0, 1, 16, now::get);

        assertThat(IntStream.range(0, 1000).allMatch(at -> unlimited.take("a").isZero()))
                .isTrue();
        assertThat(unlimited.remembered()).isZero();
    }

    @Test
    void the_map_is_bounded_whatever_strangers_send() {
        for (int at = 0; at < 100_000; at++) {
            budgets.take("stranger-" + at);
        }

        assertThat(budgets.remembered()).isLessThanOrEqualTo(1600).isGreaterThan(1000);
    }

    @Test
    void a_delivery_of_many_events_is_let_in_as_one_and_paid_for_as_many() {
        TenantBudget tenants = new TenantBudget(new Budgets<>(10, 3, 1600, now::get));
        TenantId many = new TenantId(UUID.randomUUID());
        TenantId other = new TenantId(UUID.randomUUID());
        TenantBudget.Turn turn = tenants.turn();

        assertThat(IntStream.range(0, 20).allMatch(at -> turn.charge(many).isZero()))
                .isTrue();

        assertThat(tenants.turn().charge(many)).isGreaterThan(Duration.ofMillis(1500));
        assertThat(tenants.turn().charge(other)).isZero();
    }
}
