package dev.parley.work.adapter.ghl;

import dev.parley.kit.MessagingAdapterContract;
import dev.parley.kit.TestDatabase;
import org.junit.jupiter.api.extension.RegisterExtension;

class GhlMessagingContractIT extends MessagingAdapterContract {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    @Override
    protected Subject subject() {
        return new GhlAccount(db);
    }
}
