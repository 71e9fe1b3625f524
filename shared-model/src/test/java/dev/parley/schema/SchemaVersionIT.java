package dev.parley.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SchemaVersionIT {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    @Test
    void the_newest_migration_is_the_one_the_services_need() {
        assertThat(SchemaVersion.read(db.pool()).await().indefinitely()).isEqualTo(SchemaVersion.NEEDED);
    }

    @Test
    void services_may_read_it_with_their_own_rights() {
        assertThat(SchemaVersion.read(db.pool(Login.INGEST)).await().indefinitely())
                .isEqualTo(SchemaVersion.NEEDED);
        assertThat(SchemaVersion.read(db.pool(Login.WORKER)).await().indefinitely())
                .isEqualTo(SchemaVersion.NEEDED);
    }
}
