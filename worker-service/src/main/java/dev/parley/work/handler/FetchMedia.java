package dev.parley.work.handler;

import dev.parley.dialog.Dialog;
import dev.parley.dialog.Dialog.Letter;
import dev.parley.dialog.Media;
import dev.parley.dialog.Media.State;
import dev.parley.dialog.Message;
import dev.parley.dialog.MessageId;
import dev.parley.queue.Job;
import dev.parley.queue.JobType;
import dev.parley.spi.AdapterException;
import dev.parley.spi.LeasedJobHandler;
import dev.parley.spi.MessagingAdapter;
import dev.parley.spi.Outcome;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantId;
import dev.parley.work.log.LogFacts;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Completes the media of a message that came in: asks the provider for those that it shows later than the message, then
 * looks at every URL through the guard. What is kept are references; nothing is loaded. Nobody waits for this job: it is
 * aside of its contact's lines, and asking again changes nothing anywhere.
 */
public final class FetchMedia implements LeasedJobHandler<FetchMedia.Found> {
    private static final Logger LOG = LoggerFactory.getLogger(FetchMedia.class);
    private static final Duration UNTIL_TENANT_IS_KNOWN = Duration.ofSeconds(5);
    private static final Duration SHORTEST_WAIT = Duration.ofSeconds(2);
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);
    /** So often a URL that does not answer is looked at; then it stays unchecked, with the reason. */
    private static final int MOST_LOOKS = 3;

    private final Dialog dialog;
    private final MessagingAdapters adapters;
    private final MediaCheck check;
    private final SendPolicy pauses;
    private final Duration giveUpAfter;
    private final TenantSettings tenants;

    /**
     * @param pauses for a tenant whose vendor says "too fast" or does not accept our credentials
     * @param giveUpAfter how long a provider is asked for media that it does not show
     */
    public FetchMedia(
            Dialog dialog,
            MessagingAdapters adapters,
            MediaCheck check,
            SendPolicy pauses,
            Duration giveUpAfter,
            Function<TenantId, Optional<Tenant>> tenants) {
        this.dialog = dialog;
        this.adapters = adapters;
        this.check = check;
        this.pauses = pauses;
        this.giveUpAfter = giveUpAfter;
        this.tenants = new TenantSettings(tenants);
    }

    /** What the message's media are now; none = the provider shows none yet. */
    public record Found(List<Media> media, boolean isClear) {}

    @Override
    public JobType type() {
        return JobType.FETCH_MEDIA;
    }

    private static List<MessageId> messages(List<Job> jobs) {
        return jobs.stream().map(job -> new MessageId(job.event().id())).toList();
    }

    @Override
    public Uni<List<Step<Found>>> begin(SqlConnection tx, List<Job> jobs) {
        if (jobs.isEmpty()) {
            return Uni.createFrom().item(List.of());
        }
        return dialog.readLetters(tx, messages(jobs)).map(reading -> {
            List<Step<Found>> steps = new ArrayList<>(jobs.size());
            for (int at = 0; at < jobs.size(); at++) {
                Job job = jobs.get(at);
                steps.add(reading.found()
                        .get(at)
                        .map(letter -> begin(job, letter.message()))
                        .orElseGet(() -> settle(Outcome.bury("the message with the media is not in the transcript"))));
            }
            return steps;
        });
    }

    private Step<Found> begin(Job job, Message message) {
        List<Media> media = message.media();
        boolean isLate = media.stream().anyMatch(one -> one.is(State.LATE));
        if (!isLate && media.stream().noneMatch(one -> one.is(State.UNCHECKED))) {
            return settle(Outcome.done());
        }
        Optional<Tenant> tenant = tenants.find(job.tenant()).map(TenantSettings.Known::tenant);
        if (tenant.isEmpty()) {
            return settle(Outcome.snooze("tenant not known to this worker yet", UNTIL_TENANT_IS_KNOWN));
        }
        String provider = EventReaders.family(message.provider());
        return new Step.Call<>(() -> Uni.createFrom()
                .deferred(() -> isLate
                        ? shown(tenant.get(), provider, message)
                        : Uni.createFrom().item(media))
                .chain(known -> check.check(known, tenant.get(), provider))
                .map(checked -> new Found(checked.media(), checked.isClear())));
    }

    private Uni<List<Media>> shown(Tenant tenant, String provider, Message message) {
        Optional<MessagingAdapter> adapter = adapters.find(provider);
        String id = message.providerMessageId();
        if (adapter.isEmpty() || id == null) {
            throw new AdapterException(
                    AdapterException.Kind.REFUSED,
                    id == null ? "the message has no id to ask for" : "no messaging adapter is called " + provider);
        }
        return adapter.get()
                .media(tenant, id)
                .map(array -> array.stream()
                        .filter(JsonObject.class::isInstance)
                        .map(each -> Media.told((JsonObject) each))
                        .limit(Media.MOST)
                        .toList());
    }

    private static Step<Found> settle(Outcome outcome) {
        return new Step.Settle<>(outcome);
    }

    @Override
    public Uni<List<Outcome>> finish(SqlConnection tx, List<Finished<Found>> finished) {
        if (finished.isEmpty()) {
            return Uni.createFrom().item(List.of());
        }
        List<Job> jobs = finished.stream().map(Finished::job).toList();
        return dialog.readLetters(tx, messages(jobs)).chain(reading -> {
            Draft draft = new Draft();
            List<Outcome> outcomes = new ArrayList<>(finished.size());
            for (int at = 0; at < finished.size(); at++) {
                Finished<Found> one = finished.get(at);
                Optional<Letter> letter = reading.found().get(at);
                outcomes.add(
                        letter.isEmpty()
                                ? Outcome.bury("the message with the media is not in the transcript")
                                : finish(one, draft.know(letter.get().message()), draft, reading.now()));
            }
            return dialog.write(tx, draft.changes()).replaceWith(outcomes);
        });
    }

    private Outcome finish(Finished<Found> finished, Message message, Draft draft, Instant now) {
        Found found = finished.result();
        if (found == null) {
            return failed(finished, message, draft, now);
        }
        if (found.media().isEmpty()) {
            return notShown("the provider shows no media", finished.job(), message, draft, now);
        }
        draft.put(message.with(found.media()));
        return found.isClear() || finished.job().attempts() >= MOST_LOOKS
                ? Outcome.done()
                : Outcome.retry("media were not where they should be, or nobody answered there");
    }

    private Outcome failed(Finished<Found> finished, Message message, Draft draft, Instant now) {
        Throwable failure = finished.failure() == null ? new IllegalStateException("no result") : finished.failure();
        String reason = Reason.of(failure);
        if (!(failure instanceof AdapterException adapter)) {
            return Outcome.retry(reason);
        }
        return switch (adapter.kind()) {
            case TRANSIENT, AMBIGUOUS -> Outcome.retry(reason, adapter.retryAfter());
            case THROTTLED -> Outcome.pauseTenant(reason, pauses.pause(adapter));
            case UNAUTHORIZED -> Outcome.retry(reason, pauses.unauthorizedBackoff());
            // It may not know the message itself yet.
            case REFUSED, BLOCKED -> notShown(reason, finished.job(), message, draft, now);
        };
    }

    /** Waits as long again as it has waited, within bounds; then it is over, and the message says why. */
    private Outcome notShown(String reason, Job job, Message message, Draft draft, Instant now) {
        Instant since = message.createdAt() == null ? now : message.createdAt();
        Duration waited = Duration.between(since, now);
        if (waited.compareTo(giveUpAfter) < 0) {
            Duration wait = waited.compareTo(SHORTEST_WAIT) < 0 ? SHORTEST_WAIT : waited;
            return Outcome.snooze(reason + " yet", wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait);
        }
        String why = reason + ", asked for " + waited.toMinutes() + " min";
        draft.put(message.with(message.media().stream()
                .map(one -> one.is(State.LATE) ? one.gone(why, now) : one)
                .toList()));
        LogFacts.about(
                job,
                job.attempts(),
                () -> LOG.warn(
                        "late media given up job={} tenant={} trace={}: {}",
                        job.id(),
                        job.tenant(),
                        job.traceId(),
                        why));
        return Outcome.done();
    }
}
