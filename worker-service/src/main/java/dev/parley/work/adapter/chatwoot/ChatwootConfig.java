package dev.parley.work.adapter.chatwoot;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** How to talk to Chatwoot. Each key is also an environment variable: {@code PARLEY_CHATWOOT_BASE_URL} and so on. */
@ConfigMapping(prefix = "parley.chatwoot")
public interface ChatwootConfig {
    /**
     * The installation all tenants are on; {@code http} is accepted for a loopback address only, because every request
     * carries a token.
     */
    @WithDefault("https://app.chatwoot.com")
    String baseUrl();

    /** Within this time a send or a look-up has ended, whatever it had to do for it. Keep it below the job's lease. */
    @WithDefault("15s")
    Duration callTimeout();

    /** Within this time a connection stands, or nothing was sent. */
    @WithDefault("3s")
    Duration connectTimeout();

    /** So many connections to the API at most. */
    @WithDefault("64")
    int poolSize();

    /** An idle connection is closed after this time: before the vendor does, which would look like a lost answer. */
    @WithDefault("10s")
    Duration keepAlive();

    /** The pause of a tenant after a 429 that names no time: the limit counts by the minute. */
    @WithDefault("60s")
    Duration throttledPause();

    /** In a look-up, a message dated this much before its attempt may still be it: the two clocks differ. */
    @WithDefault("5s")
    Duration lookUpSkew();

    /** So many pages of messages (twenty each) are read in a look-up before it counts as undecided. */
    @WithDefault("10")
    int lookUpPages();
}
