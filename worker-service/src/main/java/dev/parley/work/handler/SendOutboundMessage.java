package dev.parley.work.handler;

import dev.parley.dialog.Consent;
import dev.parley.dialog.Delivery;
import dev.parley.dialog.Delivery.State;
import dev.parley.dialog.Dialog;
import dev.parley.dialog.Dialog.Letter;
import dev.parley.dialog.Dialog.Lookup;
import dev.parley.dialog.FirstDialog;
import dev.parley.dialog.Lenient;
import dev.parley.dialog.Message;
import dev.parley.dialog.MessageId;
import dev.parley.queue.Job;
import dev.parley.queue.JobId;
import dev.parley.queue.JobType;
import dev.parley.spi.AdapterException;
import dev.parley.spi.LeasedJobHandler;
import dev.parley.spi.MessagingAdapter;
import dev.parley.spi.MessagingAdapter.OutboundMessage;
import dev.parley.spi.MessagingAdapter.Sent;
import dev.parley.spi.Outcome;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantId;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Sends a planned message through its adapter, at most once as far as anybody can tell: the attempt is written before the
 * call, its result after it, and an attempt without a result is asked about, never repeated blindly. Consent and people
 * who took over are checked again in the transaction before the call.
 *
 * <p>The message's delivery state says which call was in the air: {@code sending} means a send, {@code unknown} a look-up.
 */
public final class SendOutboundMessage implements LeasedJobHandler<Optional<Sent>> {
    private static final Duration UNTIL_TENANT_IS_KNOWN = Duration.ofSeconds(5);
    /** One answer of "I do not have it" may be an index that lags; two, apart in time, count. */
    private static final int MISSES_THAT_COUNT = 2;

    private final Dialog dialog;
    private final MessagingAdapters adapters;
    private final SendPolicy policy;
    private final TenantSettings tenants;

    public SendOutboundMessage(
            Dialog dialog,
            MessagingAdapters adapters,
            SendPolicy policy,
            Function<TenantId, Optional<Tenant>> tenants) {
        this.dialog = dialog;
        this.adapters = adapters;
        this.policy = policy;
        this.tenants = new TenantSettings(tenants);
    }

    @Override
    public JobType type() {
        return JobType.SEND_OUTBOUND_MESSAGE;
    }

    private static List<MessageId> messages(List<Job> jobs) {
        return jobs.stream().map(job -> new MessageId(job.id().value())).toList();
    }

    @Override
    public Uni<List<Step<Optional<Sent>>>> begin(SqlConnection tx, List<Job> jobs) {
        if (jobs.isEmpty()) {
            return Uni.createFrom().item(List.of());
        }
        return dialog.readLetters(tx, messages(jobs)).chain(reading -> {
            Draft draft = new Draft();
            List<Step<Optional<Sent>>> steps = new ArrayList<>(jobs.size());
            for (int at = 0; at < jobs.size(); at++) {
                Optional<Letter> letter = reading.found().get(at);
                steps.add(
                        letter.isEmpty()
                                ? settle(Outcome.bury("the message to be sent is not in the transcript"))
                                : begin(jobs.get(at), letter.get(), draft, reading.now()));
            }
            return dialog.write(tx, draft.changes()).replaceWith(steps);
        });
    }

