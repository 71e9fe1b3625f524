package dev.parley.work.adapter.ghl;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** How to talk to GoHighLevel. Each key is also an environment variable: {@code PARLEY_GHL_BASE_URL} and so on. */
@ConfigMapping(prefix = "parley.ghl")
public interface GhlConfig {
    /** The API; {@code http} is accepted for a loopback address only, because every request carries a token. */
    @WithDefault("https://services.leadconnectorhq.com")
    String baseUrl();

    /** Of our marketplace app; needed to refresh OAuth tokens, not for private tokens. */
    Optional<String> clientId();

    /** Goes with {@link #clientId()}. */
    Optional<String> clientSecret();

    /** Within this time a send or a look-up has ended, whatever it had to do for it. Keep it below the job's lease. */
    @WithDefault("15s")
    Duration callTimeout();

    /** Within this time a connection stands, or nothing was sent. */
    @WithDefault("3s")
    Duration connectTimeout();

    /** Within this time the vendor has exchanged a refresh token; the credential's row is locked so long. */
    @WithDefault("10s")
    Duration refreshTimeout();

    /** After a failed refresh, the token at hand is used for this long, as far as it lasts, before the next try. */
    @WithDefault("1m")
    Duration refreshRetry();

    /** So many tenants' tokens are refreshed at once; each holds a database connection meanwhile. */
    @WithDefault("2")
    int concurrentRefreshes();

    /** So many connections to the API at most. */
    @WithDefault("64")
    int poolSize();

    /** An idle connection is closed after this time: before the vendor does, which would look like a lost answer. */
    @WithDefault("10s")
    Duration keepAlive();

    /** The pause after a 429 that names no time: the documented window of 100 requests. */
    @WithDefault("10s")
    Duration window();

    /** The pause once the day's requests are used up; the vendor does not say when its day begins. */
    @WithDefault("15m")
    Duration dailyPause();

    /** In a look-up, a message dated this much before its attempt may still be it: the two clocks differ. */
    @WithDefault("5s")
    Duration lookUpSkew();

    /** So many pages of a hundred messages are read in a look-up before it counts as undecided. */
    @WithDefault("5")
    int lookUpPages();
}
