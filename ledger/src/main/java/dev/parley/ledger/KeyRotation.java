package dev.parley.ledger;

import dev.parley.sandbox.SandboxException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Credentials are sealed anew, under a newer key each time, while workers open them and refresh the tokens in them. */
final class KeyRotation {
    private static final SecureRandom RANDOM = new SecureRandom();

    private final String first = key();
    private final String second = key();

    private KeyRotation() {}

    static Scenario scenario() {
        KeyRotation rotation = new KeyRotation();
        return Scenario.of("key-rotation", "credentials sealed anew while in use", rotation::rotate)
                .on(rotation::lay);
    }

    /** The stack seals with the first key; the services know both, as after the first step of a rotation. */
    private void lay(Ground ground) {
        ground.secret("TENANT_ENCRYPTION_KEY", first);
        ground.worker().put("TENANT_ENCRYPTION_KEY", second + "," + first);
        ground.ingest().put("TENANT_ENCRYPTION_KEY", second + "," + first);
    }

    private void rotate(Stage stage) {
        stage.pause(Duration.ofSeconds(4));
        // Tokens are refreshed, and so sealed, by workers at the same time.
        stage.provider().expireTokens();
        stage.say("credentials rotate");
        run(stage);
        stage.provider().expireTokens();
        stage.pause(Duration.ofSeconds(4));
        boolean all = stage.eyes()
                .is(
                        "SELECT count(*) FROM core.tenant_credentials c JOIN core.tenants t USING (tenant_id)"
                                + " WHERE key_version <> 2",
                        0);
        stage.measured().note("credentials under the newest key: " + (all ? "all" : "not all"));
        stage.provider().expireTokens();
    }

    private void run(Stage stage) {
        ProcessBuilder command = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "dev.parley.sandbox.Parley",
                        "credentials",
                        "rotate"))
                .redirectErrorStream(true)
                .redirectOutput(new File(stage.stack().logs().toFile(), "rotate.log"));
        command.environment()
                .putAll(Map.of(
                        "PARLEY_DB_URL",
                        stage.stack().database().url(),
                        "PARLEY_DB_USER",
                        "operator",
                        "PARLEY_DB_PASSWORD",
                        stage.stack().database().password("operator").reveal(),
                        "TENANT_ENCRYPTION_KEY",
                        second + "," + first));
        try {
            Process process = command.start();
            if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new SandboxException(
                        "credentials rotate failed; see " + stage.stack().logs() + "/rotate.log");
            }
        } catch (IOException e) {
            throw new SandboxException("credentials rotate did not start: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SandboxException("interrupted", e);
        }
    }

    private static String key() {
        byte[] bytes = new byte[32];
        RANDOM.nextBytes(bytes);
        return Base64.getUrlEncoder().encodeToString(bytes);
    }
}
