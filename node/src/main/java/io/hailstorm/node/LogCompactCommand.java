package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.log.CompactionReport;
import io.hailstorm.log.Compression;
import io.hailstorm.log.EmbeddedLog;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.LogKeyset;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.migration.MovePlan;
import io.hailstorm.migration.OwnershipTable;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hailstorm log compact}: compacts the sealed segments of a stopped node's log at once. */
@Command(
        name = "compact",
        description = {
            "Rewrite sealed segments without records that later ones made worthless: of fixes the latest a driver is"
                    + " kept, of other streams everything. Offsets stay. The node must be stopped."
        },
        mixinStandardHelpOptions = true)
final class LogCompactCommand implements Callable<Integer> {
    private static final int CONTROL_PARTITION = 0;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            defaultValue = "hailstorm-data",
            description = "data directory of a stopped node (hailstorm-data)")
    private Path dataDir = Path.of("hailstorm-data");

    @Option(names = "--stream", paramLabel = "S", defaultValue = "fixes", description = "stream (fixes)")
    private String stream = "fixes";

    @Option(
            names = "--log-compression",
            paramLabel = "C",
            defaultValue = "NONE",
            description = "of rewritten segments: NONE, LZ4 or ZSTD")
    private Compression compression = Compression.NONE;

    @Option(
            names = {"--keyset", "--log-keyset"},
            paramLabel = "FILE",
            description = "keyset of an encrypted log")
    private @Nullable Path keyset;

    @Option(names = "--dry-run", description = "only say what it would do")
    private boolean dryRun;

    @Option(names = "--json", description = "JSON, one object a partition")
    private boolean json;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws JsonProcessingException {
        StreamName name = StreamName.parse(stream);
        DataDirectory data = DataDirectory.existing(dataDir);
        MappedDisk disk = new MappedDisk();
        LogKeyset keys = LogKeysets.readOrNone(keyset);
        int partitionCount;
        try (LogReader reader = LogReader.open(disk, data.root(), keys)) {
            partitionCount = reader.partitionCount();
        }
        LogConfig config = LogConfig.defaults(partitionCount).withKeyset(keys);
        config = config.withStream(
                name, config.stream(name).withCompression(compression).withCompaction(LogMeaning.policy(name), 0));
        try (EmbeddedLog log = EmbeddedLog.open(config, disk, new SystemTimeSource(), data.root())) {
            LogHolds holds = new LogHolds(log);
            holds.onDirectory(DriverDirectory.offsets(data.drivers()));
            movesInFlight(log)
                    .forEach(move -> holds.onMoveStarted(
                            move,
                            log.partition(StreamName.FIXES, move.sourcePartition())
                                    .startOffset(),
                            log.partition(StreamName.FIXES, move.targetPartition())
                                    .startOffset()));
            print(log.compact(name, dryRun));
        }
        return 0;
    }

    private static List<MovePlan> movesInFlight(EmbeddedLog log) {
        OwnershipTable table = new OwnershipTable();
        PartitionLog control = log.partition(StreamName.CONTROL, CONTROL_PARTITION);
        HistoryChecker.readAll(control, (offset, hlc, type, buffer, index, length) -> {
            RangeCodec.control(EventReader.read(buffer, index, length))
                    .ifPresent(record -> table.apply(offset, record));
            return true;
        });
        return table.isInitialized() ? table.movesInFlight() : List.of();
    }

    private void print(List<CompactionReport> reports) throws JsonProcessingException {
        ObjectMapper mapper = new ObjectMapper();
        PrintWriter out = spec.commandLine().getOut();
        for (CompactionReport report : reports) {
            if (json) {
                out.println(mapper.writeValueAsString(mapper.createObjectNode()
                        .put("stream", report.stream().text())
                        .put("partition", report.partition())
                        .put("dry_run", dryRun)
                        .put("segments", report.segmentCount())
                        .put("segments_rewritten", report.rewrittenCount())
                        .put("records_before", report.recordsBefore())
                        .put("records_after", report.recordsAfter())
                        .put("bytes_before", report.bytesBefore())
                        .put("bytes_after", report.bytesAfter())));
            } else {
                out.printf(
                        "%-13s %3d  %d of %d sealed segments %s: %,d -> %,d records, %,d -> %,d bytes%n",
                        report.stream(),
                        report.partition(),
                        report.rewrittenCount(),
                        report.segmentCount(),
                        dryRun ? "would be rewritten" : "rewritten",
                        report.recordsBefore(),
                        report.recordsAfter(),
                        report.bytesBefore(),
                        report.bytesAfter());
            }
        }
        out.flush();
    }
}
