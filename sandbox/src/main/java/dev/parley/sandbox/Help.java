package dev.parley.sandbox;

import java.util.List;

/** What can be typed. */
final class Help {
    private static final String ALL = """
            ./parley up           start everything on this machine; Ctrl-C stops it
            ./parley demo         a scripted conversation with faults, checked; exit 0 only if every claim holds
            ./parley trace ID     what happened to one message, from webhook to delivery (--json for programs)
            ./parley replay ID    run an event's job again, safely; --dry-run: what would be said now, and what was said then
            ./parley backfill T   find messages that no webhook brought in the vendor's list (--since T)
            ./parley psql         the sandbox's database (as operator; --as postgres for everything)
            ./parley credentials  seal | rotate | status of tenants' credentials
            ./parley bench [NAME] measure Parley beside what a team would use instead (see docs/performance.md)
            ./parley ledger NAME  break things on purpose, then prove that nothing was lost (`./parley ledger help`)
            ./parley down         stop a sandbox that runs in another terminal
            ./parley help CMD     the options of one command

            The sandbox keeps its data in .data; delete that directory (after `down`) to begin anew.
            """;

    private static final String UP = """
            ./parley up [options]
              --workers N                  how many workers (1); 0: messages are stored and wait
              --data DIR                   where the data is kept (.data)
              --free-ports                 any unused ports instead of the ones below
              --postgres-port P            54321
              --ingest-port P              8080   (--ingest-management-port 9000)
              --worker-port P              8081   (--worker-management-port 9001); each further worker takes the next
              --ghl-port P                 8090   the GoHighLevel stand-in and its phone page
            A service that dies is started again after a pause that grows from 0.5 s to 15 s.
            """;

    private static final String PSQL = """
            ./parley psql [--as operator|ingest|worker|postgres] [arguments of psql]
            Without psql on this machine: -c 'SQL', or SQL on standard input.
            """;

    private static final String TRACE = """
            ./parley trace TRACE_ID [--json] [--data DIR]
            TRACE_ID is the answer's trace_id: a UUID, or its 32 hex digits. PARLEY_DB_URL, PARLEY_DB_USER and
            PARLEY_DB_PASSWORD, if set, name another database than the sandbox's.
            """;

    private static final String REPLAY = """
            ./parley replay TRACE_ID [--dry-run] [--data DIR]
            Puts back into the queue what is missing of an event: dead letters, jobs whose effects are gone, events that were
            put aside and are understood by now. What is complete stays as it is: nothing is answered twice.
              --dry-run   sends nothing, writes nothing: what the dialog would decide now, and what it decided then
            PARLEY_DB_URL, PARLEY_DB_USER and PARLEY_DB_PASSWORD, if set, name another database than the sandbox's.
            """;

    private static final String BACKFILL = """
            ./parley backfill TENANT --since T [--answer-within SPAN] [--data DIR]
            Asks the tenant's vendor (ghl, chatwoot) for its messages since T and stores those that no webhook brought, by the
            same keys as webhooks. Again and again is safe.
              --since T              2026-11-28T10:00:00Z, a day (2026-11-28, UTC), or how long ago (2h, 3d)
              --answer-within SPAN   messages older than this are recorded and not answered (1h); 0: none is answered
            Needs TENANT_ENCRYPTION_KEY and the worker's settings of that vendor (PARLEY_GHL_…, PARLEY_CHATWOOT_…); the sandbox's
            own are found. PARLEY_DB_URL, PARLEY_DB_USER, PARLEY_DB_PASSWORD name another database.
            """;

    private static final String DEMO = """
            ./parley demo [--keep]
            Runs beside everything else: unused ports, a fresh temporary data directory (--keep leaves it behind).
            """;

    private Help() {}

    static int run(List<String> words) {
        System.out.print(
                switch (words.isEmpty() ? "" : words.get(0)) {
                    case "up" -> UP;
                    case "psql" -> PSQL;
                    case "trace" -> TRACE;
                    case "credentials" -> CredentialsCommand.USAGE;
                    case "replay" -> REPLAY;
                    case "backfill" -> BACKFILL;
                    case "demo" -> DEMO;
                    default -> ALL;
                });
        return 0;
    }
}
