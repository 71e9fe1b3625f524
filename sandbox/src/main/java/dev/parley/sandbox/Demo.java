package dev.parley.sandbox;

import dev.parley.sandbox.standin.Channel;
import dev.parley.sandbox.standin.Forgery;
import dev.parley.sandbox.standin.GhlStandIn;
import dev.parley.sandbox.standin.Message;
import dev.parley.sandbox.standin.WebhookDelivery;
import java.io.PrintStream;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * Two customers of two businesses talk to Parley through real HTTP while things go wrong, and then the demo looks, in the
 * database and in the stand-in's book, whether what Parley promises is what happened.
 */
final class Demo {
    private static final Duration REPLY = Duration.ofSeconds(20);
    private static final Duration ANSWER = Duration.ofSeconds(30);
    private static final String FORGED = "This message was never sent by GoHighLevel";
    private static final String MALLORY = "+15550107666";

    /** Who writes. */
    private record Customer(String name, String phone, SandboxTenant business) {
        String firstName() {
            return name.substring(0, name.indexOf(' '));
        }
    }

    /** One message of the script, with what came back. */
    private record Said(Customer customer, String text, int replies, List<WebhookDelivery> deliveries) {
        Set<String> verdicts() {
            return deliveries.stream()
                    .map(delivery -> delivery.verdict().orElse(delivery.state().name()))
                    .collect(Collectors.toCollection(TreeSet::new));
        }

        Set<String> traces() {
            return deliveries.stream()
                    .flatMap(delivery -> delivery.traceId().stream())
                    .collect(Collectors.toCollection(LinkedHashSet::new));
        }

        Optional<UUID> trace() {
            return traces().stream().findFirst().map(Trace::parse);
        }
    }

    private static final Customer ANA = new Customer("Ana Lima", "+15550107001", SandboxTenant.DENTIST);
    private static final Customer BEN = new Customer("Ben Okoye", "+15550107002", SandboxTenant.YOGA);

    private final Stack stack;
    private final GhlStandIn ghl;
    private final Observer look;
    private final PrintStream out;
    private final List<Said> script = new ArrayList<>();
    private final List<Claim> claims = new ArrayList<>();

    Demo(Stack stack, Observer look, PrintStream out) {
        this.stack = stack;
        this.ghl = stack.standIn();
        this.look = look;
        this.out = out;
    }

    /** Plays the script and checks it. */
    List<Claim> play() {
        ghl.changeWebhooks(ghl.webhooks().withCopies(2, true));
        out.println("The conversation (every webhook is delivered twice, at the same moment):");
        out.println();
        say(ANA, "Hello, do you have time for me this week?", 1);
        say(BEN, "Hi! Is there a class tonight?", 1);
        forge();
        Said crashed = sayAndKillTheWorker(ANA, "How much is a cleaning?");
        say(BEN, "I would like to talk to a person", 1);
        human(BEN, "Hi Ben, Mara here. Yes, at seven, bring a mat.");
        say(BEN, "Perfect, thanks!", 0);
        say(ANA, "STOP", 1);
        say(ANA, "Are you still there?", 0);
        say(ANA, "START", 1);
        say(ANA, "Good. See you on Friday then", 1);
        out.println();

        boolean quiet = Observer.await(
                REPLY,
                () -> look.count("SELECT count(*) FROM bot.job_queue WHERE status <> 'done'") == 0
                        && undelivered() == 0);
        check(quiet);
        crashed.trace().ifPresent(this::printTrace);
        return List.copyOf(claims);
    }

    private Said say(Customer customer, String text, int replies) {
        Said said = write(customer, text, replies);
        awaitReply(said);
        return said;
    }

    private Said write(Customer customer, String text, int replies) {
        Said said = new Said(
                customer,
                text,
                replies,
                now(ghl.customerWrites(
                                customer.business().location().id(),
                                Channel.SMS,
                                customer.phone(),
                                customer.name(),
                                text,
                                null))
                        .deliveries());
        script.add(said);
        line(customer.firstName(), text, String.join(" + ", said.verdicts()));
        return said;
    }

    private void awaitReply(Said said) {
        Optional<UUID> trace = said.trace();
        if (trace.isEmpty()) {
            note("it was not acknowledged");
            return;
        }
        boolean settled = Observer.await(REPLY, () -> look.isSettled(trace.get()));
        List<String> replies = replies(trace.get());
        replies.forEach(reply -> line(said.customer().business().name(), reply, ""));
        if (!settled) {
            note("not settled within " + REPLY.toSeconds() + " s: "
                    + new Timeline(read(trace.get())).verdict().reason());
        } else if (replies.isEmpty()) {
            note("not answered: " + new Timeline(read(trace.get())).verdict().reason());
        }
    }

