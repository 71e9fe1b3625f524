package dev.parley.sandbox;

import dev.parley.dialog.Lenient;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A {@link Trace} told in the order it happened, and in one sentence what became of it. Pure. */
final class Timeline {
    /** @param took null where nothing was measured */
    record Entry(
            Instant at,
            String what,
            String detail,
            @Nullable Duration took) {}

    private final Trace trace;
    private final Instant zero;

    Timeline(Trace trace) {
        this.trace = trace;
        this.zero = trace.events().stream()
                .map(Trace.Event::receivedAt)
                .min(Comparator.naturalOrder())
                .orElseGet(trace::now);
    }

    Verdict verdict() {
        return Verdict.of(trace, zero);
    }

    List<Entry> entries() {
        List<Entry> entries = new ArrayList<>();
        for (Trace.Event event : trace.events()) {
            entries.add(new Entry(event.receivedAt(), "received", received(event), null));
            trace.jobs().stream()
                    .filter(job -> job.eventId().equals(event.id()) && !job.isSend())
                    .findFirst()
                    .ifPresentOrElse(
                            job -> entries.add(new Entry(
                                    job.createdAt(),
                                    "stored",
                                    "event " + event.id() + " with job " + job.type(),
                                    null)),
                            () -> entries.add(
                                    new Entry(event.receivedAt(), "stored", "event " + event.id() + ", no job", null)));
        }
        for (Trace.Job job : trace.jobs()) {
            entries.addAll(attempts(job));
        }
        for (Trace.Message message : trace.messages()) {
            entries.add(new Entry(
                    message.createdAt(), message.inbound() ? "message in" : "message out", quoted(message), null));
            entries.addAll(delivery(message));
        }
        for (Trace.Related report : trace.related()) {
            entries.add(new Entry(
                    report.receivedAt(),
                    report.type().equals("outbound_message") ? "echo" : "status",
                    "the provider reports " + (report.status() == null ? report.type() : report.status())
                            + " for message " + report.messageId() + " (trace " + report.traceId() + ")",
                    null));
        }
        // Stable: what carries the same time stays in the order of cause and effect.
        entries.sort(Comparator.comparing(Entry::at));
        return entries;
    }

    String text() {
        Verdict verdict = verdict();
        StringBuilder out = new StringBuilder("trace " + trace.id() + "\n");
        for (Trace.Event event : trace.events()) {
            out.append("      tenant ").append(event.tenant()).append(event.tenantEnabled() ? "" : " (disabled)");
            out.append(", received ").append(event.receivedAt()).append('\n');
        }
        out.append('\n');
        for (Entry entry : entries()) {
            out.append(String.format(
                    Locale.ROOT,
                    "%12s  %-11s  %s%s%n",
                    offset(entry.at()),
                    entry.what(),
                    entry.detail(),
                    entry.took() == null ? "" : " (" + inWords(entry.took()) + ")"));
        }
        out.append(entries().isEmpty() ? "" : "\n");
        out.append(verdict.state().word()).append(": ").append(verdict.reason()).append('\n');
        return out.toString();
    }

    JsonObject json() {
        Verdict verdict = verdict();
        JsonArray entries = new JsonArray();
        for (Entry entry : entries()) {
            JsonObject one = new JsonObject()
                    .put("at", entry.at().toString())
                    .put("offset_ms", Duration.between(zero, entry.at()).toMillis())
                    .put("what", entry.what())
                    .put("detail", entry.detail());
            if (entry.took() != null) {
                one.put("took_ms", entry.took().toMillis());
            }
            entries.add(one);
        }
        JsonObject json = new JsonObject()
                .put("trace_id", trace.id().toString())
                .put("state", verdict.state().word())
                .put("reason", verdict.reason())
                .put("timeline", entries);
        if (!trace.events().isEmpty()) {
            json.put("tenant", trace.events().get(0).tenant()).put("received_at", zero.toString());
        }
        return json;
    }

