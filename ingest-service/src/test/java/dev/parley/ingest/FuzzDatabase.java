package dev.parley.ingest;

import dev.parley.ingest.fuzz.TwilioSubject;
import java.util.Map;

/** Without budgets: one address and one tenant send all there is. */
public class FuzzDatabase extends IngestDatabase {
    @Override
    public Map<String, String> start() {
        Map<String, String> config = super.start();
        config.put("parley.ingest.limits.address-rate", "0");
        config.put("parley.ingest.limits.tenant-rate", "0");
        config.put("parley.ingest.body-timeout", "10S");
        config.put("parley.ingest.public-url", TwilioSubject.PUBLIC_URL);
        return config;
    }
}
