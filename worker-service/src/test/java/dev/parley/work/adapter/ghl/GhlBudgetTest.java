package dev.parley.work.adapter.ghl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.tenant.TenantId;
import dev.parley.work.adapter.VendorHttp;
import dev.parley.work.adapter.ghl.GhlBudget.Account;
import io.vertx.core.MultiMap;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GhlBudgetTest {
    private static final Account ACCOUNT = new Account(new TenantId(new UUID(0, 1)), "l1");
    private static final Account SAME_TENANT_ELSEWHERE = new Account(ACCOUNT.tenant(), "l2");

    private final Hand clock = new Hand();
    private final GhlBudget budget = new GhlBudget(clock, new GhlAccount.Config("https://example.com"));

    @Test
    void an_account_nothing_is_known_of_is_asked() {
        assertThat(budget.take(ACCOUNT)).isNull();
    }

    @Test
    void what_is_left_is_used_up_and_comes_back_with_the_next_window() {
        exchange("3");
        for (int i = 0; i < 3; i++) {
            assertThat(budget.take(ACCOUNT)).isNull();
        }

        assertThat(budget.take(ACCOUNT)).isEqualTo(Duration.ofSeconds(10));
        clock.advance(Duration.ofSeconds(9));
        assertThat(budget.take(ACCOUNT)).isEqualTo(Duration.ofSeconds(1));
        clock.advance(Duration.ofSeconds(1));
        assertThat(budget.take(ACCOUNT)).isNull();
    }

    @Test
    void answers_that_overtake_each_other_give_nothing_back() {
        exchange("50");
        assertThat(budget.take(ACCOUNT)).isNull();
        assertThat(budget.take(ACCOUNT)).isNull();
        budget.answered(ACCOUNT, headers("X-RateLimit-Remaining", "1"));
        budget.answered(ACCOUNT, headers("X-RateLimit-Remaining", "2"));

        assertThat(budget.take(ACCOUNT)).isNull();
        assertThat(budget.take(ACCOUNT)).isNotNull();
    }

    @Test
    void another_process_that_uses_the_account_up_is_noticed() {
        exchange("90");
        exchange("0");

        assertThat(budget.take(ACCOUNT)).isNotNull();
    }

    @Test
    void a_window_that_the_vendor_opened_earlier_than_expected_is_noticed() {
        exchange("2");
        exchange("1");
        clock.advance(Duration.ofSeconds(5));
        exchange("99");

        for (int i = 0; i < 99; i++) {
            assertThat(budget.take(ACCOUNT)).isNull();
        }
        assertThat(budget.take(ACCOUNT)).isNotNull();
    }

    @Test
    void requests_under_way_are_not_in_the_vendors_number_yet() {
        assertThat(budget.take(ACCOUNT)).isNull();
        assertThat(budget.take(ACCOUNT)).isNull();
        assertThat(budget.take(ACCOUNT)).isNull();
        budget.answered(ACCOUNT, headers("X-RateLimit-Remaining", "3"));

        assertThat(budget.take(ACCOUNT)).isNull();
        assertThat(budget.take(ACCOUNT)).isNotNull();
    }

    @Test
    void a_lost_answer_frees_its_place() {
        assertThat(budget.take(ACCOUNT)).isNull();
        assertThat(budget.take(ACCOUNT)).isNull();
        budget.unanswered(ACCOUNT);
        budget.answered(ACCOUNT, headers("X-RateLimit-Remaining", "1"));

        assertThat(budget.take(ACCOUNT)).isNull();
    }

    @Test
    void locations_have_budgets_of_their_own() {
        exchange("0");

        assertThat(budget.take(ACCOUNT)).isNotNull();
        assertThat(budget.take(SAME_TENANT_ELSEWHERE)).isNull();
    }

    @Test
    void a_refusal_pauses_the_account_and_a_shorter_one_does_not_end_the_pause() {
        assertThat(budget.refused(ACCOUNT, headers("Retry-After", "60"))).isEqualTo(Duration.ofSeconds(60));
        assertThat(budget.refused(ACCOUNT, headers("Retry-After", "1"))).isEqualTo(Duration.ofSeconds(1));

        assertThat(budget.take(ACCOUNT)).isEqualTo(Duration.ofSeconds(60));
        clock.advance(Duration.ofSeconds(60));
        assertThat(budget.take(ACCOUNT)).isNull();
    }

    @Test
    void a_date_to_come_back_at_is_understood() {
        assertThat(VendorHttp.retryAfter(
                        headers("Retry-After", "Sat, 21 Nov 2026 10:00:30 GMT"), Instant.parse("2026-11-21T10:00:00Z")))
                .isEqualTo(Duration.ofSeconds(30));
        assertThat(VendorHttp.retryAfter(
                        headers("Retry-After", "Sat, 21 Nov 2026 09:00:00 GMT"), Instant.parse("2026-11-21T10:00:00Z")))
                .isEqualTo(Duration.ZERO);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "soon", "-1", "1.5", "99999999999999999999"})
    void a_time_nobody_understands_is_no_time(String text) {
        assertThat(budget.refused(ACCOUNT, headers("Retry-After", text))).isEqualTo(Duration.ofSeconds(10));
    }

    @Test
    void nobody_is_paused_for_longer_than_a_day() {
        assertThat(budget.refused(ACCOUNT, headers("Retry-After", "999999999"))).isEqualTo(Duration.ofHours(24));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "many", "-5", "1e9"})
    void a_number_nobody_understands_limits_nothing(String text) {
        exchange(text);

        assertThat(budget.take(ACCOUNT)).isNull();
    }

    private void exchange(String remaining) {
        assertThat(budget.take(ACCOUNT)).isNull();
        budget.answered(
                ACCOUNT, headers("X-RateLimit-Remaining", remaining).add("X-RateLimit-Interval-Milliseconds", "10000"));
    }

    private static MultiMap headers(String name, String value) {
        return MultiMap.caseInsensitiveMultiMap().add(name, value);
    }

    /** A clock that moves when told to. */
    private static final class Hand extends Clock {
        private Instant now = Instant.parse("2026-11-21T10:00:00Z");

        void advance(Duration by) {
            now = now.plus(by);
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
