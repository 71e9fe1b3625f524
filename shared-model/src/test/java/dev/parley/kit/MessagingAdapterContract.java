package dev.parley.kit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.parley.kit.VendorServer.Behaviour;
import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.MessagingAdapter;
import dev.parley.spi.MessagingAdapter.OutboundMessage;
import dev.parley.spi.MessagingAdapter.Sent;
import dev.parley.tenant.Tenant;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * What every {@link MessagingAdapter} promises, whoever the vendor is. A vendor's test extends this, supplies a
 * {@link Subject} and adds what is the vendor's own.
 */
public abstract class MessagingAdapterContract {
    /** Longer than any call takes; a test that waits for it has failed. */
    protected static final Duration PATIENCE = Duration.ofSeconds(20);

    private final List<Throwable> failures = new ArrayList<>();
    private LogLines log;
    private Subject subject;

    /** One adapter with its vendor, tenant and credentials; made for each test. */
    public interface Subject extends AutoCloseable {
        VendorServer vendor();

        /** Talks to {@link #vendor()} for {@link #tenant()}; its calls end within {@link #callTimeout()}. */
        MessagingAdapter adapter();

        /** A few seconds at most: some tests wait for it. */
        Duration callTimeout();

        /** Has credentials, which can be refreshed if the vendor knows such. */
        Tenant tenant();

        OutboundMessage message();

        /** Where a send arrives, for example {@code POST /messages}. */
        String sendRoute();

        /** Whether its credentials can be refreshed; if not, whatever belongs to refreshing is not asked for. */
        default boolean canRefresh() {
            return true;
        }

        /** Whether the vendor says so when a contact opted out. */
        default boolean tellsOptOut() {
            return true;
        }

        /** Whether the vendor can be asked about a message. */
        default boolean canLookUp() {
            return true;
        }

        /** Where a refresh of credentials arrives. */
        default String refreshRoute() {
            return "POST /there-is-no-refresh";
        }

        Behaviour accepted(String providerMessageId);

        /** How the adapter names the message that was {@link #accepted}; by default as the vendor does. */
        default String idOf(String providerMessageId) {
            return providerMessageId;
        }

        /** The vendor took it and gave no id. */
        Behaviour acceptedWithoutId();

        Behaviour tooFast(Duration comeAgainAfter);

        Behaviour unknownContact();

        default Behaviour optedOut() {
            throw new UnsupportedOperationException("does not tell");
        }

        Behaviour expiredToken();

        /** Not allowed, and a fresh token would not help. */
        Behaviour forbidden();

        default Behaviour refreshed() {
            throw new UnsupportedOperationException("cannot be refreshed");
        }

        default Behaviour refreshRefused() {
            throw new UnsupportedOperationException("cannot be refreshed");
        }

        /** Plans the answers to one look-up of {@link #message()}: the vendor has it under this id, or has none. */
        default void planLookUp(Optional<String> providerMessageId) {
            throw new UnsupportedOperationException("cannot be looked up");
        }

        /** Plans one look-up of which the first request is never answered. */
        default void planSilentLookUp() {
            throw new UnsupportedOperationException("cannot be looked up");
        }

        /** Everything that must never be seen: tokens, keys, client secrets. */
        List<String> secrets();

        @Override
        void close();
    }

    protected abstract Subject subject();

    @BeforeEach
    final void listenToTheLog() {
        log = LogLines.start();
        subject = subject();
    }

    @AfterEach
    final void nothing_unexpected_was_asked_and_no_secret_was_told() {
        try {
            subject.vendor().assertNothingUnexpected();
            assertThat(subject.secrets()).isNotEmpty();
            for (Throwable failure : failures) {
                StringWriter text = new StringWriter();
                failure.printStackTrace(new PrintWriter(text, true));
                assertThat(text.toString()).doesNotContain(subject.secrets());
            }
            for (String line : log.lines()) {
                assertThat(line).doesNotContain(subject.secrets());
                assertThat(line).doesNotContain(subject.message().text());
                assertThat(line).doesNotContain(subject.message().channelAddress());
            }
        } finally {
            log.close();
            subject.close();
        }
    }

    @Test
    void the_log_is_really_listened_to() {
        LoggerFactory.getLogger("dev.parley.kit.probe").debug("filled {}", "in");

        assertThat(log.lines()).anyMatch(line -> line.contains("filled in"));
    }

