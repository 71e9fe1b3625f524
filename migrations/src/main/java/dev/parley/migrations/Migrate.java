package dev.parley.migrations;

import dev.parley.migrations.MigrationException.Reason;
import java.io.PrintStream;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.CoreErrorCode;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.output.MigrateOutput;
import org.flywaydb.core.api.output.MigrateResult;
import org.flywaydb.core.api.output.ValidateOutput;
import org.flywaydb.core.internal.exception.FlywayMigrateException;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * Brings a database to the schema of this program and exits.
 *
 * <p>Safe to start several times at once: one migrates, the others wait and find nothing left to do. Needs a session of
 * its own, so give it the database, not a pooler in transaction mode.
 */
public final class Migrate {
    /** The oldest server all of Parley is tested on. */
    private static final int OLDEST_SERVER = 15;

    /** Held while migrating. Flyway's own lock begins only after it has looked for its schema. */
    private static final String ONE_AT_A_TIME = "SELECT pg_advisory_lock(hashtextextended('parley.migrations', 0))";

    /**
     * The schema of the history. Flyway would make it too, but retries for ten seconds where it may not. Looked for
     * first, because IF NOT EXISTS asks for the right to create even when there is nothing to create.
     */
    private static final String HOME = """
            DO $$ BEGIN
                IF to_regnamespace('parley') IS NULL THEN
                    CREATE SCHEMA parley;
                END IF;
            END $$
            """;

    /**
     * Flyway talks through java.util.logging here, and what it says is said again in one line. A field, because loggers
     * nobody holds forget their level.
     */
    private static final Logger FLYWAY = Logger.getLogger("org.flywaydb");

    private Migrate() {}

    /** {@code PARLEY_DB_URL}, {@code PARLEY_DB_USER}, {@code PARLEY_DB_PASSWORD}; exit codes as in {@link Reason}. */
    public static void main(String[] args) {
        FLYWAY.setLevel(Level.OFF);
        System.exit(run(System.getenv(), System.out, System.err));
    }

    static int run(Map<String, String> environment, PrintStream out, PrintStream err) {
        try {
            String url = environment.get("PARLEY_DB_URL");
            if (url == null || url.isBlank()) {
                throw new MigrationException(
                        Reason.CONFIGURATION, "PARLEY_DB_URL is not set, e.g. postgresql://127.0.0.1:5432/parley");
            }
            DatabaseAddress address = DatabaseAddress.parse(url);
            String user = environment.getOrDefault("PARLEY_DB_USER", address.user());
            if (user == null || user.isBlank()) {
                throw new MigrationException(Reason.CONFIGURATION, "PARLEY_DB_USER is not set");
            }
            Migrated done =
                    run(address.jdbcUrl(), user, environment.getOrDefault("PARLEY_DB_PASSWORD", address.password()));
            out.println("parley-migrate: " + done);
            return 0;
        } catch (MigrationException e) {
            err.println("parley-migrate: " + e.getMessage());
            return e.reason().exitCode();
        }
    }

    /**
     * Migrates the kernel's line. Blocks until done.
     *
     * @param password null where the server asks for none
     * @throws MigrationException if the database is not at this program's version afterwards. Each script is a
     *     transaction: the one that failed left nothing behind, those before it stay, the next run goes on from there
     */
    public static Migrated run(String jdbcUrl, String user, @Nullable String password) {
        return run(SchemaLine.KERNEL, jdbcUrl, user, password);
    }

    /** As {@link #run(String, String, String)}, for any line. */
    public static Migrated run(SchemaLine line, String jdbcUrl, String user, @Nullable String password) {
        String where = DatabaseAddress.shown(jdbcUrl);
        long start = System.nanoTime();
        // Closing the connection frees the lock, whatever happened before.
        try (Connection lock = connect(jdbcUrl, user, password);
                Statement statement = lock.createStatement()) {
            refuseOld(lock.getMetaData().getDatabaseMajorVersion(), where);
            statement.execute(ONE_AT_A_TIME);
            statement.execute(HOME);
            return migrate(line, flyway(line, jdbcUrl, user, password), where, start);
        } catch (SQLException | FlywayException e) {
            throw explained(e, where, user);
        }
    }

    private static Migrated migrate(SchemaLine line, Flyway flyway, String where, long start) {
        int from = version(flyway.info().current());
        refuseNewer(flyway, where);
        refuseChanged(flyway, where);
        MigrateResult result = flyway.migrate();
        List<String> scripts = result.migrations.stream().map(Migrate::script).toList();
        int to = version(flyway.info().current());
        return new Migrated(line, from, to, scripts, Duration.ofNanos(System.nanoTime() - start));
    }

    private static String script(MigrateOutput output) {
        return "V" + output.version + "__" + output.description.replace(' ', '_');
    }

    static void refuseOld(int server, String where) {
        if (server < OLDEST_SERVER) {
            throw new MigrationException(
                    Reason.OLD_SERVER,
                    "%s runs PostgreSQL %d; Parley needs %d or newer".formatted(where, server, OLDEST_SERVER));
        }
    }

