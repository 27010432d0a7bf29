package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.LogVerifier;
import io.hailstorm.log.MappedDisk;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code hailstorm log verify}. */
@Command(
        name = "verify",
        description = "Check every record below the durable mark; exit 1 and the place on corruption.",
        mixinStandardHelpOptions = true)
final class LogVerify implements Callable<Integer> {
    @Mixin
    private final LogPlace place = new LogPlace();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    private final TimeSource time = new SystemTimeSource();

    @Override
    public Integer call() throws JsonProcessingException {
        long startNs = time.monotonicNs();
        LogVerifier.Report report = LogVerifier.verify(
                new MappedDisk(), DataDirectory.existing(place.dataDir()).root(), place.keyset());
        double seconds = (time.monotonicNs() - startNs) / 1e9;
        double mbPerS = report.payloadBytes() / 1e6 / seconds;
        PrintWriter out = spec.commandLine().getOut();
        if (place.json()) {
            ObjectMapper mapper = new ObjectMapper();
            ObjectNode root = mapper.createObjectNode()
                    .put("ok", report.ok())
                    .put("records", report.recordCount())
                    .put("payload_bytes", report.payloadBytes())
                    .put("quarantined", report.quarantinedRecordCount())
                    .put("partitions", report.partitions().size())
                    .put("seconds", Math.round(seconds * 1e3) / 1e3)
                    .put("mb_per_s", Math.round(mbPerS * 10) / 10.0);
            ArrayNode problems = root.putArray("problems");
            report.problems().forEach(problem -> problems.add(problem.message()));
            out.println(mapper.writeValueAsString(root));
        } else {
            out.printf(
                    "%s: %,d records, %,d payload bytes in %d partitions, %.1f s, %,.0f MB/s%n",
                    report.ok() ? "ok" : "CORRUPT",
                    report.recordCount(),
                    report.payloadBytes(),
                    report.partitions().size(),
                    seconds,
                    mbPerS);
            if (report.quarantinedRecordCount() > 0) {
                out.printf("%,d records quarantined by a repair%n", report.quarantinedRecordCount());
            }
            report.problems()
                    .forEach(problem ->
                            out.printf("%s/%d: %s%n", problem.stream(), problem.partition(), problem.message()));
        }
        out.flush();
        return report.ok() ? 0 : 1;
    }
}
