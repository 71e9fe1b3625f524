package dev.parley.ledger;

import dev.parley.sandbox.Ports;
import dev.parley.sandbox.SandboxTenant;
import dev.parley.sandbox.ServiceProcess;
import dev.parley.sandbox.Stack;
import dev.parley.sandbox.StackPlan;
import dev.parley.sandbox.standin.Channel;
import dev.parley.sandbox.standin.Contact;
import dev.parley.sandbox.standin.GhlStandIn;
import dev.parley.sandbox.standin.Location;
import dev.parley.sandbox.standin.Message;
import dev.parley.tenant.TenantId;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.Consumer;

/** One scenario from an empty database to the judge's verdict. */
final class Run {
    /** What a run of minutes needs shorter than a life of years has it. Nothing here changes what is promised. */
    private static final Map<String, String> QUICKER_WORKER = Map.of(
            "PARLEY_WORKER_RETRY_CAP", "3s",
            "PARLEY_WORKER_RETRY_MAX_ATTEMPTS", "25",
            "PARLEY_WORKER_SEND_RECONCILE_EVERY", "1s",
            "PARLEY_WORKER_SEND_CERTAIN_AFTER", "6s",
            "PARLEY_WORKER_SEND_THROTTLED_PAUSE", "2s",
            "PARLEY_WORKER_SEND_UNAUTHORIZED_PAUSE", "2s",
            "PARLEY_GHL_CALL_TIMEOUT", "4s",
            "PARLEY_GHL_REFRESH_TIMEOUT", "3s",
            "PARLEY_GHL_REFRESH_RETRY", "2s",
            "PARLEY_GHL_WINDOW", "2s");

    private static final Map<String, String> QUICKER_INGEST =
            Map.of("PARLEY_INGEST_RETRY_AFTER", "1S", "PARLEY_INGEST_FLUSH_TIMEOUT", "2S");

    private final Scenario scenario;
    private final Settings settings;
    private final Path directory;
    private final Consumer<String> say;
    private final Measured measured = new Measured();
    private final List<String> story = new ArrayList<>();

    Run(Scenario scenario, Settings settings, Path directory, Consumer<String> say) {
        this.scenario = scenario;
        this.settings = settings;
        this.directory = directory;
        this.say = text -> {
            synchronized (story) {
                story.add(text);
            }
            say.accept(text);
        };
    }

