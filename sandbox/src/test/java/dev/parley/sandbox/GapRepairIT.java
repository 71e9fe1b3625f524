package dev.parley.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.sandbox.standin.Channel;
import dev.parley.sandbox.standin.ChatwootStandIn;
import dev.parley.sandbox.standin.Fault;
import dev.parley.sandbox.standin.GhlStandIn;
import dev.parley.sandbox.standin.Location;
import dev.parley.sandbox.standin.Message;
import dev.parley.sandbox.standin.Options;
import dev.parley.tenant.Secret;
import dev.parley.tenant.TenantId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** What was missed and what was given up, brought back by the commands, on a whole stack. The last test ends its ingest. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class GapRepairIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String HERE = SandboxTenant.DENTIST.location().id();
    private static final String THERE = SandboxTenant.YOGA.location().id();
    private static final Pattern TRACE = Pattern.compile("trace ([0-9a-f-]{36})");

    private Path directory;
    private ChatwootStandIn chatwoot;
    private Stack stack;
    private Observer look;

    @BeforeAll
    void start(@TempDir Path scratch) throws Exception {
        directory = scratch;
        chatwoot = ChatwootStandIn.start(new ChatwootStandIn.Settings(
                0, Secret.of("bot-token"), Secret.of("user-token"), Secret.of("made-by-chatwoot"), true));
        stack = Stack.start(StackPlan.on(directory.resolve("data"))
                .withWorkerEnvironment(
                        Map.of("PARLEY_CHATWOOT_BASE_URL", chatwoot.url().toString())));
        look = Observer.of(stack.database());
        try (Connection db = stack.database().connect(Postgres.SUPERUSER)) {
            Tenants tenants = new Tenants(db, stack.vault());
            TenantId chatty = tenants.keep(
                    "chatty",
                    "Chatty",
                    new JsonObject().put("chatwoot", new JsonObject().put("account_id", "" + ChatwootStandIn.ACCOUNT)));
            tenants.seal(
                    chatty,
                    "webhook:chatwoot",
                    new JsonObject().put("secrets", new JsonArray().add("made-by-chatwoot")));
            tenants.seal(
                    chatty,
                    "chatwoot",
                    new JsonObject().put("access_token", "bot-token").put("read_token", "user-token"));
            tenants.keep("bare", "Bare", new JsonObject());
            tenants.keep("texting", "Texting", new JsonObject());
        }
        as("UPDATE core.tenants SET messaging_adapter = 'chatwoot' WHERE tenant_slug = 'chatty'");
        as("UPDATE core.tenants SET messaging_adapter = 'twilio' WHERE tenant_slug = 'texting'");
    }

    @AfterAll
    void stop() {
        if (look != null) {
            look.close();
        }
        if (stack != null) {
            stack.close();
        }
        if (chatwoot != null) {
            chatwoot.close();
        }
    }

    private void as(String sql, Object... parameters) {
        try (Connection db = stack.database().connect(Postgres.SUPERUSER);
                PreparedStatement statement = db.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                statement.setObject(i + 1, parameters[i]);
            }
            statement.execute();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As the script starts it; what it printed. */
    private String command(int exit, String... words) throws Exception {
        String[] all = new String[words.length + 2];
        System.arraycopy(words, 0, all, 0, words.length);
        all[words.length] = "--data";
        all[words.length + 1] = stack.data().toString();
        try (Launched launched = Launched.with(directory, all)) {
            int code = launched.exit();
            assertThat(code)
                    .as("`%s` printed:%n%s", String.join(" ", words), launched.output())
                    .isEqualTo(exit);
            return launched.output();
        }
    }

    private void refused(String message, String... words) {
        List<String> all = new java.util.ArrayList<>(List.of(words));
        all.addAll(List.of("--data", stack.data().toString()));
        assertThatThrownBy(() -> BackfillCommand.run(all))
                .isInstanceOf(SandboxException.class)
                .hasMessageContaining(message);
    }

    private static List<String> traces(String output) {
        return TRACE.matcher(output).results().map(found -> found.group(1)).toList();
    }

    private void await(String what, java.util.function.BooleanSupplier question) {
        assertThat(Observer.await(PATIENCE, question)).as(what).isTrue();
    }

    private List<String> transcript(String address) {
        return look.texts("""
                SELECT CASE m.direction WHEN 'inbound' THEN '> ' ELSE '< ' END || m.text
                FROM bot.messages m JOIN bot.contacts c USING (contact_id)
                WHERE c.channel_address = ?
                ORDER BY m.created_at, m.message_id
                """, address);
    }

    private void settled(String what) {
        await(
                what,
                () -> look.count("SELECT count(*) FROM bot.job_queue WHERE status IN ('queued', 'processing')") == 0);
    }

    private static String trace(GhlStandIn.Written written) {
        return written.deliveries().get(0).traceId().orElseThrow();
    }

    /** Of the messages alone: what a command that writes nothing leaves as it was. */
    private String everything() {
        return look.texts("""
                        SELECT md5(string_agg(line, ' ' ORDER BY line))
                        FROM (SELECT m::text AS line FROM bot.messages m
                              UNION ALL SELECT e::text FROM bot.inbound_events e
                              UNION ALL SELECT j::text FROM bot.job_queue j
                              UNION ALL SELECT v::text FROM bot.conversations v) lines
                        """).get(0);
    }

    // --- replay

    @Test
    @Order(1)
    void a_message_that_was_answered_is_left_alone_and_a_dry_run_tells_what_would_differ() throws Exception {
        String ada = "+15550190001";
        GhlStandIn.Written written =
                stack.standIn().customerWrites(HERE, ada, "Ada", "Hello").get(20, TimeUnit.SECONDS);
        await("answered", () -> look.isSettled(UUID.fromString(trace(written))));
        await(
                "delivered",
                () -> look.count(
                                "SELECT count(*) FROM bot.messages WHERE trace_id = ?::uuid"
                                        + " AND payload #>> '{delivery,state}' = 'delivered'",
                                trace(written))
                        == 1);
        settled("its echo as well");
        as("UPDATE core.tenants SET settings = jsonb_set(settings, '{texts,greeting}', '\"Welcome {name}\"')"
                + " WHERE tenant_slug = 'sunrise-dental'");
        String before = everything();

        String dry = command(0, "replay", trace(written), "--dry-run");
        String real = command(0, "replay", trace(written));

        assertThat(dry)
                .contains("words    \"Hello\"")
                .contains("then     greeting: \"Hi, this is Sunrise Dental. How can we help you today?\"")
                .contains("now      greeting: \"Welcome\"")
                .contains("differs  reply: \"Hi, this is Sunrise Dental. How can we help you today?\" then,"
                        + " \"Welcome\" now")
                .contains("sends    nothing new: it has its reply")
                .contains("replay   would do nothing: it was handled, and its reply is")
                .contains("Nothing was sent, nothing was written.");
        assertThat(real).contains("replay   nothing to do: it was handled, and its reply is");
        assertThat(everything()).isEqualTo(before);
        assertThat(command(1, "replay", "0193a1b2c3d47e8f9a0b1c2d3e4f5061")).contains("unknown");
    }

    @Test
    @Order(2)
    void a_reply_that_was_given_up_is_redriven_and_sent_once() throws Exception {
        String bob = "+15550190002";
        stack.standIn().fault(Fault.status(422).times(1).on("POST", "/conversations/messages"));
        GhlStandIn.Written written =
                stack.standIn().customerWrites(HERE, bob, "Bob", "Hello").get(20, TimeUnit.SECONDS);
        await(
                "given up",
                () -> look.count(
                                "SELECT count(*) FROM bot.job_queue WHERE trace_id = ?::uuid AND status = 'failed'",
                                trace(written))
                        == 1);

        assertThat(command(0, "replay", trace(written), "--dry-run"))
                .contains("replay   would redrive send_outbound_message");
        assertThat(command(0, "replay", trace(written)))
                .contains("redriven: send_outbound_message, given up after 1 attempts");

        await("sent", () -> look.isSettled(UUID.fromString(trace(written))));
        settled("its echo as well");
        assertThat(command(0, "replay", trace(written))).contains("nothing to do");
        assertThat(transcript(bob)).hasSize(2);
        assertThat(stack.standIn().messages(HERE, bob)).hasSize(2);
    }

    @Test
    @Order(3)
    void a_message_whose_effects_are_gone_is_handled_again() throws Exception {
        String cleo = "+15550190003";
        GhlStandIn.Written written =
                stack.standIn().customerWrites(HERE, cleo, "Cleo", "Hello").get(20, TimeUnit.SECONDS);
        await("answered", () -> look.isSettled(UUID.fromString(trace(written))));
        settled("its echo as well");
        // As a restore of single tables may leave it.
        as("DELETE FROM bot.job_queue WHERE trace_id = ?::uuid AND job_type = 'send_outbound_message'", trace(written));
        as("DELETE FROM bot.messages WHERE trace_id = ?::uuid", trace(written));

        assertThat(command(0, "replay", trace(written))).contains("queued again: its message is not in the transcript");

        await("handled", () -> look.isSettled(UUID.fromString(trace(written))));
        assertThat(transcript(cleo)).filteredOn(line -> line.startsWith("> ")).containsExactly("> Hello");
    }

    @Test
    @Order(4)
    void a_message_of_an_account_that_nobody_had_is_handled_once_a_tenant_has_it() throws Exception {
        Location late = Location.of("LateLocation00000001", "Late Bakery", "+15550100009");
        String dan = "+15550190004";
        stack.standIn().addLocation(late);
        GhlStandIn.Written written =
                stack.standIn().customerWrites(late.id(), dan, "Dan", "Hello").get(20, TimeUnit.SECONDS);
        String trace = trace(written);
        assertThat(command(0, "replay", trace))
                .contains("still nothing to act upon: no tenant has the account that it names");
        stack.addBusiness(new SandboxTenant("late-bakery", late, "UTC"));

        assertThat(command(0, "replay", trace, "--dry-run"))
                .contains("then     it was not handled")
                .contains("sends    \"Hi, this is Late Bakery")
                .contains("through ghl on sms to …04")
                .contains("would store it as inbound_message");
        assertThat(transcript(dan)).isEmpty();
        assertThat(command(0, "replay", trace)).contains("read again: it is inbound_message now");

        await(
                "answered",
                () -> look.isSettled(UUID.fromString(trace)) && transcript(dan).size() == 2);
        assertThat(command(0, "replay", trace)).contains("nothing to do: it is stored already");
        assertThat(stack.standIn().messages(late.id(), dan)).hasSize(2);
    }

    // --- backfill

    @Test
    @Order(5)
    void what_cannot_be_done_is_said_plainly() {
        refused("backfill takes one tenant and --since T", "sunrise-dental");
        refused("this is none of them: yesterday", "sunrise-dental", "--since", "yesterday");
        refused("lies ahead", "sunrise-dental", "--since", "2099-01-01");
        refused("--answer-within takes 0 or a span", "sunrise-dental", "--since", "2h", "--answer-within", "soon");
        refused("there is no tenant nobody", "nobody", "--since", "2h");
        refused("Twilio's adapter does not list messages", "texting", "--since", "2h");
        refused("has none for provider ghl", "bare", "--since", "2h");

        as("UPDATE core.tenants SET is_enabled = false WHERE tenant_slug = 'bare'");
        refused("is switched off", "bare", "--since", "2h");
    }

    @Test
    @Order(6)
    void messages_that_chatwoot_has_and_no_webhook_brought_are_found_once() throws Exception {
        int known = chatwoot.begin("Bea");
        chatwoot.webhooksTo(URI.create(stack.ingest().address() + "/webhooks/chatwoot/chatty"));
        chatwoot.contactWrites(known, "hello").get(20, TimeUnit.SECONDS);
        await("answered", () -> chatwoot.messages(known).size() == 2);
        chatwoot.delivered().get(20, TimeUnit.SECONDS);
        settled("the echo as well");
        chatwoot.webhooksTo(URI.create("http://127.0.0.1:9/"));
        int missed = chatwoot.begin("Carl");
        var unheard = chatwoot.contactWrites(known, "are you there?");
        unheard = chatwoot.contactWrites(missed, "hi");
        unheard = chatwoot.agentWrites(missed, "Maria here");

        String first = command(0, "backfill", "chatty", "--since", "1h");
        settled("handled");
        String second = command(0, "backfill", "chatty", "--since", "1h");

        assertThat(unheard).isNotNull();
        assertThat(first)
                .contains("already stored 2, added 3")
                .contains("not answered: found by backfill, and answered since");
        assertThat(traces(first)).hasSize(3);
        // The bot's answer to "are you there?" is in the list by now, and known as ours.
        assertThat(second).contains("listed 6, already stored 6, added 0");
        assertThat(look.texts("SELECT text FROM bot.messages WHERE payload ->> 'author' = 'human'"))
                .contains("Maria here");
        assertThat(chatwoot.messages(known)).hasSize(4);
        assertThat(chatwoot.messages(missed)).as("a colleague was faster").hasSize(2);
    }

    @Test
    @Order(7)
    void old_messages_are_recorded_and_not_answered() throws Exception {
        Options.Webhooks usual = silence();
        String old = "+15550190005";
        stack.standIn().customerWrites(THERE, old, "Olga", "STOP").get(20, TimeUnit.SECONDS);

        stack.standIn().changeWebhooks(usual);
        String found = command(0, "backfill", "harbor-yoga", "--since", "1h", "--answer-within", "0");
        settled("handled");

        assertThat(found).contains("added 1").contains("after it was written");
        assertThat(transcript(old)).containsExactly("> STOP");
        assertThat(look.count(
                        "SELECT count(*) FROM bot.contacts WHERE channel_address = ?"
                                + " AND metadata #> '{consent,opted_out}' IS NOT NULL",
                        old))
                .isOne();
    }

    /** No webhook leaves any more; as it was before comes back. */
    private Options.Webhooks silence() {
        Options.Webhooks now = stack.standIn().webhooks();
        stack.standIn()
                .changeWebhooks(new Options.Webhooks(
                        null,
                        now.timeout(),
                        now.retry(),
                        now.copies(),
                        now.together(),
                        now.shuffle(),
                        now.shuffleWindow(),
                        now.deliveredAfter()));
        return now;
    }

    @Test
    @Order(8)
    void what_was_written_while_ingest_was_down_is_found_in_order_and_once() throws Exception {
        GhlStandIn ghl = stack.standIn();
        stack.ingest().kill();
        String eve = "+15550190006";
        String finn = "+15550190007";
        for (String words : List.of("one", "two", "three")) {
            ghl.customerWrites(HERE, eve, "Eve", words).get(20, TimeUnit.SECONDS);
        }
        ghl.customerWrites(HERE, finn, "Finn", "Hello").get(20, TimeUnit.SECONDS);
        ghl.humanWrites(HERE, finn, Channel.SMS, "SandboxUser000000001", "Maria here")
                .get(20, TimeUnit.SECONDS);
        ghl.expireTokens(HERE);
        ghl.fault(Fault.status(429)
                .retryAfter(Duration.ofSeconds(1))
                .times(1)
                .on("GET", "/conversations/messages/export"));

        String first = command(0, "backfill", "sunrise-dental", "--since", "1h");
        settled("handled");
        String second = command(0, "backfill", "sunrise-dental", "--since", "1h");

        assertThat(first).contains("waiting    1 s").contains("added 5");
        assertThat(traces(first)).hasSize(5).doesNotHaveDuplicates();
        assertThat(transcript(eve))
                .filteredOn(line -> line.startsWith("> "))
                .containsExactly("> one", "> two", "> three");
        assertThat(ghl.messages(HERE, eve).stream().filter(message -> !message.inbound()))
                .as("each was answered, once")
                .hasSize(3);
        assertThat(transcript(finn)).containsExactly("> Hello", "< Maria here");
        assertThat(ghl.messages(HERE, finn)).extracting(Message::body).containsExactly("Hello", "Maria here");
        assertThat(look.texts(
                        "SELECT payload #>> '{decision,silence}' FROM bot.messages WHERE text = 'Hello' AND trace_id ="
                                + " (SELECT trace_id FROM bot.inbound_events WHERE channel_address = ? AND event_type = 'inbound_message')",
                        finn))
                .containsExactly("found by backfill, and answered since at the provider");
        assertThat(second).contains("added 0");
        Matcher trace = TRACE.matcher(first);
        assertThat(trace.find()).isTrue();
        assertThat(command(0, "trace", trace.group(1))).contains("inbound_message");
    }
}