    private void forge() {
        List<String> answers = new ArrayList<>();
        for (Forgery how : Forgery.values()) {
            WebhookDelivery delivery =
                    now(ghl.forge(SandboxTenant.DENTIST.location().id(), MALLORY, FORGED, how));
            answers.add(delivery.lastAttempt()
                    .map(attempt -> Integer.toString(attempt.status()))
                    .orElse("none"));
        }
        line("Mallory", FORGED, "forged four ways: " + String.join(" ", answers));
        claims.add(Claim.that(
                "forged signatures are refused",
                "401 for each of " + Forgery.values().length + " kinds",
                Set.copyOf(answers).equals(Set.of("401"))
                        ? "401 for each of " + answers.size() + " kinds"
                        : String.join(" ", answers)));
        long stored = look.count(
                        "SELECT count(*) FROM bot.inbound_events WHERE payload::text LIKE ? OR channel_address = ?",
                        "%" + FORGED + "%",
                        MALLORY)
                + look.count("SELECT count(*) FROM bot.contacts WHERE channel_address = ?", MALLORY)
                + look.count("SELECT count(*) FROM bot.messages WHERE text LIKE ?", "%" + FORGED + "%");
        claims.add(Claim.that("rows that a forged webhook left", 0L, stored));
    }

    private Said sayAndKillTheWorker(Customer customer, String text) {
        ServiceProcess worker = stack.workers().get(0);
        long pid = worker.pid();
        // Held still first, so that the moment is certain: acknowledged, and nothing done about it.
        worker.pause();
        Said said = write(customer, text, 1);
        long waiting = said.trace()
                .map(trace -> look.count(
                        "SELECT count(*) FROM bot.job_queue WHERE trace_id = ? AND status = 'queued'", trace))
                .orElse(0L);
        int answered = said.trace().map(trace -> replies(trace).size()).orElse(0);
        worker.kill();
        note("worker (pid " + pid + ") killed with kill -9; the message is acknowledged and not answered");
        awaitReply(said);
        boolean back = Observer.await(REPLY, () -> worker.isAlive() && worker.pid() != pid);
        note(back ? "the worker was started again (pid " + worker.pid() + ")" : "the worker was not started again");
        claims.add(Claim.that(
                "the worker was killed with a message in hand",
                "acknowledged, 1 job waiting, 0 replies, killed once",
                (said.verdicts().contains("accepted") ? "acknowledged" : "not acknowledged") + ", " + waiting
                        + " job waiting, " + answered + " replies, killed "
                        + (worker.deaths() == 1 ? "once" : worker.deaths() + " times")));
        claims.add(Claim.that(
                "that message was answered afterwards",
                "1 reply",
                said.trace().map(trace -> replies(trace).size()).orElse(0) + " reply"));
        return said;
    }

    private void human(Customer customer, String text) {
        now(ghl.humanWrites(
                customer.business().location().id(), customer.phone(), Channel.SMS, "mara000000000000user", text));
        line(customer.business().name() + " (Mara)", text, "typed in the provider's inbox");
        boolean recorded = Observer.await(
                REPLY,
                () -> look.count(
                                "SELECT count(*) FROM bot.messages WHERE direction = 'outbound' AND text = ?"
                                        + " AND payload ->> 'author' = 'human'",
                                text)
                        == 1);
        claims.add(Claim.that(
                "what a person typed in the provider's inbox",
                "in the transcript once",
                recorded ? "in the transcript once" : "not in the transcript as a person's message"));
    }

