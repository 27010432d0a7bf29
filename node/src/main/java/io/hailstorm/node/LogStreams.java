package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hailstorm.log.LogReader;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hailstorm log streams}. */
@Command(
        name = "streams",
        description = "Fingerprint every driver's visible fixes.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "A driver a line: id, fixes, and a hash of (de, session, seq, position) of each in visible",
            "order. Equal runs have equal ones, on any engine; hailstorm log diff compares two logs.",
            "A session's number is the phone's clock: between runs in wall time use --by-place."
        })
final class LogStreams implements Callable<Integer> {
    @Mixin
    private final LogPlace place = new LogPlace();

    @Option(
            names = "--by-place",
            description = "count a session by its place, not its number, and pass over driver epochs")
    private boolean byPlace;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws JsonProcessingException {
        ObjectMapper mapper = new ObjectMapper();
        PrintWriter out = spec.commandLine().getOut();
        try (LogReader log = place.open()) {
            List<DriverStreams.Digest> digests =
                    DriverStreams.digests(log, byPlace ? DriverStreams.By.PLACES : DriverStreams.By.NUMBERS);
            for (DriverStreams.Digest digest : digests) {
                if (place.json()) {
                    out.print(mapper.writeValueAsString(mapper.createObjectNode()
                                    .put("driver", digest.driver())
                                    .put("fixes", digest.fixCount())
                                    .put("hash", digest.hex()))
                            + "\n");
                } else {
                    out.print(digest.driver() + "  " + digest.fixCount() + "  " + digest.hex() + "\n");
                }
            }
            out.flush();
            spec.commandLine()
                    .getErr()
                    .printf(
                            "%,d drivers, %,d fixes, all: %016x%n",
                            digests.size(),
                            digests.stream()
                                    .mapToLong(DriverStreams.Digest::fixCount)
                                    .sum(),
                            DriverStreams.total(digests));
        }
        return 0;
    }
}
