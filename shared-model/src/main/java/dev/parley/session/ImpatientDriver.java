package dev.parley.session;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.timeout.IdleStateEvent;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.impl.VertxInternal;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SSLOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.net.impl.NetSocketInternal;
import io.vertx.pgclient.impl.PgConnectionFactory;
import io.vertx.pgclient.spi.PgDriver;
import io.vertx.sqlclient.SqlConnectOptions;
import io.vertx.sqlclient.spi.ConnectionFactory;
import java.util.function.Supplier;

/**
 * The Postgres client's driver, except that a connection on which nothing was heard for the read-idle timeout is closed,
 * whatever the other end does. The client's own answer to such silence is to say goodbye and to wait for the server to hang
 * up: through a network that swallows everything no goodbye gets there, so the statement never fails, the connection keeps
 * its place in the pool, and a few of them are the whole pool. That holds from the first byte of the session on.
 */
final class ImpatientDriver extends PgDriver {
    @Override
    public ConnectionFactory createConnectionFactory(Vertx vertx, SqlConnectOptions database) {
        return new Connections((VertxInternal) vertx, () -> Future.succeededFuture(database));
    }

    @Override
    public ConnectionFactory createConnectionFactory(
            Vertx vertx, Supplier<? extends Future<? extends SqlConnectOptions>> database) {
        return new Connections((VertxInternal) vertx, database);
    }

    private static final class Connections extends PgConnectionFactory {
        Connections(VertxInternal vertx, Supplier<? extends Future<? extends SqlConnectOptions>> database) {
            super(vertx, database);
        }

        @Override
        protected NetClient netClient(NetClientOptions options) {
            return new Sockets(super.netClient(options));
        }
    }

    /** Sockets that are closed at the first sign of idleness. */
    private record Sockets(NetClient client) implements NetClient {
        private static NetSocket watched(NetSocket socket) {
            ChannelPipeline pipeline =
                    ((NetSocketInternal) socket).channelHandlerContext().pipeline();
            if (pipeline.get("idle") != null) {
                pipeline.addAfter("idle", "silence", new Silence());
            }
            return socket;
        }

        @Override
        public Future<NetSocket> connect(SocketAddress remoteAddress, String serverName) {
            return client.connect(remoteAddress, serverName).map(Sockets::watched);
        }

        @Override
        public Future<NetSocket> connect(SocketAddress remoteAddress) {
            return client.connect(remoteAddress).map(Sockets::watched);
        }

        @Override
        public Future<NetSocket> connect(int port, String host) {
            return client.connect(port, host).map(Sockets::watched);
        }

        @Override
        public Future<NetSocket> connect(int port, String host, String serverName) {
            return client.connect(port, host, serverName).map(Sockets::watched);
        }

        @Override
        public NetClient connect(int port, String host, Handler<AsyncResult<NetSocket>> handler) {
            connect(port, host).onComplete(handler);
            return this;
        }

        @Override
        public NetClient connect(int port, String host, String serverName, Handler<AsyncResult<NetSocket>> handler) {
            connect(port, host, serverName).onComplete(handler);
            return this;
        }

        @Override
        public NetClient connect(SocketAddress remoteAddress, Handler<AsyncResult<NetSocket>> handler) {
            connect(remoteAddress).onComplete(handler);
            return this;
        }

        @Override
        public NetClient connect(
                SocketAddress remoteAddress, String serverName, Handler<AsyncResult<NetSocket>> handler) {
            connect(remoteAddress, serverName).onComplete(handler);
            return this;
        }

        @Override
        public void close(Handler<AsyncResult<Void>> handler) {
            client.close().onComplete(handler);
        }

        @Override
        public Future<Void> close() {
            return client.close();
        }

        @Override
        public Future<Boolean> updateSSLOptions(SSLOptions options, boolean force) {
            return client.updateSSLOptions(options, force);
        }

        @Override
        public boolean isMetricsEnabled() {
            return client.isMetricsEnabled();
        }
    }

    /** Stands before the client's own handlers: a close that begins here does not go through their goodbye. */
    private static final class Silence extends ChannelInboundHandlerAdapter {
        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
            if (event instanceof IdleStateEvent) {
                context.close();
            } else {
                super.userEventTriggered(context, event);
            }
        }
    }
}
