package dev.parley.ingest;

import dev.parley.ingest.Answer.Later;
import dev.parley.ingest.Answer.Refusal;
import dev.parley.ingest.Answer.Refused;
import dev.parley.ingest.Answer.Taken;
import dev.parley.spi.Delivery;
import dev.parley.spi.Reply;
import dev.parley.spi.WebhookProvider;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bytes in, status out. {@code POST /webhooks/{provider}} and {@code POST /webhooks/{provider}/{tenant_slug}}, and there
 * the GET by which a vendor checks a new URL, or by which it sends where it may; nothing else is served on this port. Routes of Vert.x, not resources: here
 * the body is counted while it arrives, has a deadline as a whole, and is never looked at.
 */
@Singleton
class WebhookRoute {
    private static final Logger LOG = LoggerFactory.getLogger(WebhookRoute.class);
    private static final int AFTER_ALL_OTHERS = 100_000;
    private static final String JSON = "application/json";

    private final Vertx vertx;
    private final Intake intake;
    private final ProviderRegistry providers;
    private final RefusedRequests refusals;
    private final IngestMeters meters;
    private final long maxBody;
    private final Map<String, Long> maxBodyOf = new HashMap<>();
    private final long maxHeld;
    private final long bodyTimeoutMillis;
    private final AddressBudget addresses;
    private final CircuitGuard guard;
    private final RefusalDelay refusalDelay;
    private final AtomicLong held = new AtomicLong();
    private final Clock clock = Clock.systemUTC();

    @Inject
    WebhookRoute(
            Vertx vertx,
            Intake intake,
            ProviderRegistry providers,
            RefusedRequests refusals,
            IngestMeters meters,
            IngestConfig config,
            AddressBudget addresses,
            CircuitGuard guard,
            RefusalDelay refusalDelay) {
        this.vertx = vertx;
        this.intake = intake;
        this.providers = providers;
        this.refusals = refusals;
        this.meters = meters;
        this.maxBody = config.maxBody().asLongValue();
        config.maxBodyOf().forEach((provider, most) -> maxBodyOf.put(provider, most.asLongValue()));
        this.maxHeld = config.maxHeld().asLongValue();
        this.bodyTimeoutMillis = config.bodyTimeout().toMillis();
        this.addresses = addresses;
        this.guard = guard;
        this.refusalDelay = refusalDelay;
        meters.watchHeld(held::get);
    }

    void serve(@Observes Router router) {
        router.route().order(AFTER_ALL_OTHERS).handler(call -> new Call(call.request()).begin());
    }

    /** One request. Everything in it happens on the request's event loop. */
    private final class Call {
        private final HttpServerRequest request;
        private final HttpServerResponse response;
        private final Context context = vertx.getOrCreateContext();
        private final WebhookPath target;
        private final Optional<WebhookProvider> vendor;
        /** Switched off or not: what its requests may look like is the same. */
        private final Optional<WebhookProvider> likeness;

        private final String provider;
        private final boolean takesQueries;
        private final AddressBudget.Client client;
        private final long mostBytes;
        private final Instant receivedAt = clock.instant();
        private final long arrived = System.nanoTime();
        private final RequestBody body = new RequestBody();
        private long timer = -1;
        private boolean complete;
        private boolean over;

        Call(HttpServerRequest request) {
            this.request = request;
            this.response = request.response();
            this.target = WebhookPath.of(request.path());
            String named = target.provider();
            this.vendor = named == null ? Optional.empty() : providers.find(named);
            this.likeness = named == null ? Optional.empty() : providers.likeness(named);
            this.provider = vendor.map(WebhookProvider::name).orElse(IngestMeters.NO_PROVIDER);
            this.takesQueries = likeness.map(WebhookProvider::takesQueries).orElse(false);
            this.client = addresses.client(request);
            this.mostBytes = likeness.map(known -> maxBodyOf.get(known.name())).orElse(maxBody);
        }