    @Test
    void an_accepted_message_is_sent_with_the_vendors_id_by_one_request() {
        subject.vendor().on(subject.sendRoute(), subject.accepted("vendor-1"));

        Sent sent = succeed(send());

        assertThat(sent.providerMessageId()).isEqualTo(subject.idOf("vendor-1"));
        assertThat(sent.status()).isNotBlank();
        assertThat(sends()).hasSize(1);
    }

    @Test
    void a_send_carries_the_trace_of_its_message() {
        OutboundMessage message = subject.message();
        subject.vendor().on(subject.sendRoute(), subject.accepted("vendor-1"));

        Sent unused = succeed(subject.adapter().send(subject.tenant(), message).subscribeAsCompletionStage());

        assertThat(sends().get(0).headers().get("traceparent"))
                .matches("00-" + message.traceId().toString().replace("-", "") + "-[0-9a-f]{16}-01");
    }

    @Test
    void acceptance_without_an_id_is_still_sent() {
        subject.vendor().on(subject.sendRoute(), subject.acceptedWithoutId());

        assertThat(succeed(send()).providerMessageId()).isNull();
    }

    @Test
    void nothing_is_sent_before_somebody_subscribes() {
        Uni<Sent> unsubscribed = subject.adapter().send(subject.tenant(), subject.message());

        assertThat(unsubscribed).isNotNull();
        assertThat(subject.vendor().requests()).isEmpty();
    }

    @Test
    void too_fast_is_throttled_with_the_delay_asked_for() {
        subject.vendor().on(subject.sendRoute(), subject.tooFast(Duration.ofSeconds(7)));

        AdapterException failure = fail(send());

        assertThat(failure.kind()).isEqualTo(Kind.THROTTLED);
        assertThat(failure.retryAfter()).isEqualTo(Duration.ofSeconds(7));
        assertThat(sends()).hasSize(1);
    }

    @Test
    void a_throttled_account_is_not_asked_again_before_its_time() {
        subject.vendor().on(subject.sendRoute(), subject.tooFast(Duration.ofSeconds(300)));
        fail(send());

        AdapterException second = fail(send());

        assertThat(second.kind()).isEqualTo(Kind.THROTTLED);
        assertThat(second.retryAfter()).isBetween(Duration.ofSeconds(250), Duration.ofSeconds(300));
        assertThat(sends()).hasSize(1);
    }

    @Test
    void an_expired_token_is_refreshed_once_and_the_message_sent_once_more() {
        assumeTrue(subject.canRefresh(), "this vendor's credentials are not refreshed");
        subject.vendor()
                .on(subject.sendRoute(), subject.expiredToken())
                .on(subject.refreshRoute(), subject.refreshed())
                .on(subject.sendRoute(), subject.accepted("vendor-1"));

        assertThat(succeed(send()).providerMessageId()).isEqualTo(subject.idOf("vendor-1"));

        subject.vendor().assertScriptPlayed();
        assertThat(sends())
                .extracting(VendorServer.Request::body)
                .hasSize(2)
                .containsOnly(sends().get(0).body());
        assertThat(sends().get(0).headers()).isNotEqualTo(sends().get(1).headers());
    }

    @Test
    void a_token_that_is_refused_again_after_a_refresh_is_unauthorized() {
        assumeTrue(subject.canRefresh(), "this vendor's credentials are not refreshed");
        subject.vendor()
                .on(subject.sendRoute(), subject.expiredToken())
                .on(subject.refreshRoute(), subject.refreshed())
                .on(subject.sendRoute(), subject.expiredToken());

        assertThat(fail(send()).kind()).isEqualTo(Kind.UNAUTHORIZED);

        subject.vendor().assertScriptPlayed();
    }

    @Test
    void credentials_that_cannot_be_refreshed_are_unauthorized_after_one_request() {
        assumeTrue(!subject.canRefresh(), "this vendor's credentials are refreshed");
        subject.vendor().on(subject.sendRoute(), subject.expiredToken());

        assertThat(fail(send()).kind()).isEqualTo(Kind.UNAUTHORIZED);

        assertThat(subject.vendor().requests()).hasSize(1);
    }

