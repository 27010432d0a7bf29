package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.FaultyDisk;
import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.log.GeoLog;
import io.hailstorm.log.GeoLogConfig;
import io.hailstorm.log.GeoMember;
import io.hailstorm.log.GeoTransport;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.log.RecordBatch;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two regions' copies of one log, written by the engine itself: where they must be the same, and where not. */
final class HistoryCopiesTest {
    private static final Path DIRECTORY = Path.of("/region");
    private static final int TURNS_MAX = 5_000;

    private final List<LogReader> readers = new ArrayList<>();

    @AfterEach
    void close() {
        readers.forEach(LogReader::close);
    }

    @Test
    void takesCopiesThatAgreeForOneLog() {
        Deployment regions = new Deployment();
        regions.append(regions.a, "one", "two", "three");
        regions.until(() -> regions.end(regions.b) == 3);

        assertThat(check(regions.diskA, regions.diskB).copiesDiffer()).isZero();
    }

    @Test
    void findsACopyThatHoldsSomethingElse() {
        Deployment regions = new Deployment();
        Deployment strangers = new Deployment();
        regions.append(regions.a, "one", "two", "three");
        strangers.append(strangers.a, "one", "TWO", "three");
        regions.until(() -> regions.end(regions.b) == 3);
        strangers.until(() -> strangers.end(strangers.b) == 3);

        HistoryChecker.Verdict verdict = check(regions.diskA, strangers.diskB);

        assertThat(verdict.copiesDiffer()).isEqualTo(1);
        assertThat(verdict.ok()).isFalse();
        assertThat(verdict.examples()).singleElement().asString().contains("offset 1");
    }

    @Test
    void goesOnWithWhoTookOverAndAllowsForWhatTheOtherNeverShipped() {
        Deployment regions = new Deployment();
        regions.append(regions.a, "one", "two", "three");
        regions.until(() -> regions.end(regions.b) == 3);
        regions.isCutOff = true;
        regions.append(regions.a, "never", "shipped", "to", "anybody");
        regions.until(() -> regions.b.owns(0));
        regions.append(regions.b, "four");
        regions.until(() -> regions.end(regions.b) == 4);
        regions.a.close();

        List<LogReader> logs = logs(regions.diskA, regions.diskB);
        HistoryFindings findings = new HistoryFindings();
        HistoryStreams streams = HistoryCopies.compare(logs, findings);

        assertThat(findings.examples()).isEmpty();
        assertThat(streams.fixes())
                .filteredOn(partition -> partition.partition() == 0)
                .singleElement()
                .extracting(PartitionReader::durableOffset)
                .isEqualTo(4L);
        assertThat(logs.getFirst().partition(StreamName.FIXES, 0).durableOffset())
                .isEqualTo(7);
    }

    @Test
    void callsADifferenceOneThatNoTermExplains() {
        Deployment regions = new Deployment();
        regions.append(regions.a, "one", "two", "three");
        regions.until(() -> regions.end(regions.b) == 3);
        regions.isCutOff = true;
        regions.append(regions.a, "never", "shipped");
        regions.until(() -> regions.b.owns(0));
        regions.append(regions.b, "four");
        regions.until(() -> regions.end(regions.b) == 4);
        regions.a.close();
        regions.diskB.delete(DIRECTORY.resolve("log").resolve("terms"));

        assertThat(check(regions.diskA, regions.diskB).copiesDiffer()).isEqualTo(1);
    }

    private HistoryChecker.Verdict check(FaultyDisk... disks) {
        return HistoryChecker.check(logs(disks), List.of());
    }

    private List<LogReader> logs(FaultyDisk... disks) {
        for (FaultyDisk disk : disks) {
            readers.add(LogReader.open(disk, DIRECTORY));
        }
        return readers;
    }

    /** Two regions and their witness; partition 0 is a's home. */
    private static final class Deployment {
        private final VirtualTime time = new VirtualTime(1_000_000);
        private final WorldNetwork network = new WorldNetwork(time, new SplittableRandom(1), new WorldVerdict(1));
        private final WorldWitness witness = new WorldWitness(network, time);
        private final FaultyDisk diskA = FaultyDisk.onHeap();
        private final FaultyDisk diskB = FaultyDisk.onHeap();
        private final GeoLog a = open("a", diskA);
        private final GeoLog b = open("b", diskB);
        private final RecordBatch batch = new RecordBatch(4096);
        private boolean isCutOff;
        private long hlc = 1;

        Deployment() {
            until(() -> a.owns(0) && a.isReady() && b.isReady());
        }

        private GeoLog open(String self, FaultyDisk disk) {
            List<GeoMember> members = List.of(new GeoMember("a", "a", 0, 1), new GeoMember("b", "b", 1, 1));
            GeoTransport transport = network.join(self, () -> {});
            return GeoLog.open(
                    GeoLogConfig.defaults(self, members, WorldWitness.NAME),
                    LogConfig.defaults(2),
                    self.equals("a") ? new Cable(transport) : transport,
                    disk,
                    time,
                    DIRECTORY,
                    Safeguards.ALL);
        }

        void append(GeoLog log, String... records) {
            for (String record : records) {
                byte[] bytes = record.getBytes(StandardCharsets.US_ASCII);
                batch.begin(0, RecordBatch.NO_PRODUCER, 0, 0, hlc++);
                batch.add(RecordType.TEXT, new UnsafeBuffer(bytes), 0, bytes.length);
                assertThat(log.partition(StreamName.FIXES, 0).append(batch)).isNotNegative();
            }
        }

        long end(GeoLog log) {
            return log.partition(StreamName.FIXES, 0).durableOffset();
        }

        void until(BooleanSupplier isSo) {
            int turns = 0;
            for (; turns < TURNS_MAX && !isSo.getAsBoolean(); turns++) {
                time.advanceMs(5);
                witness.turn();
                a.doWork(time.monotonicNs());
                b.doWork(time.monotonicNs());
            }
            assertThat(turns).isLessThan(TURNS_MAX);
        }

        /** a's way to everybody else. */
        private final class Cable implements GeoTransport {
            private final GeoTransport transport;

            Cable(GeoTransport transport) {
                this.transport = transport;
            }

            @Override
            public boolean send(String toMember, DirectBuffer message, int index, int length) {
                return isCutOff || transport.send(toMember, message, index, length);
            }

            @Override
            public int poll(Receiver receiver, int maxMessages) {
                return isCutOff ? 0 : transport.poll(receiver, maxMessages);
            }

            @Override
            public int maxMessageBytes() {
                return transport.maxMessageBytes();
            }
        }
    }
}
