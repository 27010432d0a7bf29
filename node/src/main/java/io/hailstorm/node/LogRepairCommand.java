package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.log.LogRepair;
import io.hailstorm.log.MappedDisk;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hailstorm log repair}: moves damaged bytes to quarantine, so that the log opens again. */
@Command(
        name = "repair",
        description = {
            "Make a damaged log open again: damaged bytes go to DIR/log/quarantine, their offsets become a gap,",
            "everything else is kept. Prints what is lost. Refuses while a node runs."
        },
        mixinStandardHelpOptions = true)
final class LogRepairCommand implements Callable<Integer> {
    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            defaultValue = "hailstorm-data",
            description = "data directory of a node (hailstorm-data)")
    private Path dataDir = Path.of("hailstorm-data");

    @Option(names = "--dry-run", description = "only say what would be done")
    private boolean dryRun;

    @Option(names = "--json", description = "JSON")
    private boolean json;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws JsonProcessingException {
        LogRepair.Report report = LogRepair.run(
                new MappedDisk(), DataDirectory.existing(dataDir).root(), dryRun, new SystemTimeSource().epochMs());
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(new ObjectMapper().writeValueAsString(json(report)));
        } else {
            print(report, out);
        }
        out.flush();
        return 0;
    }

    private ObjectNode json(LogRepair.Report report) {
        ObjectNode root = new ObjectMapper()
                .createObjectNode()
                .put("dry_run", dryRun)
                .put("damaged", report.findings().size())
                .put("lost_records", report.lostRecordCount());
        ArrayNode findings = root.putArray("findings");
        for (LogRepair.Finding finding : report.findings()) {
            ObjectNode node = findings.addObject()
                    .put("stream", finding.stream().text())
                    .put("partition", finding.partition())
                    .put("file", finding.file().toString())
                    .put("position", finding.position())
                    .put("length", finding.length())
                    .put("first_offset", finding.firstOffset())
                    .put("end_offset", finding.endOffset())
                    .put("lost_records", finding.lostRecordCount())
                    .put("reason", finding.reason());
            finding.quarantine().ifPresent(path -> node.put("quarantine", path.toString()));
        }
        return root;
    }

    private void print(LogRepair.Report report, PrintWriter out) {
        if (report.findings().isEmpty()) {
            out.println("nothing is damaged");
            return;
        }
        for (LogRepair.Finding finding : report.findings()) {
            out.printf(
                    "%s/%d: %s, position %,d, %,d bytes: %s%n",
                    finding.stream().text(),
                    finding.partition(),
                    finding.file(),
                    finding.position(),
                    finding.length(),
                    finding.reason());
            if (finding.lostRecordCount() > 0) {
                out.printf(
                        "    lost: offsets [%,d, %,d), %,d records%n",
                        finding.firstOffset(), finding.endOffset(), finding.lostRecordCount());
            }
            finding.quarantine().ifPresent(path -> out.println("    kept in " + path));
        }
        out.printf(
                "%s: %d damaged places, %,d records lost%n",
                dryRun ? "dry run, nothing changed" : "repaired",
                report.findings().size(),
                report.lostRecordCount());
    }
}
