package dev.parley.work.adapter.ghl;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GhlConfigTest {
    @Test
    void nothing_has_to_be_set() {
        GhlConfig config = config(Map.of());

        assertThat(config.baseUrl()).isEqualTo("https://services.leadconnectorhq.com");
        assertThat(config.clientId()).isEmpty();
        assertThat(config.callTimeout()).isEqualTo(Duration.ofSeconds(15));
        assertThat(config.refreshTimeout()).isLessThan(config.callTimeout());
        assertThat(config.connectTimeout()).isLessThan(config.refreshTimeout());
    }

    @Test
    void every_key_is_an_environment_variable_and_those_of_the_other_service_do_not_disturb() {
        GhlConfig config = config(Map.of(
                "PARLEY_GHL_BASE_URL", "http://127.0.0.1:8090",
                "PARLEY_GHL_CLIENT_ID", "id",
                "PARLEY_GHL_CLIENT_SECRET", "secret",
                "PARLEY_GHL_CALL_TIMEOUT", "3s",
                "PARLEY_GHL_APP_IDS", "a,b",
                "PARLEY_GHL_PUBLIC_KEYS", "k"));

        assertThat(config.baseUrl()).isEqualTo("http://127.0.0.1:8090");
        assertThat(config.clientId()).contains("id");
        assertThat(config.clientSecret()).contains("secret");
        assertThat(config.callTimeout()).isEqualTo(Duration.ofSeconds(3));
    }

    private static GhlConfig config(Map<String, String> env) {
        return new SmallRyeConfigBuilder()
                .addDefaultInterceptors()
                .withSources(new EnvConfigSource(env, 300))
                .withConverter(Duration.class, 200, new DurationConverter())
                .withMapping(GhlConfig.class)
                .build()
                .getConfigMapping(GhlConfig.class);
    }
}
