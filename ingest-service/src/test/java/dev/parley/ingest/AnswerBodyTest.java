package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ingest.Answer.Item;
import dev.parley.ingest.Answer.Status;
import dev.parley.ingest.Answer.Taken;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AnswerBodyTest {
    private static Item item(Status status) {
        return new Item(status, UUID.randomUUID());
    }

    private static JsonObject shown(Item item) {
        return new JsonObject()
                .put("status", item.status().word())
                .put("trace_id", item.traceId().toString());
    }

    @ParameterizedTest
    @EnumSource(Status.class)
    void says_what_became_of_one_event(Status status) {
        Item only = item(status);

        JsonObject body = AnswerBody.of(new Taken(List.of(only), null)).toJsonObject();

        assertThat(body).isEqualTo(shown(only));
    }

    @Test
    void says_it_of_each_where_several_came() {
        List<Item> items = Stream.of(Status.DUPLICATE, Status.ACCEPTED, Status.IGNORED)
                .map(AnswerBodyTest::item)
                .toList();

        JsonObject body = AnswerBody.of(new Taken(items, null)).toJsonObject();

        JsonArray events = new JsonArray();
        items.forEach(item -> events.add(shown(item)));
        assertThat(body).isEqualTo(shown(items.get(1)).put("events", events));
    }

    @Test
    void is_json_for_whoever_is_sent_away() {
        assertThat(AnswerBody.REFUSED.toJsonObject()).isEqualTo(new JsonObject().put("status", "refused"));
        assertThat(AnswerBody.LATER.toJsonObject()).isEqualTo(new JsonObject().put("status", "unavailable"));
    }
}
