package io.hailstorm.node;

import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code hailstorm log}: an operator's tools for a data directory's log. */
@Command(
        name = "log",
        description = "Look into a log, and tend it.",
        mixinStandardHelpOptions = true,
        subcommands = {
            LogLs.class,
            LogStat.class,
            LogCat.class,
            LogProduce.class,
            LogGroups.class,
            LogReset.class,
            LogVerify.class,
            LogRepairCommand.class,
            LogCompactCommand.class,
            LogKeysCommand.class,
            LogCheckHistory.class,
            LogStreams.class,
            LogDiff.class,
        })
final class LogCommand implements Runnable {
    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(),
                "Missing command: "
                        + spec.subcommands().keySet().stream().sorted().collect(Collectors.joining(", ")));
    }
}
