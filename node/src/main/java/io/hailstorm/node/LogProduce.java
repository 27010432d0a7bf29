package io.hailstorm.node;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.AckLevel;
import io.hailstorm.log.EmbeddedLog;
import io.hailstorm.log.RecordBatch;
import java.nio.file.Files;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hailstorm log produce}: a line of standard input, a record. */
@Command(
        name = "produce",
        description = "Append one record a line of standard input.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Prints \"OFFSET SEQ\" a line once the record is acknowledged: with DISK, once it survives a",
            "power cut. SEQ counts lines from --from-seq on. With --producer a line whose number is",
            "already in the log is not appended again; its OFFSET is printed as -. Records hold the",
            "line's bytes and are acted on by nobody. The log must not be open elsewhere."
        })
final class LogProduce implements Callable<Integer> {
    private static final int PARTITIONS_MAX = 64;
    private static final long NS_PER_MS = 1_000_000;

    @Mixin
    private final LogPlace place = new LogPlace();

    @Option(names = "--stream", paramLabel = "S", required = true, description = "stream")
    private String stream = "";

    @Option(names = "--partition", paramLabel = "P", defaultValue = "0", description = "partition (0)")
    private int partition;

    @Option(
            names = "--ack",
            paramLabel = "LEVEL",
            defaultValue = "DISK",
            description = "when a record is acknowledged: DISK (after fsync) or MEMORY (DISK)")
    private AckLevel ack = AckLevel.DISK;

    @Option(names = "--commit-ms", paramLabel = "MS", defaultValue = "2", description = "group commit interval (2)")
    private int commitMs;

    @Option(
            names = "--partitions",
            paramLabel = "N",
            description = "partitions of the log, when this creates it (4); otherwise the log's own")
    private @Nullable Integer partitions;

    @Option(names = "--producer", paramLabel = "ID", description = "number records as this idempotent producer")
    private @Nullable Long producer;

    @Option(names = "--epoch", paramLabel = "E", defaultValue = "0", description = "epoch of the producer (0)")
    private int epoch;

    @Option(
            names = "--from-seq",
            paramLabel = "N",
            description = "number of the first line; where the producer left off by default, else 0")
    private @Nullable Long fromSeq;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() {
        StreamName name = StreamName.parse(stream);
        int partitionCount = partitionCount();
        require(
                partition >= 0 && partition < partitionCount,
                "--partition: expected 0 to " + (partitionCount - 1) + ", got " + partition);
        require(commitMs >= 0 && commitMs <= 10_000, "--commit-ms: expected 0 to 10000, got " + commitMs);
        require(
                producer == null || producer != RecordBatch.NO_PRODUCER,
                "--producer: " + RecordBatch.NO_PRODUCER + " means none; give another number");
        require(epoch >= 0, "--epoch: expected 0 or more, got " + epoch);
        require(epoch == 0 || producer != null, "--epoch: needs --producer");
        require(fromSeq == null || fromSeq >= 0, "--from-seq: expected 0 or more, got " + fromSeq);
        DataDirectory.create(place.dataDir(), place.dataDir().resolve("keys"));
        try (EmbeddedLog log = place.openExclusively(partitionCount, ack, commitMs * NS_PER_MS)) {
            LineProducer lines = new LineProducer(
                    log,
                    log.partition(name, partition),
                    new LineProducer.Numbering(
                            producer == null ? RecordBatch.NO_PRODUCER : producer,
                            epoch,
                            fromSeq == null ? LineProducer.Numbering.RESUME : fromSeq),
                    spec.commandLine().getOut(),
                    spec.commandLine().getErr());
            return lines.run(System.in) ? 0 : 1;
        }
    }

    private int partitionCount() {
        boolean exists = Files.exists(place.dataDir().resolve("log").resolve("meta"));
        int asked = partitions == null ? io.hailstorm.log.LogConfig.PARTITION_COUNT_DEFAULT : partitions;
        require(
                asked >= 1 && asked <= PARTITIONS_MAX,
                "--partitions: expected 1 to " + PARTITIONS_MAX + ", got " + asked);
        if (!exists || partitions != null) {
            return asked;
        }
        try (var log = place.open()) {
            return log.partitionCount();
        }
    }

    private void require(boolean ok, String message) {
        if (!ok) {
            throw new CommandLine.ParameterException(spec.commandLine(), message);
        }
    }
}
