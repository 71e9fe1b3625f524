package dev.parley.dialog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.dialog.Delivery.State;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeliveryTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @ParameterizedTest
    @CsvSource({
        "SENT, DELIVERED, DELIVERED",
        "SENT, READ, READ",
        "DELIVERED, SENT, DELIVERED",
        "READ, DELIVERED, READ",
        "SENT, FAILED, FAILED",
        "DELIVERED, FAILED, DELIVERED",
        "READ, FAILED, READ",
        "FAILED, SENT, FAILED",
        "FAILED, DELIVERED, DELIVERED",
        "SENDING, DELIVERED, DELIVERED",
        "UNKNOWN, SENT, SENT",
        "BLOCKED, DELIVERED, BLOCKED"
    })
    void reports_only_move_forward(State before, State reported, State after) {
        Delivery delivery = Delivery.reported(before, null, NOON);
        assertThat(delivery.report(reported, null, NOON.plusSeconds(1)).state()).isEqualTo(after);
    }

    @Test
    void a_failure_after_proof_of_delivery_is_noted_once_and_not_applied() {
        Delivery delivered = Delivery.reported(State.DELIVERED, null, NOON);
        Delivery noted = delivered.report(State.FAILED, "carrier", NOON);
        assertThat(noted.state()).isEqualTo(State.DELIVERED);
        assertThat(noted.json().getJsonArray("history").getJsonObject(1).getString("error"))
                .isEqualTo("carrier");
        assertThat(noted.report(State.FAILED, "carrier", NOON)).isEqualTo(noted);
    }

    @Test
    void old_news_changes_nothing_at_all() {
        Delivery read = Delivery.reported(State.READ, null, NOON);
        assertThat(read.report(State.DELIVERED, null, NOON.plusSeconds(5))).isSameAs(read);
        assertThat(read.report(State.READ, null, NOON.plusSeconds(5))).isSameAs(read);
    }

    @Test
    void an_answer_to_the_send_does_not_undo_what_a_faster_report_said() {
        Delivery delivered = Delivery.planned(NOON).sending(NOON).report(State.DELIVERED, null, NOON);
        assertThat(delivered.sent("pending", NOON).state()).isEqualTo(State.DELIVERED);
    }

    @Test
    void each_attempt_is_counted_and_dated() {
        Delivery second = Delivery.planned(NOON)
                .sending(NOON)
                .notSent("busy", NOON.plusSeconds(1))
                .sending(NOON.plusSeconds(9));
        assertThat(second.attempts()).isEqualTo(2);
        assertThat(second.attemptedAt()).isEqualTo(NOON.plusSeconds(9));
        assertThat(second.json().containsKey("error")).isFalse();
    }

    @Test
    void two_misses_in_one_breath_are_one() {
        Delivery once = Delivery.planned(NOON).sending(NOON).missed(Duration.ofSeconds(20), NOON);
        assertThat(once.missed(Duration.ofSeconds(20), NOON.plusSeconds(19)).misses())
                .isEqualTo(1);
        assertThat(once.missed(Duration.ofSeconds(20), NOON.plusSeconds(20)).misses())
                .isEqualTo(2);
    }

    @Test
    void a_new_attempt_forgets_the_misses_of_the_last_one() {
        Delivery missed = Delivery.planned(NOON).sending(NOON).missed(Duration.ofSeconds(1), NOON);
        assertThat(missed.notSent("lost", NOON).sending(NOON).misses()).isZero();
    }

    @Test
    void the_history_is_bounded() {
        Delivery delivery = Delivery.planned(NOON);
        for (int i = 0; i < 100; i++) {
            delivery = delivery.sending(NOON).notSent("no " + i, NOON);
        }
        assertThat(delivery.json().getJsonArray("history")).hasSize(20);
        assertThat(delivery.json().getJsonArray("history").getJsonObject(19).getString("error"))
                .isEqualTo("no 99");
    }

    @Test
    void what_somebody_broke_reads_as_unknown() {
        assertThat(new Delivery(new JsonObject().put("state", 7).put("history", "x")).state())
                .isEqualTo(State.UNKNOWN);
        assertThat(new Delivery(new JsonObject().put("history", "x"))
                        .sent(null, NOON)
                        .state())
                .isEqualTo(State.SENT);
    }
}
