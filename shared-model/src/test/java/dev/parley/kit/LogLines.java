package dev.parley.kit;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/**
 * Everything this JVM logs at any level between {@link #start()} and {@link #close()}, with messages filled in and stack
 * traces: for tests of what must never be logged. Needs a logging backend that speaks java.util.logging, as the
 * services' does.
 */
public final class LogLines implements AutoCloseable {
    private static final List<String> LOUD = List.of("dev.parley", "io.vertx", "io.smallrye", "io.netty");

    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final SimpleFormatter formatter = new SimpleFormatter();
    private final List<Logger> loggers = LOUD.stream().map(Logger::getLogger).toList();
    private final List<Level> levels = loggers.stream().map(Logger::getLevel).toList();

    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord record) {
            StringWriter line = new StringWriter();
            line.append(record.getLoggerName()).append(' ').append(formatter.formatMessage(record));
            if (record.getThrown() != null) {
                record.getThrown().printStackTrace(new PrintWriter(line, true));
            }
            lines.add(line.toString());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    private LogLines() {}

    public static LogLines start() {
        LogLines lines = new LogLines();
        lines.handler.setLevel(Level.ALL);
        // Directly at the loggers: the root's own handlers keep their quieter level.
        lines.loggers.forEach(logger -> {
            logger.setLevel(Level.ALL);
            logger.addHandler(lines.handler);
        });
        return lines;
    }

    public List<String> lines() {
        return List.copyOf(lines);
    }

    @Override
    public void close() {
        for (int i = 0; i < loggers.size(); i++) {
            loggers.get(i).removeHandler(handler);
            loggers.get(i).setLevel(levels.get(i));
        }
    }
}
