package dev.parley.ledger;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** What a process holds of this machine's memory, as the kernel counts it (RSS); zero where there is no /proc. */
record Memory(long pid, long kilobytes) {
    static Memory of(long pid) {
        try {
            return new Memory(
                    pid,
                    Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
                            .filter(line -> line.startsWith("VmRSS:"))
                            .findFirst()
                            .map(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                            .orElse(0L));
        } catch (IOException e) {
            return new Memory(pid, 0);
        }
    }

    /** In percent since then; NaN where nothing is known. */
    double growth() {
        return kilobytes == 0 ? Double.NaN : 100.0 * (of(pid).kilobytes - kilobytes) / kilobytes;
    }

    String change() {
        return String.format(Locale.ROOT, "%,d kB before, %,d kB after", kilobytes, of(pid).kilobytes);
    }
}
