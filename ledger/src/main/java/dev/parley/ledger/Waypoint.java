package dev.parley.ledger;

import java.util.List;

/**
 * A named moment on the path of an event or a job: where a debugger stops the service that comes by.
 *
 * @param ofIngest else of a worker
 * @param type the class, as the virtual machine calls it
 * @param method of that class; every one of this name
 * @param moment the name of the enum constant that is its argument; empty: whatever it is called with
 */
record Waypoint(String name, boolean ofIngest, String type, String method, String moment) {
    private static final String WORK = "dev.parley.work.Waypoint";
    /** The body of {@code Waypoint.NONE}, which every worker passes at its moments. */
    private static final String NONE = "lambda$static$0";

    /** In the order in which an event meets them. */
    static final List<Waypoint> ALL = List.of(
            ingest("body read, nothing verified", "dev.parley.ingest.WebhookRoute$Call", "complete"),
            ingest("verified, to be stored", "dev.parley.ingest.Inbox", "put"),
            ingest("the statement is to be sent", "dev.parley.inbound.InboundEventStore", "recordAll"),
            ingest("committed, nobody answered", "dev.parley.ingest.Inbox", "answer"),
            ingest("answered, workers not told", "dev.parley.ingest.WorkerHint", "jobsStored"),
            worker("READ"),
            worker("BATCH_WRITTEN"),
            worker("BATCH_COMMITTED"),
            worker("LEASED"),
            worker("CALLED"),
            worker("FINISH_WRITTEN"),
            worker("FINISHED"));

    private static Waypoint ingest(String name, String type, String method) {
        return new Waypoint("ingest, " + name, true, type, method, "");
    }

    private static Waypoint worker(String moment) {
        return new Waypoint("worker, " + moment, false, WORK, NONE, moment);
    }
}
