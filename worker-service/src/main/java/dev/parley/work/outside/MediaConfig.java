package dev.parley.work.outside;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How media are looked for. Each key is also an environment variable: {@code PARLEY_MEDIA_ALLOWED_NETWORKS} and so on. */
@ConfigMapping(prefix = "parley.media")
public interface MediaConfig {
    /**
     * Networks that URLs from outside may lead to although they are not public: {@code 10.1.2.0/24}, comma separated. In
     * them http, bare addresses and any port are accepted. For a file store of one's own, or a sandbox.
     */
    Optional<List<String>> allowedNetworks();

    /**
     * By provider, whose URLs are looked at: {@code parley.media.hosts.twilio=*.twilio.com}. A tenant adds its own in
     * {@code settings.media.hosts}. Where neither names any, any public host.
     */
    Map<String, List<String>> hosts();

    /** How long a provider is asked for media that it shows later than their message. */
    @WithDefault("10m")
    Duration giveUpAfter();

    /** One look at one URL, with name, connection, redirects and answer. */
    @WithDefault("5s")
    Duration timeout();
}
