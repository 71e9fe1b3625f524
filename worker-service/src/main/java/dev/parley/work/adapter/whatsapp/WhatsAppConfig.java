package dev.parley.work.adapter.whatsapp;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** How to talk to Meta. Each key is also an environment variable: {@code PARLEY_WHATSAPP_BASE_URL} and so on. */
@ConfigMapping(prefix = "parley.whatsapp")
public interface WhatsAppConfig {
    /** The Graph API; {@code http} is accepted for a loopback address only, because every request carries a token. */
    @WithDefault("https://graph.facebook.com")
    String baseUrl();

    /** Of the Graph API; each is served for about two years. */
    @WithDefault("v23.0")
    String apiVersion();

    /** Within this time a send has ended, whatever it had to do for it. Keep it below the job's lease. */
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

    /** The pause of a tenant whose number sends too fast, where Meta does not say how long. */
    @WithDefault("10s")
    Duration throttledPause();

    /** The pause of a number that Meta holds back because people blocked it. */
    @WithDefault("15m")
    Duration spamPause();

    /** Until one recipient may be written to again after too many messages in a row. */
    @WithDefault("20s")
    Duration pairPause();

    /** How long Meta's report of a message without a clear answer is waited for; Meta cannot be asked. */
    @WithDefault("2m")
    Duration reportPatience();
}
