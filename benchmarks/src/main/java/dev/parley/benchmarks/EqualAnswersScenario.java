package dev.parley.benchmarks;

import dev.parley.ingest.fuzz.Fuzz;
import dev.parley.ingest.fuzz.FuzzCase;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;

/**
 * Whether a stranger can tell by the clock why it was refused: each kind of refusal over one connection, in an order that
 * is drawn anew in every turn, and every two kinds compared. Once more without the delay that hides the work, so that it is
 * seen that a difference would be found.
 */
final class EqualAnswersScenario implements Scenario {
    /** Of each kind, for each round asked for. */
    private static final int TURNS = 100;

    private static final int WARM_UP = 50;

    /**
     * Standard errors by which the share of wins may be off one half. There are some two hundred pairs: by chance alone the
     * farthest of them is beyond this once in a hundred runs.
     */
    private static final double SAME = 4;

    private static final Map<String, String> DOOR = Map.of(
            "PARLEY_INGEST_LIMITS_ADDRESS_RATE", "0",
            "PARLEY_INGEST_DISABLED_PROVIDERS", "ghl-workflow");

    private static final String NOBODYS_ED25519 =
            Base64.getEncoder().encodeToString(Arrays.copyOf(new byte[] {1, 2, 3}, 64));

    @Override
    public Report run(Lab lab, int rounds) throws IOException, SQLException, InterruptedException {
        Report report = new Report("equal answers: why somebody is refused, told by the clock");
        Map<String, String> bare = new LinkedHashMap<>(DOOR);
        bare.put("PARLEY_INGEST_REFUSAL_DELAY", "0S");
        double told = farthest(times(lab, "equal", DOOR, rounds * TURNS, report), report, "");
        double toldWithout = farthest(
                times(lab, "unequal", bare, rounds * TURNS, new Report("not shown")), report, "without the delay: ");
        report.atMost("farthest pair of kinds, in standard errors", SAME, told);
        report.atLeast("the same without the delay, to see that it would be seen", SAME, toldWithout);
        return report;
    }

    private static Map<String, long[]> times(
            Lab lab, String name, Map<String, String> environment, int turns, Report report) throws SQLException {
        try (Lab own = lab.another(name, environment)) {
            String asymmetric = "asymmetric";
            UUID tenant = own.addTenant(asymmetric, new JsonObject());
            own.addSecrets(tenant, "standard-webhooks", List.of("whpk_" + publicKey()));
            List<FuzzCase> kinds = kinds(Lab.slug(0), asymmetric);
            List<Integer> order = order(kinds.size(), turns);
            long[][] times = new long[kinds.size()][turns];
            int[] seen = new int[kinds.size()];
            long[] wrong = new long[1];
            new Fuzz(own.stack().ingest().address(), 1)
                    .run(order.size(), number -> kinds.get(order.get((int) number)), (kind, answer) -> {
                        int which = (int) kind.number();
                        wrong[0] += answer.status() == 401 && answer.body().equals("{\"status\":\"refused\"}") ? 0 : 1;
                        int turn = seen[which]++ - WARM_UP;
                        if (turn >= 0) {
                            times[which][turn] = answer.took().toNanos();
                        }
                    });
            report.check("answers that were anything but the one refusal", 0, wrong[0]);
            Map<String, long[]> byKind = new LinkedHashMap<>();
            for (FuzzCase kind : kinds) {
                byKind.put(kind.what(), times[(int) kind.number()]);
                report.series(kind.what(), "µs").add(median(times[(int) kind.number()]) / 1e3);
            }
            return byKind;
        }
    }

