package dev.parley.sandbox;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The commands behind the {@code parley} script. */
public final class Parley {
    private Parley() {}

    interface CommandLine {
        /** @return the exit code of the program */
        int run(List<String> arguments);
    }

    private static final Map<String, CommandLine> COMMANDS = new TreeMap<>(Map.of(
            "up", UpCommand::run,
            "backfill", BackfillCommand::run,
            "credentials", Parley::credentials,
            "down", DownCommand::run,
            "demo", DemoCommand::run,
            "psql", SqlCommand::run,
            "replay", ReplayCommand::run,
            "trace", TraceCommand::run,
            "help", Help::run));

    public static void main(String[] args) {
        if (args.length == 0) {
            System.exit(Help.run(List.of()));
        }
        CommandLine command = COMMANDS.get(args[0]);
        if (command == null) {
            System.err.println("parley: there is no command " + args[0]
                    + Suggestion.among(COMMANDS.keySet(), args[0])
                            .map(near -> "; did you mean `./parley " + near + "`?")
                            .orElse("; `./parley help` lists them"));
            System.exit(2);
            return;
        }
        int exit;
        try {
            exit = command.run(Arrays.asList(args).subList(1, args.length));
        } catch (SandboxException e) {
            System.err.println("parley: " + e.getMessage());
            exit = 1;
        }
        System.exit(exit);
    }

    private static int credentials(List<String> arguments) {
        Map<String, String> environment = Operator.environment(Layout.found().usualData());
        return CredentialsCommand.run(arguments.toArray(String[]::new), System.in, System.out, System.err, environment);
    }

    /** The directory a command works on: {@code --data DIR}, else {@code .data} beside the sources. */
    static Path data(Arguments arguments) {
        return arguments
                .option("--data")
                .map(Path::of)
                .orElseGet(() -> Layout.found().usualData());
    }
}
