package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.log.EmbeddedLog;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.log.RecordBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compaction of a stopped node's log, encrypted with keys made by the command, too. */
final class LogCompactCommandTest {
    private static final int DRIVERS = 10;
    private static final int FIXES = 5_000;

    @TempDir
    private Path dataDir;

    private final SystemTimeSource time = new SystemTimeSource();

    private void writeFixes(Path keyset) {
        LogConfig config = LogConfig.defaults(1).withKeyset(LogKeysets.read(keyset));
        for (StreamName stream : StreamName.values()) {
            config = config.withStream(
                    stream, config.stream(stream).withSegmentBytes(64 << 10).withBacklogBytesMax(1 << 20));
        }
        HybridLogicalClock clock = new HybridLogicalClock(time);
        RecordBatch batch = new RecordBatch(8 << 10);
        UnsafeBuffer fix = new UnsafeBuffer(new byte[FixDescriptor.LENGTH]);
        try (EmbeddedLog log = EmbeddedLog.open(config, new MappedDisk(), time, dataDir)) {
            PartitionLog fixes = log.partition(StreamName.FIXES, 0);
            for (int at = 0; at < FIXES; at += 100) {
                batch.begin(1, RecordBatch.NO_PRODUCER, 0, 0, clock.next(100));
                for (int i = 0; i < 100; i++) {
                    fix.putLong(FixDescriptor.DRIVER_OFFSET, 1 + i % DRIVERS);
                    fix.putLong(FixDescriptor.SEQ_OFFSET, at + i);
                    batch.add(RecordType.FIX, fix, 0, FixDescriptor.LENGTH);
                }
                while (fixes.append(batch) < 0) {
                    log.doWork(time.monotonicNs());
                }
            }
        }
    }

    private int countFixes(Path keyset) {
        int[] count = {0};
        try (LogReader log = LogReader.open(new MappedDisk(), dataDir, LogKeysets.read(keyset))) {
            PartitionReader fixes = log.partition(StreamName.FIXES, 0);
            HistoryChecker.readAll(fixes, (offset, hlc, type, buffer, index, length) -> {
                assertThat(buffer.getLong(index + FixDescriptor.SEQ_OFFSET)).isEqualTo(offset);
                count[0]++;
                return true;
            });
        }
        return count[0];
    }

    private JsonNode compact(Path keyset, String... more) throws IOException {
        String[] args = {"log", "compact", "--data-dir", dataDir.toString(), "--log-keyset", keyset.toString(), "--json"
        };
        String[] all = java.util.stream.Stream.concat(java.util.Arrays.stream(args), java.util.Arrays.stream(more))
                .toArray(String[]::new);
        CommandRun run = CommandRun.of(all);
        assertThat(run.exitCode()).as(run.err()).isZero();
        return new ObjectMapper().readTree(run.out());
    }

    @Test
    void keepsTheLatestFixOfADriverBelowTheDirectorysCheckpoint() throws IOException {
        Path keyset = dataDir.resolve("keys.json");
        assertThat(CommandRun.of("log", "keys", "rotate", "--keyset", keyset.toString())
                        .exitCode())
                .isZero();
        writeFixes(keyset);
        assertThat(compact(keyset).get("segments").asInt())
                .as("without a checkpoint a node would read it all again")
                .isZero();

        Path directory = Files.createDirectories(new DataDirectory(dataDir).drivers());
        Files.writeString(directory.resolve("offsets.json"), "{\"fixes\":[" + FIXES + "],\"late\":[0]}");
        JsonNode dry = compact(keyset, "--dry-run");
        assertThat(countFixes(keyset)).isEqualTo(FIXES);
        JsonNode report = compact(keyset);

        assertThat(report.get("records_before").asInt())
                .isEqualTo(dry.get("records_before").asInt());
        assertThat(report.get("records_after").asInt()).isEqualTo(DRIVERS);
        assertThat(report.get("bytes_after").asLong())
                .isLessThan(report.get("bytes_before").asLong());
        assertThat(countFixes(keyset))
                .isEqualTo(FIXES - report.get("records_before").asInt() + DRIVERS);
        assertThat(CommandRun.of("log", "verify", "--data-dir", dataDir.toString())
                        .exitCode())
                .isZero();
    }
}
