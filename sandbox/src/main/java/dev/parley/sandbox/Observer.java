package dev.parley.sandbox;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Questions to the database about what really happened, asked with an operator's rights. */
public final class Observer implements AutoCloseable {
    private final Connection db;

    private Observer(Connection db) {
        this.db = db;
    }

    /** A session of its own; the caller closes it. */
    public static Observer of(Database database) {
        return new Observer(database.connect("operator"));
    }

    /** The one number that {@code sql} answers. */
    public long count(String sql, Object... parameters) {
        return Long.parseLong(texts(sql, parameters).get(0));
    }

    /** The first column of every row, as text. */
    public List<String> texts(String sql, Object... parameters) {
        try (PreparedStatement statement = db.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                statement.setObject(i + 1, parameters[i]);
            }
            try (ResultSet row = statement.executeQuery()) {
                List<String> texts = new ArrayList<>();
                while (row.next()) {
                    texts.add(String.valueOf(row.getString(1)));
                }
                return texts;
            }
        } catch (SQLException e) {
            throw new SandboxException("cannot look into the database: " + e.getMessage(), e);
        }
    }

    /** Everything under one trace id is settled: handled, and what is to be sent has been sent. */
    public boolean isSettled(UUID traceId) {
        return count("SELECT count(*) FROM bot.job_queue WHERE trace_id = ?", traceId) > 0
                && count("SELECT count(*) FROM bot.job_queue WHERE trace_id = ? AND status <> 'done'", traceId) == 0;
    }

    /** Asks again and again until the answer is yes. False when {@code patience} runs out first. */
    public static boolean await(Duration patience, BooleanSupplier question) {
        Instant until = Instant.now().plus(patience);
        while (!question.getAsBoolean()) {
            if (Instant.now().isAfter(until)) {
                return false;
            }
            try {
                TimeUnit.MILLISECONDS.sleep(20);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        try {
            db.close();
        } catch (SQLException e) {
            throw new SandboxException("cannot end the session: " + e.getMessage(), e);
        }
    }
}