    private Step<Optional<Sent>> begin(Job job, Letter letter, Draft draft, Instant now) {
        Message message = draft.know(letter.message());
        State state = message.delivery().state();
        if (state == State.BLOCKED || state == State.SENT || state == State.DELIVERED || state == State.READ) {
            return settle(Outcome.done());
        }
        Optional<TenantSettings.Known> tenant = tenants.find(job.tenant());
        if (tenant.isEmpty()) {
            return settle(Outcome.snooze("tenant not known to this worker yet", UNTIL_TENANT_IS_KNOWN));
        }
        Optional<MessagingAdapter> adapter = adapters.find(message.provider());
        Instant attemptedAt = message.delivery().attemptedAt();
        if (attemptedAt != null && (state == State.SENDING || state == State.UNKNOWN)) {
            // It may have left. Nothing else matters before that is known, not even consent.
            if (adapter.isEmpty()) {
                return settle(Outcome.bury(
                        "outcome unknown, and no messaging adapter is called " + message.provider() + " to ask"));
            }
            draft.put(message.with(message.delivery().unknown("the attempt ended without an answer", now)));
            return call(() -> adapter.get().lookUp(tenant.get().tenant(), outbound(letter), attemptedAt));
        }
        Optional<String> obstacle = obstacle(letter, adapter, now);
        if (obstacle.isPresent()) {
            draft.put(message.with(message.delivery().block(obstacle.get(), now)));
            return settle(Outcome.done());
        }
        draft.put(message.with(message.delivery().sending(now)));
        return call(() -> adapter.orElseThrow()
                .send(tenant.get().tenant(), outbound(letter))
                .map(Optional::of));
    }

    /** What has come up since the message was planned. */
    private static Optional<String> obstacle(Letter letter, Optional<MessagingAdapter> adapter, Instant now) {
        Message message = letter.message();
        if (adapter.isEmpty()) {
            return Optional.of("no messaging adapter is called " + message.provider());
        }
        Consent consent = letter.contact().consent();
        boolean confirmsOptOut = is(message, FirstDialog.Purpose.OPT_OUT);
        Optional<String> objection =
                confirmsOptOut && !consent.isDoNotDisturb() ? Optional.empty() : consent.objection();
        if (objection.isPresent()) {
            return objection;
        }
        boolean isCompliance = confirmsOptOut || is(message, FirstDialog.Purpose.OPT_IN);
        // Had the pause begun earlier, this would not have been planned.
        return !isCompliance && letter.conversation().state().isPausedByHuman(now)
                ? Optional.of("a person answered first")
                : overdue(letter, adapter.get(), now);
    }

    /** Vendors answer the late with an error, and some with a bad mark for the number. */
    private static Optional<String> overdue(Letter letter, MessagingAdapter adapter, Instant now) {
        Optional<Duration> window = adapter.replyWindow(letter.message().channel());
        Instant heard = letter.conversation().lastInboundAt();
        boolean isOpen =
                window.isEmpty() || (heard != null && heard.plus(window.get()).isAfter(now));
        return isOpen
                ? Optional.empty()
                : Optional.of("outside the %d-hour window: the contact's last message was %s"
                        .formatted(window.get().toHours(), heard == null ? "never" : "at " + heard));
    }

    private static boolean is(Message message, FirstDialog.Purpose purpose) {
        return ProcessInboundMessage.Purposes.word(purpose).equals(Lenient.text(message.payload(), "purpose"));
    }

    private static OutboundMessage outbound(Letter letter) {
        Message message = letter.message();
        return new OutboundMessage(
                message.id().value(),
                message.traceId(),
                message.channel(),
                letter.contact().key().address(),
                message.text(),
                letter.contact().refs(),
                is(message, FirstDialog.Purpose.HANDOFF));
    }

    private static Step<Optional<Sent>> settle(Outcome outcome) {
        return new Step.Settle<>(outcome);
    }

    private static Step<Optional<Sent>> call(Supplier<Uni<Optional<Sent>>> call) {
        // An adapter that throws instead of failing its Uni must not be able to tell.
        return new Step.Call<>(() -> Uni.createFrom().deferred(call::get));
    }

