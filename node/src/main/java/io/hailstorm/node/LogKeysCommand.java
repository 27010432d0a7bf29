package io.hailstorm.node;

import io.hailstorm.log.LogKeyset;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hailstorm log keys}: the keys a log's segments are encrypted with. */
@Command(
        name = "keys",
        description = "Keys that encrypt a log.",
        mixinStandardHelpOptions = true,
        subcommands = {LogKeysCommand.Rotate.class, LogKeysCommand.ListKeys.class})
final class LogKeysCommand implements Runnable {
    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Missing command: rotate or list");
    }

    private static void print(PrintWriter out, LogKeyset keyset) {
        for (LogKeyset.KeyInfo key : keyset.keys()) {
            out.printf("%10d  %s%s%n", key.id(), key.status(), key.primary() ? "  primary" : "");
        }
        out.flush();
    }

    @Command(
            name = "rotate",
            description = {
                "Add a key to a keyset and make it the primary; make the file when there is none.",
                "A node uses it from its next start on. Older keys must stay for as long as segments they wrap exist."
            },
            mixinStandardHelpOptions = true)
    static final class Rotate implements Callable<Integer> {
        @Option(names = "--keyset", paramLabel = "FILE", required = true, description = "Tink JSON keyset")
        private Path keyset = Path.of("");

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandLine.Model.CommandSpec spec;

        @Override
        public Integer call() {
            LogKeyset rotated =
                    Files.exists(keyset) ? LogKeysets.read(keyset).rotated() : LogKeyset.generate(keyset.toString());
            LogKeysets.write(keyset, rotated);
            print(spec.commandLine().getOut(), rotated);
            return 0;
        }
    }

    @Command(
            name = "list",
            description = "Print the keys of a keyset, not their bytes.",
            mixinStandardHelpOptions = true)
    static final class ListKeys implements Callable<Integer> {
        @Option(names = "--keyset", paramLabel = "FILE", required = true, description = "Tink JSON keyset")
        private Path keyset = Path.of("");

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandLine.Model.CommandSpec spec;

        @Override
        public Integer call() {
            print(spec.commandLine().getOut(), LogKeysets.read(keyset));
            return 0;
        }
    }
}
