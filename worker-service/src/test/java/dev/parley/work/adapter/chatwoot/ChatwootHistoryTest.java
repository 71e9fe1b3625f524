package dev.parley.work.adapter.chatwoot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.spi.MessageHistory.Entry;
import dev.parley.spi.MessageHistory.Listing;
import dev.parley.tenant.Settings;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantId;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** How an account is walked through while people go on writing. */
class ChatwootHistoryTest {
    private static final long SINCE = 1_000;
    private static final Tenant TENANT =
            new Tenant(new TenantId(new UUID(0, 1)), "smile", "Smile", true, "chatwoot", null, Settings.empty());

    /** Conversation → its messages' ids and times; pages of two. */
    private final Map<Integer, TreeMap<Integer, Long>> account = new TreeMap<>();

    private final List<String> asked = new ArrayList<>();
    private Consumer<String> meanwhile = path -> {};

    private void wrote(int conversation, int message, long at) {
        account.computeIfAbsent(conversation, id -> new TreeMap<>()).put(message, at);
    }

    private JsonObject answer(String path) {
        asked.add(path);
        JsonObject answer = path.startsWith("/conversations?") ? conversations(path) : messages(path);
        meanwhile.accept(path);
        return answer;
    }

    private JsonObject conversations(String path) {
        int page = Integer.parseInt(path.replaceAll(".*page=", ""));
        JsonArray listed = new JsonArray();
        account.entrySet().stream()
                .sorted((one, other) -> Long.compare(
                        other.getValue().lastEntry().getValue(),
                        one.getValue().lastEntry().getValue()))
                .skip((page - 1) * 2L)
                .limit(2)
                .forEach(each -> listed.add(new JsonObject()
                        .put("id", each.getKey())
                        .put("account_id", 9)
                        .put("inbox_id", 3)
                        .put(
                                "meta",
                                new JsonObject()
                                        .put("channel", "Channel::WebWidget")
                                        .put(
                                                "sender",
                                                new JsonObject().put("id", 7).put("name", "Bea")))
                        .put("last_activity_at", each.getValue().lastEntry().getValue())));
        return new JsonObject().put("data", new JsonObject().put("payload", listed));
    }

    private JsonObject messages(String path) {
        int conversation = Integer.parseInt(path.replaceAll("/conversations/(\\d+)/.*", "$1"));
        int before = path.contains("before=") ? Integer.parseInt(path.replaceAll(".*before=", "")) : Integer.MAX_VALUE;
        List<Integer> older =
                new ArrayList<>(account.get(conversation).headMap(before).keySet());
        JsonArray listed = new JsonArray();
        older.subList(Math.max(0, older.size() - 2), older.size())
                .forEach(id -> listed.add(new JsonObject()
                        .put("id", id)
                        .put("content", "words of " + id)
                        .put("message_type", id % 2)
                        .put("created_at", account.get(conversation).get(id))));
        return new JsonObject().put("payload", listed);
    }

    private Listing listing() {
        return new ChatwootHistory((tenant, path) -> Uni.createFrom().item(() -> answer(path)))
                .since(TENANT, Instant.ofEpochSecond(SINCE));
    }

    private static List<Entry> all(Listing listing) {
        List<Entry> entries = new ArrayList<>();
        for (Optional<List<Entry>> page = next(listing); page.isPresent(); page = next(listing)) {
            entries.addAll(page.get());
        }
        return entries;
    }

    private static Optional<List<Entry>> next(Listing listing) {
        return listing.next().await().indefinitely();
    }

    @Test
    void every_conversation_that_was_active_is_read_back_to_the_time_asked_for() {
        wrote(1, 10, 900);
        wrote(1, 12, 1_000);
        wrote(1, 13, 1_001);
        wrote(1, 14, 1_002);
        wrote(2, 20, 1_005);
        wrote(3, 30, 999);
        wrote(4, 40, 1_003);

        assertThat(all(listing())).extracting(Entry::id).containsExactlyInAnyOrder("12", "13", "14", "20", "40");
        assertThat(asked).noneMatch(path -> path.startsWith("/conversations/3/"));
    }

    @Test
    void a_conversation_that_moves_to_the_first_page_meanwhile_is_read_all_the_same() {
        for (int conversation = 1; conversation <= 4; conversation++) {
            wrote(conversation, conversation * 10, 1_010 - conversation);
        }
        // While the first page is read, the last conversation becomes the first: the second page no longer has it.
        boolean[] hasMoved = {false};
        meanwhile = path -> {
            if (!hasMoved[0]) {
                hasMoved[0] = true;
                wrote(4, 41, 1_500);
            }
        };

        assertThat(all(listing())).extracting(Entry::id).contains("10", "20", "30", "40", "41");
    }

    @Test
    void an_empty_account_ends_at_once() {
        assertThat(all(listing())).isEmpty();
        assertThat(asked).hasSize(1);
    }

    @Test
    void a_message_is_told_with_the_conversation_that_a_webhook_would_bring_along() {
        wrote(1, 10, 1_000);
        Listing listing = listing();
        Entry entry = all(listing).get(0);

        JsonObject told = listing.told(entry).await().indefinitely();

        assertThat(entry.isInbound()).isTrue();
        assertThat(told.getString("event")).isEqualTo("message_created");
        assertThat(told.getJsonObject("account").getInteger("id")).isEqualTo(9);
        assertThat(told.getJsonObject("conversation"))
                .isEqualTo(new JsonObject()
                        .put("id", 1)
                        .put("inbox_id", 3)
                        .put("channel", "Channel::WebWidget")
                        .put("status", null)
                        .put(
                                "contact_inbox",
                                new JsonObject().put("contact_id", 7).put("inbox_id", 3))
                        .put(
                                "meta",
                                new JsonObject()
                                        .put(
                                                "sender",
                                                new JsonObject().put("id", 7).put("name", "Bea"))));
    }
}
