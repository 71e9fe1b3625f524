package dev.parley.ledger;

import java.util.ArrayList;
import java.util.List;

/** Everything about an event carries its trace. */
final class TraceJudge {
    private final Books books;
    private final Findings findings;

    TraceJudge(Books books, Findings findings) {
        this.books = books;
        this.findings = findings;
    }

    void judge() {
        for (Sent sent : books.evidence.sent()) {
            for (Rows.Event event : books.eventsOf(sent)) {
                traceOf(sent, event);
            }
        }
    }

    private void traceOf(Sent sent, Rows.Event event) {
        List<Rows.Job> work = books.jobsOf(event);
        List<String> gaps = new ArrayList<>();
        if (work.stream().noneMatch(job -> job.type().equals(Books.HANDLING))) {
            gaps.add("no job handles it");
        }
        for (Rows.Job job : work) {
            if (!job.trace().equals(event.trace())) {
                gaps.add(job.type() + " is in another trace");
            }
        }
        Rows.Message heard = books.messages.get(event.id());
        if (heard != null && !heard.trace().equals(event.trace())) {
            gaps.add("its message is in another trace");
        }
        for (Rows.Message reply : books.repliesByEvent.getOrDefault(event.id(), List.of())) {
            if (!reply.trace().equals(event.trace())) {
                gaps.add("its reply is in another trace");
            }
            if (SendsJudge.TAKEN.contains(reply.state()) && !books.sendsByTrace.containsKey(event.trace())) {
                gaps.add("the call that sent its reply did not name the trace");
            }
        }
        findings.check(Promise.TRACES_COMPLETE, gaps.isEmpty(), () -> sent.name() + ": " + String.join(", ", gaps));
    }
}
