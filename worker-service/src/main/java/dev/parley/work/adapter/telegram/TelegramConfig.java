package dev.parley.work.adapter.telegram;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** How to talk to Telegram. Each key is also an environment variable: {@code PARLEY_TELEGRAM_BASE_URL} and so on. */
@ConfigMapping(prefix = "parley.telegram")
public interface TelegramConfig {
    /** The Bot API, or a local Bot API server; {@code http} for a loopback address only: the token is in every URL. */
    @WithDefault("https://api.telegram.org")
    String baseUrl();

    /** Within this time a send has ended. Keep it below the job's lease. */
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
}
