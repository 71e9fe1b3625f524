package dev.parley.sandbox;

import dev.parley.dialog.Lenient;
import dev.parley.inbound.InboundEvent;
import dev.parley.inbound.InboundEventStore;
import dev.parley.inbound.Receipt;
import dev.parley.queue.JobId;
import dev.parley.queue.JobQueue;
import dev.parley.queue.JobType;
import dev.parley.queue.NewJob;
import dev.parley.queue.QueueUpkeep;
import dev.parley.queue.TimeOrderedId;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.Pool;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What running an event's job again comes to, and doing it. Nothing is ever undone and no effect is made twice: what is
 * missing is put back into the queue, by statements that change nothing where somebody was faster, and the handlers skip
 * what they find done.
 */
final class Replay {
    /** A reply in one of these has a job to go on with. */
    private static final Set<String> ON_ITS_WAY = Set.of("planned", "sending", "unknown");

    /** What is to be done about one event. */
    sealed interface Step {
        /** Nothing, and why. */
        record Leave(String why) implements Step {}

        /** Dead letters go back. */
        record Redrive(List<Trace.Job> jobs) implements Step {}

        /** Jobs that count as done, but whose effects are not there. */
        record RunAgain(List<JobId> jobs, String why) implements Step {}

        /** Jobs that are gone, and whose effects are not there. */
        record Enqueue(List<NewJob> jobs, String why) implements Step {}

        /** A fact that was not understood when it came. */
        record ReadAgain(InboundEvent fact) implements Step {}
    }

    private Replay() {}

    /**
     * Decides for one event. Pure.
     *
     * @param wasHeard its message is in the transcript, perhaps under another event
     * @param reading of an event that has no job and never had; null = it is none of those
     */
    static Step step(StoredEvent event, Trace trace, boolean wasHeard, SecondReading.@Nullable Outcome reading) {
        if (reading != null) {
            return reading.fact() == null
                    ? new Step.Leave("it is still nothing to act upon: " + reading.obstacle())
                    : new Step.ReadAgain(reading.fact());
        }
        List<Trace.Job> jobs = trace.jobs().stream()
                .filter(job -> job.eventId().equals(event.id()))
                .toList();
        List<Trace.Job> dead =
                jobs.stream().filter(job -> job.status().equals("failed")).toList();
        if (!dead.isEmpty()) {
            return new Step.Redrive(dead);
        }
        Optional<Trace.Job> open =
                jobs.stream().filter(job -> !job.status().equals("done")).findFirst();
        if (open.isPresent()) {
            return new Step.Leave(open.get().type() + " is " + open.get().status() + " already");
        }
        if (!event.type().equals("inbound_message")) {
            return new Step.Leave("it was handled, and an event of this kind is never answered");
        }
        return ofHandled(event, trace, jobs, wasHeard);
    }

    private static Step ofHandled(StoredEvent event, Trace trace, List<Trace.Job> jobs, boolean wasHeard) {
        boolean isStored =
                trace.messages().stream().anyMatch(message -> message.id().equals(event.id()));
        if (!isStored && wasHeard) {
            return new Step.Leave("the same message was handled before, under another event of the provider");
        }
        if (!isStored && jobs.stream().anyMatch(Trace.Job::isSend)) {
            return new Step.Leave("its message is not in the transcript, but a reply was sent for it:"
                    + " handled again, it would be answered twice");
        }
        if (!isStored) {
            String why = "its message is not in the transcript";
            Optional<Trace.Job> handling =
                    jobs.stream().filter(job -> !job.isSend()).findFirst();
            return handling.isPresent()
                    ? new Step.RunAgain(List.of(new JobId(handling.get().id())), why)
                    : new Step.Enqueue(
                            List.of(new NewJob(
                                    new JobId(TimeOrderedId.next()),
                                    event.tenant(),
                                    JobType.PROCESS_INBOUND_MESSAGE,
                                    event.id(),
                                    event.traceId())),
                            why);
        }
        for (Trace.Message reply : trace.messages()) {
            boolean isReply = event.id().toString().equals(Lenient.text(reply.payload(), "in_reply_to"));
            String state = Lenient.text(Lenient.object(reply.payload(), "delivery"), "state");
            if (isReply && (state == null || ON_ITS_WAY.contains(state))) {
                String why = "the reply is " + state + " and no job is left to go on with it";
                JobId send = new JobId(reply.id());
                return jobs.stream().anyMatch(job -> job.id().equals(send.value()))
                        ? new Step.RunAgain(List.of(send), why)
                        : new Step.Enqueue(
                                List.of(new NewJob(
                                        send,
                                        event.tenant(),
                                        JobType.SEND_OUTBOUND_MESSAGE,
                                        event.id(),
                                        event.traceId())),
                                why);
            }
            if (isReply) {
                return new Step.Leave("it was handled, and its reply is " + state + ended(reply.payload()));
            }
        }
        return new Step.Leave("it was handled, and the dialog decided to say nothing");
    }