    private List<Entry> attempts(Trace.Job job) {
        List<Entry> entries = new ArrayList<>();
        for (Trace.Attempt failure : job.failures()) {
            entries.add(new Entry(
                    failure.at(),
                    "attempt " + failure.number(),
                    job.type() + (failure.who().isEmpty() ? "" : " by " + failure.who()) + ": " + failure.reason(),
                    null));
        }
        String by = job.lockedBy() == null ? "" : " by " + job.lockedBy();
        Duration took = job.lockedAt() == null ? null : Duration.between(job.lockedAt(), job.updatedAt());
        switch (job.status()) {
            case "done" ->
                entries.add(new Entry(
                        job.updatedAt(), "attempt " + Math.max(1, job.attempts()), job.type() + by + ": done", took));
            case "processing" ->
                entries.add(new Entry(
                        job.lockedAt() == null ? job.updatedAt() : job.lockedAt(),
                        "attempt " + job.attempts(),
                        job.type() + by + ": under way",
                        null));
            case "failed" ->
                entries.add(new Entry(
                        job.updatedAt(), "dead letter", job.type() + " after " + job.attempts() + " attempts", null));
            default -> {
                if (job.runAfter().isAfter(trace.now())) {
                    entries.add(new Entry(job.runAfter(), "due", job.type() + " goes on", null));
                }
            }
        }
        return entries;
    }

    private static List<Entry> delivery(Trace.Message message) {
        List<Entry> entries = new ArrayList<>();
        for (Object step : Lenient.array(Lenient.object(message.payload(), "delivery"), "history")) {
            if (!(step instanceof JsonObject one)) {
                continue;
            }
            Instant at = Lenient.instant(one, "at");
            String error = Lenient.text(one, "error");
            if (at != null) {
                entries.add(new Entry(
                        // Planned in the transaction that wrote the message, by a clock read a moment earlier.
                        at.isBefore(message.createdAt()) ? message.createdAt() : at,
                        "delivery",
                        or(Lenient.text(one, "state"), "?") + (error == null ? "" : ": " + error),
                        null));
            }
        }
        return entries;
    }

    private static String received(Trace.Event event) {
        return event.type() + " through " + event.provider()
                + (event.channel() == null ? "" : " on " + event.channel())
                + (event.address() == null ? "" : " of " + event.address())
                + (event.providerMessageId() == null ? "" : ", their id " + event.providerMessageId());
    }

    private static String quoted(Trace.Message message) {
        String text = or(message.text(), "");
        String shown = text.codePointCount(0, text.length()) > 120
                ? text.substring(0, text.offsetByCodePoints(0, 119)) + "…"
                : text;
        String by = message.inbound() ? null : Lenient.text(message.payload(), "author");
        String purpose = Lenient.text(message.payload(), "purpose");
        return "“" + shown.replace("\n", "⏎") + "”"
                + (by == null ? "" : " (" + by + (purpose == null ? "" : ", " + purpose) + ")");
    }

    private String offset(Instant at) {
        Duration since = Duration.between(zero, at);
        return (since.isNegative() ? "-" : "+") + inWords(since.abs());
    }

    /** Milliseconds below a minute, then minutes, hours, days. */
    static String inWords(Duration time) {
        if (time.compareTo(Duration.ofSeconds(60)) < 0) {
            return String.format(Locale.ROOT, "%.3f s", time.toNanos() / 1e9);
        }
        if (time.compareTo(Duration.ofHours(1)) < 0) {
            return time.toMinutes() + " min " + time.toSecondsPart() + " s";
        }
        if (time.compareTo(Duration.ofDays(1)) < 0) {
            return time.toHours() + " h " + time.toMinutesPart() + " min";
        }
        return time.toDays() + " d " + time.toHoursPart() + " h";
    }

    private static String or(@Nullable String text, String otherwise) {
        return text == null ? otherwise : text;
    }
}
