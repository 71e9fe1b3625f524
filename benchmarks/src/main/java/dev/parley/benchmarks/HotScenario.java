package dev.parley.benchmarks;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;

/** One contact writes 10,000 of 60,000 messages; order within the contact is kept, and nobody else pays for it. */
final class HotScenario implements Scenario {
    private static final int JOBS = 60_000;
    private static final int CONTACTS = 5_000;

    @Override
    public Report run(Lab lab, int rounds) throws IOException, SQLException, InterruptedException {
        Report report = new Report("hot: one contact with 10,000 messages among 60,000");
        for (int round = 0; round < rounds; round++) {
            for (String side : Alternating.order(round, "even", "hot")) {
                report.series(name(side), "messages/s").add(run(lab, report, side.equals("hot")));
            }
        }
        report.atLeast(
                "with a hot contact : without",
                0.9,
                report.series(name("hot"), "messages/s").ratioTo(report.series(name("even"), "messages/s")));
        return report;
    }

    private static String name(String side) {
        return side.equals("hot") ? "one contact wrote a sixth of all" : "every contact wrote as much";
    }

    private static double run(Lab lab, Report report, boolean hot)
            throws IOException, SQLException, InterruptedException {
        lab.reset();
        try (Workers running = Workers.start(lab, 1, "message")) {
            running.warm(lab, JOBS / 2, CONTACTS);
            String even = "g.i % " + CONTACTS;
            // Contact 0 is always of the first tenant, so that it is one contact and not one per tenant.
            String contact = hot ? "CASE WHEN g.i % 6 = 0 THEN 0 ELSE g.i % " + CONTACTS + " END" : even;
            String tenant = hot
                    ? "CASE WHEN g.i % 6 = 0 THEN 1 ELSE 1 + g.i % " + Lab.TENANTS + " END"
                    : "1 + g.i % " + Lab.TENANTS;
            Work.load(lab, new Work.Load(contact, tenant, Work.TYPE, 1, JOBS));
            Work.await(lab, Duration.ofMinutes(2));
            running.checkAlive();
        }
        Work.checkDone(lab, report, JOBS);
        return Work.doneRate(lab);
    }
}
