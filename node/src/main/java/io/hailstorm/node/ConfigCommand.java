package io.hailstorm.node;

import io.hailstorm.node.Settings.Value;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hailstorm config show}: what a node started here would run with, and why. */
@Command(
        name = "config",
        description = "Show the effective settings.",
        mixinStandardHelpOptions = true,
        subcommands = ConfigCommand.Show.class)
final class ConfigCommand implements Runnable {
    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Missing command: show");
    }

    @Command(name = "show", description = "Print every setting as YAML.", mixinStandardHelpOptions = true)
    static final class Show implements Runnable {
        @Mixin
        private final NodeOptions options = new NodeOptions();

        @Option(names = "--origins", description = "say where each value comes from")
        private boolean origins;

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandLine.Model.CommandSpec spec;

        @Override
        public void run() {
            PrintWriter out = spec.commandLine().getOut();
            Settings settings = options.resolve(System.getenv());
            for (Setting setting : Setting.values()) {
                Value value = settings.value(setting);
                String line = setting.text() + ": " + value.text();
                out.println(origins ? String.format("%-36s # %s; %s", line, value.origin(), setting.meaning()) : line);
            }
        }
    }
}
