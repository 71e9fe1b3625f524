package dev.parley.work.adapter.twilio;

import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.MessagingAdapter;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.Vault;
import dev.parley.work.adapter.Pauses;
import dev.parley.work.adapter.StoredCredentials;
import dev.parley.work.adapter.VendorCall;
import dev.parley.work.adapter.VendorHttp;
import dev.parley.work.adapter.VendorHttp.Answer;
import io.smallrye.mutiny.Uni;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.core.Vertx;
import io.vertx.mutiny.sqlclient.Pool;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Sends SMS and WhatsApp messages through Twilio's Messages resource (REST API 2010-04-01). It has no idempotency key and
 * bills what it accepts, so whatever may have arrived without a clear answer is {@code AMBIGUOUS} and is looked for in the
 * account's list of messages to this customer.
 *
 * <table>
 *   <caption>What an end means</caption>
 *   <tr><td>2xx with a JSON object</td><td>sent</td></tr>
 *   <tr><td>2xx with anything else; 5xx; a lost answer</td><td>AMBIGUOUS; 503 with {@code Retry-After}: TRANSIENT</td></tr>
 *   <tr><td>no connection; 3xx, 408, 425</td><td>TRANSIENT</td></tr>
 *   <tr><td>429, or error 20429, 14107, 21611, 63018</td><td>THROTTLED for the tenant</td></tr>
 *   <tr><td>401, 403, or error 20003</td><td>UNAUTHORIZED</td></tr>
 *   <tr><td>error 21610, 63032, 63033: opted out or blocked</td><td>REFUSED, the reason begins with {@code dnd:}</td></tr>
 *   <tr><td>error 63016: outside WhatsApp's window</td><td>BLOCKED, the reason begins with {@code window:}</td></tr>
 *   <tr><td>any other 4xx</td><td>REFUSED, with the error's number</td></tr>
 * </table>
 *
 * <p>The sender is {@code settings.twilio.messaging_service_sid}, else {@code settings.twilio.from} (for WhatsApp
 * {@code whatsapp_from}), else the number that the customer wrote to.
 */
@Singleton
public final class TwilioMessaging implements MessagingAdapter, AutoCloseable {
    private static final String NAME = "twilio";
    private static final String WHATSAPP = "whatsapp:";
    private static final Duration WHATSAPP_WINDOW = Duration.ofHours(24);
    private static final int PAGE = 50;
    /** What a trial account puts before every text. */
    private static final String TRIAL = "Sent from your Twilio trial account - ";

    private final VendorHttp http;
    private final StoredCredentials credentials;
    private final Pauses pauses;
    private final TwilioConfig config;
    private final Clock clock;

    @Inject
    public TwilioMessaging(TwilioConfig config, Vertx vertx, Pool db, Vault vault) {
        this(config, vertx, db, vault, Clock.systemUTC());
    }

    TwilioMessaging(TwilioConfig config, Vertx vertx, Pool db, Vault vault, Clock clock) {
        this.config = config;
        this.clock = clock;
        this.credentials = new StoredCredentials(db, vault);
        this.pauses = new Pauses(clock);
        this.http = new VendorHttp(
                vertx.getDelegate(),
                NAME,
                "parley.twilio.base-url",
                config.baseUrl(),
                config.connectTimeout(),
                config.keepAlive(),
                config.poolSize());
    }

    @Override
    public String name() {
        return NAME;
    }

    /** WhatsApp's own rule, whoever carries the message (Twilio, "WhatsApp 24-hour customer service window"). */
    @Override
    public Optional<Duration> replyWindow(String channel) {
        return channel.equals("whatsapp") ? Optional.of(WHATSAPP_WINDOW) : Optional.empty();
    }

    @Override
    public Uni<Sent> send(Tenant tenant, OutboundMessage message) {
        return VendorCall.ending(
                "send",
                true,
                config.callTimeout(),
                call -> account(tenant).flatMap(account -> {
                    Map<String, String> form = form(tenant, message);
                    return ask(tenant, account, message, HttpMethod.POST, account.messages(), form, call)
                            .map(answer -> sent(tenant, account, message, answer));
                }));
    }

    private Uni<TwilioAccount> account(Tenant tenant) {
        return Uni.createFrom()
                .deferred(() -> credentials.of(tenant.id(), NAME))
                .map(TwilioAccount::of);
    }

