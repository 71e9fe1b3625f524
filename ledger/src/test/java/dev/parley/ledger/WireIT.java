package dev.parley.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The weather between two sockets is what its name says, and a connection that lives loses and swaps nothing. */
class WireIT {
    private Vertx vertx;
    private ServerSocket far;
    private Wire wire;
    private Socket near;
    private Socket farEnd;

    @BeforeEach
    void connect() throws IOException {
        vertx = Vertx.vertx();
        far = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
        wire = Wire.to(far.getLocalPort(), "test", vertx);
        open();
    }

    private void open() throws IOException {
        near = new Socket(InetAddress.getLoopbackAddress(), wire.port());
        near.setSoTimeout(10_000);
        farEnd = far.accept();
        farEnd.setSoTimeout(10_000);
        // The far side is accepted a moment before the wire knows that it stands.
        await().until(() -> wire.connections() == 1);
    }

    @AfterEach
    void close() throws IOException {
        near.close();
        farEnd.close();
        wire.close();
        far.close();
        Waiting.on(vertx.close(), Duration.ofSeconds(10));
    }

    @Test
    void bytes_pass_unchanged_while_the_weather_changes() throws Exception {
        byte[] sent = new byte[600_000];
        new Random(1).nextBytes(sent);
        Thread writer = new Thread(() -> {
            try {
                for (int at = 0; at < sent.length; at += 60_000) {
                    wire.delay(Duration.ofMillis(at % 120_000 == 0 ? 80 : 0));
                    wire.throttle(at % 180_000 == 0 ? 2_000_000 : 0);
                    near.getOutputStream().write(sent, at, 60_000);
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        writer.start();

        assertThat(farEnd.getInputStream().readNBytes(sent.length)).isEqualTo(sent);
        writer.join();
    }

    @Test
    void a_cut_ends_both_sides_and_the_next_connection_is_good() throws Exception {
        wire.cut();

        assertThat(ended(near)).isTrue();
        assertThat(ended(farEnd)).isTrue();
        open();
        near.getOutputStream().write(1);
        assertThat(farEnd.getInputStream().read()).isEqualTo(1);
    }

    @Test
    void while_unplugged_no_connection_lasts() throws Exception {
        wire.unplug();
        try (Socket refused = new Socket(InetAddress.getLoopbackAddress(), wire.port())) {
            refused.setSoTimeout(10_000);
            assertThat(ended(refused)).isTrue();
        }

        wire.clear();
        open();
        near.getOutputStream().write(1);
        assertThat(farEnd.getInputStream().read()).isEqualTo(1);
    }

    @Test
    void what_was_sent_into_a_frozen_wire_arrives_when_it_thaws() throws Exception {
        wire.freeze();
        near.getOutputStream().write(7);
        farEnd.setSoTimeout(300);
        assertThatThrownBy(() -> farEnd.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);

        wire.clear();
        farEnd.setSoTimeout(10_000);
        assertThat(farEnd.getInputStream().read()).isEqualTo(7);
    }

    @Test
    void a_lost_far_side_is_noticed_there_and_not_here() throws Exception {
        wire.loseFarSides();

        assertThat(ended(farEnd)).isTrue();
        near.getOutputStream().write(7);
        near.setSoTimeout(300);
        assertThatThrownBy(() -> near.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        wire.clear();
        near.setSoTimeout(10_000);
        assertThat(ended(near)).isTrue();
    }

    private static boolean ended(Socket socket) {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }
}
