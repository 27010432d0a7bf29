package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hailstorm.ingest.SessionSnapshot;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hailstorm drivers show ID}: a driver's checkpoint, read from another process while the node runs. */
@Command(
        name = "drivers",
        description = "Look up drivers in the directory.",
        mixinStandardHelpOptions = true,
        subcommands = DriversCommand.Show.class)
final class DriversCommand implements Runnable {
    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Missing command: show");
    }

    @Command(name = "show", description = "Print a driver's last checkpoint.", mixinStandardHelpOptions = true)
    static final class Show implements Callable<Integer> {
        @Mixin
        private final NodeOptions options = new NodeOptions();

        @Option(names = "--json", description = "one JSON object")
        private boolean json;

        @Parameters(paramLabel = "ID", description = "driver id")
        private long driver;

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandLine.Model.CommandSpec spec;

        @Override
        public Integer call() throws JsonProcessingException {
            Path directory =
                    new DataDirectory(Path.of(options.resolve(System.getenv()).text(Setting.DATA_DIR))).drivers();
            try (DriverDirectory drivers = DriverDirectory.openShared(directory)) {
                SessionSnapshot snapshot = drivers.get(driver)
                        .orElseThrow(() -> new HailstormException(
                                ErrorCode.NOT_FOUND,
                                "no driver " + driver + " in " + directory + ": of " + drivers.size()
                                        + " known; a new driver appears with the next checkpoint"));
                print(snapshot);
            }
            return 0;
        }

        private void print(SessionSnapshot snapshot) throws JsonProcessingException {
            ObjectMapper mapper = new ObjectMapper();
            ObjectNode node = mapper.createObjectNode()
                    .put("driver", snapshot.driver())
                    .put("session", snapshot.session())
                    .put("last_seq", snapshot.lastSeq())
                    .put("acked_seq", snapshot.contiguousSeq())
                    .put("de", snapshot.de())
                    .put("state", DriverState.ofCode(snapshot.state()).name())
                    .put("lat", snapshot.latE7() / 1e7)
                    .put("lon", snapshot.lonE7() / 1e7)
                    .put("cell", Long.toHexString(snapshot.cell()))
                    .put("partition", snapshot.ownerPartition())
                    .put("last_fix", Instant.ofEpochMilli(snapshot.deviceMs()).toString());
            if (json) {
                spec.commandLine().getOut().println(mapper.writeValueAsString(node));
            } else {
                node.properties()
                        .forEach(field -> spec.commandLine()
                                .getOut()
                                .println(String.format(
                                        "%-10s %s",
                                        field.getKey(), field.getValue().asText())));
            }
        }
    }
}