    private Map<String, String> form(Tenant tenant, OutboundMessage message) {
        Map<String, String> form = new LinkedHashMap<>();
        form.put("To", address(message));
        Optional<String> service = tenant.settings().text("twilio.messaging_service_sid");
        if (service.isPresent()) {
            form.put("MessagingServiceSid", service.get());
        } else {
            form.put(
                    "From",
                    from(tenant, message)
                            .orElseThrow(() -> refused("no sender is known: set"
                                    + " settings.twilio.messaging_service_sid or settings.twilio.from")));
        }
        form.put("Body", message.text());
        tenant.settings()
                .text("twilio.public_url")
                .or(config::publicUrl)
                .filter(url -> !url.isBlank())
                .ifPresent(url -> form.put(
                        "StatusCallback",
                        url.strip().replaceAll("/+$", "") + "/webhooks/twilio/" + encoded(tenant.slug())));
        return form;
    }

    private static String address(OutboundMessage message) {
        return switch (message.channel()) {
            case "sms" -> message.channelAddress();
            case "whatsapp" -> WHATSAPP + message.channelAddress();
            default -> throw refused("Twilio sends nothing on channel " + message.channel());
        };
    }

    /** A customer is best answered from the number that he knows. */
    private static Optional<String> from(Tenant tenant, OutboundMessage message) {
        boolean isWhatsApp = message.channel().equals("whatsapp");
        Optional<String> known = message.contactRefs().getValue(NAME) instanceof JsonObject refs
                        && refs.getValue("to") instanceof String to
                        && !to.isBlank()
                ? Optional.of(to)
                : Optional.empty();
        return tenant.settings()
                .text(isWhatsApp ? "twilio.whatsapp_from" : "twilio.from")
                .or(() -> known)
                .map(sender -> isWhatsApp && !sender.startsWith(WHATSAPP) ? WHATSAPP + sender : sender);
    }

    private Sent sent(Tenant tenant, TwilioAccount account, OutboundMessage message, Answer answer) {
        if (!answer.isSuccess()) {
            throw failure(tenant, answer, true, quotes(account, message));
        }
        JsonObject json = answer.json();
        if (json == null) {
            throw new AdapterException(Kind.AMBIGUOUS, "Twilio answered " + answer.status() + " without a JSON object");
        }
        return sent(json);
    }

    private static Sent sent(JsonObject message) {
        return new Sent(
                message.getValue("sid") instanceof String sid && !sid.isBlank() ? sid : null,
                message.getValue("status") instanceof String status && !status.isBlank() ? status : "sent");
    }

