package dev.parley.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class TimeOrderedIdTest {
    @Test
    void ids_increase_strictly_even_within_one_millisecond() {
        List<UUID> ids = Stream.generate(TimeOrderedId::next).limit(20_000).toList();

        for (int i = 1; i < ids.size(); i++) {
            assertThat(ids.get(i).toString()).isGreaterThan(ids.get(i - 1).toString());
        }
    }

    @Test
    void an_id_is_a_version_7_uuid_of_the_present() {
        long before = System.currentTimeMillis();

        UUID id = TimeOrderedId.next();

        assertThat(id.version()).isEqualTo(7);
        assertThat(id.variant()).isEqualTo(2);
        // The other test may have run the counter a few milliseconds ahead.
        assertThat(id.getMostSignificantBits() >>> 16).isBetween(before, before + 5_000);
    }
}
