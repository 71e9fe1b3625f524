package dev.parley.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.sandbox.standin.ChatwootStandIn;
import dev.parley.sandbox.standin.Fault;
import dev.parley.sandbox.standin.WhatsAppStandIn;
import dev.parley.sandbox.standin.WhatsAppStandIn.Line;
import dev.parley.sandbox.standin.WhatsAppStandIn.Person;
import dev.parley.tenant.Secret;
import dev.parley.tenant.TenantId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The services as processes, with WhatsApp and Chatwoot on the other side. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OtherVendorsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String LINE = "106540352242922";
    private static final String SECOND_LINE = "106540352242923";

    private WhatsAppStandIn meta;
    private ChatwootStandIn chatwoot;
    private Stack stack;
    private Observer look;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        meta = WhatsAppStandIn.start(
                0,
                Secret.of("app-secret-of-meta"),
                Secret.of("verify-token"),
                List.of(
                        new Line(LINE, "15550100001", Secret.of("token-of-the-first")),
                        new Line(SECOND_LINE, "15550100002", Secret.of("token-of-the-second"))));
        chatwoot = ChatwootStandIn.start(new ChatwootStandIn.Settings(
                0, Secret.of("bot-token"), Secret.of("user-token"), Secret.of("made-by-chatwoot"), true));
        Path data = directory.resolve("data");
        stack = Stack.start(StackPlan.on(data)
                .withIngestEnvironment(Map.of(
                        "PARLEY_WHATSAPP_APP_SECRETS", "app-secret-of-meta",
                        "PARLEY_WHATSAPP_VERIFY_TOKENS", "verify-token"))
                .withWorkerEnvironment(Map.of(
                        "PARLEY_WHATSAPP_BASE_URL", meta.url().toString(),
                        "PARLEY_WHATSAPP_CALL_TIMEOUT", "2s",
                        "PARLEY_CHATWOOT_BASE_URL", chatwoot.url().toString())));
        look = Observer.of(stack.database());
        DataDirectory kept = DataDirectory.at(data);
        EncryptionKeys keys = EncryptionKeys.of(kept, Secrets.in(kept));
        try (Connection db = stack.database().connect(Postgres.SUPERUSER)) {
            Tenants tenants = new Tenants(db, keys.vault());
            business(db, tenants, "first", "whatsapp", LINE, "token-of-the-first");
            business(db, tenants, "second", "whatsapp", SECOND_LINE, "token-of-the-second");
            TenantId third = tenants.keep("third", "Third", new JsonObject());
            tenants.seal(
                    third,
                    "webhook:chatwoot",
                    new JsonObject().put("secrets", new JsonArray().add("made-by-chatwoot")));
            tenants.seal(
                    third,
                    "chatwoot",
                    new JsonObject().put("access_token", "bot-token").put("read_token", "user-token"));
            answerBy(db, "third", "chatwoot");
        }
        assertThat(meta.subscribe(URI.create(ingest() + "/webhooks/whatsapp")).get(20, TimeUnit.SECONDS))
                .as("the URL proves itself to Meta")
                .isTrue();
        chatwoot.webhooksTo(URI.create(ingest() + "/webhooks/chatwoot/third"));
    }

    private static void business(Connection db, Tenants tenants, String slug, String adapter, String line, String token)
            throws Exception {
        TenantId tenant = tenants.keep(
                slug, slug, new JsonObject().put("whatsapp", new JsonObject().put("phone_number_id", line)));
        tenants.seal(tenant, "whatsapp", new JsonObject().put("access_token", token));
        answerBy(db, slug, adapter);
    }

    private static void answerBy(Connection db, String slug, String adapter) throws Exception {
        try (PreparedStatement update =
                db.prepareStatement("UPDATE core.tenants SET messaging_adapter = ? WHERE tenant_slug = ?")) {
            update.setString(1, adapter);
            update.setString(2, slug);
            update.executeUpdate();
        }
    }

    private String ingest() {
        return stack.ingest().address().toString();
    }

    @AfterAll
    void stop() {
        if (look != null) {
            look.close();
        }
        if (stack != null) {
            stack.close();
        }
        if (meta != null) {
            meta.close();
        }
        if (chatwoot != null) {
            chatwoot.close();
        }
    }

    private void awaitCount(long expected, String sql, Object... parameters) {
        assertThat(Observer.await(PATIENCE, () -> look.count(sql, parameters) == expected))
                .as("%s should become %d, is %d", sql, expected, look.count(sql, parameters))
                .isTrue();
    }

    @Test
    void customers_of_two_businesses_in_one_post_are_each_answered_from_the_number_they_wrote_to() throws Exception {
        Person ana = new Person("15550107001", "US.1047385771169864", "Ana");
        Person julian = new Person(null, "CO.2086157822334836", "Julian");

        meta.deliver(meta.written(LINE, ana, "hello"), meta.written(SECOND_LINE, julian, "hi"))
                .get(30, TimeUnit.SECONDS);

        String delivered = "SELECT count(*) FROM bot.messages m JOIN bot.contacts c USING (contact_id)"
                + " WHERE c.channel_address = ? AND m.payload -> 'delivery' ->> 'state' = 'delivered'";
        awaitCount(1, delivered, "+15550107001");
        awaitCount(1, delivered, "CO.2086157822334836");
        assertThat(meta.taken())
                .filteredOn(taken -> taken.to().equals("15550107001"))
                .singleElement()
                .satisfies(taken -> assertThat(taken.phoneNumberId()).isEqualTo(LINE));
        assertThat(meta.taken())
                .filteredOn(taken -> taken.to().equals("CO.2086157822334836"))
                .singleElement()
                .satisfies(taken -> assertThat(taken.phoneNumberId()).isEqualTo(SECOND_LINE));
    }

    @Test
    void a_reply_that_meta_took_without_answering_is_known_by_its_report_and_never_sent_twice() throws Exception {
        meta.fault(Fault.of(Fault.Kind.ACCEPT_THEN_SILENCE).times(1));
        Person kim = new Person("15550107009", null, "Kim");

        meta.deliver(meta.written(LINE, kim, "hello")).get(30, TimeUnit.SECONDS);

        awaitCount(
                1,
                "SELECT count(*) FROM bot.messages m JOIN bot.contacts c USING (contact_id)"
                        + " WHERE c.channel_address = '+15550107009'"
                        + " AND m.payload -> 'delivery' ->> 'state' = 'delivered' AND m.provider_msg_id IS NOT NULL");
        assertThat(meta.taken())
                .filteredOn(taken -> taken.to().equals("15550107009"))
                .hasSize(1);
    }

    @Test
    void a_chat_in_chatwoot_is_answered_handed_over_and_given_back() throws Exception {
        int chat = chatwoot.begin("Bea");

        chatwoot.contactWrites(chat, "hello").get(30, TimeUnit.SECONDS);
        assertThat(Observer.await(PATIENCE, () -> chatwoot.messages(chat).size() == 2))
                .isTrue();

        chatwoot.contactWrites(chat, "I want to talk to a human").get(30, TimeUnit.SECONDS);
        assertThat(Observer.await(PATIENCE, () -> chatwoot.status(chat).equals("open")))
                .as("people look for open conversations")
                .isTrue();
        int soFar = chatwoot.messages(chat).size();

        chatwoot.agentWrites(chat, "Maria here, how can I help?").get(30, TimeUnit.SECONDS);
        String human = "SELECT count(*) FROM bot.messages WHERE payload ->> 'author' = 'human'";
        awaitCount(1, human);
        chatwoot.contactWrites(chat, "thank you").get(30, TimeUnit.SECONDS);
        awaitCount(1, "SELECT count(*) FROM bot.messages WHERE text = 'thank you'");
        awaitCount(
                0,
                "SELECT count(*) FROM bot.job_queue WHERE status <> 'done' AND tenant_id ="
                        + " (SELECT tenant_id FROM core.tenants WHERE tenant_slug = 'third')");
        assertThat(chatwoot.messages(chat)).as("the bot keeps out of it").hasSize(soFar + 2);

        chatwoot.setStatus(chat, "resolved");
        awaitCount(0, "SELECT count(*) FROM bot.conversations WHERE context -> 'flags' ->> 'paused_until' IS NOT NULL");
        chatwoot.contactWrites(chat, "hello again").get(30, TimeUnit.SECONDS);
        assertThat(Observer.await(PATIENCE, () -> chatwoot.messages(chat).size() == soFar + 4))
                .isTrue();

        // Every echo of our own was known by our id: nothing of ours was taken for somebody else's.
        chatwoot.delivered().get(30, TimeUnit.SECONDS);
        awaitCount(0, "SELECT count(*) FROM bot.messages WHERE payload ->> 'author' = 'api'");
        assertThat(look.count(human)).isEqualTo(1);
        assertThat(chatwoot.delivered().get(30, TimeUnit.SECONDS))
                .extracting(ChatwootStandIn.Delivered::status)
                .containsOnly(200);
    }
}
