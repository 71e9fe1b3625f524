package dev.parley.work.outside;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.kit.VendorServer;
import dev.parley.kit.VendorServer.Behaviour;
import dev.parley.work.outside.OutsideHttp.Looked;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.JksOptions;
import io.vertx.core.net.NetServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real connections on the loopback address, which the guard of these tests has opened. */
class OutsideHttpIT {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Vertx VERTX = Vertx.vertx();

    private final VendorServer server = new VendorServer();
    private final List<String> resolved = new CopyOnWriteArrayList<>();
    private final Queue<String> answers = new ArrayDeque<>();
    private final List<OutsideHttp> opened = new ArrayList<>();

    @AfterEach
    void close() {
        opened.forEach(OutsideHttp::close);
        server.close();
    }

    @AfterAll
    static void end() {
        VERTX.close().toCompletionStage().toCompletableFuture().join();
    }

    /** Each name leads to the next of {@link #answers}, to this machine when there is none left. */
    private OutsideHttp http(Duration timeout, HttpClientOptions base) {
        UrlGuard guard = new UrlGuard(
                host -> {
                    resolved.add(host);
                    String next = answers.poll();
                    return Uni.createFrom().item(List.of(address(next == null ? "127.0.0.1" : next)));
                },
                Networks.of("test", List.of("127.0.0.1/32")));
        OutsideHttp http = new OutsideHttp(VERTX, guard, timeout, base);
        opened.add(http);
        return http;
    }

    private OutsideHttp http() {
        return http(Duration.ofSeconds(5), new HttpClientOptions());
    }

    private static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static Looked look(OutsideHttp http, String url) throws Throwable {
        try {
            return http.look(url, List.of())
                    .subscribeAsCompletionStage()
                    .get(PATIENCE.toSeconds(), java.util.concurrent.TimeUnit.SECONDS);
        } catch (java.util.concurrent.ExecutionException e) {
            throw e.getCause();
        }
    }

    private static Behaviour redirect(String location) {
        return Behaviour.answer(302, Map.of("Location", location), "");
    }

