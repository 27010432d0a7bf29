package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.log.LogInspector;
import io.hailstorm.log.LogInspector.PartitionStat;
import io.hailstorm.log.MappedDisk;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code hailstorm log stat}. */
@Command(
        name = "stat",
        description = "Size, times, rates and condition of every partition.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Batches and compression are those of the newest segments. CLEAN says that the log was",
            "closed in order, so opening it has nothing to check; a running node's is not clean."
        })
final class LogStat implements Callable<Integer> {
    private static final double MIB = 1 << 20;

    @Mixin
    private final LogPlace place = new LogPlace();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    private final long nowMs = new SystemTimeSource().epochMs();

    @Override
    public Integer call() throws JsonProcessingException {
        PrintWriter out = spec.commandLine().getOut();
        Path root = DataDirectory.existing(place.dataDir()).root();
        ObjectMapper mapper = new ObjectMapper();
        TextTable table = new TextTable(
                "STREAM",
                "P",
                "SEGMENTS",
                "MIB",
                "RECORDS",
                "FIRST",
                "LAST",
                "PER S",
                "BATCH",
                "RATIO",
                "CODEC",
                "CHECKPOINT",
                "CLEAN");
        for (PartitionStat stat : LogInspector.inspect(new MappedDisk(), root, place.keyset())) {
            if (place.json()) {
                out.println(mapper.writeValueAsString(json(mapper, stat)));
            } else {
                addRow(table, stat);
            }
        }
        if (!place.json()) {
            table.print(out);
        }
        out.flush();
        return 0;
    }

    private com.fasterxml.jackson.databind.node.ObjectNode json(ObjectMapper mapper, PartitionStat stat) {
        OptionalLong ageMs = checkpointAgeMs(stat);
        var root = mapper.createObjectNode()
                .put("stream", stat.stream().text())
                .put("partition", stat.partition())
                .put("segments", stat.segmentCount())
                .put("bytes", stat.segmentBytes())
                .put("start_offset", stat.startOffset())
                .put("durable_offset", stat.durableOffset())
                .put("records", stat.recordCount())
                .put("first_time", time(stat.firstMs()))
                .put("last_time", time(stat.lastMs()))
                .put("records_per_s", rounded(stat.recordsPerS()))
                .put("records_per_batch", rounded(stat.batches().recordsPerBatch()))
                .put("compression_ratio", rounded(stat.batches().compressionRatio()))
                .put("codec", stat.batches().codec())
                .put("clean", stat.checkpoint().clean())
                .put("checkpoint_offset", stat.checkpoint().offset());
        ageMs.ifPresentOrElse(
                age -> root.put("checkpoint_age_s", rounded(age / 1e3)), () -> root.putNull("checkpoint_age_s"));
        return root;
    }

    private static double rounded(double value) {
        return Math.round(value * 1e3) / 1e3;
    }

    private static String time(long ms) {
        return ms == 0 ? "" : Instant.ofEpochMilli(ms).toString();
    }

    private void addRow(TextTable table, PartitionStat stat) {
        OptionalLong ageMs = checkpointAgeMs(stat);
        table.row(
                stat.stream().text(),
                Integer.toString(stat.partition()),
                Integer.toString(stat.segmentCount()),
                String.format(Locale.ROOT, "%,.1f", stat.segmentBytes() / MIB),
                String.format(Locale.ROOT, "%,d", stat.recordCount()),
                shortTime(stat.firstMs()),
                shortTime(stat.lastMs()),
                String.format(Locale.ROOT, "%,.1f", stat.recordsPerS()),
                String.format(Locale.ROOT, "%.1f", stat.batches().recordsPerBatch()),
                String.format(Locale.ROOT, "%.2f", stat.batches().compressionRatio()),
                stat.batches().codec(),
                ageMs.isPresent() ? age(ageMs.getAsLong()) : "-",
                stat.checkpoint().clean() ? "yes" : "no");
    }

    private static String shortTime(long ms) {
        return ms == 0
                ? "-"
                : Instant.ofEpochMilli(ms).truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static String age(long ms) {
        long seconds = Math.max(0, ms / 1_000);
        if (seconds < 120) {
            return seconds + " s";
        }
        return seconds < 7_200 ? seconds / 60 + " min" : seconds / 3_600 + " h";
    }

    private OptionalLong checkpointAgeMs(PartitionStat stat) {
        if (!stat.checkpoint().exists()) {
            return OptionalLong.empty();
        }
        try {
            long writtenMs = Files.getLastModifiedTime(stat.directory().resolve("checkpoint"))
                    .toMillis();
            return OptionalLong.of(Math.max(0, nowMs - writtenMs));
        } catch (IOException e) {
            return OptionalLong.empty(); // replaced just now
        }
    }
}
