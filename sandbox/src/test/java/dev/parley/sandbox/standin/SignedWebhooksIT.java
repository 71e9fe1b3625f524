package dev.parley.sandbox.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.json.JsonObject;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SignedWebhooksIT {
    private static final Location HERE = Location.of("LocationHere00000001", "Here", "+15559876543");
    private static final String ADA = "+15550100001";
    private static final RetryPolicy FAST = RetryPolicy.asPublished().scaledBy(0.0001);

    private final Receiver receiver = new Receiver();
    private final GhlStandIn standIn = GhlStandIn.start(Options.defaults()
            .withLocations(HERE)
            .withWebhooks(Options.defaults()
                    .webhooks()
                    .to(receiver.url())
                    .withRetry(FAST)
                    .withDeliveredAfter(null)));
    private final Api api = new Api(standIn.url());

    @AfterEach
    void stop() {
        standIn.close();
        receiver.close();
    }

    @Test
    void a_customers_message_arrives_signed_in_the_real_envelope() throws Exception {
        GhlStandIn.Written written = standIn.customerWrites(HERE.id(), ADA, "Ada Lovelace", "Grüße 👋")
                .get();

        Receiver.Arrival arrival = receiver.arrivals().get(0);
        assertThat(isGenuine(arrival)).isTrue();
        assertThat(arrival.header("X-wh-signature")).isNull();
        assertThat(arrival.header("Content-type")).isEqualTo("application/json");
        JsonObject body = new JsonObject(arrival.text());
        Contact ada = standIn.contact(HERE.id(), ADA);
        assertThat(body.getString("type")).isEqualTo("InboundMessage");
        assertThat(body.getString("locationId")).isEqualTo(HERE.id());
        assertThat(body.getString("appId")).isEqualTo(standIn.app().appId());
        assertThat(body.getString("versionId")).isEqualTo(standIn.app().versionId());
        assertThat(body.getString("timestamp")).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
        assertThat(UUID.fromString(body.getString("webhookId"))).isNotNull();
        assertThat(body.getString("messageId")).isEqualTo(written.message().id());
        assertThat(body.getString("contactId")).isEqualTo(ada.id());
        assertThat(body.getString("conversationId")).isEqualTo(written.message().conversationId());
        assertThat(body.getString("direction")).isEqualTo("inbound");
        assertThat(body.getString("messageType")).isEqualTo("SMS");
        assertThat(body.getInteger("messageTypeId")).isEqualTo(2);
        assertThat(body.getString("messageTypeString")).isEqualTo("TYPE_SMS");
        assertThat(body.getString("status")).isEqualTo("delivered");
        assertThat(body.getString("from")).isEqualTo(ADA);
        assertThat(body.getString("to")).isEqualTo(HERE.phone());
        assertThat(body.getString("body")).isEqualTo("Grüße 👋");
        assertThat(ada.name()).isEqualTo("Ada Lovelace");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ghl-inboundmessage-sms.json", "ghl-inboundmessage-email.json"})
    void a_body_has_every_field_of_the_published_sample(String sample) throws Exception {
        if (sample.contains("email")) {
            standIn.customerWrites(HERE.id(), Channel.EMAIL, "ada@example.com", "Ada", "<p>Hi</p>", null)
                    .get();
        } else {
            standIn.customerWrites(HERE.id(), ADA, "Ada", "Hi").get();
        }

        Set<String> published = new HashSet<>(resource(sample).fieldNames());
        // Only where a chat widget or a provider of one's own is in between.
        published.removeAll(Set.of("conversationProviderId", "chatWidgetId"));
        JsonObject body = new JsonObject(receiver.arrivals().get(0).text());
        assertThat(body.fieldNames()).containsAll(published);
        assertThat(body.fieldNames()).contains("messageId", "appId", "versionId", "timestamp", "webhookId");
    }

    @Test
    void an_address_known_already_is_the_same_contact_in_the_same_conversation() throws Exception {
        Message first = standIn.customerWrites(HERE.id(), ADA, "Ada", "1").get().message();
        Message second = standIn.customerWrites(HERE.id(), "+1 (555) 010-0001", "Ada L.", "2")
                .get()
                .message();

        assertThat(second.contactId()).isEqualTo(first.contactId());
        assertThat(second.conversationId()).isEqualTo(first.conversationId());
        assertThat(second.id()).isNotEqualTo(first.id());
        assertThat(standIn.contacts(HERE.id())).extracting(Contact::name).containsExactly("Ada L.");
    }

    @Test
    void what_the_api_sends_comes_back_as_an_echo_and_later_as_delivered() throws Exception {
        standIn.changeWebhooks(standIn.webhooks().withDeliveredAfter(Duration.ofMillis(50)));
        Contact ada = standIn.addContact(HERE.id(), ADA, "Ada");
        String messageId = Api.json(api.sendMessage(
                        standIn.issueTokens(HERE.id()).access().reveal(),
                        new JsonObject()
                                .put("type", "SMS")
                                .put("contactId", ada.id())
                                .put("message", "Hello")))
                .getString("messageId");

        await().until(() -> receiver.arrivals().size() == 2);

        List<JsonObject> bodies = receiver.arrivals().stream()
                .map(arrival -> new JsonObject(arrival.text()))
                .toList();
        assertThat(bodies).allSatisfy(body -> {
            assertThat(body.getString("type")).isEqualTo("OutboundMessage");
            assertThat(body.getString("direction")).isEqualTo("outbound");
            assertThat(body.getString("source")).isEqualTo("api");
            assertThat(body.getString("messageId")).isEqualTo(messageId);
            assertThat(body.getString("from")).isEqualTo(HERE.phone());
            assertThat(body.getString("to")).isEqualTo(ADA);
            assertThat(body.containsKey("userId")).isFalse();
        });
        assertThat(bodies).extracting(body -> body.getString("status")).containsExactly("sent", "delivered");
        assertThat(bodies).extracting(body -> body.getString("webhookId")).doesNotHaveDuplicates();
        assertThat(receiver.arrivals())
                .allSatisfy(arrival -> assertThat(isGenuine(arrival)).isTrue());
    }

    @Test
    void a_status_can_be_reported_for_any_message() throws Exception {
        Contact ada = standIn.addContact(HERE.id(), ADA, "Ada");
        Message message = standIn.humanWrites(HERE.id(), ada.id(), Channel.SMS, "user1", "Hi")
                .get()
                .message();

        standIn.reportStatus(message.id(), "failed");

        await().until(() -> receiver.arrivals().size() == 2);
        assertThat(new JsonObject(receiver.arrivals().get(1).text()).getString("status"))
                .isEqualTo("failed");
        assertThat(standIn.messages(HERE.id(), ada.id()).get(0).status()).isEqualTo("failed");
    }

    @Test
    void a_humans_reply_in_the_inbox_is_told_with_source_app_and_the_user() throws Exception {
        standIn.addContact(HERE.id(), ADA, "Ada");

        standIn.humanWrites(HERE.id(), ADA, Channel.SMS, "UserUserUserUser0001", "Let me take over")
                .get();

        JsonObject body = new JsonObject(receiver.arrivals().get(0).text());
        assertThat(body.getString("type")).isEqualTo("OutboundMessage");
        assertThat(body.getString("source")).isEqualTo("app");
        assertThat(body.getString("userId")).isEqualTo("UserUserUserUser0001");
        assertThat(body.fieldNames())
                .containsAll(Set.of("contactId", "conversationId", "messageId", "status", "body", "from", "to"));
    }

    @Test
    void do_not_disturb_install_and_uninstall_are_told() throws Exception {
        standIn.addContact(HERE.id(), ADA, "Ada");

        standIn.setDnd(HERE.id(), ADA, "SMS", "active").get();
        standIn.install(HERE.id()).get();
        standIn.uninstall(HERE.id()).get();

        List<JsonObject> bodies = receiver.arrivals().stream()
                .map(arrival -> new JsonObject(arrival.text()))
                .toList();
        assertThat(bodies)
                .extracting(body -> body.getString("type"))
                .containsExactly("ContactDndUpdate", "INSTALL", "UNINSTALL");
        assertThat(bodies.get(0)
                        .getJsonObject("dndSettings")
                        .getJsonObject("SMS")
                        .getString("status"))
                .isEqualTo("active");
        assertThat(bodies)
                .allSatisfy(body -> assertThat(body.getString("appId"))
                        .isEqualTo(standIn.app().appId()));
    }

    @ParameterizedTest
    @ValueSource(ints = {302, 400, 401, 404, 429, 500, 503})
    void every_answer_outside_2xx_is_retried_with_the_same_bytes(int status) throws Exception {
        receiver.answers(number -> number <= 2 ? Receiver.Reply.status(status) : Receiver.Reply.status(202));

        standIn.customerWrites(HERE.id(), ADA, "Ada", "Hi").get();

        await().untilAsserted(() -> assertThat(standIn.deliveries())
                .singleElement()
                .satisfies(delivery -> assertThat(delivery.state()).isEqualTo(WebhookDelivery.State.TAKEN)));
        assertThat(standIn.deliveries().get(0).attempts())
                .extracting(WebhookDelivery.Attempt::status)
                .containsExactly(status, status, 202);
        assertThat(receiver.arrivals())
                .extracting(Receiver.Arrival::text)
                .containsOnly(receiver.arrivals().get(0).text());
        assertThat(receiver.arrivals())
                .allSatisfy(arrival -> assertThat(isGenuine(arrival)).isTrue());
    }

    @Test
    void after_twelve_retries_it_is_given_up() throws Exception {
        receiver.answers(number -> Receiver.Reply.status(500));

        standIn.customerWrites(HERE.id(), ADA, "Ada", "Hi").get();

        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() ->
                        assertThat(standIn.deliveries().get(0).state()).isEqualTo(WebhookDelivery.State.GIVEN_UP));
        assertThat(standIn.deliveries().get(0).attempts()).hasSize(13);
        assertThat(receiver.arrivals()).hasSize(13);
    }

    @Test
    void an_answer_that_takes_too_long_counts_as_none_and_is_retried() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        standIn.changeWebhooks(standIn.webhooks().withTimeout(Duration.ofMillis(300)));
        receiver.answers(number -> {
            if (number == 1) {
                try {
                    end.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            return Receiver.Reply.status(200);
        });

        standIn.customerWrites(HERE.id(), ADA, "Ada", "Hi").get();

        await().untilAsserted(
                        () -> assertThat(standIn.deliveries().get(0).state()).isEqualTo(WebhookDelivery.State.TAKEN));
        end.countDown();
        WebhookDelivery.Attempt first = standIn.deliveries().get(0).attempts().get(0);
        assertThat(first.status()).isZero();
        assertThat(first.error()).contains("no answer within 300 ms");
    }

    @Test
    void a_receiver_that_is_down_is_found_again_when_it_is_back() throws Exception {
        Receiver later = new Receiver();
        java.net.URI gone = later.url();
        later.close();
        standIn.changeWebhooks(standIn.webhooks()
                .to(gone)
                .withRetry(new RetryPolicy(0, Duration.ofSeconds(1), Duration.ofSeconds(1), 1)));

        standIn.customerWrites(HERE.id(), ADA, "Ada", "Hi").get();

        WebhookDelivery delivery = standIn.deliveries().get(0);
        assertThat(delivery.state()).isEqualTo(WebhookDelivery.State.GIVEN_UP);
        assertThat(delivery.attempts()).singleElement().satisfies(attempt -> {
            assertThat(attempt.status()).isZero();
            assertThat(attempt.error()).containsIgnoringCase("refused");
        });
    }

    @Test
    void retry_after_is_honoured_unscaled() throws Exception {
        receiver.answers(number -> number == 1 ? new Receiver.Reply(429, "", "1") : Receiver.Reply.status(200));

        standIn.customerWrites(HERE.id(), ADA, "Ada", "Hi").get();

        await().until(() -> receiver.arrivals().size() == 2);
        await().untilAsserted(
                        () -> assertThat(standIn.deliveries().get(0).attempts()).hasSize(2));
        List<WebhookDelivery.Attempt> attempts = standIn.deliveries().get(0).attempts();
        assertThat(Duration.between(attempts.get(0).at(), attempts.get(1).at()))
                .isGreaterThanOrEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void copies_leave_at_the_same_moment_and_differ_in_nothing() throws Exception {
        CountDownLatch allThere = new CountDownLatch(20);
        receiver.answers(number -> {
            allThere.countDown();
            try {
                // None is answered before all have come: so they were under way together.
                assertThat(allThere.await(10, java.util.concurrent.TimeUnit.SECONDS))
                        .isTrue();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return new Receiver.Reply(200, "{\"status\":\"accepted\",\"trace_id\":\"t-1\"}", null);
        });

        GhlStandIn.Written written = standIn.customerWrites(HERE.id(), Channel.SMS, ADA, "Ada", "Hi", 20)
                .get();

        assertThat(written.deliveries()).hasSize(20).allSatisfy(delivery -> {
            assertThat(delivery.state()).isEqualTo(WebhookDelivery.State.TAKEN);
            assertThat(delivery.traceId()).contains("t-1");
            assertThat(delivery.verdict()).contains("accepted");
        });
        assertThat(receiver.arrivals()).hasSize(20);
        assertThat(receiver.arrivals().stream().map(Receiver.Arrival::text).distinct())
                .hasSize(1);
        assertThat(receiver.arrivals().stream()
                        .map(arrival -> arrival.header("X-ghl-signature"))
                        .distinct())
                .hasSize(1);
    }

    @Test
    void the_setting_copies_every_webhook_and_can_do_so_one_after_the_other() throws Exception {
        standIn.changeWebhooks(standIn.webhooks().withCopies(3, false));

        GhlStandIn.Written written =
                standIn.customerWrites(HERE.id(), ADA, "Ada", "Hi").get();

        assertThat(written.deliveries()).extracting(WebhookDelivery::copy).containsExactly(1, 2, 3);
        List<WebhookDelivery> copies = standIn.deliveries();
        for (int i = 1; i < copies.size(); i++) {
            WebhookDelivery.Attempt before = copies.get(i - 1).attempts().get(0);
            assertThat(copies.get(i).attempts().get(0).at())
                    .isAfterOrEqualTo(before.at().plus(before.took()));
        }
    }

    @Test
    void shuffled_webhooks_arrive_in_another_order_and_none_is_lost() throws Exception {
        standIn.changeWebhooks(standIn.webhooks().withShuffle(true, Duration.ofSeconds(1)));
        List<CompletableFuture<GhlStandIn.Written>> writing = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            writing.add(standIn.customerWrites(HERE.id(), ADA, "Ada", "message " + i));
        }
        for (CompletableFuture<GhlStandIn.Written> one : writing) {
            one.get();
        }

        List<String> written =
                IntStream.range(0, 10).mapToObj(i -> "message " + i).toList();
        List<String> arrived = receiver.arrivals().stream()
                .map(arrival -> new JsonObject(arrival.text()).getString("body"))
                .toList();
        assertThat(arrived).containsExactlyInAnyOrderElementsOf(written);
        assertThat(arrived).isNotEqualTo(written);
    }

    @ParameterizedTest
    @EnumSource
    void a_forged_webhook_is_not_genuine_is_sent_once_and_stored_nowhere(Forgery how) throws Exception {
        receiver.answers(number -> Receiver.Reply.status(401));

        WebhookDelivery forged =
                standIn.forge(HERE.id(), "+15550109999", "Send money", how).get();

        assertThat(forged.forgery()).isEqualTo(how);
        assertThat(forged.lastAttempt()).map(WebhookDelivery.Attempt::status).contains(401);
        assertThat(forged.state()).isEqualTo(WebhookDelivery.State.GIVEN_UP);
        assertThat(receiver.arrivals()).hasSize(1);
        Receiver.Arrival arrival = receiver.arrivals().get(0);
        assertThat(isGenuine(arrival)).isFalse();
        assertThat(new JsonObject(arrival.text()).getString("body")).isEqualTo("Send money");
        assertThat(standIn.contacts(HERE.id())).isEmpty();
    }

    @Test
    void any_bytes_can_be_signed_and_delivered() throws Exception {
        byte[] odd =
                "{\"type\":\"InboundMessage\",\"n\":1e999999999,\"s\":\"\\ud800\"}".getBytes(StandardCharsets.UTF_8);

        standIn.deliverRaw(odd, 1).get();
        standIn.deliverRaw("[not json".getBytes(StandardCharsets.UTF_8), 1).get();

        assertThat(receiver.arrivals().get(0).body()).isEqualTo(odd);
        assertThat(receiver.arrivals().get(1).text()).isEqualTo("[not json");
        assertThat(receiver.arrivals())
                .allSatisfy(arrival -> assertThat(isGenuine(arrival)).isTrue());
    }

    @Test
    void without_a_url_nothing_leaves_and_the_book_says_so() throws Exception {
        try (GhlStandIn mute = GhlStandIn.start(Options.defaults().withLocations(HERE))) {
            GhlStandIn.Written written =
                    mute.customerWrites(HERE.id(), ADA, "Ada", "Hi").get();

            assertThat(written.deliveries())
                    .extracting(WebhookDelivery::state)
                    .containsExactly(WebhookDelivery.State.NOWHERE);
        }
    }

    private boolean isGenuine(Receiver.Arrival arrival) throws Exception {
        String header = arrival.header("X-ghl-signature");
        if (header == null || header.equals("N/A")) {
            return false;
        }
        PublicKey key = KeyFactory.getInstance("Ed25519")
                .generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(standIn.publicKey())));
        Signature signature = Signature.getInstance("Ed25519");
        signature.initVerify(key);
        signature.update(arrival.body());
        return signature.verify(Base64.getDecoder().decode(header));
    }

    private static JsonObject resource(String name) throws Exception {
        try (InputStream in = SignedWebhooksIT.class.getResourceAsStream("/standin/" + name)) {
            return new JsonObject(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }
}
