package dev.parley.work;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.queue.Backoff;
import dev.parley.queue.Job;
import dev.parley.queue.JobId;
import dev.parley.queue.JobType;
import dev.parley.queue.Line;
import dev.parley.queue.Settlement;
import dev.parley.spi.Outcome;
import dev.parley.tenant.Settings;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantId;
import io.vertx.core.json.JsonObject;
import io.vertx.pgclient.PgException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class FailurePolicyTest {
    private static final TenantId TENANT = new TenantId(UUID.randomUUID());
    private static final Backoff STANDARD = new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(10), 8);
    private static final Job JOB = new Job(
            new JobId(UUID.randomUUID()),
            JobType.PROCESS_INBOUND_MESSAGE,
            new Line(1, TENANT, "sms", "+1", Line.Direction.INCOMING),
            0,
            OffsetDateTime.now(),
            OffsetDateTime.now(),
            UUID.randomUUID(),
            new Job.Event(
                    UUID.randomUUID(),
                    "ghl",
                    "inbound_message",
                    null,
                    null,
                    "sms",
                    "+1",
                    OffsetDateTime.now(),
                    new JsonObject()));

    private static FailurePolicy with(JsonObject settings) {
        Tenant tenant = new Tenant(TENANT, "t", "T", true, null, null, new Settings(settings));
        return new FailurePolicy(
                new RetryPolicies(STANDARD, id -> id.equals(TENANT) ? Optional.of(tenant) : Optional.empty()),
                () -> 1.0);
    }

    private final FailurePolicy standard = with(new JsonObject());

    @Test
    void a_retry_waits_as_long_as_its_attempt_says() {
        assertThat(standard.settle(JOB, Outcome.retry("x"), 3))
                .isEqualTo(new Settlement.Retry(JOB.id(), Duration.ofSeconds(4), "x"));
    }

    @Test
    void a_retry_that_names_its_time_is_taken_at_its_word() {
        assertThat(standard.settle(JOB, Outcome.retry("x", Duration.ofSeconds(77)), 3))
                .isEqualTo(new Settlement.Retry(JOB.id(), Duration.ofSeconds(77), "x"));
    }

    @Test
    void after_the_last_attempt_a_job_is_buried_with_its_reason() {
        assertThat(standard.settle(JOB, Outcome.retry("x"), 8)).isEqualTo(new Settlement.Bury(JOB.id(), "x"));
    }

    @Test
    void a_tenants_settings_override_the_backoff() {
        FailurePolicy own = with(new JsonObject()
                .put(
                        "retry",
                        new JsonObject().put("base", "PT5S").put("cap", "PT6S").put("max_attempts", 2)));

        assertThat(own.settle(JOB, Outcome.retry("x"), 1))
                .isEqualTo(new Settlement.Retry(JOB.id(), Duration.ofSeconds(5), "x"));
        assertThat(own.settle(JOB, Outcome.retry("x"), 2)).isInstanceOf(Settlement.Bury.class);
    }

    @Test
    void settings_that_make_no_sense_count_as_none() {
        for (JsonObject nonsense : new JsonObject[] {
            new JsonObject().put("retry", "often"),
            new JsonObject().put("retry", new JsonObject().put("base", "soon")),
            new JsonObject().put("retry", new JsonObject().put("max_attempts", -3)),
            new JsonObject().put("retry", new JsonObject().put("base", "PT1H").put("cap", "PT1S"))
        }) {
            assertThat(with(nonsense).settle(JOB, Outcome.retry("x"), 1))
                    .isEqualTo(new Settlement.Retry(JOB.id(), Duration.ofSeconds(1), "x"));
        }
    }

    @Test
    void a_line_goes_on_behind_a_dead_letter_unless_the_tenant_says_hold() {
        Settlement dead = new Settlement.Bury(JOB.id(), "x");

        assertThat(standard.lineGoesOnAfter(JOB, dead)).isTrue();
        assertThat(with(new JsonObject().put("on_dead_letter", "hold")).lineGoesOnAfter(JOB, dead))
                .isFalse();
        assertThat(standard.lineGoesOnAfter(JOB, new Settlement.Retry(JOB.id(), Duration.ZERO, "x")))
                .isFalse();
        assertThat(standard.lineGoesOnAfter(JOB, new Settlement.Done(JOB.id()))).isTrue();
    }

    @Test
    void a_databases_error_is_described_without_the_values_in_it() {
        PgException duplicate = new PgException(
                "duplicate key value violates unique constraint \"contacts_key\"",
                "ERROR",
                "23505",
                "Key (channel_address)=(+15551234567) already exists.");

        assertThat(FailurePolicy.describe(duplicate))
                .contains("23505", "contacts_key")
                .doesNotContain("555");
    }

    @Test
    void a_reason_is_one_line_of_bounded_length() {
        Settlement settled = standard.settle(JOB, Outcome.bury("a\r\nb\u001b[31m" + "x".repeat(1_000)), 1);

        String reason = ((Settlement.Bury) settled).reason();
        assertThat(reason).startsWith("a b").hasSizeLessThanOrEqualTo(300);
        assertThat(reason).doesNotContainPattern("\\p{Cntrl}");
    }
}
