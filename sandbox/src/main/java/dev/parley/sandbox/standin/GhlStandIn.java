package dev.parley.sandbox.standin;

import dev.parley.tenant.Secret;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.net.BindException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * GoHighLevel on 127.0.0.1: its API, its signed webhooks, and {@code /phone} to be a customer on. Everything is in memory
 * and gone with {@link #close()}.
 *
 * <p>All methods may be called from any thread. What delivers a webhook returns a future that completes when the first
 * attempt of every copy has ended, well or not; it never fails because of the receiver. An unknown location or contact is
 * an {@link IllegalArgumentException}.
 */
public final class GhlStandIn implements AutoCloseable {
    private static final int LARGEST_BODY = 1 << 20;

    /** A message and its webhook's deliveries, as they stood after the first attempt of each. */
    public record Written(Message message, List<WebhookDelivery> deliveries) {
        public Written {
            deliveries = List.copyOf(deliveries);
        }
    }

    private final Vertx vertx;
    private final Options.App app;
    private final SigningKey key;
    private final Accounts accounts = new Accounts();
    private final Events events;
    private final Tokens tokens;
    private final Faults faults;
    private final RateLimits limits;
    private final CallBook calls;
    private final WebhookSender sender;
    private final Inbox inbox;
    private final PhoneRoutes phone;
    private final HttpServer server;

    private GhlStandIn(Vertx vertx, Options options) {
        Clock clock = Clock.systemUTC();
        this.vertx = vertx;
        this.app = options.app();
        Secret seed = options.signingSeed();
        this.key = SigningKey.from(seed == null ? null : HexFormat.of().parseHex(seed.reveal()));
        this.events = new Events(app);
        this.tokens = new Tokens(app, options.tokenLife(), clock);
        this.faults = new Faults(clock);
        this.limits = new RateLimits(options.limits(), clock);
        this.calls = new CallBook(options.bookSize());
        this.phone = new PhoneRoutes(this);
        this.sender = new WebhookSender(vertx, key, options.webhooks(), options.bookSize(), phone::changed);
        this.inbox = new Inbox(vertx, accounts, events, sender, phone::changed);
        options.locations().forEach(accounts::add);

        GhlGateway gateway = new GhlGateway(tokens, limits);
        GhlApi api = new GhlApi(accounts, tokens, gateway, inbox);
        ApiRoutes apiRoutes = new ApiRoutes(vertx, gateway, api, faults, calls);
        Router router = Router.router(vertx);
        router.route("/_*").handler(GhlStandIn::refuseStrangers);
        router.route("/phone").handler(GhlStandIn::refuseStrangers);
        router.route().handler(BodyHandler.create(false).setBodyLimit(LARGEST_BODY));
        phone.mount(router);
        new ControlRoutes(this).mount(router);
        router.route("/media/:name").handler(GhlStandIn::serveMedia);
        apiRoutes.mount(router);
        apiRoutes.mountUnknown(router);
        this.server = vertx.createHttpServer(
                        new HttpServerOptions().setHost("127.0.0.1").setPort(options.port()))
                .requestHandler(router);
    }

    /**
     * @throws IllegalStateException if the port is taken
     */
    public static GhlStandIn start(Options options) {
        Vertx vertx = Vertx.vertx(new VertxOptions()
                .setEventLoopPoolSize(2)
                .setWorkerPoolSize(1)
                .setInternalBlockingPoolSize(2)
                .setFileSystemOptions(
                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
        GhlStandIn standIn = new GhlStandIn(vertx, options);
        try {
            await(standIn.server.listen());
        } catch (IllegalStateException e) {
            standIn.close();
            if (e.getCause() instanceof BindException) {
                throw new IllegalStateException(
                        "port " + options.port() + " is taken: the GoHighLevel stand-in needs another one",
                        e.getCause());
            }
            throw e;
        }
        return standIn;
    }

    /** Ends every connection; webhooks still to be retried are dropped. Safe to call twice. */
    @Override
    public void close() {
        await(vertx.close());
    }

    public int port() {
        return server.actualPort();
    }

    /** What {@code PARLEY_GHL_BASE_URL} is to be. */
    public URI url() {
        return URI.create("http://127.0.0.1:" + port());
    }

    public URI phoneUrl() {
        return url().resolve("/phone");
    }

    public Options.App app() {
        return app;
    }

    /** What {@code PARLEY_GHL_PUBLIC_KEYS} is to contain: SubjectPublicKeyInfo, base64. */
    public String publicKey() {
        return key.publicKeySpki();
    }

    /** The value of {@code X-GHL-Signature} over exactly these bytes, for whoever delivers webhooks without the stand-in. */
    public String sign(byte[] body) {
        return key.sign(body);
    }

    /** Adds it, or replaces the one of the same id. */
    public void addLocation(Location location) {
        accounts.add(location);
        phone.changed();
    }

    public List<Location> locations() {
        return accounts.locations();
    }

    /** What an installation of the app on this location would hand over; the app's own scopes. */
    public TokenPair issueTokens(String locationId) {
        return issueTokens(locationId, TokenKind.LOCATION, app.scopes());
    }

    public TokenPair issueTokens(String locationId, TokenKind kind, Set<String> scopes) {
        return tokens.issue(kind, location(locationId).id(), scopes);
    }

    /** Access tokens given out so far expire now; refresh tokens stay good. */
    public void expireTokens() {
        tokens.expire(null);
    }

    public void expireTokens(String locationId) {
        tokens.expire(location(locationId).id());
    }

    /** From now on; the oldest fault that fits a call strikes it. */
    public void fault(Fault fault) {
        faults.add(fault);
    }

    public List<Fault> faults() {
        return faults.inForce();
    }

    public void clearFaults() {
        faults.clear();
    }

    /** Every call of the API, oldest first, secrets masked; the unanswered ones too. */
    public List<ReceivedCall> calls() {
        return calls.all();
    }

    public void forgetCalls() {
        calls.clear();
    }

    public Options.Webhooks webhooks() {
        return sender.settings();
    }

    /** For what is sent from now on. */
    public void changeWebhooks(Options.Webhooks settings) {
        sender.change(settings);
    }

    /** For requests from now on. */
    public void changeLimits(Options.Limits others) {
        limits.change(others);
    }

    /** Every copy of every webhook, oldest first, as it stands. */
    public List<WebhookDelivery> deliveries() {
        return sender.deliveries();
    }

    /** Of webhooks that carry news of these messages. */
    public List<WebhookDelivery> deliveriesOf(Set<String> messageIds) {
        return sender.deliveriesOf(messageIds);
    }

    public void forgetDeliveries() {
        sender.forget();
    }

    public List<Contact> contacts(String locationId) {
        return accounts.contactsOf(location(locationId).id());
    }

    /** @param idOrAddress the contact's id, telephone number or e-mail address */
    public Contact contact(String locationId, String idOrAddress) {
        return contacts(locationId).stream()
                .filter(contact -> idOrAddress.equals(contact.id())
                        || idOrAddress.equals(contact.email())
                        || PhoneNumbers.withoutSeparators(idOrAddress).equals(contact.phone()))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no contact " + idOrAddress + " in " + locationId));
    }

    /** Someone who has not written yet; the known contact if the address is known. */
    public Contact addContact(String locationId, String address, String name) {
        Contact contact = accounts.contactAt(location(locationId), cleanAddress(address), name);
        phone.changed();
        return contact;
    }

    /** Id of the contact's conversation, as every webhook about a message names it. */
    public String conversationId(String locationId, String contactIdOrAddress) {
        return accounts.conversationOf(contact(locationId, contactIdOrAddress)).id();
    }

    /** Oldest first. */
    public List<Message> messages(String locationId, String contactIdOrAddress) {
        return accounts.messagesOfContact(
                contact(locationId, contactIdOrAddress).id());
    }

    /** A customer sends a text message. */
    public CompletableFuture<Written> customerWrites(String locationId, String from, String name, String text) {
        return customerWrites(locationId, Channel.SMS, from, name, text, null);
    }

    /**
     * @param from telephone number or, for e-mail, address; a new one becomes a new contact
     * @param name null keeps the name known
     * @param copies how often the webhook is delivered; null as the settings say
     */
    public CompletableFuture<Written> customerWrites(
            String locationId,
            Channel channel,
            String from,
            @Nullable String name,
            String text,
            @Nullable Integer copies) {
        if (copies != null && (copies < 1 || copies > 1_000)) {
            throw new IllegalArgumentException("copies must be 1 to 1000");
        }
        String address = cleanAddress(from);
        if ((channel == Channel.EMAIL) != address.contains("@")) {
            throw new IllegalArgumentException(from + " is no address for " + channel.apiType());
        }
        return future(inbox.fromCustomer(location(locationId), channel, address, name, text, copies));
    }

    /**
     * A customer sends pictures or voice notes by WhatsApp. As with the real one, the webhook tells of a message without
     * words or attachments, and only {@code GET /conversations/messages/{id}} shows them, some time later.
     *
     * @param urls what it will show; {@link #mediaUrl} makes some that lead to something
     * @param shownAfter null = when {@link #showMedia} is called, or never
     */
    public CompletableFuture<Written> customerSendsMedia(
            String locationId, String from, @Nullable String name, List<String> urls, @Nullable Duration shownAfter) {
        return future(inbox.mediaFromCustomer(location(locationId), cleanAddress(from), name, urls, shownAfter));
    }

    /** The API shows a message's media from now on. */
    public Message showMedia(String messageId) {
        return inbox.showMedia(messageId)
                .orElseThrow(() -> new IllegalArgumentException("message " + messageId + " has no media to show"));
    }

    /** Where this stand-in keeps a file of that name; {@code .ogg}, {@code .png} and {@code .jpg} have their types. */
    public URI mediaUrl(String name) {
        return url().resolve("/media/" + name);
    }

    /** A human answers in GoHighLevel's inbox. */
    public CompletableFuture<Written> humanWrites(
            String locationId, String contactIdOrAddress, Channel channel, String userId, String text) {
        return future(
                inbox.fromHuman(location(locationId), contact(locationId, contactIdOrAddress), channel, userId, text));
    }

    /** A further {@code OutboundMessage} webhook for a message sent: {@code delivered}, {@code read}, {@code failed}… */
    public Message reportStatus(String messageId, String status) {
        return inbox.report(messageId, status)
                .orElseThrow(() -> new IllegalArgumentException("no message " + messageId));
    }

    /**
     * Switches do-not-disturb and tells so by webhook.
     *
     * @param channelKey {@code SMS}, {@code WhatsApp}, {@code Email}, {@code Call}, {@code GMB}, {@code FB} or {@code all}
     * @param status {@code active}, {@code inactive} or {@code permanent}
     */
    public CompletableFuture<List<WebhookDelivery>> setDnd(
            String locationId, String contactIdOrAddress, String channelKey, String status) {
        if (!Set.of("SMS", "WhatsApp", "Email", "Call", "GMB", "FB", "all").contains(channelKey)) {
            throw new IllegalArgumentException("no such channel: " + channelKey);
        }
        if (!Set.of("active", "inactive", "permanent").contains(status)) {
            throw new IllegalArgumentException("status must be active, inactive or permanent, not " + status);
        }
        return future(inbox.dnd(contact(locationId, contactIdOrAddress), channelKey, status));
    }

    /** Only the webhook: {@link #issueTokens} gives the tokens. */
    public CompletableFuture<List<WebhookDelivery>> install(String locationId) {
        return future(sender.send(events.install(location(locationId)), null, null));
    }

    /** The webhook, and the location's tokens are worth nothing any more. */
    public CompletableFuture<List<WebhookDelivery>> uninstall(String locationId) {
        Location location = location(locationId);
        tokens.revoke(location.id());
        return future(sender.send(events.uninstall(location), null, null));
    }

    /** Signs and delivers these bytes, whatever they are. */
    public CompletableFuture<List<WebhookDelivery>> deliverRaw(byte[] body, int copies) {
        return future(sender.sendRaw(body.clone(), copies));
    }

    /** Somebody else pretends to be GoHighLevel: once, and nothing is stored here. */
    public CompletableFuture<WebhookDelivery> forge(String locationId, String from, String text, Forgery how) {
        Location location = location(locationId);
        String address = cleanAddress(from);
        Contact nobody = new Contact(ShortId.next(), location.id(), "Mallory", address, null, Instant.now(), Map.of());
        Message message = new Message(
                ShortId.next(),
                ShortId.next(),
                nobody.id(),
                location.id(),
                Channel.SMS,
                true,
                text,
                List.of(),
                "delivered",
                null,
                null,
                address,
                location.phone(),
                null,
                Instant.now(),
                null);
        return future(sender.forge(events.inbound(message, nobody), how));
    }

    /** A file store on the public internet, as far as a sandbox has one: no token is asked for. */
    private static void serveMedia(RoutingContext call) {
        String name = call.pathParam("name");
        String type = name.endsWith(".ogg")
                ? "audio/ogg"
                : name.endsWith(".png")
                        ? "image/png"
                        : name.endsWith(".jpg") ? "image/jpeg" : "application/octet-stream";
        String file = "a file of the sandbox\n";
        // Vert.x leaves it out where there is no body, and HEAD is what asks for it.
        call.response()
                .putHeader("Content-Type", type)
                .putHeader("Content-Length", String.valueOf(file.length()))
                .end(file);
    }

    private Location location(String id) {
        return accounts.findLocation(id).orElseThrow(() -> new IllegalArgumentException("no location " + id));
    }

    private static String cleanAddress(String address) {
        if (address.contains("@")) {
            return address.strip().toLowerCase(Locale.ROOT);
        }
        String number = PhoneNumbers.withoutSeparators(address);
        if (!PhoneNumbers.isE164(number)) {
            throw new IllegalArgumentException("a telephone number must look like +15551234567: " + address);
        }
        return number;
    }

    /**
     * The control routes and the phone belong to whoever sits at this machine, not to a web page opened on it: neither a
     * foreign origin nor a name that resolves here by rebinding gets in.
     */
    private static void refuseStrangers(RoutingContext call) {
        HttpServerRequest request = call.request();
        String host = request.authority() == null ? "" : request.authority().host();
        boolean local = host.equals("127.0.0.1") || host.equals("localhost") || host.equals("[::1]");
        String origin = request.getHeader("Origin");
        String own = request.authority() == null ? "" : "http://" + request.authority();
        String site = request.getHeader("Sec-Fetch-Site");
        boolean foreign = (origin != null && !origin.equals(own)) || "cross-site".equals(site);
        if (!local || foreign) {
            call.response().setStatusCode(403).end("for this machine only\n");
            return;
        }
        call.next();
    }

    private static <T> CompletableFuture<T> future(Future<T> future) {
        return future.toCompletionStage().toCompletableFuture();
    }

    private static <T> T await(Future<T> future) {
        try {
            return future(future).get(20, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            throw new IllegalStateException("the stand-in did not start or stop within 20 s", e);
        }
    }

    /**
     * On its own, until interrupted. Environment: {@code PARLEY_STANDIN_PORT} (8090), {@code PARLEY_STANDIN_WEBHOOK_URL}
     * (http://127.0.0.1:8080/webhooks/ghl), {@code PARLEY_STANDIN_SEED} (64 hex digits: the same key at every start).
     */
    public static void main(String[] args) {
        String port = System.getenv().getOrDefault("PARLEY_STANDIN_PORT", "8090");
        String webhooks =
                System.getenv().getOrDefault("PARLEY_STANDIN_WEBHOOK_URL", "http://127.0.0.1:8080/webhooks/ghl");
        Options options = Options.defaults()
                .onPort(Integer.parseInt(port))
                .withLocations(Location.of("SandboxLocation00001", "Sandbox", "+15559876543"));
        String seed = System.getenv("PARLEY_STANDIN_SEED");
        GhlStandIn standIn;
        try {
            if (seed != null) {
                options = options.signingWith(HexFormat.of().parseHex(seed));
            }
            standIn = start(options.withWebhooks(options.webhooks().to(URI.create(webhooks))));
        } catch (IllegalStateException | IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(1);
            return;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(standIn::close));
        System.out.println("API      " + standIn.url());
        System.out.println("phone    " + standIn.phoneUrl());
        System.out.println("control  " + standIn.url() + "/_control/status");
        System.out.println("key      " + standIn.publicKey());
        System.out.println("webhooks " + webhooks);
    }
}