    @Test
    void a_refused_refresh_is_unauthorized() {
        assumeTrue(subject.canRefresh(), "this vendor's credentials are not refreshed");
        subject.vendor()
                .on(subject.sendRoute(), subject.expiredToken())
                .on(subject.refreshRoute(), subject.refreshRefused());

        assertThat(fail(send()).kind()).isEqualTo(Kind.UNAUTHORIZED);

        assertThat(sends()).hasSize(1);
    }

    @Test
    void what_a_fresh_token_cannot_mend_is_unauthorized_without_a_refresh() {
        subject.vendor().on(subject.sendRoute(), subject.forbidden());

        assertThat(fail(send()).kind()).isEqualTo(Kind.UNAUTHORIZED);

        assertThat(subject.vendor().requests(subject.refreshRoute())).isEmpty();
        assertThat(sends()).hasSize(1);
    }

    @Test
    void an_unknown_contact_is_refused() {
        subject.vendor().on(subject.sendRoute(), subject.unknownContact());

        assertThat(fail(send()).kind()).isEqualTo(Kind.REFUSED);
        assertThat(sends()).hasSize(1);
    }

    @Test
    void a_contact_who_opted_out_is_refused_for_a_reason_that_programs_can_read() {
        assumeTrue(subject.tellsOptOut(), "this vendor never says so");
        subject.vendor().on(subject.sendRoute(), subject.optedOut());

        AdapterException failure = fail(send());

        assertThat(failure.kind()).isEqualTo(Kind.REFUSED);
        assertThat(failure).hasMessageStartingWith("dnd:");
    }

    @Test
    void no_answer_to_a_request_that_left_is_ambiguous_and_in_time() {
        subject.vendor().on(subject.sendRoute(), Behaviour.silence());
        long start = System.nanoTime();

        AdapterException failure = fail(send());

        assertThat(failure.kind()).isEqualTo(Kind.AMBIGUOUS);
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(
                        subject.callTimeout().dividedBy(2),
                        subject.callTimeout().plusSeconds(5));
        assertThat(sends()).hasSize(1);
    }

    @Test
    void a_connection_lost_after_the_request_left_is_ambiguous() {
        subject.vendor().on(subject.sendRoute(), Behaviour.cut());

        assertThat(fail(send()).kind()).isEqualTo(Kind.AMBIGUOUS);
        assertThat(sends()).hasSize(1);
    }

    @Test
    void an_answer_that_breaks_off_is_ambiguous() {
        subject.vendor().on(subject.sendRoute(), Behaviour.cutInAnswer(200, "{\"messageId\":"));

        assertThat(fail(send()).kind()).isEqualTo(Kind.AMBIGUOUS);
        assertThat(sends()).hasSize(1);
    }

    @Test
    void acceptance_in_words_nobody_understands_is_ambiguous() {
        subject.vendor()
                .on(
                        subject.sendRoute(),
                        Behaviour.answer(200, java.util.Map.of("Content-Type", "text/html"), "<html>Welcome</html>"));

        assertThat(fail(send()).kind()).isEqualTo(Kind.AMBIGUOUS);
    }

    @Test
    void an_error_inside_the_vendor_is_ambiguous() {
        for (int status : new int[] {500, 502, 503, 504}) {
            subject.vendor().on(subject.sendRoute(), Behaviour.answer(status, java.util.Map.of(), "upstream"));

            assertThat(fail(send()).kind()).as("status " + status).isEqualTo(Kind.AMBIGUOUS);
        }
        assertThat(sends()).hasSize(4);
    }

    @Test
    void a_refused_connection_is_transient() {
        subject.vendor().stopListening();

        assertThat(fail(send()).kind()).isEqualTo(Kind.TRANSIENT);
    }

    @Test
    void a_redirect_is_not_followed() {
        subject.vendor()
                .on(
                        subject.sendRoute(),
                        Behaviour.answer(
                                307,
                                java.util.Map.of("Location", subject.vendor().url() + "/elsewhere"),
                                ""));

        assertThat(fail(send()).kind()).isEqualTo(Kind.TRANSIENT);
        assertThat(subject.vendor().requests()).hasSize(1);
    }

    @Test
    void many_messages_at_once_are_each_sent_once() {
        List<CompletableFuture<Sent>> many = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            subject.vendor().on(subject.sendRoute(), subject.accepted("vendor-" + i));
        }
        for (int i = 0; i < 20; i++) {
            many.add(send());
        }