    private static void refuseNewer(Flyway flyway, String where) {
        List<String> unknown = Arrays.stream(flyway.info().applied())
                .filter(info -> info.getState().name().startsWith("FUTURE"))
                .map(info -> String.valueOf(info.getVersion()))
                .toList();
        if (!unknown.isEmpty()) {
            throw new MigrationException(
                    Reason.NEWER_SCHEMA,
                    "%s is at schema version %s, which this program does not know: it was migrated by a newer Parley. "
                                    .formatted(where, unknown.get(unknown.size() - 1))
                            + "Run that version's migrations, or none.");
        }
    }

    private static void refuseChanged(Flyway flyway, String where) {
        List<String> changed = flyway.validateWithResult().invalidMigrations.stream()
                .filter(invalid ->
                        !invalid.errorDetails.errorCode.equals(CoreErrorCode.RESOLVED_VERSIONED_MIGRATION_NOT_APPLIED))
                .map(Migrate::complaint)
                .toList();
        if (!changed.isEmpty()) {
            throw new MigrationException(
                    Reason.CHANGED_SCRIPT,
                    "%s was migrated by other scripts than these: %s. Scripts that ran are never edited; add a new one."
                            .formatted(where, String.join(", ", changed)));
        }
    }

    private static String complaint(ValidateOutput invalid) {
        String what = invalid.errorDetails.errorCode.equals(CoreErrorCode.CHECKSUM_MISMATCH)
                ? "its text changed"
                : String.valueOf(invalid.errorDetails.errorCode)
                        .toLowerCase(Locale.ROOT)
                        .replace('_', ' ');
        return "V%s (%s)".formatted(invalid.version, what);
    }

    private static Flyway flyway(SchemaLine line, String jdbcUrl, String user, @Nullable String password) {
        return Flyway.configure(Migrate.class.getClassLoader())
                .dataSource(jdbcUrl, user, password)
                .schemas("parley")
                .defaultSchema("parley")
                .createSchemas(false)
                .table(line.history())
                .locations("classpath:" + line.location())
                .failOnMissingLocations(true)
                .validateMigrationNaming(true)
                // A second line finds its schema in use already; without this Flyway would take that for an accident.
                .baselineOnMigrate(true)
                .baselineVersion("0")
                .cleanDisabled(true)
                .load();
    }

    private static Connection connect(String jdbcUrl, String user, @Nullable String password) throws SQLException {
        Properties login = new Properties();
        login.setProperty("user", user);
        if (password != null) {
            login.setProperty("password", password);
        }
        login.setProperty("ApplicationName", "parley-migrate");
        login.setProperty("connectTimeout", "10");
        // Not through DriverManager: it finds drivers only for the class loader that asked first, and tests of the
        // services have several.
        Connection connection = new Driver().connect(jdbcUrl, login);
        if (connection == null) {
            throw new MigrationException(Reason.CONFIGURATION, "the URL must begin with jdbc:postgresql://");
        }
        return connection;
    }

    private static int version(@Nullable MigrationInfo current) {
        return current == null || current.getVersion() == null
                ? 0
                : current.getVersion().getMajor().intValueExact();
    }

    private static MigrationException explained(Exception failure, String where, String user) {
        SQLException sql = null;
        for (Throwable cause = failure; cause != null && sql == null; cause = cause.getCause()) {
            sql = cause instanceof SQLException found ? found : null;
        }
        if (sql == null) {
            return new MigrationException(Reason.UNEXPECTED, where + ": " + oneLine(failure.getMessage()), failure);
        }
        String state = sql.getSQLState() == null ? "" : sql.getSQLState();
        String said = said(sql);
        // 28: the server says no; 08004: the driver has no password to give.
        if (state.startsWith("28") || state.equals("08004")) {
            return new MigrationException(
                    Reason.NOT_LET_IN, "%s does not let user %s in: %s".formatted(where, user, said), sql);
        }
        // 57P03: starting up or shutting down; 53300: no connection left.
        if (state.startsWith("08") || state.equals("57P03") || state.equals("53300")) {
            return new MigrationException(Reason.UNREACHABLE, "cannot reach " + where + ": " + said, sql);
        }
        if (state.equals("3D000")) {
            return new MigrationException(
                    Reason.NO_DATABASE, where + ": " + said + "; create it first (CREATE DATABASE)", sql);
        }
        if (state.equals("42501")) {
            return new MigrationException(
                    Reason.NOT_ALLOWED, "user %s may not migrate %s: %s".formatted(user, where, said), sql);
        }
        String code = state.isEmpty() ? "" : " (SQLSTATE " + state + ")";
        if (failure instanceof FlywayMigrateException migration) {
            return new MigrationException(
                    Reason.FAILED_SCRIPT,
                    "%s: %s failed and was rolled back: %s%s"
                            .formatted(where, migration.getMigration().getScript(), said, code),
                    failure);
        }
        return new MigrationException(Reason.UNEXPECTED, where + ": " + said + code, failure);
    }

    /** Message and hint of the server, without the position and context that pgjdbc appends. */
    private static String said(SQLException sql) {
        ServerErrorMessage server = sql instanceof PSQLException psql ? psql.getServerErrorMessage() : null;
        if (server == null) {
            return oneLine(sql.getMessage());
        }
        String hint = server.getHint() == null ? "" : ". " + server.getHint();
        return oneLine(server.getMessage() + hint);
    }

    private static String oneLine(@Nullable String text) {
        return text == null ? "no reason given" : text.strip().replaceAll("\\s+", " ");
    }
}