    Outcome play() {
        Ports ports = Ports.unused();
        Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2).setWorkerPoolSize(1));
        try (Network network = Network.between(vertx, ports.ingest(), ports.postgres(), ports.standIn());
                Ground ground = new Ground(directory, ports, network)) {
            scenario.ground().accept(ground);
            StackPlan plan = StackPlan.on(ground.data())
                    .withPorts(ports)
                    .withWorkers(settings.workers())
                    .restartingServices()
                    .withIngestEnvironment(environment(QUICKER_INGEST, network.ingestToDatabase(), ground.ingest()))
                    .withWorkerEnvironment(workerEnvironment(network, ground))
                    .tellingTo(this::stackSays);
            try (Stack stack = Stack.start(plan)) {
                try {
                    return play(stack, network, vertx);
                } finally {
                    network.clear();
                    stack.workers().stream().filter(ServiceProcess::isAlive).forEach(ServiceProcess::resume);
                }
            }
        } finally {
            Waiting.on(vertx.close(), Duration.ofSeconds(10));
        }
    }

    private Outcome play(Stack stack, Network network, Vertx vertx) {
        GhlStandIn provider = stack.standIn();
        provider.changeWebhooks(provider.webhooks()
                .to(URI.create("http://127.0.0.1:" + network.reportsToIngest().port() + "/webhooks/ghl")));
        List<TenantId> tenants = tenants(stack);
        Script script = Script.of(settings.seed(), settings.perSecond(), settings.length());
        List<Book.Parcel> parcels = parcels(script, tenants, provider);
        Book book = new Book();
        Stage preparing = stage(stack, network, book, Ending.PATIENCE);
        scenario.before().accept(preparing);
        preparing.stack().workers().stream().filter(ServiceProcess::isAlive).forEach(preparing::awaitReady);

        say.accept(String.format(
                Locale.ROOT,
                "sending %d events of %d contacts in %d s: %s",
                script.events().size(),
                parcels.stream()
                        .map(parcel -> parcel.tenant() + parcel.address())
                        .distinct()
                        .count(),
                settings.length().toSeconds(),
                scenario.says()));
        try (Sender sender = new Sender(vertx, network.providerToIngest().port(), book, settings.seed())) {
            Stage stage = stage(stack, network, book, settings.length());
            sender.start(script.steps(), parcels);
            scenario.faults().accept(stage);
            stage.pause(stage.left());
            Ending.await(stage, sender);
        }
        return judge(stack, book);
    }

    private Stage stage(Stack stack, Network network, Book book, Duration length) {
        return new Stage(stack, network, book, new Random(settings.seed() ^ 0x5EED), measured, say, length);
    }

    private Outcome judge(Stack stack, Book book) {
        List<ProviderSend> taken = new ArrayList<>();
        for (Location location : stack.standIn().locations()) {
            for (Contact contact : stack.standIn().contacts(location.id())) {
                for (Message message : stack.standIn().messages(location.id(), contact.id())) {
                    if (!message.inbound() && "api".equals(message.source())) {
                        taken.add(new ProviderSend(
                                message.id(),
                                message.body(),
                                message.traceId() == null ? null : Sender.uuid(message.traceId())));
                    }
                }
            }
        }
        Judgement judgement = Judge.judge(new Evidence(book.sent(), new Eyes(stack.database()).rows(), taken));
        StringBuilder text = new StringBuilder();
        String times = measured.table();
        if (!times.isEmpty()) {
            text.append("Measured:\n").append(times).append('\n');
        }
        List<Bar> bars = measured.bars(scenario.bars());
        if (!bars.isEmpty()) {
            text.append("Bars of this scenario:\n");
            bars.forEach(bar -> text.append(bar.line()));
            text.append('\n');
        }
        text.append("What was promised, and found:\n").append(judgement.table());
        return new Outcome(judgement, bars, text.toString());
    }

    private List<TenantId> tenants(Stack stack) {
        List<TenantId> tenants = new ArrayList<>();
        for (int number = 0; number < People.TENANTS; number++) {
            Location location = location(number);
            tenants.add(stack.addBusiness(new SandboxTenant(slug(number), location, "Europe/Berlin")));
        }
        // The guard against two machines talking to each other would fall silent, and rightly so.
        new Eyes(stack.database()).run("""
                UPDATE core.tenants
                SET settings = settings || '{"dialog": {"max_replies": 1000, "max_same_reply": 1000}}'
                WHERE tenant_slug LIKE 'ledger-%'
                """);
        return tenants;
    }

    static Location location(int number) {
        return Location.of(
                String.format("Ledger%014d", number), "Ledger " + number, String.format("+15550%06d", number));
    }

    private static String slug(int number) {
        return String.format("ledger-%02d", number);
    }

    private List<Book.Parcel> parcels(Script script, List<TenantId> tenants, GhlStandIn provider) {
        List<Book.Parcel> parcels = new ArrayList<>();
        Map<Integer, String> messageIds = new HashMap<>();
        for (Script.Event event : script.events()) {
            People.Person person = event.person();
            Location location = location(person.tenant());
            Contact contact = provider.addContact(location.id(), person.address(), person.name());
            String eventId = new UUID(settings.seed(), event.number()).toString();
            String messageId = event.toldBefore() == null
                    ? String.format("msg%017d", event.number())
                    : messageIds.getOrDefault(event.toldBefore(), "");
            messageIds.put(event.number(), messageId);
            JsonText body = JsonText.of(body(provider, event, location, contact, eventId, messageId));
            parcels.add(new Book.Parcel(
                    event.number(),
                    tenants.get(person.tenant()).value(),
                    person.address(),
                    eventId,
                    messageId,
                    body,
                    provider.sign(body.utf8()),
                    scenario.poison().test(event)));
        }
        return parcels;
    }

    private JsonObject body(
            GhlStandIn provider,
            Script.Event event,
            Location location,
            Contact contact,
            String eventId,
            String messageId) {
        String text = scenario.poison().test(event) ? event.text() + " " + Poison.mark(event) : event.text();
        return new JsonObject()
                .put("type", "InboundMessage")
                .put("locationId", location.id())
                .put("versionId", provider.app().versionId())
                .put("appId", provider.app().appId())
                .put("attachments", new JsonArray())
                .put("body", text)
                .put("contactId", contact.id())
                .put("contentType", "text/plain")
                .put("conversationId", provider.conversationId(location.id(), contact.id()))
                .put(
                        "dateAdded",
                        Instant.EPOCH
                                .plusSeconds(1_790_000_000L + event.number())
                                .toString())
                .put("direction", "inbound")
                .put("messageType", Channel.SMS.name())
                .put("messageId", messageId)
                .put("status", "delivered")
                .put("from", contact.phone())
                .put("to", location.phone())
                .put("messageTypeId", 2)
                .put("messageTypeString", "TYPE_SMS")
                .put(
                        "timestamp",
                        Instant.EPOCH
                                .plusSeconds(1_790_000_000L + event.number())
                                .toString())
                .put("webhookId", eventId);
    }

    private static Map<String, String> workerEnvironment(Network network, Ground ground) {
        Map<String, String> environment = environment(QUICKER_WORKER, network.workersToDatabase(), ground.worker());
        environment.putIfAbsent(
                "PARLEY_GHL_BASE_URL",
                "http://127.0.0.1:" + network.workersToProvider().port());
        return environment;
    }

    private static Map<String, String> environment(
            Map<String, String> quicker, Wire database, Map<String, String> ofScenario) {
        Map<String, String> environment = new HashMap<>(quicker);
        environment.put("PARLEY_DB_URL", "postgresql://127.0.0.1:" + database.port() + "/parley");
        environment.putAll(ofScenario);
        return environment;
    }

    /** The stack's own words, without the last lines of logs that it shows when a service dies. */
    private void stackSays(String text) {
        String line = text.lines().findFirst().orElse("");
        if (!line.isBlank()) {
            say.accept(line);
        }
    }

    /** Everything that was said, for those who look only when something is wrong. */
    String story() {
        synchronized (story) {
            return String.join("\n", story);
        }
    }
}
