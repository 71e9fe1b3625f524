package dev.parley.sandbox;

import dev.parley.dialog.FirstDialog.Move;
import dev.parley.queue.Job;
import dev.parley.tenant.Tenant;
import dev.parley.work.handler.Rehearsal.Past;
import dev.parley.work.handler.Rehearsal.Rehearsed;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What the dialog would decide now beside what it decided then. Pure. */
record Difference(Rehearsed rehearsed, Tenant tenant, Job.Event event) {

    List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("words    " + quoted(rehearsed.words()));
        lines.add("then     " + rehearsed.past().map(Difference::then).orElse("it was not handled"));
        lines.add("now      "
                + rehearsed.now().map(Difference::now).orElse("the same message was handled under another event"));
        lines.add("differs  " + difference());
        lines.add("sends    " + wouldBeSent());
        return lines;
    }

    private String difference() {
        if (rehearsed.past().isEmpty() || rehearsed.now().isEmpty()) {
            return "there is nothing to compare with";
        }
        Past past = rehearsed.past().get();
        Move now = rehearsed.now().get();
        List<String> found = new ArrayList<>();
        if (!Objects.equals(past.intent(), now.intent())) {
            found.add("intent: " + past.intent() + " then, " + now.intent() + " now");
        }
        String reply = now.reply() == null ? null : now.reply().text();
        if (!Objects.equals(past.reply(), reply)) {
            found.add("reply: " + orNone(past.reply()) + " then, " + orNone(reply) + " now");
        }
        // "until when" differs by nature
        if (past.reply() == null && reply == null && !sameReason(past.silence(), now.silence())) {
            found.add("reason: " + past.silence() + " then, " + now.silence() + " now");
        }
        return found.isEmpty() ? "nothing" : String.join("; ", found);
    }

    private static boolean sameReason(@Nullable String one, @Nullable String other) {
        return Objects.equals(withoutTimes(one), withoutTimes(other));
    }

    private static @Nullable String withoutTimes(@Nullable String reason) {
        return reason == null ? null : reason.replaceAll("\\d{4}-\\d\\d-\\d\\dT\\S+", "…");
    }

    /** What a replay would put on its way; an event that was handled keeps the reply it has, whatever would be said now. */
    private String wouldBeSent() {
        if (rehearsed.past().isPresent()) {
            return rehearsed.past().get().reply() == null
                    ? "nothing: that it is not answered was decided then"
                    : "nothing new: it has its reply";
        }
        Move move = rehearsed.now().orElse(null);
        if (move == null || move.reply() == null) {
            return "nothing";
        }
        return tenant.messagingAdapter() == null
                ? "nothing: the tenant has no messaging adapter"
                : quoted(move.reply().text()) + " through " + tenant.messagingAdapter() + " on "
                        + (event.channel() == null ? "custom" : event.channel()) + " to "
                        + masked(event.channelAddress());
    }

    private static String then(Past past) {
        return past.intent() + ": "
                + (past.reply() == null
                        ? "said nothing, " + past.silence()
                        : quoted(past.reply()) + " (" + past.delivery() + ")");
    }

    private static String now(Move move) {
        return move.intent() + ": "
                + (move.reply() == null
                        ? "would say nothing, " + move.silence()
                        : quoted(move.reply().text()));
    }

    private static String orNone(@Nullable String reply) {
        return reply == null ? "none" : quoted(reply);
    }

    private static String quoted(String words) {
        return "\"" + words.replaceAll("\\s+", " ").strip() + "\"";
    }

    private static String masked(@Nullable String address) {
        return address == null ? "nobody" : "…" + address.substring(Math.max(0, address.length() - 2));
    }
}
