package dev.parley.sandbox;

import java.util.List;

/** What can be typed. */
final class Help {
    private static final String ALL = """
            ./parley up           start everything on this machine; Ctrl-C stops it
            ./parley demo         a scripted conversation with faults, checked; exit 0 only if every claim holds
            ./parley trace ID     what happened to one message, from webhook to delivery (--json for programs)
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
                    case "demo" -> DEMO;
                    default -> ALL;
                });
        return 0;
    }
}
