package dev.parley.ingest.fuzz;

import dev.parley.ingest.Samples;
import java.util.List;
import java.util.Map;

/** The webhook action of a GoHighLevel workflow. */
public final class GhlWorkflowSubject implements FuzzSubject {
    private static final String SECRET = "fuzz-workflow-secret";

    @Override
    public String provider() {
        return "ghl-workflow";
    }

    @Override
    public List<String> secrets() {
        return List.of(SECRET);
    }

    @Override
    public List<byte[]> samples(String tag, long number) {
        return List.of(Samples.json("ghl-workflow-webhook-unsigned-live.json")
                .put("fuzz", tag + "-" + number)
                .toBuffer()
                .getBytes());
    }

    @Override
    public Map<String, String> sign(String path, byte[] body, long number) {
        return Map.of("Content-Type", "application/json", "X-Parley-Secret", SECRET);
    }

    @Override
    public boolean signsTheBody() {
        return false;
    }
}