    @Override
    public Uni<List<Outcome>> finish(SqlConnection tx, List<Finished<Optional<Sent>>> finished) {
        if (finished.isEmpty()) {
            return Uni.createFrom().item(List.of());
        }
        List<Job> jobs = finished.stream().map(Finished::job).toList();
        // Read again: a status may have come in while the call was in the air.
        return dialog.readLetters(tx, messages(jobs))
                .chain(reading -> neighbours(tx, finished, reading.found()).chain(neighbours -> {
                    Draft draft = new Draft();
                    List<Outcome> outcomes = new ArrayList<>(finished.size());
                    for (int at = 0; at < finished.size(); at++) {
                        Finished<Optional<Sent>> one = finished.get(at);
                        Finished<Optional<Sent>> told =
                                neighbours.contains(one.job().id())
                                        ? new Finished<>(one.job(), Optional.empty(), null)
                                        : one;
                        Optional<Letter> letter = reading.found().get(at);
                        outcomes.add(
                                letter.isEmpty()
                                        ? Outcome.bury("the message that was sent is not in the transcript")
                                        : finish(told, letter.get(), draft, reading.now()));
                    }
                    return dialog.write(tx, draft.changes()).replaceWith(outcomes);
                }));
    }

    /**
     * Whose look-up found a message that is known to be another one of ours, in the same words shortly before. Look-ups
     * give the newest that fits, and lines are sent in order: so ours is not there. What was only told of by a report, as
     * somebody's words through the API, is no such neighbour: it is ours, and its report came before we knew its id.
     */
    private Uni<Set<JobId>> neighbours(
            SqlConnection tx, List<Finished<Optional<Sent>>> finished, List<Optional<Letter>> letters) {
        List<JobId> askers = new ArrayList<>();
        List<Lookup> questions = new ArrayList<>();
        for (int at = 0; at < finished.size(); at++) {
            Optional<Sent> result = finished.get(at).result();
            Optional<Letter> letter = letters.get(at);
            if (result == null || result.isEmpty() || letter.isEmpty()) {
                continue;
            }
            Message message = letter.get().message();
            String id = result.get().providerMessageId();
            if (message.delivery().state() == State.UNKNOWN && id != null) {
                askers.add(finished.get(at).job().id());
                questions.add(new Lookup(
                        letter.get().contact().key(), message.id(), message.provider(), message.provider(), id));
            }
        }
        if (questions.isEmpty()) {
            return Uni.createFrom().item(Set.of());
        }
        return dialog.readReported(tx, questions).map(answers -> {
            Set<JobId> neighbours = new HashSet<>();
            for (int at = 0; at < askers.size(); at++) {
                MessageId asked = questions.get(at).messageId();
                if (answers.found()
                        .get(at)
                        .sentAs()
                        .filter(other -> !other.id().equals(asked) && !isTold(other))
                        .isPresent()) {
                    neighbours.add(askers.get(at));
                }
            }
            return neighbours;
        });
    }

    private static boolean isTold(Message message) {
        return "api".equals(message.payload().getString("author"));
    }

    private Outcome finish(Finished<Optional<Sent>> finished, Letter letter, Draft draft, Instant now) {
        draft.know(letter.contact().key(), Optional.of(letter.contact()), Optional.of(letter.conversation()));
        Message message = draft.know(letter.message());
        Optional<Sent> result = finished.result();
        if (result != null && result.isPresent()) {
            return sent(message, result.get(), letter, draft, now);
        }
        State state = message.delivery().state();
        if (state.compareTo(State.SENT) >= 0) {
            // A report was faster than the answer.
            return Outcome.done();
        }
        if (result != null) {
            return missed(message, finished.job(), draft, now);
        }
        Throwable failure = finished.failure() == null ? new IllegalStateException("no result") : finished.failure();
        return state == State.UNKNOWN ? lookUpFailed(failure) : sendFailed(message, failure, letter, draft, now);
    }

    private static Outcome sent(Message message, Sent sent, Letter letter, Draft draft, Instant now) {
        Delivery delivery = message.delivery();
        if (delivery.state() == State.UNKNOWN) {
            delivery = delivery.reconciled("the provider has it", now);
        }
        draft.put(message.withProviderMessageId(sent.providerMessageId()).with(delivery.sent(sent.status(), now)));
        draft.put(
                letter.contact().key(),
                draft.conversation(letter.contact().key()).spoke(now));
        return Outcome.done();
    }

