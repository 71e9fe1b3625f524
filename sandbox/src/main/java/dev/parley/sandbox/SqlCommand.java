package dev.parley.sandbox;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Enough of psql for a machine that has none: {@code -c SQL}, or SQL on standard input. */
final class SqlCommand {
    private SqlCommand() {}

    static int run(List<String> words) {
        Arguments arguments = Arguments.parse(words, Set.of("-c", "--command", "--as", "--data"), Set.of());
        String sql =
                arguments.option("-c").or(() -> arguments.option("--command")).orElseGet(SqlCommand::fromInput);
        try (Connection db = Reach.of(Parley.data(arguments))
                .connect(arguments.option("--as").orElse("operator"))) {
            return execute(db, sql, System.out, System.err);
        } catch (SQLException e) {
            throw new SandboxException("the session ended: " + e.getMessage(), e);
        }
    }

    static int execute(Connection db, String sql, PrintStream out, PrintStream err) throws SQLException {
        try (Statement statement = db.createStatement()) {
            boolean rows = statement.execute(sql);
            while (true) {
                if (rows) {
                    print(statement.getResultSet(), out);
                } else if (statement.getUpdateCount() >= 0) {
                    out.println(statement.getUpdateCount() + " rows changed");
                } else {
                    return 0;
                }
                rows = statement.getMoreResults();
            }
        } catch (SQLException e) {
            err.println(e.getMessage());
            return 1;
        }
    }

    private static void print(ResultSet rows, PrintStream out) throws SQLException {
        ResultSetMetaData shape = rows.getMetaData();
        int columns = shape.getColumnCount();
        List<List<String>> table = new ArrayList<>();
        List<String> head = new ArrayList<>();
        for (int column = 1; column <= columns; column++) {
            head.add(shape.getColumnLabel(column));
        }
        table.add(head);
        while (rows.next()) {
            List<String> line = new ArrayList<>();
            for (int column = 1; column <= columns; column++) {
                String value = rows.getString(column);
                line.add(value == null ? "" : value.replace("\n", "\\n"));
            }
            table.add(line);
        }
        out.print(Table.of(table));
        out.println("(" + (table.size() - 1) + (table.size() == 2 ? " row)" : " rows)"));
    }

    private static String fromInput() {
        if (System.console() != null) {
            throw new SandboxException("psql is not installed (Debian: apt install postgresql-client). Without it:"
                    + " ./parley psql -c 'SELECT …', or SQL on standard input");
        }
        StringBuilder sql = new StringBuilder();
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try {
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                sql.append(line).append('\n');
            }
        } catch (IOException e) {
            throw new SandboxException("cannot read standard input: " + e, e);
        }
        return sql.toString();
    }
}
