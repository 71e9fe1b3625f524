package dev.parley.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.parley.kit.TestDatabase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PoolerExceptionIT {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    @Test
    void a_lost_prepared_statement_is_laid_at_the_poolers_door_and_the_setting_named() {
        Throwable lost = catchThrowable(() -> db.pool()
                .query("EXECUTE nobody_prepared_this")
                .execute()
                .await()
                .indefinitely());

        assertThat(PoolerException.isReasonOf(lost)).isTrue();
        assertThat(new PoolerException(lost)).hasMessageContaining("PARLEY_DB_PREPARED_STATEMENTS=false");
    }

    @Test
    void a_statement_that_is_wrong_is_nobodys_pooler() {
        Throwable wrong = catchThrowable(
                () -> db.pool().query("SELECT nothing").execute().await().indefinitely());

        assertThat(PoolerException.isReasonOf(wrong)).isFalse();
    }
}
