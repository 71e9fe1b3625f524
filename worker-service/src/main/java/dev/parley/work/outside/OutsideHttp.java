package dev.parley.work.outside;

import dev.parley.work.outside.UrlGuard.Admitted;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The one way in which Parley calls URLs that somebody else wrote: {@code HEAD}, behind the {@link UrlGuard}, with nothing
 * of ours in it: no credentials, no cookies, no body. A redirect is a new URL and goes through the guard again. Bodies are
 * never read, connections never used twice, and every look ends in time.
 */
public final class OutsideHttp implements AutoCloseable {
    private static final int MOST_REDIRECTS = 3;
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final int LONGEST_TYPE = 100;

    private final HttpClient http;
    private final UrlGuard guard;
    private final Duration timeout;

    /** @param timeout for one {@link #look}, all of it */
    public OutsideHttp(Vertx vertx, UrlGuard guard, Duration timeout) {
        this(vertx, guard, timeout, new HttpClientOptions());
    }

    /** @param base what a test trusts */
    OutsideHttp(Vertx vertx, UrlGuard guard, Duration timeout, HttpClientOptions base) {
        this.guard = guard;
        this.timeout = timeout;
        this.http = vertx.createHttpClient(new HttpClientOptions(base)
                .setName("outside")
                .setProtocolVersion(HttpVersion.HTTP_1_1)
                .setKeepAlive(false)
                .setConnectTimeout((int) timeout.toMillis())
                .setMaxHeaderSize(16 * 1024)
                .setMaxPoolSize(8)
                .setMaxWaitQueueSize(64));
    }

    /** The platform's resolver, beside the event loop: every address of a name. */
    public static UrlGuard.Resolver resolver(Vertx vertx) {
        return host -> stage(vertx.executeBlocking(() -> List.of(InetAddress.getAllByName(host)), false));
    }

    /**
     * What the server says of a URL.
     *
     * @param mimeType null = not said
     * @param bytes null = not said
     */
    public record Looked(
            int status, @Nullable String mimeType, @Nullable Long bytes) {}

    /**
     * Looks what is there.
     *
     * @param hosts see {@link UrlGuard#admit}; also for where it redirects to
     * @return fails with {@link UrlRefusedException} for good, with {@link IOException} (no name, no connection, no answer in
     *     time) for now
     */
    public Uni<Looked> look(String url, Collection<String> hosts) {
        return look(url, hosts, 0)
                .ifNoItem()
                .after(timeout)
                .failWith(() -> new IOException("no answer within " + timeout.toMillis() + " ms"))
                .onFailure(failure -> !(failure instanceof UrlRefusedException))
                .transform(OutsideHttp::withoutQuotes);
    }

    private Uni<Looked> look(String url, Collection<String> hosts, int redirects) {
        return guard.admit(url, hosts).chain(this::head).chain(answer -> {
            String next = answer.location();
            if (next == null) {
                return Uni.createFrom().item(answer.looked());
            }
            if (redirects == MOST_REDIRECTS) {
                return Uni.createFrom().failure(new UrlRefusedException("it redirects too often"));
            }
            return Uni.createFrom()
                    .deferred(() -> look(resolved(url, next), hosts, redirects + 1))
                    .onFailure(UrlRefusedException.class)
                    .transform(failure -> redirects == 0
                            ? new UrlRefusedException("it redirects, and there: " + failure.getMessage())
                            : failure);
        });
    }

    /** A location we cannot even put together is one that the guard refuses. */
    private static String resolved(String url, String location) {
        try {
            return URI.create(url.strip()).resolve(location.strip()).toString();
        } catch (IllegalArgumentException e) {
            return location;
        }
    }

    private record Head(Looked looked, @Nullable String location) {}

    private Uni<Head> head(Admitted admitted) {
        RequestOptions options = new RequestOptions()
                .setMethod(HttpMethod.HEAD)
                // The connection goes to the address that was checked; the name is for TLS and the Host header alone.
                .setServer(SocketAddress.inetSocketAddress(
                        admitted.port(), admitted.address().getHostAddress()))
                .setHost(admitted.host())
                .setPort(admitted.port())
                .setSsl(admitted.isTls())
                .setURI(admitted.target())
                .setFollowRedirects(false)
                .putHeader("Accept", "*/*")
                .putHeader("User-Agent", "Parley");
        return Uni.createFrom().emitter(emitter -> {
            Future<HttpClientRequest> opened = http.request(options);
            emitter.onTermination(() -> opened.onSuccess(HttpClientRequest::reset));
            opened.compose(HttpClientRequest::send).onComplete(answered -> {
                if (answered.failed()) {
                    emitter.fail(answered.cause());
                    return;
                }
                emitter.complete(head(answered.result()));
                // Whatever a server sends behind its headers is not waited for.
                var unused = answered.result().request().connection().close();
            });
        });
    }

    private static Head head(HttpClientResponse response) {
        String type = response.getHeader("Content-Type");
        String location = REDIRECTS.contains(response.statusCode()) ? response.getHeader("Location") : null;
        return new Head(new Looked(response.statusCode(), mimeType(type), bytes(response)), location);
    }

    private static @Nullable String mimeType(@Nullable String header) {
        String type = header == null ? "" : header.split(";", 2)[0].strip().toLowerCase(java.util.Locale.ROOT);
        return type.length() <= LONGEST_TYPE && type.matches("[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+") ? type : null;
    }

    private static @Nullable Long bytes(HttpClientResponse response) {
        String length = response.getHeader("Content-Length");
        return length != null && length.matches("[0-9]{1,18}") ? Long.valueOf(length) : null;
    }

    /** Exceptions of clients and resolvers name hosts and addresses; what goes into a transcript does not need to. */
    private static IOException withoutQuotes(Throwable failure) {
        if (failure instanceof UnknownHostException) {
            return new UnknownHostException("nobody knows its host");
        }
        return failure instanceof IOException io && io.getClass() == IOException.class
                ? io
                : new IOException("no answer (" + failure.getClass().getSimpleName() + ")");
    }

    private static <T> Uni<T> stage(Future<T> future) {
        return Uni.createFrom().completionStage(future::toCompletionStage);
    }

    @Override
    public void close() {
        var unused = http.close();
    }
}
