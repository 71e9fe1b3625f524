package dev.parley.ledger;

import dev.parley.sandbox.Database;
import dev.parley.sandbox.SandboxException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** Looks into a database that may be away at any moment: every question has a session of its own. */
final class Eyes {
    static final String SUPERUSER = "postgres";
    private static final String OPERATOR = "operator";

    private final Database database;

    Eyes(Database database) {
        this.database = database;
    }

    /** The one number that {@code sql} answers; empty while the database cannot be asked. */
    OptionalLong number(String sql) {
        try (Connection db = database.connect(OPERATOR);
                Statement statement = db.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            return row.next() ? OptionalLong.of(row.getLong(1)) : OptionalLong.empty();
        } catch (SandboxException | SQLException e) {
            return OptionalLong.empty();
        }
    }

    /** The numbers in the first column; none while the database cannot be asked. */
    List<Long> numbers(String sql) {
        List<Long> numbers = new ArrayList<>();
        try (Connection db = database.connect(OPERATOR);
                Statement statement = db.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            while (row.next()) {
                numbers.add(row.getLong(1));
            }
            return numbers;
        } catch (SandboxException | SQLException e) {
            return List.of();
        }
    }

    boolean is(String sql, long expected) {
        OptionalLong number = number(sql);
        return number.isPresent() && number.getAsLong() == expected;
    }

    /** As the superuser, who may do what no service may. */
    void run(String... statements) {
        try (Connection db = database.connect(SUPERUSER);
                Statement statement = db.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        } catch (SQLException e) {
            throw new SandboxException("the harness itself failed at the database: " + e.getMessage(), e);
        }
    }

    Rows rows() {
        try (Connection db = database.connect(OPERATOR)) {
            return Rows.read(db);
        } catch (SQLException e) {
            throw new SandboxException("cannot read the database's book: " + e.getMessage(), e);
        }
    }

    /** The caller closes it. */
    Connection session() {
        return database.connect(OPERATOR);
    }
}
