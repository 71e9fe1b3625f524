package dev.parley.benchmarks;

import dev.parley.benchmarks.load.HttpLoad;
import dev.parley.benchmarks.load.SignedMessages;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * What nineteen tenants feel when somebody floods the door: the twentieth sends three times its budget, all of it genuine;
 * or a stranger at one address sends fifteen times what it may have refused. Budgets are as delivered.
 */
final class FloodScenario implements Scenario {
    private static final int BODY = 1024;
    private static final int CONTACTS = 1_000;
    private static final double OTHERS_PER_SECOND = 300;
    private static final double FLOOD_PER_SECOND = 3_000;
    private static final int FLOODED = 0;
    private static final String STRANGER = "127.0.0.2";
    /** Until what was saved up for a burst is gone. */
    private static final Duration LEAD = Duration.ofSeconds(4);

    private static final Duration MEASURED = Duration.ofSeconds(6);
    private static final Map<String, String> AS_DELIVERED =
            Map.of("PARLEY_INGEST_LIMITS_TENANT_RATE", "1000", "PARLEY_INGEST_LIMITS_TENANT_BURST", "2000");

    private int runs;

    /** One side of the comparison. */
    private enum Side {
        QUIET("quiet"),
        TENANT("flood of one tenant"),
        STRANGER("flood of a stranger");

        private final String words;

        Side(String words) {
            this.words = words;
        }
    }

    @Override
    public Report run(Lab lab, int rounds) throws IOException, SQLException, InterruptedException {
        Report report = new Report("flood: nineteen tenants' webhooks, 300/s, beside 3,000/s of one flooder");
        try (Lab own = lab.another("flood", AS_DELIVERED)) {
            // Compiled code, on every kind of load it will see.
            for (Side side : Side.values()) {
                measure(own, new Report("warm-up"), side);
            }
            for (int round = 0; round < rounds; round++) {
                for (String side : Alternating.order(round, "QUIET", "TENANT", "STRANGER")) {
                    measure(own, report, Side.valueOf(side));
                }
            }
        }
        for (Side side : List.of(Side.TENANT, Side.STRANGER)) {
            report.atMost(
                    "others' p99, " + side.words + " : quiet",
                    2,
                    p99(report, side).ratioTo(p99(report, Side.QUIET)));
        }
        return report;
    }

    private static Series p99(Report report, Side side) {
        return report.series("others, " + side.words + ", p99", "ms");
    }

    private void measure(Lab lab, Report report, Side side) throws IOException, SQLException {
        lab.reset();
        Others others = new Others(lab, Integer.toString(++runs));
        SignedMessages flood = messages(lab, FLOODED, "flood" + runs);
        CompletableFuture<HttpLoad.Result> flooding = switch (side) {
            case QUIET -> CompletableFuture.completedFuture(null);
            case TENANT -> CompletableFuture.supplyAsync(() -> flood(lab, "127.0.0.1", flood));
            case STRANGER -> CompletableFuture.supplyAsync(() -> flood(lab, STRANGER, unsigned()));
        };
        HttpLoad.Result result = HttpLoad.open(lab.door(), 32, OTHERS_PER_SECOND, LEAD, MEASURED, others);
        HttpLoad.Result flooded = flooding.join();
        report.series("others, " + side.words + ", p50", "ms")
                .add(result.latencyMicros().getValueAtPercentile(50) / 1e3);
        p99(report, side).add(result.latencyMicros().getValueAtPercentile(99) / 1e3);
        check(lab, report, side, result, flooded);
    }

    private static void check(
            Lab lab,
            Report report,
            Side side,
            HttpLoad.Result others,
            HttpLoad.@org.jspecify.annotations.Nullable Result flooded)
            throws SQLException {
        String ofFlooded = "tenant_id = '" + lab.tenants().get(FLOODED) + "'";
        report.check("others told anything but accepted", 0, others.others("200 accepted"));
        report.check("others without an answer", 0, others.sent() - others.others());
        report.check(
                "events of the others",
                others.sent(),
                lab.number("SELECT count(*) FROM bot.inbound_events WHERE NOT " + ofFlooded));
        if (flooded == null) {
            return;
        }
        boolean isGenuine = side == Side.TENANT;
        report.check(
                "events of the flood",
                isGenuine ? flooded.answered("200 accepted") : 0,
                lab.number("SELECT count(*) FROM bot.inbound_events WHERE " + ofFlooded));
        report.check(
                "the flood told anything else",
                0,
                isGenuine
                        ? flooded.others("200 accepted", "429 unavailable")
                        : flooded.others("401 refused", "429 refused"));
        long turnedAway = flooded.answered(isGenuine ? "429 unavailable" : "429 refused");
        report.check("more of the flood turned away than not", 1, turnedAway > flooded.sent() / 2 ? 1 : 0);
        report.series(side.words + ", answered", "requests/s").add(flooded.perSecond());
        report.series(side.words + ", turned away", "%").add(100.0 * turnedAway / flooded.sent());
    }

    private static HttpLoad.Result flood(Lab lab, String from, HttpLoad.Requests requests) {
        try {
            return HttpLoad.open(lab.door(), from, 64, FLOOD_PER_SECOND, LEAD, MEASURED, requests);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static SignedMessages messages(Lab lab, int tenant, String run) {
        return new SignedMessages(
                "/webhooks/standard-webhooks/" + Lab.slug(tenant), run, lab.webhookSecret(), BODY, CONTACTS, 1, false);
    }

    private static HttpLoad.Requests unsigned() {
        byte[] request = ("POST /webhooks/standard-webhooks/" + Lab.slug(FLOODED)
                        + " HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: " + BODY
                        + "\r\n\r\n" + "x".repeat(BODY))
                .getBytes(StandardCharsets.US_ASCII);
        return (connection, into) -> into.put(request);
    }

    /** All other tenants in turn. */
    private static final class Others implements HttpLoad.Requests {
        private final List<SignedMessages> tenants = new ArrayList<>();
        private int next;

        Others(Lab lab, String run) {
            for (int tenant = 0; tenant < Lab.TENANTS; tenant++) {
                if (tenant != FLOODED) {
                    tenants.add(messages(lab, tenant, run + "t" + tenant));
                }
            }
        }

        @Override
        public void next(int connection, ByteBuffer into) {
            tenants.get(next++ % tenants.size()).next(0, into);
        }
    }
}
