package dev.parley.work.adapter.telegram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.parley.kit.MessagingAdapterContract;
import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import dev.parley.kit.VendorServer;
import dev.parley.kit.VendorServer.Behaviour;
import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.MessagingAdapter;
import dev.parley.spi.MessagingAdapter.OutboundMessage;
import dev.parley.tenant.Settings;
import dev.parley.tenant.Tenant;
import dev.parley.work.adapter.Sealed;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The contract of all adapters, and what is Telegram's own. */
class TelegramMessagingContractIT extends MessagingAdapterContract {
    private static final String TOKEN = "123456789:AAF-secret-of-the-bot_0123456789abc";
    private static final String SEND = "POST /bot" + TOKEN + "/sendMessage";
    private static final long CHAT = 4503599627370495L;

    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private Bot bot;

    @Override
    protected Subject subject() {
        bot = new Bot();
        return bot;
    }

    private static AdapterException failure(CompletableFuture<?> call) {
        Throwable thrown =
                catchThrowable(() -> call.orTimeout(20, TimeUnit.SECONDS).join());
        assertThat(thrown).hasCauseInstanceOf(AdapterException.class);
        return (AdapterException) thrown.getCause();
    }

    @Test
    void a_message_is_plain_text_to_the_chat() {
        bot.vendor.on(SEND, bot.accepted("7"));

        send().orTimeout(20, TimeUnit.SECONDS).join();

        assertThat(bot.vendor.requests(SEND).get(0).json())
                .isEqualTo(new JsonObject().put("chat_id", CHAT).put("text", "Hello <b>you</b> & me"));
    }

    @ParameterizedTest
    @CsvSource({
        "400, Bad Request: chat not found, REFUSED, Telegram answered 400",
        "400, Bad Request: message is too long, REFUSED, Telegram answered 400",
        "401, Unauthorized, UNAUTHORIZED, Telegram answered 401",
        "404, Not Found, UNAUTHORIZED, Telegram answered 404",
        "403, Forbidden: bot was blocked by the user, REFUSED, dnd:",
        "403, Forbidden: user is deactivated, REFUSED, dnd:",
        "403, Forbidden: bot was kicked from the group chat, UNAUTHORIZED, Telegram answered 403",
        "500, Internal Server Error, AMBIGUOUS, Telegram answered 500",
    })
    void every_error_has_its_meaning(int status, String description, Kind kind, String reason) {
        bot.vendor.on(SEND, Bot.error(status, description));

        AdapterException failure = failure(send());

        assertThat(failure.kind()).isEqualTo(kind);
        assertThat(failure).hasMessageStartingWith(reason);
    }

