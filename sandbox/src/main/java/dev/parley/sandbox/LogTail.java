package dev.parley.sandbox;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The end of a log, made readable: JSON lines are shown as time, level and message. */
final class LogTail {
    private static final int READ_AT_MOST = 64 * 1024;

    private LogTail() {}

    static String of(Path log, int lines) {
        try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
            long from = Math.max(0, file.length() - READ_AT_MOST);
            byte[] bytes = new byte[(int) (file.length() - from)];
            file.seek(from);
            file.readFully(bytes);
            List<String> all = Arrays.asList(new String(bytes, StandardCharsets.UTF_8).split("\n"));
            return all.subList(Math.max(0, all.size() - lines), all.size()).stream()
                    .map(line -> "    " + readable(line))
                    .collect(Collectors.joining("\n"));
        } catch (IOException e) {
            return "    (" + log + " cannot be read: " + e.getMessage() + ")";
        }
    }

    static String readable(String line) {
        if (!line.startsWith("{")) {
            return line;
        }
        try {
            JsonObject json = new JsonObject(line);
            StringBuilder text = new StringBuilder();
            for (String key : List.of("timestamp", "level", "loggerName", "message")) {
                if (json.getValue(key) != null) {
                    text.append(text.isEmpty() ? "" : " ").append(json.getValue(key));
                }
            }
            if (json.getValue("exception") instanceof JsonObject exception) {
                text.append(" · ").append(exception.getValue("exceptionType"));
                text.append(": ").append(exception.getValue("message"));
            }
            return text.isEmpty() ? line : text.toString();
        } catch (RuntimeException e) {
            return line;
        }
    }
}
