package dev.parley.work;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.kit.TestDatabase;
import dev.parley.queue.Lane;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who owns what, look by look: nobody looks here unless told to. */
class LanesIT {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private final List<Member> members = new ArrayList<>();

    private final class Member {
        private final SqlConnection session = db.pool().getConnection().await().indefinitely();
        private final Lanes lanes;
        private boolean stayed;

        Member(boolean stayed) {
            this.stayed = stayed;
            this.lanes = new Lanes(Duration.ofMinutes(1), new Random(7), () -> this.stayed);
            lanes.join(session).await().indefinitely();
            members.add(this);
        }

        Lanes.Change look() {
            return lanes.balance(session, Set.of()).await().indefinitely();
        }

        int owned() {
            return lanes.owned().size();
        }

        /** As a server ends a session, with all its locks. */
        void loseSession() {
            session.query("SELECT pg_advisory_unlock_all()").execute().await().indefinitely();
            members.remove(this);
            session.close().await().indefinitely();
        }
    }

    private Member newcomer() {
        return new Member(false);
    }

    private Member established() {
        return new Member(true);
    }

    @AfterEach
    void everybodyLeaves() {
        List.copyOf(members).forEach(Member::loseSession);
    }

    @Test
    void the_first_takes_all_and_gives_half_to_the_second_while_both_are_new() {
        Member first = newcomer();
        first.look();
        assertThat(first.owned()).isEqualTo(Lane.COUNT);
        Member second = newcomer();
        second.look();

        first.look();
        Lanes.Change change = second.look();

        assertThat(first.owned()).isEqualTo(Lane.COUNT / 2);
        assertThat(change.handedOver()).hasSize(Lane.COUNT / 2);
        assertThat(change.orphaned()).isEmpty();
    }

    @Test
    void a_newcomer_gets_nothing_from_an_established_one_until_it_has_stayed() {
        Member old = established();
        old.look();
        Member fresh = newcomer();
        for (int look = 0; look < 5; look++) {
            old.look();
            fresh.look();
        }
        assertThat(fresh.owned()).isZero();

        fresh.stayed = true;
        fresh.look();
        old.look();
        fresh.look();

        assertThat(old.owned()).isEqualTo(Lane.COUNT / 2);
        assertThat(fresh.owned()).isEqualTo(Lane.COUNT / 2);
    }

    @Test
    void an_established_one_that_loses_its_session_takes_its_lanes_back_before_a_newcomer_does() {
        Member one = established();
        Member other = established();
        one.look();
        other.look();
        one.look();
        other.look();
        assertThat(other.owned()).isEqualTo(Lane.COUNT / 2);
        Member fresh = newcomer();
        fresh.look();

        other.loseSession();
        fresh.look();
        Member again = established();
        Lanes.Change change = again.look();

        assertThat(fresh.owned()).isZero();
        assertThat(again.owned()).isEqualTo(Lane.COUNT / 2);
        assertThat(change.orphaned()).hasSize(Lane.COUNT / 2);
    }

    @Test
    void what_the_established_leave_lying_goes_to_a_newcomer_in_the_end() {
        established();
        Member fresh = newcomer();
        for (int look = 0; look < 3; look++) {
            fresh.look();
        }
        assertThat(fresh.owned()).isZero();

        fresh.look();

        assertThat(fresh.owned()).isEqualTo(Lane.COUNT / 2);
    }

    @Test
    void lanes_of_an_established_one_whose_session_ended_are_left_to_it_for_one_look() {
        Member one = established();
        Member other = established();
        one.look();
        one.look();
        other.look();
        one.look();

        other.loseSession();
        one.look();
        assertThat(one.owned()).isEqualTo(Lane.COUNT / 2);
        Lanes.Change change = one.look();

        assertThat(change.orphaned()).hasSize(Lane.COUNT / 2);
        assertThat(one.owned()).isEqualTo(Lane.COUNT);
    }

    @Test
    void lanes_of_the_dead_are_taken_at_once_by_whoever_is_left() {
        Member old = established();
        old.look();
        Member fresh = newcomer();
        fresh.look();

        old.loseSession();
        Lanes.Change change = fresh.look();

        assertThat(change.orphaned()).hasSize(Lane.COUNT);
    }

    @Test
    void a_lane_with_a_call_out_is_not_given_up() {
        Member first = newcomer();
        first.look();
        newcomer();
        Set<Integer> busy = new HashSet<>(first.lanes.owned());
        busy.remove(3);

        Lanes.Change change = first.lanes.balance(first.session, busy).await().indefinitely();

        assertThat(change.given()).containsExactly(3);
    }
}