    @Test
    void a_pause_without_a_time_is_the_configured_one() {
        bot.vendor.on(SEND, Bot.error(429, "Too Many Requests"));

        assertThat(failure(send()).retryAfter()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void ok_false_under_a_200_is_ambiguous() {
        bot.vendor.on(SEND, Behaviour.json(200, new JsonObject().put("ok", false)));

        assertThat(failure(send()).kind()).isEqualTo(Kind.AMBIGUOUS);
    }

    @ParameterizedTest
    @CsvSource({"{}", "{\"bot_token\":\"../x\"}", "{\"bot_token\":5}"})
    void credentials_of_another_shape_are_named(String json) {
        bot.sealed.put("telegram", new JsonObject(json).put("x", 1));

        AdapterException failure = failure(send());

        assertThat(failure.kind()).isEqualTo(Kind.UNAUTHORIZED);
        assertThat(failure).hasMessageContaining("bot_token");
        assertThat(bot.vendor.requests()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"sms, 15550100001", "telegram, not-a-number", "telegram, +15550100001"})
    void what_is_no_chat_is_refused_before_anything_is_asked(String channel, String address) {
        OutboundMessage message =
                new OutboundMessage(UUID.randomUUID(), UUID.randomUUID(), channel, address, "x", new JsonObject());

        assertThat(failure(bot.adapter.send(bot.tenant(), message).subscribeAsCompletionStage())
                        .kind())
                .isEqualTo(Kind.REFUSED);
        assertThat(bot.vendor.requests()).isEmpty();
    }

    /** A tenant with a bot at a scripted Telegram. */
    private static final class Bot implements Subject {
        final VendorServer vendor = new VendorServer();
        final Sealed sealed = new Sealed(db);
        final TelegramMessaging adapter;

        Bot() {
            sealed.put("telegram", new JsonObject().put("bot_token", TOKEN));
            TelegramConfig config = new SmallRyeConfigBuilder()
                    .withDefaultValues(Map.of(
                            "parley.telegram.base-url", vendor.url(),
                            "parley.telegram.call-timeout", "PT1.5S",
                            "parley.telegram.connect-timeout", "PT1S",
                            "parley.telegram.keep-alive", "PT10S",
                            "parley.telegram.pause", "PT5S"))
                    .withMapping(TelegramConfig.class)
                    .build()
                    .getConfigMapping(TelegramConfig.class);
            adapter = new TelegramMessaging(
                    config,
                    io.vertx.mutiny.core.Vertx.newInstance(db.vertx().getDelegate()),
                    db.newPool(Login.WORKER, 4),
                    sealed.vault());
        }

        @Override
        public VendorServer vendor() {
            return vendor;
        }

        @Override
        public MessagingAdapter adapter() {
            return adapter;
        }

        @Override
        public Duration callTimeout() {
            return Duration.ofMillis(1500);
        }

        @Override
        public Tenant tenant() {
            return new Tenant(sealed.tenant(), "acme", "Acme", true, "telegram", null, Settings.empty());
        }

        @Override
        public OutboundMessage message() {
            return new OutboundMessage(
                    UUID.randomUUID(),
                    UUID.randomUUID(),
                    "telegram",
                    String.valueOf(CHAT),
                    "Hello <b>you</b> & me",
                    new JsonObject());
        }

        @Override
        public String sendRoute() {
            return SEND;
        }

        @Override
        public boolean canRefresh() {
            return false;
        }

        @Override
        public boolean canLookUp() {
            return false;
        }

        /** Telegram's ids are numbers, unique within the chat. */
        @Override
        public Behaviour accepted(String providerMessageId) {
            int number = Integer.parseInt(providerMessageId.replaceAll("[^0-9]", ""));
            return Behaviour.json(
                    200,
                    new JsonObject()
                            .put("ok", true)
                            .put(
                                    "result",
                                    new JsonObject()
                                            .put("message_id", number)
                                            .put("chat", new JsonObject().put("id", CHAT))));
        }

        @Override
        public String idOf(String providerMessageId) {
            return CHAT + ":" + providerMessageId.replaceAll("[^0-9]", "");
        }

        @Override
        public Behaviour acceptedWithoutId() {
            return Behaviour.json(200, new JsonObject().put("ok", true).put("result", new JsonObject()));
        }

        static Behaviour error(int status, String description) {
            return Behaviour.json(
                    status,
                    new JsonObject().put("ok", false).put("error_code", status).put("description", description));
        }

        @Override
        public Behaviour tooFast(Duration comeAgainAfter) {
            return Behaviour.json(
                    429,
                    new JsonObject()
                            .put("ok", false)
                            .put("error_code", 429)
                            .put("description", "Too Many Requests: retry after " + comeAgainAfter.toSeconds())
                            .put("parameters", new JsonObject().put("retry_after", (int) comeAgainAfter.toSeconds())));
        }

        @Override
        public Behaviour unknownContact() {
            return error(400, "Bad Request: chat not found " + CHAT);
        }

        @Override
        public Behaviour optedOut() {
            return error(403, "Forbidden: bot was blocked by the user " + CHAT);
        }

        @Override
        public Behaviour expiredToken() {
            return error(401, "Unauthorized " + TOKEN);
        }

        @Override
        public Behaviour forbidden() {
            return error(403, "Forbidden: bot can't send messages to bots");
        }

        @Override
        public List<String> secrets() {
            return List.of(TOKEN, Sealed.KEY);
        }

        @Override
        public void close() {
            adapter.close();
            vendor.close();
        }
    }
}
