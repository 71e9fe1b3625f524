package dev.parley.work.adapter.chatwoot;

import dev.parley.kit.MessagingAdapterContract;
import dev.parley.kit.TestDatabase;
import org.junit.jupiter.api.extension.RegisterExtension;

class ChatwootMessagingContractIT extends MessagingAdapterContract {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    @Override
    protected Subject subject() {
        return new ChatwootAccount(db);
    }
}