    private static List<FuzzCase> kinds(String tenant, String asymmetric) {
        String standard = "/webhooks/standard-webhooks/";
        String none = "";
        String wrong = "webhook-id: m\r\nwebhook-timestamp: 1763720130\r\nwebhook-signature: v1,"
                + Base64.getEncoder().encodeToString(new byte[32]) + " v1a," + NOBODYS_ED25519 + "\r\n";
        String wrongGhl = "X-GHL-Signature: " + NOBODYS_ED25519 + "\r\n";
        String wrongMeta = "X-Hub-Signature-256: sha256=" + "0".repeat(64) + "\r\n";
        List<FuzzCase> kinds = new ArrayList<>();
        add(kinds, "tenant, no signature", standard + tenant, none);
        add(kinds, "tenant, wrong signature", standard + tenant, wrong);
        add(kinds, "tenant with Ed25519, no signature", standard + asymmetric, none);
        add(kinds, "tenant with Ed25519, wrong signature", standard + asymmetric, wrong);
        add(kinds, "unknown tenant, no signature", standard + "nobody", none);
        add(kinds, "unknown tenant, wrong signature", standard + "nobody", wrong);
        add(kinds, "no tenant in the path", "/webhooks/standard-webhooks", wrong);
        add(kinds, "provider the tenant has not set up", "/webhooks/chatwoot/" + tenant, wrong);
        add(kinds, "provider that is switched off", "/webhooks/ghl-workflow/" + tenant, wrong);
        add(kinds, "unknown provider", "/webhooks/unknown/" + tenant, wrong);
        add(kinds, "unknown path", "/webhooks/a/b/c", wrong);
        add(kinds, "GoHighLevel for all, no signature", "/webhooks/ghl", none);
        add(kinds, "GoHighLevel for all, wrong signature", "/webhooks/ghl", wrongGhl);
        add(kinds, "GoHighLevel of a tenant, no signature", "/webhooks/ghl/" + tenant, none);
        add(kinds, "GoHighLevel of a tenant, wrong signature", "/webhooks/ghl/" + tenant, wrongGhl);
        add(kinds, "GoHighLevel of an unknown tenant", "/webhooks/ghl/nobody", wrongGhl);
        add(kinds, "Meta, no signature", "/webhooks/whatsapp", none);
        add(kinds, "Meta, wrong signature", "/webhooks/whatsapp", wrongMeta);
        return kinds;
    }

    private static void add(List<FuzzCase> kinds, String what, String path, String headers) {
        byte[] body = "{\"type\":\"message.received\"}".getBytes(StandardCharsets.US_ASCII);
        byte[] wire = ("POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + headers
                        + "Content-Length: " + body.length + "\r\n\r\n" + new String(body, StandardCharsets.US_ASCII))
                .getBytes(StandardCharsets.US_ASCII);
        kinds.add(new FuzzCase(kinds.size(), "none", false, what, body, wire));
    }

    /** Every kind once in each turn, in an order drawn anew: each follows each other one as often. */
    private static List<Integer> order(int kinds, int turns) {
        Random random = new Random(20261128);
        List<Integer> all = new ArrayList<>();
        for (int turn = 0; turn < turns + WARM_UP; turn++) {
            List<Integer> order = new ArrayList<>();
            for (int kind = 0; kind < kinds; kind++) {
                order.add(kind);
            }
            Collections.shuffle(order, random);
            all.addAll(order);
        }
        return all;
    }

    private static String publicKey() {
        try {
            byte[] spki = KeyPairGenerator.getInstance("Ed25519")
                    .generateKeyPair()
                    .getPublic()
                    .getEncoded();
            return Base64.getEncoder().encodeToString(Arrays.copyOfRange(spki, spki.length - 32, spki.length));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Java has Ed25519 since 15", e);
        }
    }

    /** By how many standard errors the two kinds differ that differ most (the rank test of Mann and Whitney). */
    private static double farthest(Map<String, long[]> byKind, Report report, String note) {
        List<String> names = List.copyOf(byKind.keySet());
        double farthest = 0;
        String pair = "";
        for (int one = 0; one < names.size(); one++) {
            for (int other = 0; other < one; other++) {
                double errors = standardErrors(
                        java.util.Objects.requireNonNull(byKind.get(names.get(one))),
                        java.util.Objects.requireNonNull(byKind.get(names.get(other))));
                if (errors > farthest) {
                    farthest = errors;
                    pair = names.get(one) + " / " + names.get(other);
                }
            }
        }
        report.note(note + "farthest are " + pair);
        return farthest;
    }

    static double standardErrors(long[] one, long[] other) {
        double wins = 0;
        for (long mine : one) {
            for (long theirs : other) {
                wins += mine < theirs ? 1 : mine == theirs ? 0.5 : 0;
            }
        }
        double pairs = (double) one.length * other.length;
        double error = Math.sqrt((one.length + other.length + 1) / (12 * pairs));
        return Math.abs(wins / pairs - 0.5) / error;
    }

    private static double median(long[] times) {
        long[] sorted = times.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