        assertThat(many).extracting(sent -> succeed(sent).providerMessageId()).doesNotHaveDuplicates();
        assertThat(sends()).hasSize(20);
        subject.vendor().assertScriptPlayed();
    }

    @Test
    void an_answer_comes_back_on_the_callers_event_loop_and_never_blocks_it() {
        subject.vendor().on(subject.sendRoute(), subject.accepted("vendor-1").held());
        Vertx vertx = Vertx.vertx();
        try {
            Context loop = vertx.getOrCreateContext();
            CompletableFuture<Context> arrivedOn = new CompletableFuture<>();
            CompletableFuture<Void> stillFree = new CompletableFuture<>();

            loop.runOnContext(ignored -> {
                subject.adapter()
                        .send(subject.tenant(), subject.message())
                        .subscribe()
                        .with(
                                sent -> arrivedOn.complete(Vertx.currentContext()),
                                failure -> arrivedOn.completeExceptionally(failure));
                loop.runOnContext(next -> stillFree.complete(null));
            });
            assertThat(stillFree).succeedsWithin(PATIENCE);
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(sends()).hasSize(1));
            assertThat(arrivedOn).isNotDone();
            subject.vendor().release();

            assertThat(arrivedOn).succeedsWithin(PATIENCE).isSameAs(loop);
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }

    @Test
    void a_look_up_finds_the_message_the_vendor_has() {
        assumeTrue(subject.canLookUp(), "this vendor cannot be asked");
        subject.planLookUp(Optional.of("vendor-9"));

        assertThat(succeed(lookUp()))
                .hasValueSatisfying(sent -> assertThat(sent.providerMessageId()).isEqualTo(subject.idOf("vendor-9")));
        subject.vendor().assertScriptPlayed();
    }

    @Test
    void a_look_up_of_a_message_the_vendor_does_not_have_is_empty() {
        assumeTrue(subject.canLookUp(), "this vendor cannot be asked");
        subject.planLookUp(Optional.empty());

        assertThat(succeed(lookUp())).isEmpty();
        subject.vendor().assertScriptPlayed();
    }

    @Test
    void a_look_up_without_an_answer_may_simply_be_repeated() {
        assumeTrue(subject.canLookUp(), "this vendor cannot be asked");
        subject.planSilentLookUp();

        assertThat(fail(lookUp()).kind()).isEqualTo(Kind.TRANSIENT);
    }

    @Test
    void a_vendor_that_cannot_be_asked_leaves_it_unknown_for_a_person() {
        assumeTrue(!subject.canLookUp(), "this vendor can be asked");

        // AMBIGUOUS while the vendor may still report on its own.
        assertThat(fail(lookUp()).kind()).isIn(Kind.REFUSED, Kind.AMBIGUOUS);

        assertThat(subject.vendor().requests()).isEmpty();
    }

    @Test
    void a_look_up_never_sends() {
        assumeTrue(subject.canLookUp(), "this vendor cannot be asked");
        subject.planLookUp(Optional.empty());

        succeed(lookUp());

        assertThat(sends()).isEmpty();
    }

    protected final CompletableFuture<Sent> send() {
        return subject.adapter().send(subject.tenant(), subject.message()).subscribeAsCompletionStage();
    }

    protected final CompletableFuture<Optional<Sent>> lookUp() {
        return subject.adapter()
                .lookUp(subject.tenant(), subject.message(), Instant.now())
                .subscribeAsCompletionStage();
    }

    private List<VendorServer.Request> sends() {
        return subject.vendor().requests(subject.sendRoute());
    }

    private <T> T succeed(CompletableFuture<T> call) {
        return call.orTimeout(PATIENCE.toSeconds(), java.util.concurrent.TimeUnit.SECONDS)
                .join();
    }

    private AdapterException fail(CompletableFuture<?> call) {
        try {
            Object item = call.orTimeout(PATIENCE.toSeconds(), java.util.concurrent.TimeUnit.SECONDS)
                    .join();
            throw new AssertionError("expected a failure, got " + item);
        } catch (CompletionException e) {
            failures.add(e.getCause());
            assertThat(e.getCause()).isInstanceOf(AdapterException.class);
            return (AdapterException) e.getCause();
        }
    }
}