    private Uni<Answer> ask(
            Tenant tenant,
            TwilioAccount account,
            OutboundMessage about,
            HttpMethod method,
            String path,
            Map<String, String> form,
            VendorCall call) {
        pauses.check(tenant.id());
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Authorization", account.authorization());
        headers.put("Accept", "application/json");
        Map.Entry<String, String> trace = VendorCall.trace(about);
        headers.put(trace.getKey(), trace.getValue());
        Buffer body = null;
        if (!form.isEmpty()) {
            headers.put("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
            body = Buffer.buffer(encoded(form));
        }
        Buffer sent = body;
        return call.requesting(() -> http.exchange(method, path, headers, sent, call.timeLeft()));
    }

    /** @param writes whether the request would have changed something */
    private AdapterException failure(Tenant tenant, Answer answer, boolean writes, List<String> quotes) {
        int status = answer.status();
        TwilioRefusal refusal = TwilioRefusal.of(answer, quotes);
        String reason = refusal.reason(status);
        Duration after = VendorHttp.retryAfter(answer.headers(), clock.instant());
        if (refusal.isTooFast(status)) {
            return new AdapterException(
                    Kind.THROTTLED, reason, pauses.begin(tenant.id(), after == null ? config.pause() : after), null);
        }
        if (status >= 500) {
            boolean saysItDidNothing = status == 503 && after != null;
            Kind kind = writes && !saysItDidNothing ? Kind.AMBIGUOUS : Kind.TRANSIENT;
            return new AdapterException(kind, reason, kind == Kind.TRANSIENT ? after : null, null);
        }
        if (status == 408 || status == 425 || status < 400) {
            return new AdapterException(Kind.TRANSIENT, reason);
        }
        if (refusal.isOutsideWindow()) {
            return new AdapterException(Kind.BLOCKED, reason);
        }
        return new AdapterException(
                refusal.isAboutOurCredentials(status) && !refusal.isOptOut() ? Kind.UNAUTHORIZED : Kind.REFUSED,
                reason);
    }

    private static List<String> quotes(TwilioAccount account, OutboundMessage message) {
        List<String> quotes = new ArrayList<>(account.secrets());
        quotes.add(message.text());
        quotes.add(message.channelAddress());
        return quotes;
    }

    private static AdapterException refused(String reason) {
        return new AdapterException(Kind.REFUSED, reason);
    }

    @Override
    public Uni<Optional<Sent>> lookUp(Tenant tenant, OutboundMessage message, Instant attemptedAt) {
        return VendorCall.ending(
                "look-up",
                false,
                config.callTimeout(),
                call -> account(tenant).flatMap(account -> {
                    // Not by DateSent: a message that waits in Twilio's queue has none yet.
                    String first = account.messages() + "?To=" + encoded(address(message)) + "&PageSize=" + PAGE;
                    return new LookUp(tenant, account, message, attemptedAt.minus(config.lookUpSkew()), call)
                            .page(first, 1);
                }));
    }

    /** One question: is this message in the account's list? Reads newest first until it is older than the attempt. */
    private final class LookUp {
        private final Tenant tenant;
        private final TwilioAccount account;
        private final OutboundMessage message;
        private final Instant notBefore;
        private final String words;
        private final VendorCall call;

        LookUp(Tenant tenant, TwilioAccount account, OutboundMessage message, Instant notBefore, VendorCall call) {
            this.tenant = tenant;
            this.account = account;
            this.message = message;
            // The list has whole seconds.
            this.notBefore = notBefore.truncatedTo(java.time.temporal.ChronoUnit.SECONDS);
            this.words = words(message.text());
            this.call = call;
        }

        Uni<Optional<Sent>> page(String path, int number) {
            return ask(tenant, account, message, HttpMethod.GET, path, Map.of(), call)
                    .flatMap(answer -> {
                        if (!answer.isSuccess()) {
                            throw failure(tenant, answer, false, quotes(account, message));
                        }
                        JsonObject json = answer.json();
                        if (json == null || !(json.getValue("messages") instanceof JsonArray listed)) {
                            throw new AdapterException(Kind.TRANSIENT, "look-up: Twilio answered 2xx without a list");
                        }
                        boolean reachesBack = false;
                        for (Object each : listed) {
                            if (each instanceof JsonObject one && isOutbound(one)) {
                                Instant at = time(one);
                                if (at != null && at.isBefore(notBefore)) {
                                    reachesBack = true;
                                } else if (hasOurWords(one)) {
                                    if (at == null) {
                                        throw undecided("Twilio lists a message with these words without its time");
                                    }
                                    // The first is the newest; an older one with the same words may be another message.
                                    return Uni.createFrom().item(Optional.of(sent(one)));
                                }
                            }
                        }
                        String next = json.getValue("next_page_uri") instanceof String uri ? uri : null;
                        if (reachesBack || next == null) {
                            return Uni.createFrom().item(Optional.empty());
                        }
                        if (number >= config.lookUpPages()) {
                            throw undecided("more than " + number * PAGE + " messages since the attempt");
                        }
                        if (!next.startsWith(account.messages() + "?")) {
                            throw undecided("the next page is not one of this list");
                        }
                        return page(next, number + 1);
                    });
        }

        private static boolean isOutbound(JsonObject one) {
            return one.getValue("direction") instanceof String direction && direction.startsWith("outbound");
        }

        private boolean hasOurWords(JsonObject one) {
            String body = one.getValue("body") instanceof String text ? words(text) : "";
            return body.equals(words) || body.equals(words(TRIAL + message.text()));
        }

        private static String words(String text) {
            return text.replaceAll("\\s+", " ").strip();
        }

        private static AdapterException undecided(String reason) {
            return new AdapterException(Kind.AMBIGUOUS, "look-up undecided: " + reason);
        }

        private static @Nullable Instant time(JsonObject one) {
            try {
                return one.getValue("date_created") instanceof String text
                        ? ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                                .toInstant()
                        : null;
            } catch (DateTimeException e) {
                return null;
            }
        }
    }

    private static String encoded(Map<String, String> form) {
        return form.entrySet().stream()
                .map(field -> encoded(field.getKey()) + "=" + encoded(field.getValue()))
                .collect(Collectors.joining("&"));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    @Override
    @PreDestroy
    public void close() {
        http.close();
    }
}