        void begin() {
            meters.received(provider);
            Duration wait = addresses.charge(client);
            if (!wait.isZero()) {
                retryAfter(wait);
                refuse(429, Refusal.FLOOD);
                return;
            }
            if (request.method().equals(HttpMethod.GET) && shookHands()) {
                return;
            }
            if (!isWantedMethod()) {
                refuseMethod();
            } else if (hasEncoding()) {
                response.putHeader(HttpHeaders.ACCEPT_ENCODING, "identity");
                refuse(415, Refusal.ENCODING);
            } else if (isUnwantedType()) {
                refuse(415, Refusal.MEDIA_TYPE);
            } else if (announcedLength() > mostBytes) {
                refuse(413, Refusal.TOO_LARGE);
            } else {
                readBody();
            }
        }

        private boolean isWantedMethod() {
            return request.method().equals(HttpMethod.POST) || isQuery();
        }

        private boolean isQuery() {
            return request.method().equals(HttpMethod.GET) && takesQueries;
        }

        private void refuseMethod() {
            response.putHeader(HttpHeaders.ALLOW, takesQueries ? "POST, GET" : "POST");
            refuse(405, Refusal.METHOD);
        }

        /** A vendor that checks a new URL gets its answer; a wrong question is a wrong method like any other. */
        private boolean shookHands() {
            Optional<String> answer = vendor.flatMap(known -> known.handshake(parameters()));
            answer.ifPresent(text -> {
                addresses.giveBack(client);
                meters.shookHands(provider, System.nanoTime() - arrived);
                response.putHeader("X-Content-Type-Options", "nosniff");
                respond(200, "text/plain", Buffer.buffer(text));
            });
            return answer.isPresent();
        }

        private Map<String, List<String>> parameters() {
            try {
                return lists(request.params());
            } catch (IllegalArgumentException e) {
                // Not even decodable.
                return Map.of();
            }
        }

        private boolean hasEncoding() {
            for (String encoding : request.headers().getAll(HttpHeaders.CONTENT_ENCODING)) {
                if (!encoding.isBlank()) {
                    return true;
                }
            }
            return false;
        }

        /** What no provider sends, or this one does not: parsers of forms are the ones with the surprises. */
        private boolean isUnwantedType() {
            String header = request.getHeader(HttpHeaders.CONTENT_TYPE);
            String type = header == null ? "" : header.strip().toLowerCase(Locale.ROOT);
            return type.startsWith("multipart/")
                    || (type.startsWith("application/x-www-form-urlencoded")
                            && !likeness.map(WebhookProvider::takesForms).orElse(false));
        }

        private long announcedLength() {
            String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
            try {
                return length == null ? 0 : Long.parseLong(length.strip());
            } catch (NumberFormatException e) {
                return Long.MAX_VALUE;
            }
        }

        private void readBody() {
            timer = vertx.setTimer(bodyTimeoutMillis, id -> {
                timer = -1;
                refuse(408, Refusal.TOO_SLOW);
            });
            request.handler(this::chunk);
            request.endHandler(end -> complete());
            request.exceptionHandler(failure -> aborted());
            String expects = request.getHeader(HttpHeaders.EXPECT);
            if (expects != null && expects.equalsIgnoreCase("100-continue")) {
                response.writeContinue();
            }
            request.resume();
        }

        private void chunk(Buffer chunk) {
            if (over) {
                return;
            }
            if (body.length() + chunk.length() > mostBytes) {
                refuse(413, Refusal.TOO_LARGE);
                return;
            }
            body.add(chunk);
            // Every byte that strangers make us hold counts, verified or not.
            if (held.addAndGet(chunk.length()) > maxHeld) {
                answer(intake.overloaded(target.provider()));
            }
        }

        private void aborted() {
            if (complete || over) {
                return;
            }
            end();
            meters.refused(provider, Refusal.ABORTED, System.nanoTime() - arrived);
            remember(Refusal.ABORTED, 0);
        }