    private void check(boolean quiet) {
        int messages = script.size();
        int replies = script.stream().mapToInt(Said::replies).sum();

        claims.add(Claim.that(
                "delivered twice, taken once: one accepted, one duplicate, one trace id",
                messages + " of " + messages,
                script.stream()
                                .filter(said -> said.deliveries().size() == 2
                                        && said.verdicts().equals(Set.of("accepted", "duplicate"))
                                        && said.traces().size() == 1)
                                .count()
                        + " of " + messages));
        claims.add(Claim.that(
                "customers' messages stored: events, jobs done, messages",
                messages + ", " + messages + ", " + messages,
                look.count("SELECT count(*) FROM bot.inbound_events WHERE event_type = 'inbound_message'") + ", "
                        + look.count("SELECT count(*) FROM bot.job_queue"
                                + " WHERE job_type = 'process_inbound_message' AND status = 'done'")
                        + ", " + look.count("SELECT count(*) FROM bot.messages WHERE direction = 'inbound'")));
        claims.add(Claim.that(
                "replies per message as the script expects them",
                script.stream().map(said -> Integer.toString(said.replies())).collect(Collectors.joining(" ")),
                script.stream()
                        .map(said -> said.trace()
                                .map(trace -> Integer.toString(replies(trace).size()))
                                .orElse("?"))
                        .collect(Collectors.joining(" "))));
        for (Customer customer : List.of(ANA, BEN)) {
            checkOrder(customer);
        }
        claims.add(Claim.that(
                "contacts and conversations (nobody has two)",
                "2 and 2",
                look.count("SELECT count(*) FROM bot.contacts") + " and "
                        + look.count("SELECT count(*) FROM bot.conversations")));
        claims.add(Claim.that(
                "replies that the provider has delivered, and that Parley knows are delivered",
                replies + " and " + replies,
                ourMessages(ANA).stream().filter(Demo::isDelivered).count()
                        + ourMessages(BEN).stream().filter(Demo::isDelivered).count()
                        + " and "
                        + look.count("SELECT count(*) FROM bot.messages WHERE direction = 'outbound'"
                                + " AND payload ->> 'author' = 'bot'"
                                + " AND payload -> 'delivery' ->> 'state' = 'delivered'")));
        claims.add(Claim.that(
                "jobs left over: unfinished, dead letters",
                "0, 0",
                look.count("SELECT count(*) FROM bot.job_queue WHERE status IN ('queued', 'processing')") + ", "
                        + look.count("SELECT count(*) FROM bot.job_queue WHERE status = 'failed'")));
        if (!quiet) {
            note("work was still going on " + REPLY.toSeconds() + " s after the last message");
        }
    }

    private void checkOrder(Customer customer) {
        String transcript = """
                SELECT m.text
                FROM bot.messages m
                JOIN bot.contacts c ON c.contact_id = m.contact_id
                WHERE c.channel_address = ? AND m.direction = ? AND coalesce(m.payload ->> 'author', 'bot') = 'bot'
                ORDER BY m.created_at, m.message_id
                """;
        claims.add(Claim.that(
                customer.firstName() + "'s messages in the transcript",
                script.stream()
                        .filter(said -> said.customer().equals(customer))
                        .map(Said::text)
                        .toList(),
                look.texts(transcript, customer.phone(), "inbound")));
        claims.add(Claim.that(
                "replies that reached " + customer.firstName() + ", in order",
                look.texts(transcript, customer.phone(), "outbound"),
                ourMessages(customer).stream().map(Message::body).toList()));
    }

    private long undelivered() {
        return look.count("SELECT count(*) FROM bot.messages WHERE direction = 'outbound'"
                + " AND payload ->> 'author' = 'bot' AND payload -> 'delivery' ->> 'state' <> 'delivered'");
    }

    /** What the provider's book says Parley sent. */
    private List<Message> ourMessages(Customer customer) {
        return ghl.messages(customer.business().location().id(), customer.phone()).stream()
                .filter(message -> !message.inbound() && "api".equals(message.source()))
                .toList();
    }

    private static boolean isDelivered(Message message) {
        return message.status().equals("delivered");
    }

    private List<String> replies(UUID trace) {
        return look.texts(
                "SELECT text FROM bot.messages WHERE trace_id = ? AND direction = 'outbound'"
                        + " AND payload ->> 'author' = 'bot' ORDER BY created_at, message_id",
                trace);
    }

    private void printTrace(UUID trace) {
        out.println("The message the worker died over, as `./parley trace " + trace + "` tells it:");
        out.println();
        Timeline timeline = new Timeline(read(trace));
        out.println(timeline.text().indent(2).stripTrailing());
        out.println();
        claims.add(Claim.that(
                "its trace ends with", "delivered", timeline.verdict().state().word()));
    }

    private Trace read(UUID id) {
        try (Connection db = stack.database().connect("operator")) {
            return new TraceReader(db).read(id);
        } catch (SQLException e) {
            throw new SandboxException("cannot read the trace: " + e.getMessage(), e);
        }
    }

    private void line(String who, String text, String remark) {
        out.printf("  %-22s %s%s%n", who, text, remark.isEmpty() ? "" : "   [" + remark + "]");
    }

    private void note(String text) {
        out.printf("  %-22s — %s%n", "", text);
    }

    private static <T> T now(CompletableFuture<T> future) {
        try {
            return future.get(ANSWER.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SandboxException("interrupted", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new SandboxException("a webhook was not answered within " + ANSWER.toSeconds() + " s", e);
        }
    }
}
