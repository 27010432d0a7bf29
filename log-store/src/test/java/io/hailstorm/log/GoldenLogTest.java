package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.GoldenDirectory;
import io.hailstorm.kernel.testing.VirtualTime;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Logs written by every version of the format so far, kept as test resources, are read and carried on by this one. When
 * the format gets a new version, {@code -Dgolden.write=true} writes that version's log; earlier ones are never rewritten.
 */
final class GoldenLogTest {
    /** The batch of {@link GoldenLog} that was never synced: in the killed log, in the page cache. */
    private static final int UNSYNCED_RECORDS = 5;

    private static final Path GOLDEN = Path.of("src", "test", "resources", "golden");

    @TempDir
    private Path dataDir;

    private final VirtualTime time = new VirtualTime(1_700_000_600_000L);

    @BeforeAll
    static void writeTheCurrentVersionWhenAsked() throws IOException {
        if (GoldenDirectory.isWriting()) {
            Path into = GOLDEN.resolve("v" + SegmentDescriptor.VERSION);
            Path scratch = TemporaryDirectory.create();
            GoldenLog.write(scratch, into);
            try (LogReader reader = LogReader.open(new MappedDisk(), scratch)) {
                Files.write(into.resolve("expected.jsonl"), GoldenLog.render(reader.partitions()));
            }
        }
    }

    static IntStream versions() {
        return IntStream.rangeClosed(1, SegmentDescriptor.VERSION);
    }

    @ParameterizedTest
    @MethodSource("versions")
    void hasALogOfEveryVersion(int version) {
        assertThat(golden(version, "clean.zip"))
                .as(
                        "golden log of format version %d: write it once, with -Dtest=GoldenLogTest -Dgolden.write=true",
                        version)
                .exists();
    }

    @ParameterizedTest
    @MethodSource("versions")
    void readsAndVerifiesFromAnotherProcess(int version) throws IOException {
        unpack(version, "clean.zip");

        try (LogReader reader = LogReader.open(new MappedDisk(), dataDir)) {
            assertThat(GoldenLog.render(reader.partitions())).isEqualTo(expected(version));
            assertThat(reader.partition(StreamName.FIXES, 0).committed(GoldenLog.GROUP))
                    .isEqualTo(GoldenLog.GROUP_POSITION);
            assertThat(reader.partition(StreamName.PRICES, 0).startOffset()).isPositive();
        }
        LogVerifier.Report report = LogVerifier.verify(new MappedDisk(), dataDir);
        assertThat(report.problems()).isEmpty();
        assertThat(report.recordCount()).isEqualTo(expected(version).size());
    }

    @ParameterizedTest
    @MethodSource("versions")
    void opensItAndGoesOnAppending(int version) throws IOException {
        unpack(version, "clean.zip");
        List<String> expected = expected(version);
        long end;
        try (EmbeddedLog log = open()) {
            assertThat(GoldenLog.render(GoldenLog.partitions(log))).isEqualTo(expected);
            assertThat(log.recoveryReports()).allMatch(report -> report.truncatedBytes() == 0);
            PartitionLog fixes = log.partition(StreamName.FIXES, 0);
            end = fixes.endOffset();
            appendFixes(log, fixes, 40);
            assertThat(fixes.endOffset()).isEqualTo(end + 40L * GoldenLog.FIXES_PER_BATCH);
        }
        try (LogReader reader = LogReader.open(new MappedDisk(), dataDir)) {
            List<String> now = GoldenLog.render(reader.partitions());
            assertThat(now).hasSize(expected.size() + 40 * GoldenLog.FIXES_PER_BATCH);
            assertThat(now).containsAll(expected);
        }
        assertThat(LogVerifier.verify(new MappedDisk(), dataDir).problems()).isEmpty();
        try (EmbeddedLog log = open()) {
            assertThat(log.partition(StreamName.FIXES, 0).endOffset()).isEqualTo(end + 40L * GoldenLog.FIXES_PER_BATCH);
        }
    }

