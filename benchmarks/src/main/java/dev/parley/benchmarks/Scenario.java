package dev.parley.benchmarks;

import java.io.IOException;
import java.sql.SQLException;

/** One thing that is measured, beside what it is compared with. */
interface Scenario {
    /** @param rounds how often each side runs, in turn */
    Report run(Lab lab, int rounds) throws IOException, SQLException, InterruptedException;
}