    @Test
    void it_learns_type_and_size_and_sends_nothing_of_ours() throws Throwable {
        server.on(
                "HEAD /voice.ogg",
                Behaviour.answer(200, Map.of("Content-Type", "audio/ogg; codecs=opus", "Content-Length", "4711"), ""));

        assertThat(look(http(), server.url() + "/voice.ogg?sig=1")).isEqualTo(new Looked(200, "audio/ogg", 4711L));

        assertThat(server.requests()).singleElement().satisfies(request -> {
            assertThat(request.query()).isEqualTo("sig=1");
            assertThat(request.headers()).containsOnlyKeys("host", "accept", "user-agent", "connection");
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://169.254.169.254/latest/meta-data/",
                "http://[::ffff:127.0.0.1]/",
                "http://2130706433/",
                "http://10.0.0.1/",
                "http://user:pw@127.0.0.1/",
                "file:///etc/passwd",
                "https://",
                "http://files.example.com/"
            })
    void a_redirect_to_where_nobody_may_go_is_refused(String target) {
        server.on("HEAD /a", redirect(target));
        answers.add("10.0.0.1");

        assertThatThrownBy(() -> look(http(), server.url() + "/a"))
                .isInstanceOf(UrlRefusedException.class)
                .hasMessageContaining("redirects");

        assertThat(server.requests()).hasSize(1);
    }

    @Test
    void a_harmless_redirect_is_followed_a_few_times_and_no_more() throws Throwable {
        server.on("HEAD /a", redirect("/b")).on("HEAD /b", redirect(server.url() + "/c"));
        server.on("HEAD /c", Behaviour.answer(404, Map.of(), ""));
        server.always("HEAD /loop", redirect("/loop"));

        assertThat(look(http(), server.url() + "/a").status()).isEqualTo(404);
        assertThatThrownBy(() -> look(http(), server.url() + "/loop"))
                .isInstanceOf(UrlRefusedException.class)
                .hasMessageContaining("too often");

        assertThat(server.requests("HEAD /loop")).hasSize(4);
    }

    @Test
    void a_name_is_resolved_once_and_what_it_says_a_moment_later_does_not_count() throws Throwable {
        String port = server.url().substring(server.url().lastIndexOf(':'));
        server.always("HEAD /x", Behaviour.answer(200, Map.of(), ""));
        answers.add("127.0.0.1");
        answers.add("169.254.169.254");

        assertThat(look(http(), "http://rebinding.example.com" + port + "/x").status())
                .isEqualTo(200);

        assertThat(resolved).containsExactly("rebinding.example.com");
        assertThat(server.requests().get(0).headers().get("host")).startsWith("rebinding.example.com");
        assertThatThrownBy(() -> look(http(), "http://rebinding.example.com" + port + "/x"))
                .isInstanceOf(UrlRefusedException.class);
    }

    @Test
    void a_server_that_says_nothing_is_left_in_time() {
        server.on("HEAD /slow", Behaviour.silence());

        assertThatThrownBy(
                        () -> look(http(Duration.ofMillis(300), new HttpClientOptions()), server.url() + "/slow?sig=s"))
                .isInstanceOf(IOException.class)
                .hasMessage("no answer within 300 ms");
    }

    @Test
    void a_server_that_cuts_or_is_not_there_is_an_io_error_that_names_nobody() {
        server.on("HEAD /cut", Behaviour.cut());

        assertThatThrownBy(() -> look(http(), server.url() + "/cut"))
                .isInstanceOf(IOException.class)
                .hasMessageNotContaining("127.0.0.1");
        server.stopListening();
        assertThatThrownBy(() -> look(http(), server.url() + "/cut"))
                .isInstanceOf(IOException.class)
                .hasMessageNotContaining("127.0.0.1");
    }

    @Test
    void headers_and_bodies_without_end_are_not_read() throws Throwable {
        AtomicReference<String> answer = new AtomicReference<>("");
        NetServer raw = VERTX.createNetServer()
                .connectHandler(socket -> socket.handler(request -> socket.write(answer.get())))
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .join();
        String url = "http://127.0.0.1:" + raw.actualPort() + "/";

        answer.set("HTTP/1.1 200 OK\r\nX: " + "a".repeat(64 * 1024) + "\r\n\r\n");
        assertThatThrownBy(() -> look(http(), url)).isInstanceOf(IOException.class);
        answer.set("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + "a".repeat(64 * 1024));
        assertThat(look(http(), url)).isEqualTo(new Looked(200, null, 99_999_999_999L));
        raw.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void by_https_the_certificate_must_be_the_names_although_the_connection_goes_to_an_address(@TempDir Path directory)
            throws Throwable {
        JksOptions keys = certificateOf("files.example.com", directory);
        HttpServer tls = VERTX.createHttpServer(
                        new HttpServerOptions().setSsl(true).setKeyCertOptions(keys))
                .requestHandler(request -> request.response().end())
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .join();
        HttpClientOptions trusting = new HttpClientOptions().setTrustOptions(keys);

        assertThat(look(http(Duration.ofSeconds(5), trusting), "https://files.example.com:" + tls.actualPort() + "/x")
                        .status())
                .isEqualTo(200);
        assertThatThrownBy(() -> look(
                        http(Duration.ofSeconds(5), trusting), "https://other.example.com:" + tls.actualPort() + "/x"))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> look(http(), "https://files.example.com:" + tls.actualPort() + "/x"))
                .as("a certificate that nobody has signed")
                .isInstanceOf(IOException.class);
        tls.close().toCompletionStage().toCompletableFuture().join();
    }

    private static JksOptions certificateOf(String name, Path directory) throws Exception {
        Path store = directory.resolve("keys.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "test",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=" + name,
                        "-ext",
                        "SAN=dns:" + name,
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        "changeit",
                        "-keystore",
                        store.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(keytool.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(keytool.waitFor()).as(said).isZero();
        return new JksOptions().setPath(store.toString()).setPassword("changeit");
    }
}
