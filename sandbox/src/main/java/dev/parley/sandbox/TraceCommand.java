package dev.parley.sandbox;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** What happened to one message, from webhook to delivery. */
final class TraceCommand {
    private TraceCommand() {}

    static int run(List<String> words) {
        Arguments arguments = Arguments.parse(words, Set.of("--data"), Set.of("--json"));
        if (arguments.rest().size() != 1) {
            throw new SandboxException("trace takes one trace id; see `./parley help trace`");
        }
        UUID id = Trace.parse(arguments.rest().get(0));
        Trace trace;
        try (Connection db = Reach.of(Parley.data(arguments)).connect("operator")) {
            trace = new TraceReader(db).read(id);
        } catch (SQLException e) {
            throw new SandboxException("the trace cannot be read: " + e.getMessage(), e);
        }
        Timeline timeline = new Timeline(trace);
        System.out.print(arguments.has("--json") ? timeline.json().encodePrettily() + "\n" : timeline.text());
        return trace.isKnown() ? 0 : 1;
    }
}