    /** The provider answered that it does not have it. */
    private Outcome missed(Message message, Job job, Draft draft, Instant now) {
        Delivery delivery = message.delivery();
        Instant attemptedAt = delivery.attemptedAt();
        Duration age = attemptedAt == null ? Duration.ZERO : Duration.between(attemptedAt, now);
        if (age.compareTo(policy.certaintyAge()) < 0) {
            return Outcome.snooze(
                    "outcome unknown, too early to be certain",
                    longer(policy.reconcileInterval(), policy.certaintyAge().minus(age)));
        }
        Delivery asked = delivery.missed(policy.reconcileInterval(), now);
        if (asked.misses() < MISSES_THAT_COUNT) {
            draft.put(message.with(asked));
            return Outcome.snooze("outcome unknown, the provider will be asked again", policy.reconcileInterval());
        }
        boolean maySendAgain = tenants.find(job.tenant())
                .map(tenant -> tenant.dialog().resendUnknown())
                .orElse(false);
        Delivery clear = asked.reconciled("the provider does not have it", now);
        if (maySendAgain) {
            draft.put(message.with(clear.notSent("never arrived at the provider", now)));
            return Outcome.snooze("never arrived at the provider, sending again", Duration.ZERO);
        }
        draft.put(message.with(clear.failed("never arrived at the provider", now)));
        return Outcome.bury("never arrived at the provider; messaging.ambiguous is fail");
    }

    private static Duration longer(Duration one, Duration other) {
        return one.compareTo(other) >= 0 ? one : other;
    }

    /** We asked and got no answer: the message stays unknown. */
    private Outcome lookUpFailed(Throwable failure) {
        String reason = "outcome unknown, look-up failed: " + Reason.of(failure);
        if (!(failure instanceof AdapterException adapter)) {
            return Outcome.retry(reason);
        }
        return switch (adapter.kind()) {
            case TRANSIENT, AMBIGUOUS -> Outcome.retry(reason, adapter.retryAfter());
            case THROTTLED -> Outcome.pauseTenant(reason, policy.pause(adapter));
            case UNAUTHORIZED -> Outcome.retry(reason, policy.unauthorizedBackoff());
            case REFUSED, BLOCKED -> Outcome.bury(reason);
        };
    }

    private Outcome sendFailed(Message message, Throwable failure, Letter letter, Draft draft, Instant now) {
        String reason = Reason.of(failure);
        AdapterException.Kind kind =
                failure instanceof AdapterException adapter ? adapter.kind() : AdapterException.Kind.AMBIGUOUS;
        Delivery delivery = message.delivery();
        return switch (kind) {
            case TRANSIENT -> {
                draft.put(message.with(delivery.notSent(reason, now)));
                yield Outcome.retry(reason, ((AdapterException) failure).retryAfter());
            }
            case THROTTLED -> {
                draft.put(message.with(delivery.notSent(reason, now)));
                yield Outcome.pauseTenant(reason, policy.pause((AdapterException) failure));
            }
            case UNAUTHORIZED -> {
                draft.put(message.with(delivery.notSent(reason, now)));
                yield Outcome.retry(reason, policy.unauthorizedBackoff());
            }
            case AMBIGUOUS -> {
                draft.put(message.with(delivery.unknown(reason, now)));
                yield Outcome.snooze("outcome unknown: " + reason, policy.reconcileInterval());
            }
            case BLOCKED -> {
                draft.put(message.with(delivery.block(reason, now)));
                yield Outcome.done();
            }
            case REFUSED -> {
                if (Reason.saysDoNotDisturb(failure.getMessage())) {
                    Consent consent =
                            letter.contact().consent().doNotDisturb(true, false, message.provider(), reason, now);
                    draft.put(letter.contact().with(consent));
                    draft.put(message.with(delivery.block(reason, now)));
                    yield Outcome.done();
                }
                draft.put(message.with(delivery.failed(reason, now)));
                yield Outcome.bury(reason);
            }
        };
    }
}
