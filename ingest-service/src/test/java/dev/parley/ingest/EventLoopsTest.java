package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EventLoopsTest {
    private static final String KEY = "quarkus.vertx.event-loops-pool-size";

    @Test
    void a_machine_says_how_many_where_nobody_else_does() {
        assertThat(new SmallRyeConfigBuilder()
                        .withSources(new EventLoops())
                        .build()
                        .getValue(KEY, int.class))
                .isEqualTo(Runtime.getRuntime().availableProcessors());
    }

    @Test
    void whoever_says_a_number_is_heard() {
        // As low as application.properties stands.
        PropertiesConfigSource said = new PropertiesConfigSource(Map.of(KEY, "7"), "said", 250);

        assertThat(new SmallRyeConfigBuilder()
                        .withSources(new EventLoops(), said)
                        .build()
                        .getValue(KEY, int.class))
                .isEqualTo(7);
    }
}
