package dev.parley.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.twilio.security.RequestValidator;
import dev.parley.sandbox.standin.Fault;
import dev.parley.sandbox.standin.Switchboard.Heard;
import dev.parley.sandbox.standin.telegram.TelegramStandIn;
import dev.parley.sandbox.standin.twilio.TwilioAccount;
import dev.parley.sandbox.standin.twilio.TwilioMessage;
import dev.parley.sandbox.standin.twilio.TwilioStandIn;
import dev.parley.tenant.TenantId;
import dev.parley.tenant.Vault;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Twilio, Telegram and a source described in settings, from the customer's message to the reply in his hand. */
class MoreProvidersIT {
    private static final String SID = "AC0123456789abcdef0123456789abcdef";
    private static final String AUTH = "f3b1c2d4e5f60718293a4b5c6d7e8f90";
    private static final String BOT = "123456789:AAF-sandbox-bot_0123456789abcdef";
    private static final String NUMBER = "+15559876543";
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    static Path directory;

    private static TwilioStandIn twilio;
    private static TelegramStandIn telegram;
    private static Stack stack;
    private static Observer look;
    private static URI ingest;

    @BeforeAll
    static void start() throws Exception {
        twilio = TwilioStandIn.start(0, TwilioAccount.of(SID, AUTH, NUMBER, "whatsapp:" + NUMBER));
        telegram = TelegramStandIn.start(0, BOT);
        Ports ports = Ports.unused();
        ingest = URI.create("http://127.0.0.1:" + ports.ingest());
        stack = Stack.start(StackPlan.on(directory.resolve("data"))
                .withPorts(ports)
                .withIngestEnvironment(Map.of("PARLEY_PUBLIC_URL", ingest.toString()))
                .withWorkerEnvironment(Map.of(
                        "PARLEY_PUBLIC_URL", ingest.toString(),
                        "PARLEY_TWILIO_BASE_URL", twilio.url().toString(),
                        "PARLEY_TELEGRAM_BASE_URL", telegram.url().toString(),
                        "PARLEY_WORKER_SEND_RECONCILE_EVERY", "1s")));
        look = Observer.of(stack.database());
        DataDirectory data = DataDirectory.at(stack.data());
        Vault vault = EncryptionKeys.of(data, Secrets.in(data)).vault();
        try (Connection db = stack.database().connect(Postgres.SUPERUSER)) {
            Tenants tenants = new Tenants(db, vault);
            tenant(tenants, db, "smile", "twilio", """
                    {"texts": {"greeting": "Hello from Smile"},
                     "signed": {"team": {"preset": "slack"}, "crm": {"preset": "github",
                      "message": {"channel": "sms", "address": "/phone", "text": "/words/0", "name": "/who"}}},
                     "twilio": {"from": "+15559876543"}}""");
            tenant(tenants, db, "chatty", "telegram", "{\"texts\": {\"greeting\": \"Hello from Chatty\"}}");
        }
        twilio.webhooksTo(ingest.resolve("/webhooks/twilio/smile"));
        HttpResponse<String> set = post(
                telegram.url().resolve("/bot" + BOT + "/setWebhook"),
                Map.of("Content-Type", "application/json"),
                new JsonObject()
                        .put("url", ingest.resolve("/webhooks/telegram/chatty").toString())
                        .put("secret_token", "tele-secret")
                        .encode());
        assertThat(set.statusCode()).isEqualTo(200);
    }

    private static void tenant(Tenants tenants, Connection db, String slug, String adapter, String settings)
            throws java.sql.SQLException {
        TenantId id = tenants.keep(slug, slug, new JsonObject(settings));
        try (Statement statement = db.createStatement()) {
            statement.execute(
                    "UPDATE core.tenants SET messaging_adapter = '" + adapter + "' WHERE tenant_slug = '" + slug + "'");
        }
        tenants.seal(id, "webhook:twilio", secrets(AUTH));
        tenants.seal(id, "webhook:telegram", secrets("tele-secret"));
        tenants.seal(id, "webhook:signed.crm", secrets("crm-secret"));
        tenants.seal(id, "webhook:signed.team", secrets("crm-secret"));
        tenants.seal(id, "twilio", new JsonObject().put("account_sid", SID).put("auth_token", AUTH));
        tenants.seal(id, "telegram", new JsonObject().put("bot_token", BOT));
    }

    private static JsonObject secrets(String secret) {
        return new JsonObject().put("secrets", new JsonArray().add(secret));
    }

    @AfterAll
    static void stop() {
        if (look != null) {
            look.close();
        }
        if (stack != null) {
            stack.close();
        }
        if (twilio != null) {
            twilio.close();
        }
        if (telegram != null) {
            telegram.close();
        }
    }

    private static HttpResponse<String> post(URI to, Map<String, String> headers, String body) throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(to).POST(HttpRequest.BodyPublishers.ofString(body, StandardCharsets.UTF_8));
        headers.forEach(request::header);
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .build()
                .send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static String header(Heard heard, String name) {
        return heard.headers().getOrDefault(name, List.of("")).get(0);
    }

