package dev.parley.work.adapter.whatsapp;

import dev.parley.kit.MessagingAdapterContract;
import dev.parley.kit.TestDatabase;
import org.junit.jupiter.api.extension.RegisterExtension;

class WhatsAppMessagingContractIT extends MessagingAdapterContract {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    @Override
    protected Subject subject() {
        return new WhatsAppAccount(db);
    }
}
