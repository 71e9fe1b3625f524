package dev.parley.k8s;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ComposeIT {
    private static final Set<String> REQUIRED = Set.of(
            "TENANT_ENCRYPTION_KEY",
            "PARLEY_OWNER_DB_PASSWORD",
            "PARLEY_INGEST_DB_PASSWORD",
            "PARLEY_WORKER_DB_PASSWORD");

    @Test
    void the_file_is_strict_and_keeps_to_the_house() {
        assertThat(Compose.read().findings()).isEmpty();
    }

    @TestFactory
    Stream<DynamicTest> planted_mistakes_are_caught() {
        Map<String, Consumer<Compose>> mistakes = new LinkedHashMap<>();
        mistakes.put("unknown field", c -> c.service("worker").put("stop_grace_periods", "40s"));
        mistakes.put("wrong type", c -> c.service("worker").put("read_only", "yes"));
        mistakes.put("newest image, whatever it is", c -> c.service("postgres").put("image", "postgres:latest"));
        mistakes.put(
                "worker's port on the host", c -> c.service("worker").put("ports", java.util.List.of("8081:8081")));
        mistakes.put(
                "data beside the volume",
                c -> c.service("postgres").put("volumes", java.util.List.of("postgres-data:/var/lib/postgresql/data")));
        mistakes.put("no time to drain", c -> c.service("worker").put("stop_grace_period", "20s"));
        mistakes.put(
                "start without a key",
                c -> c.environment("ingest").put("TENANT_ENCRYPTION_KEY", "${TENANT_ENCRYPTION_KEY:-}"));
        mistakes.put("password in the file", c -> c.environment("worker").put("PARLEY_DB_PASSWORD", "worker"));
        mistakes.put("one login for two", c -> c.environment("worker").put("PARLEY_DB_USER", "ingest"));
        mistakes.put("no wait for the logins", c -> c.service("ingest").remove("depends_on"));
        mistakes.put(
                "health on the wrong port",
                c -> c.service("worker").put("healthcheck", c.service("ingest").get("healthcheck")));
        mistakes.put("writable image", c -> c.service("ingest").remove("read_only"));
        mistakes.put("an old release", c -> c.service("ingest").put("image", "parley/ingest:0.0.9"));
        return mistakes.entrySet().stream()
                .map(mistake -> DynamicTest.dynamicTest(mistake.getKey(), () -> {
                    Compose compose = Compose.read();

                    mistake.getValue().accept(compose);

                    assertThat(compose.findings()).isNotEmpty();
                }));
    }

    @Test
    void a_key_given_twice_is_refused() {
        assertThatThrownBy(() -> Yaml.document("services: {}\nservices: {}\n")).hasMessageContaining("duplicate key");
    }

    @Test
    void starts_with_nothing_but_the_required_variables() {
        assertThatCode(() -> Compose.read().interpolateAll(filledIn())).doesNotThrowAnyException();
    }

    @TestFactory
    Stream<DynamicTest> each_required_variable_is_asked_for_by_its_name() {
        return REQUIRED.stream()
                .map(name -> DynamicTest.dynamicTest(name, () -> {
                    Map<String, String> variables = filledIn();
                    variables.put(name, "");

                    assertThatThrownBy(() -> Compose.read().interpolateAll(variables))
                            .isInstanceOf(Compose.Missing.class)
                            .hasMessage("set " + name + " in .env");
                }));
    }

    private static Map<String, String> filledIn() {
        Map<String, String> variables = new LinkedHashMap<>();
        REQUIRED.forEach(name -> variables.put(name, "given"));
        return variables;
    }

    @Test
    void the_example_names_every_variable_and_gives_away_no_value_for_a_required_one() {
        Properties example = Checkout.properties(".env.example");

        assertThat(new TreeSet<>(example.stringPropertyNames()))
                .isEqualTo(new TreeSet<>(Compose.read().variables()));
        assertThat(REQUIRED)
                .allSatisfy(name -> assertThat(example.getProperty(name)).isEmpty());
        assertThat(example.getProperty("PARLEY_VERSION")).isEqualTo(Checkout.version());
    }

    @ParameterizedTest
    @EnumSource(Program.class)
    void the_health_check_follows_the_program(Program program) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "no bash here; the image has one");
        String check = Compose.read().healthcheck(program);

        assertThat(exitOf(check, program, 200)).isZero();
        assertThat(exitOf(check, program, 503)).isNotZero();
        assertThat(exitOfNobodyListening(check, program)).isNotZero();
    }

    private static int exitOf(String check, Program program, int status) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/q/health/ready", exchange -> {
            byte[] body = "{\"status\": \"whatever\"}".getBytes(US_ASCII);
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        try {
            return run(check, program, server.getAddress().getPort());
        } finally {
            server.stop(0);
        }
    }

    private static int exitOfNobodyListening(String check, Program program) throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        return run(check, program, port);
    }

    private static int run(String check, Program program, int port) throws Exception {
        Process process = new ProcessBuilder(
                        "/bin/bash", "-c", check.replace("127.0.0.1/" + program.managementPort, "127.0.0.1/" + port))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).as("the check ends").isTrue();
        return process.exitValue();
    }
}
