package dev.parley.dialog;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Rows turned into the arrays that {@code unnest} takes. */
final class Columns {
    private Columns() {}

    static <T> UUID[] uuids(List<T> rows, Function<T, @Nullable UUID> column) {
        return rows.stream().map(column).toArray(UUID[]::new);
    }

    /** U+0000, which Postgres cannot hold, becomes U+FFFD. */
    static <T> String[] texts(List<T> rows, Function<T, @Nullable String> column) {
        return rows.stream()
                .map(column)
                .map(text -> text == null || text.indexOf('\0') < 0 ? text : text.replace('\0', '\uFFFD'))
                .toArray(String[]::new);
    }

    static <T> OffsetDateTime[] times(List<T> rows, Function<T, @Nullable Instant> column) {
        return rows.stream()
                .map(column)
                .map(at -> at == null ? null : at.atOffset(ZoneOffset.UTC))
                .toArray(OffsetDateTime[]::new);
    }
}