    private static List<TwilioMessage> repliesTo(String customer) {
        return twilio.sent().stream()
                .filter(message -> message.to().equals(customer))
                .toList();
    }

    private static List<String> statesOf(String address) {
        return look.texts("""
                SELECT message.payload #>> '{delivery,state}'
                FROM bot.messages message
                JOIN bot.contacts contact USING (contact_id)
                WHERE contact.channel_address = ? AND message.direction = 'outbound'
                ORDER BY message.created_at, message.message_id
                """, address);
    }

    private static long failedOf(String address) {
        return look.count("""
                SELECT count(*)
                FROM bot.job_queue job
                JOIN bot.inbound_events event USING (inbound_event_id)
                WHERE event.channel_address = ? AND job.status = 'failed'
                """, address);
    }

    private static void await(java.util.function.BooleanSupplier question, String what) {
        assertThat(Observer.await(PATIENCE, question)).as(what).isTrue();
    }

    private static boolean settled() {
        return look.count("SELECT count(*) FROM bot.job_queue WHERE status IN ('queued', 'processing')") == 0;
    }

    // --- Twilio

    @Test
    void an_sms_is_answered_once_and_its_delivery_is_known() {
        String ada = "+15550100001";
        Heard first =
                twilio.customerWrites(ada, NUMBER, "Hi 👋 + & = %", Map.of()).join();
        TwilioMessage message = twilio.messages().stream()
                .filter(each -> each.isInbound() && each.from().equals(ada))
                .findFirst()
                .orElseThrow();
        Heard again = twilio.deliverAgain(message).join();

        assertThat(first.status()).isEqualTo(200);
        assertThat(first.body()).endsWith("<Response/>");
        assertThat(header(first, "content-type")).isEqualTo("text/xml");
        assertThat(header(first, "parley-status")).isEqualTo("accepted");
        assertThat(header(again, "parley-status")).isEqualTo("duplicate");
        assertThat(header(again, "parley-trace-id")).isEqualTo(header(first, "parley-trace-id"));
        await(() -> statesOf(ada).equals(List.of("delivered")), "delivered, by status callback");
        assertThat(repliesTo(ada)).extracting(TwilioMessage::body).containsExactly("Hello from Smile");
        assertThat(look.texts("SELECT text FROM bot.messages WHERE provider_msg_id = ?", message.sid()))
                .containsExactly("Hi 👋 + & = %");
    }

    @Test
    void a_whatsapp_message_as_json_is_answered_on_whatsapp_by_the_number_written_to() {
        String eve = "whatsapp:+15550100005";

        // The tenant's own number is for SMS; for WhatsApp it is the one that the customer knows.
        Heard heard =
                twilio.customerWritesAsJson(eve, "whatsapp:" + NUMBER, "hello").join();

        assertThat(header(heard, "parley-status")).isEqualTo("accepted");
        await(() -> repliesTo(eve).size() == 1, "answered");
        assertThat(repliesTo(eve).get(0).from()).isEqualTo("whatsapp:" + NUMBER);
    }

    @Test
    void who_opts_out_at_twilio_is_marked_and_gets_nothing_that_twilio_would_refuse() {
        String bob = "+15550100002";
        twilio.customerWrites(bob, NUMBER, "hello", Map.of()).join();
        await(() -> repliesTo(bob).size() == 1, "greeted");

        twilio.customerWrites(bob, NUMBER, "STOP", Map.of()).join();
        await(
                () -> settled()
                        && look.count(
                                        "SELECT count(*) FROM bot.contacts WHERE channel_address = ?"
                                                + " AND metadata #>> '{consent,dnd,on}' = 'true'",
                                        bob)
                                == 1,
                "marked");

        assertThat(repliesTo(bob)).hasSize(1);
        assertThat(failedOf(bob)).isZero();
    }

    @Test
    void a_reply_whose_answer_was_lost_is_looked_for_and_not_sent_again() {
        String cleo = "+15550100003";
        twilio.fault(Fault.of(Fault.Kind.ACCEPT_THEN_CUT).times(1).on("POST", "/2010-04-01"));

        twilio.customerWrites(cleo, NUMBER, "hello", Map.of()).join();

        await(
                () -> statesOf(cleo).stream().anyMatch(state -> state.equals("sent") || state.equals("delivered"))
                        && settled(),
                "cleared up");
        assertThat(repliesTo(cleo)).hasSize(1);
    }

