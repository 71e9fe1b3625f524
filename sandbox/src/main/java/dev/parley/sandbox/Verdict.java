package dev.parley.sandbox;

import dev.parley.dialog.Lenient;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What became of one message, in one sentence a person understands. Pure.
 *
 * @param reason why no reply was sent, where none was; else how far it came
 */
record Verdict(State state, String reason) {
    /** What became of the message; programs may rely on the names in lower case. */
    enum State {
        UNKNOWN,
        STORED,
        WAITING,
        WORKING,
        SILENT,
        BLOCKED,
        FAILED,
        SENT,
        DELIVERED,
        DONE;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** @param zero when the message was received */
    static Verdict of(Trace trace, Instant zero) {
        return new Judge(trace, zero).verdict();
    }

    private record Judge(Trace trace, Instant zero) {
        Verdict verdict() {
            if (!trace.isKnown()) {
                return new Verdict(
                        State.UNKNOWN,
                        "nothing has this trace id: it was mistyped, refused before it was stored, or is another database's");
            }
            Optional<Trace.Job> handling =
                    trace.jobs().stream().filter(job -> !job.isSend()).findFirst();
            if (handling.isEmpty() && trace.messages().isEmpty()) {
                return new Verdict(State.STORED, stored());
            }
            if (handling.isPresent() && !handling.get().status().equals("done")) {
                return unfinished(handling.get(), "");
            }
            if (trace.events().stream().noneMatch(event -> event.type().equals("inbound_message"))) {
                return new Verdict(State.DONE, "handled; an event of this kind is never answered");
            }
            Optional<Trace.Message> reply = trace.messages().stream()
                    .filter(message -> !message.inbound())
                    .reduce((first, second) -> second);
            return reply.map(this::ofReply).orElseGet(this::withoutReply);
        }

        private Verdict ofReply(Trace.Message reply) {
            JsonObject delivery = Lenient.object(reply.payload(), "delivery");
            String state = or(Lenient.text(delivery, "state"), "unknown");
            String error = or(Lenient.text(delivery, "error"), "no reason recorded");
            return switch (state) {
                case "delivered", "read" ->
                    new Verdict(
                            State.DELIVERED,
                            "the reply was " + state
                                    + moment(delivery, state)
                                            .map(at -> " " + Timeline.inWords(Duration.between(zero, at))
                                                    + " after receipt")
                                            .orElse(""));
                case "sent" ->
                    new Verdict(
                            State.SENT,
                            "the provider has the reply"
                                    + moment(delivery, state)
                                            .map(at -> " since " + Timeline.inWords(Duration.between(zero, at))
                                                    + " after receipt")
                                            .orElse("")
                                    + " and has not reported its delivery");
                case "blocked" -> new Verdict(State.BLOCKED, "the reply was planned and not sent: " + error);
                case "failed" -> new Verdict(State.FAILED, "the reply was not delivered: " + error);
                default ->
                    trace.jobs().stream()
                            .filter(job -> job.id().equals(reply.id())
                                    || (job.isSend() && !job.status().equals("done")))
                            .findFirst()
                            .filter(job -> !job.status().equals("done"))
                            .map(job -> unfinished(
                                    job,
                                    state.equals("unknown")
                                            ? "it is not known whether the reply left (" + error + "); "
                                            : "the reply is " + state + "; "))
                            .orElseGet(() -> new Verdict(
                                    State.WAITING,
                                    "the reply is " + state + " and no job is left to go on with it: " + error));
            };
        }

        private Verdict withoutReply() {
            Optional<Trace.Message> heard =
                    trace.messages().stream().filter(Trace.Message::inbound).findFirst();
            if (heard.isEmpty()) {
                return new Verdict(
                        State.SILENT,
                        "no reply: the same message had been handled before, under another event of the provider");
            }
            String silence = or(Lenient.text(Lenient.object(heard.get().payload(), "decision"), "silence"), "");
            return new Verdict(
                    State.SILENT,
                    "no reply: " + (silence.isEmpty() ? "the dialog decided so and gave no reason" : silence));
        }

        private Verdict unfinished(Trace.Job job, String before) {
            Optional<Trace.Event> disabled = trace.events().stream()
                    .filter(event -> !event.tenantEnabled())
                    .findFirst();
            List<Trace.Attempt> failures = job.failures();
            String last = failures.isEmpty()
                    ? or(job.lastError(), "no reason recorded")
                    : failures.get(failures.size() - 1).reason();
            switch (job.status()) {
                case "failed" -> {
                    return new Verdict(
                            State.FAILED,
                            before + "dead letter: " + job.type() + " was given up after " + job.attempts()
                                    + " attempts: " + last);
                }
                case "processing" -> {
                    return new Verdict(
                            State.WORKING,
                            before + "attempt " + job.attempts() + " of " + job.type() + " is under way at "
                                    + or(job.lockedBy(), "an unnamed worker")
                                    + (job.lockedAt() == null
                                            ? ""
                                            : " for "
                                                    + Timeline.inWords(Duration.between(job.lockedAt(), trace.now()))));
                }
                default -> {
                    if (disabled.isPresent()) {
                        return new Verdict(
                                State.WAITING,
                                before + "tenant " + disabled.get().tenant()
                                        + " is disabled: its jobs wait and go on in order when it is enabled again");
                    }
                    if (job.runAfter().isAfter(trace.now())) {
                        return new Verdict(
                                State.WAITING,
                                before + job.type() + " waits until " + job.runAfter() + " (another "
                                        + Timeline.inWords(Duration.between(trace.now(), job.runAfter())) + ")"
                                        + (job.lastError() == null ? "" : ": " + last));
                    }
                    if (trace.ahead() > 0) {
                        return new Verdict(
                                State.WAITING,
                                before + job.type() + " waits its turn behind " + trace.ahead() + " earlier "
                                        + (trace.ahead() == 1 ? "job" : "jobs") + " of the same contact");
                    }
                    return new Verdict(
                            State.WAITING,
                            before + job.type() + " is due since "
                                    + Timeline.inWords(Duration.between(job.runAfter(), trace.now()))
                                    + " and no worker has taken it: is a worker running?");
                }
            }
        }

        private String stored() {
            Optional<String> type =
                    trace.events().stream().map(Trace.Event::type).findFirst();
            if (type.isEmpty()) {
                return "its jobs are gone (finished ones are removed after a while)";
            }
            if (trace.events().get(0).tenant().equals("unrouted")) {
                return "stored, not handled: the account it names belongs to no tenant";
            }
            if (type.get().equals("quarantined")) {
                return "stored in quarantine, not handled: it was genuine and could not be read";
            }
            return "stored, not handled: nothing is to be done for an event of type " + type.get();
        }

        /** When the delivery came to this state. */
        private static Optional<Instant> moment(JsonObject delivery, String state) {
            for (Object step : Lenient.array(delivery, "history")) {
                if (step instanceof JsonObject one && state.equals(one.getValue("state"))) {
                    return Optional.ofNullable(Lenient.instant(one, "at"));
                }
            }
            return Optional.ofNullable(Lenient.instant(delivery, "at"));
        }

        private static String or(@Nullable String text, String otherwise) {
            return text == null ? otherwise : text;
        }
    }
}
