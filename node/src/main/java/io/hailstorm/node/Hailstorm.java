package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IVersionProvider;

/** The {@code hailstorm} command. Data on stdout, messages on stderr; exit 0 ok, 1 failure, 2 usage. */
@Command(
        name = "hailstorm",
        description = "Real-time dispatch for ride-hailing and delivery fleets.",
        mixinStandardHelpOptions = true,
        versionProvider = Hailstorm.Version.class,
        subcommands = {
            DemoCommand.class,
            NodeCommand.class,
            WitnessCommand.class,
            SimulateCommand.class,
            LogCommand.class,
            DlqCommand.class,
            RegionsCommand.class,
            DriversCommand.class,
            TokenCommand.class,
            BenchCommand.class,
            KafkaCommand.class,
            ChaosCommand.class,
            CheckCommand.class,
            ConfigCommand.class,
        })
public final class Hailstorm implements Runnable {
    /** Held, or the setting would be collected with it: Helidon reports every client that hangs up, with a stack trace. */
    private static final Logger HELIDON = Logger.getLogger("io.helidon");
    /** Held as well: gRPC reports every answer that a phone's end cuts short, with a stack trace. Nothing else is kept back. */
    private static final Logger GRPC_SERVER = Logger.getLogger("io.grpc.netty.shaded.io.grpc.netty.NettyServerHandler");

    private static final String STREAM_ENDED = "Stream Error";

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    /** Runs the command and exits the process with its code. */
    public static void main(String[] args) {
        System.exit(run(args));
    }

    static int run(String... args) {
        HELIDON.setLevel(Level.SEVERE);
        GRPC_SERVER.setFilter(message -> !STREAM_ENDED.equals(message.getMessage()));
        CommandLine command = new CommandLine(new Hailstorm());
        command.setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
        command.setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        command.setExecutionExceptionHandler((failure, commandLine, parsed) -> {
            if (failure instanceof HailstormException known) {
                commandLine.getErr().println("hailstorm: " + known.getMessage());
                return known.code() == ErrorCode.INVALID_ARGUMENT ? ExitCode.USAGE : ExitCode.SOFTWARE;
            }
            failure.printStackTrace(commandLine.getErr());
            return ExitCode.SOFTWARE;
        });
        return command.execute(args);
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Missing command; see hailstorm --help");
    }

    /** Reads the version the build wrote into the jar. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"hailstorm " + text()};
        }

        static String text() {
            String version = Hailstorm.class.getPackage().getImplementationVersion();
            return version == null ? "development" : version;
        }
    }
}
