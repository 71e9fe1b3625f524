package dev.parley.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ScriptTest {
    @Test
    void the_same_seed_gives_the_same_script_and_another_seed_another() {
        Script one = Script.of(3, 50, Duration.ofSeconds(20));

        assertThat(Script.of(3, 50, Duration.ofSeconds(20)).steps()).isEqualTo(one.steps());
        assertThat(Script.of(3, 50, Duration.ofSeconds(20)).events()).isEqualTo(one.events());
        assertThat(Script.of(4, 50, Duration.ofSeconds(20)).steps()).isNotEqualTo(one.steps());
    }

    @Test
    void every_event_is_delivered_some_twice_and_some_out_of_turn() {
        Script script = Script.of(1, 100, Duration.ofSeconds(60));
        Map<Integer, Long> deliveries =
                script.steps().stream().collect(Collectors.groupingBy(Script.Step::event, Collectors.counting()));

        assertThat(deliveries).hasSameSizeAs(script.events());
        assertThat(deliveries.values()).anyMatch(count -> count > 1);
        assertThat(script.steps().stream().map(Script.Step::event).toList())
                .isNotEqualTo(
                        script.steps().stream().map(Script.Step::event).sorted().toList());
        assertThat(script.events()).anyMatch(event -> event.toldBefore() != null);
    }

    @Test
    void the_first_contacts_write_most_and_one_tenant_is_noisy() {
        Script script = Script.of(1, 1_000, Duration.ofSeconds(60));
        Map<Integer, Long> byTenant = script.events().stream()
                .collect(Collectors.groupingBy(event -> event.person().tenant(), Collectors.counting()));
        Map<People.Person, Long> byPerson =
                script.events().stream().collect(Collectors.groupingBy(Script.Event::person, Collectors.counting()));

        assertThat(byTenant).hasSize(People.TENANTS);
        assertThat(byTenant.get(People.NOISY))
                .isEqualTo(byTenant.values().stream().max(Long::compare).orElseThrow());
        assertThat(byPerson.size()).isGreaterThan(1_500);
        assertThat(byPerson.get(new People.Person(0, 0))).isGreaterThan(10 * byPerson.get(new People.Person(0, 100)));
    }
}