    @ParameterizedTest
    @MethodSource("versions")
    void stillKnowsItsProducersAndGroups(int version) throws IOException {
        unpack(version, "clean.zip");
        try (EmbeddedLog log = open()) {
            PartitionLog fixes = log.partition(StreamName.FIXES, 0);
            int count = GoldenLog.FIXES_PER_BATCH;
            long next = 16L * count; // each producer wrote every third of 47 batches

            assertThat(fixes.append(batch(GoldenLog.PRODUCER_A, GoldenLog.PRODUCER_A_EPOCH, next - count)))
                    .isEqualTo(PartitionLog.DUPLICATE);
            assertThat(fixes.append(batch(GoldenLog.PRODUCER_A, GoldenLog.PRODUCER_A_EPOCH, next + 1)))
                    .isEqualTo(PartitionLog.OUT_OF_ORDER);
            assertThat(fixes.append(batch(GoldenLog.PRODUCER_B, GoldenLog.PRODUCER_B_EPOCH - 1, next)))
                    .isEqualTo(PartitionLog.FENCED);
            assertThat(fixes.append(batch(GoldenLog.PRODUCER_B, GoldenLog.PRODUCER_B_EPOCH, next)))
                    .isNotNegative();
            assertThat(fixes.committed(GoldenLog.GROUP)).isEqualTo(GoldenLog.GROUP_POSITION);
            assertThat(fixes.commit(GoldenLog.GROUP, 300, GoldenLog.GROUP_GENERATION - 1))
                    .isFalse();
            assertThat(fixes.commit(GoldenLog.GROUP, 300, GoldenLog.GROUP_GENERATION))
                    .isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("versions")
    void recoversTheKilledOne(int version) throws IOException {
        unpack(version, "killed.zip");
        List<String> expected = expected(version);
        List<String> synced = new ArrayList<>(expected);
        String tripsOne = "{\"stream\":\"trips\",\"partition\":1,";
        int endOfTripsOne = (int) expected.stream()
                .takeWhile(line -> !line.startsWith("{\"stream\":\"prices\""))
                .count();
        assertThat(expected.get(endOfTripsOne - 1)).startsWith(tripsOne);
        synced.subList(endOfTripsOne - UNSYNCED_RECORDS, endOfTripsOne).clear();

        assertThat(LogVerifier.verify(new MappedDisk(), dataDir).problems()).isEmpty();
        try (LogReader reader = LogReader.open(new MappedDisk(), dataDir)) {
            assertThat(GoldenLog.render(reader.partitions())).isEqualTo(synced);
        }
        try (EmbeddedLog log = open()) {
            assertThat(GoldenLog.render(GoldenLog.partitions(log))).isEqualTo(expected);
        }
    }

    @Test
    void writesTheBytesOfTheCurrentVersion() throws IOException {
        Path golden = Files.createDirectory(dataDir.resolve("golden"));
        Path written = Files.createDirectory(dataDir.resolve("written"));
        Path again = Files.createDirectory(dataDir.resolve("again"));
        GoldenLog.write(Files.createDirectory(dataDir.resolve("scratch")), written);
        GoldenDirectory.unpack(golden(SegmentDescriptor.VERSION, "clean.zip"), golden);
        GoldenDirectory.unpack(written.resolve("clean.zip"), again);

        assertThat(files(again))
                .as("the bytes of the log changed: give them a new version, and write its golden log with "
                        + "-Dtest=GoldenLogTest -Dgolden.write=true")
                .isEqualTo(files(golden));
    }

    /** Length and hash of every segment, by name. Other files carry versions of their own. */
    private static Map<String, String> files(Path directory) throws IOException {
        Map<String, String> contents = new TreeMap<>();
        try (Stream<Path> walk = Files.walk(directory)) {
            for (Path file : walk.filter(path -> path.toString().endsWith(SegmentDescriptor.SUFFIX))
                    .toList()) {
                String content = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                contents.put(
                        directory.relativize(file).toString(),
                        content.length() + " bytes, hash " + Integer.toHexString(content.hashCode()));
            }
        }
        return contents;
    }

    private EmbeddedLog open() {
        return EmbeddedLog.open(GoldenLog.config(), new MappedDisk(), time, dataDir);
    }

    private RecordBatch batch(long producer, int epoch, long baseSeq) {
        RecordBatch batch = new RecordBatch(8 * 1024);
        UnsafeBuffer payload = new UnsafeBuffer(new byte[64]);
        batch.begin(1, producer, epoch, baseSeq, new HybridLogicalClock(time).next(GoldenLog.FIXES_PER_BATCH));
        for (int i = 0; i < GoldenLog.FIXES_PER_BATCH; i++) {
            assertThat(batch.add(RecordType.FIX, payload, 0, 64)).isTrue();
        }
        return batch;
    }

    private void appendFixes(EmbeddedLog log, PartitionLog fixes, int batches) {
        for (int i = 0; i < batches; i++) {
            RecordBatch batch = batch(RecordBatch.NO_PRODUCER, 0, 0);
            while (fixes.append(batch) == PartitionLog.BACK_PRESSURED) {
                time.advanceMs(10);
                log.doWork(time.monotonicNs());
            }
        }
    }

    private void unpack(int version, String name) {
        GoldenDirectory.unpack(golden(version, name), dataDir);
    }

    private static List<String> expected(int version) throws IOException {
        return Files.readAllLines(golden(version, "expected.jsonl"));
    }

    /** Read from the sources, so that a run that writes them also checks them. */
    private static Path golden(int version, String name) {
        return GOLDEN.resolve("v" + version).resolve(name);
    }
}
