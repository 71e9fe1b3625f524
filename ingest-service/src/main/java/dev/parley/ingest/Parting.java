package dev.parley.ingest;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;

/**
 * The end of a connection whose sender was answered before its body was complete: as soon as it has sent what it announced,
 * so that the connection is closed in peace and not torn while it reads our answer. What it goes on sending is thrown away.
 * Who sends for longer, or more, is not waited for.
 *
 * <p>Belongs to the request's event loop.
 */
final class Parting {
    /** How long a sender that is still sending may read our answer before the connection goes. */
    private static final long LINGER_MILLIS = 500;

    /** What is read of a body that nobody wants, before the sender is left to itself. */
    private static final long MOST_DISCARDED = 64 * 1024;

    private final HttpServerRequest request;
    private long discarded;

    private Parting(HttpServerRequest request) {
        this.request = request;
    }

    /** @param told completes when the answer is written; never waited for longer than the sender's end */
    static void after(Future<Void> told, HttpServerRequest request, Vertx vertx) {
        new Parting(request).begin(told, vertx);
    }

    private void begin(Future<Void> told, Vertx vertx) {
        long linger = vertx.setTimer(LINGER_MILLIS, id -> request.connection().close());
        request.handler(chunk -> {
            discarded += chunk.length();
            if (discarded > MOST_DISCARDED) {
                request.pause();
            }
        });
        request.endHandler(end -> told.onComplete(done -> {
            vertx.cancelTimer(linger);
            request.connection().close();
        }));
        request.exceptionHandler(gone -> vertx.cancelTimer(linger));
        request.resume();
    }
}
