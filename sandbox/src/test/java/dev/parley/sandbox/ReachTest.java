package dev.parley.sandbox;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a person reads when a command finds no database. */
class ReachTest {
    @TempDir
    Path directory;

    @Test
    void where_no_sandbox_ever_ran_it_says_how_to_start_one() {
        assertThatThrownBy(() -> Reach.of(Map.of(), directory))
                .isInstanceOf(SandboxException.class)
                .hasMessageContaining("no sandbox has run on")
                .hasMessageContaining("./parley up")
                .hasMessageContaining("PARLEY_DB_URL");
    }

    @Test
    void a_named_database_that_is_not_reachable_is_named_without_what_the_url_keeps_secret() throws Exception {
        int nobody;
        try (ServerSocket socket = new ServerSocket(0)) {
            nobody = socket.getLocalPort();
        }
        Reach reach = Reach.of(
                Map.of(
                        "PARLEY_DB_URL", "postgresql://127.0.0.1:" + nobody + "/parley?password=hush",
                        "PARLEY_DB_USER", "operator",
                        "PARLEY_DB_PASSWORD", "hush"),
                directory);

        assertThatThrownBy(() -> reach.connect("operator"))
                .isInstanceOf(SandboxException.class)
                .hasMessageContaining("the database at 127.0.0.1:" + nobody + "/parley is not reachable")
                .hasMessageNotContaining("hush");
    }
}