    private static String ended(JsonObject payload) {
        String error = Lenient.text(Lenient.object(payload, "delivery"), "error");
        return error == null ? "" : " (" + error + ")";
    }

    /** Does it, by one statement, and says what came of it. */
    static String perform(Pool db, StoredEvent event, Step step) {
        QueueUpkeep upkeep = new QueueUpkeep();
        if (step instanceof Step.Leave leave) {
            return "nothing to do: " + leave.why();
        }
        if (step instanceof Step.ReadAgain again) {
            Receipt receipt = new InboundEventStore(db)
                    .recordAll(List.of(again.fact()))
                    .await()
                    .atMost(Operator.QUICK)
                    .get(0);
            return receipt instanceof Receipt.Accepted
                    ? "read again: it is " + again.fact().type() + " now, and its job is queued"
                    : "nothing to do: it is stored already, understood, as trace " + receipt.traceId();
        }
        int expected;
        int done;
        String what;
        if (step instanceof Step.Redrive redrive) {
            List<JobId> ids =
                    redrive.jobs().stream().map(job -> new JobId(job.id())).toList();
            expected = ids.size();
            done = upkeep.redrive(db, event.tenant(), ids).await().atMost(Operator.QUICK);
            what = "redriven: " + types(redrive.jobs());
        } else if (step instanceof Step.RunAgain again) {
            expected = again.jobs().size();
            done = upkeep.runAgain(db, event.tenant(), again.jobs()).await().atMost(Operator.QUICK);
            what = "queued again: " + again.why();
        } else {
            Step.Enqueue enqueue = (Step.Enqueue) step;
            expected = enqueue.jobs().size();
            done = new JobQueue().enqueueAll(db, enqueue.jobs()).await().atMost(Operator.QUICK);
            what = "queued: " + enqueue.why();
        }
        return done == expected ? what : "nothing done: somebody was faster; look again with `./parley trace`";
    }

    /** What {@link #perform} would do. */
    static String announced(Step step) {
        if (step instanceof Step.Leave leave) {
            return "do nothing: " + leave.why();
        }
        if (step instanceof Step.ReadAgain again) {
            return "store it as " + again.fact().type() + ", which the present readers understand, and queue its job";
        }
        if (step instanceof Step.Redrive redrive) {
            return "redrive " + types(redrive.jobs());
        }
        return step instanceof Step.RunAgain again
                ? "queue its job again: " + again.why()
                : "queue its job: " + ((Step.Enqueue) step).why();
    }

    private static String types(List<Trace.Job> jobs) {
        List<String> types = new ArrayList<>();
        for (Trace.Job job : jobs) {
            List<Trace.Attempt> failures = job.failures();
            types.add(job.type() + ", given up after " + job.attempts() + " attempts"
                    + (failures.isEmpty()
                            ? ""
                            : ": " + failures.get(failures.size() - 1).reason()));
        }
        return String.join("; ", types);
    }
}