    @Test
    void what_another_token_signs_is_refused_whatever_it_says() throws Exception {
        URI url = ingest.resolve("/webhooks/twilio/smile");
        HttpResponse<String> answer = post(
                url,
                Map.of(
                        "Content-Type", "application/x-www-form-urlencoded",
                        "X-Twilio-Signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
                "MessageSid=SMforged&SmsStatus=received&From=%2B15550100009&Body=hi");

        assertThat(answer.statusCode()).isEqualTo(401);
        assertThat(answer.body()).isEqualTo("{\"status\":\"refused\"}");
        assertThat(look.count("SELECT count(*) FROM bot.inbound_events WHERE provider_msg_id = 'SMforged'"))
                .isZero();
        // That the judge agrees is what makes it a forgery.
        assertThat(new RequestValidator(AUTH)
                        .validate(url.toString(), Map.of("Body", "hi"), "RSOYDt4T1cUTdK1PDd93/VVr8B8="))
                .isFalse();
    }

    // --- Telegram

    private static List<String> bubbles(long chat) {
        return telegram.sent().stream()
                .filter(bubble -> bubble.chat() == chat)
                .map(TelegramStandIn.Bubble::text)
                .toList();
    }

    @Test
    void a_telegram_message_is_answered_after_the_pause_that_telegram_asks_for() {
        telegram.fault(
                Fault.status(429).retryAfter(Duration.ofSeconds(1)).times(1).on("POST", "/bot"));

        Heard heard = telegram.personWrites(4_503_599_627_370_495L, "Ada", "hi").join();

        assertThat(new JsonObject(heard.body()).getString("status")).isEqualTo("accepted");
        await(() -> bubbles(4_503_599_627_370_495L).equals(List.of("Hello from Chatty")), "answered");
        await(() -> statesOf("4503599627370495").equals(List.of("sent")), "sent");
    }

    @Test
    void who_blocks_the_bot_is_marked() {
        telegram.personWrites(77, "Bob", "hi").join();
        await(() -> bubbles(77).size() == 1, "greeted");

        telegram.personBlocks(77, true).join();
        await(
                () -> look.count("SELECT count(*) FROM bot.contacts WHERE channel_address = '77'"
                                + " AND metadata #>> '{consent,dnd,on}' = 'true'")
                        == 1,
                "marked");

        telegram.personWrites(77, "Bob", "still there?").join();
        await(MoreProvidersIT::settled, "handled");
        assertThat(bubbles(77)).hasSize(1);
    }

    @Test
    void a_telegram_reply_whose_answer_was_lost_stays_unknown_and_is_never_sent_twice() {
        telegram.fault(Fault.of(Fault.Kind.ACCEPT_THEN_CUT).times(1).on("POST", "/bot"));

        telegram.personWrites(88, "Cleo", "hi").join();

        await(() -> failedOf("88") == 1, "left to a person");
        assertThat(statesOf("88")).containsExactly("unknown");
        assertThat(bubbles(88)).hasSize(1);
    }

    // --- described in settings

    private static String signed(String text) throws java.security.GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec("crm-secret".getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void slack_is_told_its_challenge_if_it_signed_it_and_nothing_is_stored() throws Exception {
        String body = "{\"type\":\"url_verification\",\"challenge\":\"3eZbrw1aBm2rZgRNFdxV\"}";
        String now = String.valueOf(java.time.Instant.now().getEpochSecond());
        URI url = ingest.resolve("/webhooks/signed.team/smile");

        HttpResponse<String> answer = post(
                url,
                Map.of("X-Slack-Request-Timestamp", now, "X-Slack-Signature", "v0=" + signed("v0:" + now + ":" + body)),
                body);
        HttpResponse<String> stranger =
                post(url, Map.of("X-Slack-Request-Timestamp", now, "X-Slack-Signature", "v0=" + signed(body)), body);

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("3eZbrw1aBm2rZgRNFdxV");
        assertThat(answer.headers().firstValue("content-type")).hasValue("text/plain; charset=utf-8");
        assertThat(stranger.statusCode()).isEqualTo(401);
        assertThat(look.count("SELECT count(*) FROM bot.inbound_events WHERE provider = 'signed.team'"))
                .isZero();
    }

    @Test
    void a_source_that_was_only_described_is_a_way_in() throws Exception {
        String body = "{\"phone\":\"+1 (555) 010-0007\",\"words\":[\"hello\"],\"who\":\"Gus\"}";
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec("crm-secret".getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        String signature = "sha256=" + HexFormat.of().formatHex(mac.doFinal(body.getBytes(StandardCharsets.UTF_8)));
        URI url = ingest.resolve("/webhooks/signed.crm/smile");

        HttpResponse<String> accepted = post(url, Map.of("X-Hub-Signature-256", signature), body);
        HttpResponse<String> again = post(url, Map.of("X-Hub-Signature-256", signature), body);
        HttpResponse<String> forged = post(url, Map.of("X-Hub-Signature-256", signature), body + " ");
        HttpResponse<String> unknown =
                post(ingest.resolve("/webhooks/signed.other/smile"), Map.of("X-Hub-Signature-256", signature), body);

        JsonObject first = new JsonObject(accepted.body());
        assertThat(first.getString("status")).isEqualTo("accepted");
        assertThat(new JsonObject(again.body())).isEqualTo(first.copy().put("status", "duplicate"));
        assertThat(List.of(forged.statusCode(), unknown.statusCode())).containsOnly(401);
        assertThat(forged.body()).isEqualTo(unknown.body());
        await(() -> repliesTo("+15550100007").size() == 1, "answered by the tenant's adapter");
        assertThat(look.texts(
                        "SELECT provider FROM bot.inbound_events WHERE trace_id = ?",
                        UUID.fromString(first.getString("trace_id"))))
                .containsExactly("signed.crm");
    }
}
