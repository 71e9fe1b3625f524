package dev.parley.sandbox;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Rows of text in aligned columns, the first row set off as the head. */
public final class Table {
    private Table() {}

    /** @param rows at least one, all of the same length */
    public static String of(List<List<String>> rows) {
        int columns = rows.get(0).size();
        int[] widths = IntStream.range(0, columns)
                .map(column -> rows.stream()
                        .mapToInt(row -> width(row.get(column)))
                        .max()
                        .orElse(0))
                .toArray();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < rows.size(); i++) {
            List<String> row = rows.get(i);
            text.append(IntStream.range(0, columns)
                            .mapToObj(column -> row.get(column)
                                    + (column == columns - 1
                                            ? ""
                                            : " ".repeat(widths[column] - width(row.get(column)))))
                            .collect(Collectors.joining("  "))
                            .stripTrailing())
                    .append('\n');
            if (i == 0) {
                text.append(IntStream.range(0, columns)
                                .mapToObj(column -> "─".repeat(widths[column]))
                                .collect(Collectors.joining("  ")))
                        .append('\n');
            }
        }
        return text.toString();
    }

    private static int width(String text) {
        return text.codePointCount(0, text.length());
    }
}
