package dev.parley.work.adapter.twilio;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** How to talk to Twilio. Each key is also an environment variable: {@code PARLEY_TWILIO_BASE_URL} and so on. */
@ConfigMapping(prefix = "parley.twilio")
public interface TwilioConfig {
    /** The API; {@code http} is accepted for a loopback address only, because every request carries a password. */
    @WithDefault("https://api.twilio.com")
    String baseUrl();

    /**
     * Under which URL Twilio sees the ingest service ({@code PARLEY_PUBLIC_URL}); status callbacks are asked for there.
     * Per tenant: {@code settings.twilio.public_url}. Without it messages stay {@code sent}.
     */
    Optional<String> publicUrl();

    /** Within this time a send or a look-up has ended. Keep it below the job's lease. */
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

    /** The pause after a 429 that names no time. */
    @WithDefault("5s")
    Duration pause();

    /** In a look-up, a message dated this much before its attempt may still be it: the two clocks differ. */
    @WithDefault("5s")
    Duration lookUpSkew();

    /** So many pages of fifty messages are read in a look-up before it counts as undecided. */
    @WithDefault("5")
    int lookUpPages();
}
