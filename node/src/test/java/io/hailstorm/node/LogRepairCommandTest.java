package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.log.EmbeddedLog;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.log.RecordBatch;
import io.hailstorm.log.RecoveryReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Verify finds the damage, a dry run names it, repair moves it aside, and the log is sound without it. */
final class LogRepairCommandTest {
    private static final int SECOND_BATCH_AT = 4096 + 72 + 8 + 64;

    @TempDir
    private Path dataDir = Path.of("");

    private int exitCode;

    private String run(String... args) {
        StringWriter out = new StringWriter();
        CommandLine command = new CommandLine(new Hailstorm());
        command.setOut(new PrintWriter(out));
        exitCode = command.execute(args);
        return out.toString();
    }

    private void writeThreeRecordsAndDamageTheSecond() throws IOException {
        SystemTimeSource time = new SystemTimeSource();
        HybridLogicalClock clock = new HybridLogicalClock(time);
        RecordBatch batch = new RecordBatch(1024);
        try (EmbeddedLog log = EmbeddedLog.open(LogConfig.defaults(1), new MappedDisk(), time, dataDir)) {
            for (int i = 0; i < 3; i++) {
                batch.begin(1, RecordBatch.NO_PRODUCER, 0, 0, clock.next());
                batch.add(RecordType.FIX, new UnsafeBuffer(new byte[64]), 0, 64);
                log.partition(StreamName.CONTROL, 0).append(batch);
            }
        }
        Path segment = dataDir.resolve("log/control/0/00000000000000000000.seg");
        try (RandomAccessFile file = new RandomAccessFile(segment.toFile(), "rw")) {
            file.seek(SECOND_BATCH_AT + 80);
            file.write(1);
        }
    }

    @Test
    void movesADamagedRecordToQuarantineAndSaysWhichOne() throws IOException {
        writeThreeRecordsAndDamageTheSecond();
        String place = "--data-dir=" + dataDir;
        run("log", "verify", place);
        assertThat(exitCode).isEqualTo(1);

        assertThat(run("log", "repair", place, "--dry-run"))
                .contains("lost: offsets [1, 2), 1 records", "nothing changed");
        assertThat(dataDir.resolve("log/quarantine")).doesNotExist();

        JsonNode repaired = new ObjectMapper().readTree(run("log", "repair", place, "--json"));
        assertThat(exitCode).isZero();
        assertThat(repaired.get("lost_records").asLong()).isEqualTo(1);
        Path kept = Path.of(repaired.get("findings").get(0).get("quarantine").asText());
        assertThat(kept.getParent()).isEqualTo(dataDir.resolve("log/quarantine"));
        assertThat(Files.readString(kept.resolve("manifest.json"))).contains("\"first_offset\": 1");

        JsonNode verified = new ObjectMapper().readTree(run("log", "verify", place, "--json"));
        assertThat(exitCode).isZero();
        assertThat(verified.get("ok").asBoolean()).isTrue();
        assertThat(verified.get("quarantined").asLong()).isEqualTo(1);
        assertThat(verified.get("records").asLong()).isEqualTo(2);
        assertThat(run("log", "repair", place)).contains("nothing is damaged");
    }

    @Test
    void saysWhatOpeningCutOffAndHowFarItHasCome() {
        assertThat(LogOpening.truncation(
                        new RecoveryReport(StreamName.TRIPS, 3, 100, 42, 7, "/data/log/trips/3/x.seg", 4096)))
                .isEqualTo("log trips/3: cut off a torn tail of 7 bytes that was never acknowledged,"
                        + " file=/data/log/trips/3/x.seg, position=4096, goes on at offset 42");
        assertThat(LogOpening.line(StreamName.FIXES, 0, 300L << 20, 900L << 20, 2_100_000_000L))
                .isEqualTo("recovering the log: fixes/0, 300 of at most 900 MiB checked, 2 s");
    }
}