        private void complete() {
            complete = true;
            if (over) {
                return;
            }
            stopTimer();
            if (isQuery() && body.length() > 0) {
                // Nobody can have signed it.
                refuseMethod();
                return;
            }
            Delivery.Headers headers = request.headers()::getAll;
            Delivery delivery = isQuery()
                    ? Delivery.ofQuery(request.uri(), headers, receivedAt, arrived)
                    : new Delivery(body.bytes(), request.uri(), headers, receivedAt, arrived);
            Uni<Answer> answer =
                    Uni.createFrom().deferred(() -> intake.take(target.provider(), target.slug(), delivery));
            answer.subscribe().with(this::answerHere, failure -> {
                LOG.error("a delivery was not answered", failure);
                answerHere(intake.overloaded(target.provider()));
            });
        }

        private void answerHere(Answer answer) {
            if (!(answer instanceof Refused)) {
                addresses.giveBack(client);
            }
            here(() -> answer(answer));
        }

        private void here(Runnable task) {
            if (Vertx.currentContext() == context) {
                task.run();
            } else {
                context.runOnContext(ignored -> task.run());
            }
        }

        private void answer(Answer answer) {
            if (over) {
                return;
            }
            long nanos = System.nanoTime() - arrived;
            if (answer instanceof Taken taken) {
                meters.taken(provider, taken.summary().status(), nanos);
                guard.answered(provider, taken.app(), true);
                taken(taken);
            } else if (answer instanceof Refused refused) {
                refusalDelay.untilDue(arrived, () -> here(() -> refuse(401, refused.why())));
            } else if (answer instanceof Later later) {
                meters.unavailable(provider, later.why(), nanos);
                guard.answered(provider, later.app(), false);
                retryAfter(later.after());
                respond(later.status(), AnswerBody.LATER);
            }
        }

        private void retryAfter(Duration wait) {
            response.putHeader(
                    HttpHeaders.RETRY_AFTER,
                    String.valueOf(Math.max(1, wait.plusMillis(999).toSeconds())));
        }

        private void taken(Taken taken) {
            Reply wanted = taken.reply();
            if (wanted == null) {
                respond(200, JSON, AnswerBody.of(taken));
                return;
            }
            // In headers, for whoever looks for it in the vendor's own log of the call.
            response.putHeader("Parley-Trace-Id", taken.summary().traceId().toString())
                    .putHeader("Parley-Status", taken.summary().status().word())
                    .putHeader("X-Content-Type-Options", "nosniff");
            respond(200, wanted.contentType(), Buffer.buffer(wanted.body()));
        }

        private void refuse(int status, Refusal why) {
            if (over) {
                return;
            }
            meters.refused(provider, why, System.nanoTime() - arrived);
            remember(why, status);
            respond(status, AnswerBody.REFUSED);
        }

        private void remember(Refusal why, int status) {
            refusals.add(new RefusedRequests.Entry(receivedAt, provider, why, status, body.length(), client.address()));
        }

        private void respond(int status, Buffer text) {
            respond(status, JSON, text);
        }

        private void respond(int status, String contentType, Buffer text) {
            end();
            if (response.closed() || response.ended()) {
                return;
            }
            response.setStatusCode(status)
                    .putHeader(HttpHeaders.CONTENT_TYPE, contentType)
                    .putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
            if (complete || request.isEnded()) {
                response.end(text);
            } else {
                response.putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
                Parting.after(response.end(text), request, vertx);
            }
        }

        private void end() {
            over = true;
            held.addAndGet(-body.length());
            stopTimer();
        }

        private void stopTimer() {
            if (timer >= 0) {
                vertx.cancelTimer(timer);
                timer = -1;
            }
        }
    }

    private static Map<String, List<String>> lists(MultiMap parameters) {
        Map<String, List<String>> all = new HashMap<>();
        for (Map.Entry<String, String> parameter : parameters) {
            all.computeIfAbsent(parameter.getKey(), name -> new ArrayList<>(1)).add(parameter.getValue());
        }
        return all;
    }
}
