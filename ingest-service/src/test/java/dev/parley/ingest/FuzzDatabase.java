package dev.parley.ingest;

import dev.parley.ingest.fuzz.FuzzRun;
import java.util.Map;

/** Without budgets: one address and one tenant send all there is. */
public class FuzzDatabase extends IngestDatabase {
    @Override
    public Map<String, String> start() {
        Map<String, String> config = super.start();
        config.putAll(FuzzRun.configuration());
        config.put("parley.ingest.body-timeout", "10S");
        return config;
    }
}
