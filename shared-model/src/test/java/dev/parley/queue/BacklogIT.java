package dev.parley.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.kit.Fixtures;
import dev.parley.kit.TestDatabase;
import dev.parley.tenant.TenantId;
import java.time.Duration;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class BacklogIT {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private final Fixtures given = new Fixtures(db);

    @Test
    void sends_of_a_throttled_tenant_and_jobs_of_a_disabled_one_do_not_count() {
        // Given a tenant whose send was told "too fast" and has another one waiting with it
        TenantId throttled = given.tenant();
        UUID told = send(throttled);
        db.execute("""
                UPDATE bot.job_queue
                SET locked_at = now(), run_after = now() + interval '1 minute',
                    last_error = 'T attempt 1 (worker): tenant paused: 429'
                WHERE job_id = ?
                """, told);
        UUID waiting = send(throttled);
        UUID heard = given.job(given.event(throttled, "+3"));
        // a tenant that is switched off, and one to which nothing happened
        TenantId disabled = given.tenant();
        given.job(given.event(disabled, "+1"));
        UUID sent = send(given.tenant());
        db.execute(
                "UPDATE bot.job_queue SET run_after = run_after - interval '1 hour' WHERE job_id IN (?, ?)",
                waiting,
                sent);

        // When
        Backlog backlog = Backlog.read(
                        db.pool(), new Backlog.Limits(100, Duration.ofMinutes(10), 100), Set.of(disabled))
                .await()
                .indefinitely();

        // Then
        assertThat(heard).isNotNull();
        assertThat(backlog).isEqualTo(new Backlog(2, 1));
    }

    private UUID send(TenantId tenant) {
        return given.job(given.event(tenant, "+1"), JobType.SEND_OUTBOUND_MESSAGE.name());
    }
}
