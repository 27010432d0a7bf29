package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.MappedDisk;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hailstorm log diff}: whether two logs show the same visible streams. */
@Command(
        name = "diff",
        description = "Compare every driver's visible fixes in two logs; exit 1 and the first difference.",
        mixinStandardHelpOptions = true)
final class LogDiff implements Callable<Integer> {
    @Option(names = "--data-dir", paramLabel = "DIR", required = true, description = "a data directory; give it twice")
    private List<Path> dataDirs = List.of();

    @Option(names = "--json", description = "one JSON object")
    private boolean json;

    @Option(
            names = "--by-place",
            description = "count a session by its place, not its number, and pass over driver epochs")
    private boolean byPlace;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws JsonProcessingException {
        if (dataDirs.size() != 2) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--data-dir: give two data directories, got " + dataDirs.size());
        }
        try (LogReader a = open(dataDirs.get(0));
                LogReader b = open(dataDirs.get(1))) {
            DriverStreams.By by = byPlace ? DriverStreams.By.PLACES : DriverStreams.By.NUMBERS;
            List<DriverStreams.Digest> digests = DriverStreams.digests(a, by);
            Optional<DriverStreams.Difference> difference = DriverStreams.difference(a, b, by);
            long fixes =
                    digests.stream().mapToLong(DriverStreams.Digest::fixCount).sum();
            print(digests.size(), fixes, difference);
            return difference.isPresent() ? 1 : 0;
        }
    }

    private static LogReader open(Path dataDir) {
        return LogReader.open(new MappedDisk(), DataDirectory.existing(dataDir).root());
    }

    private void print(int drivers, long fixes, Optional<DriverStreams.Difference> difference)
            throws JsonProcessingException {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            ObjectMapper mapper = new ObjectMapper();
            ObjectNode root = mapper.createObjectNode()
                    .put("equal", difference.isEmpty())
                    .put("drivers", drivers)
                    .put("fixes", fixes);
            difference.ifPresent(found -> root.put("driver", found.driver())
                    .put("position", found.position())
                    .put("a", text(found.a()))
                    .put("b", text(found.b())));
            out.println(mapper.writeValueAsString(root));
        } else if (difference.isEmpty()) {
            out.printf("equal: %,d drivers, %,d fixes%n", drivers, fixes);
        } else {
            DriverStreams.Difference found = difference.get();
            out.printf("driver %d differs at visible fix %,d:%n", found.driver(), found.position());
            out.println("  " + dataDirs.get(0) + ": " + text(found.a()));
            out.println("  " + dataDirs.get(1) + ": " + text(found.b()));
        }
        out.flush();
    }

    private static String text(Optional<DriverStreams.Visible> fix) {
        return fix.map(DriverStreams.Visible::toString).orElse("no more fixes");
    }
}
