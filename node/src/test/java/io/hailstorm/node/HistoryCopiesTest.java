package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.FaultyDisk;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.PartitionReader;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two regions' copies of one log, written by the engine itself: where they must be the same, and where not. */
final class HistoryCopiesTest {
    private final List<LogReader> readers = new ArrayList<>();

    @AfterEach
    void close() {
        readers.forEach(LogReader::close);
    }

    @Test
    void takesCopiesThatAgreeForOneLog() {
        TwoRegions regions = new TwoRegions();
        regions.append(regions.a, "one", "two", "three");
        regions.until(() -> regions.end(regions.b) == 3);

        assertThat(check(regions.diskA, regions.diskB).copiesDiffer()).isZero();
    }

    @Test
    void findsACopyThatHoldsSomethingElse() {
        TwoRegions regions = new TwoRegions();
        TwoRegions strangers = new TwoRegions();
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
        TwoRegions regions = new TwoRegions();
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
        TwoRegions regions = new TwoRegions();
        regions.append(regions.a, "one", "two", "three");
        regions.until(() -> regions.end(regions.b) == 3);
        regions.isCutOff = true;
        regions.append(regions.a, "never", "shipped");
        regions.until(() -> regions.b.owns(0));
        regions.append(regions.b, "four");
        regions.until(() -> regions.end(regions.b) == 4);
        regions.a.close();
        regions.diskB.delete(TwoRegions.DIRECTORY.resolve("log").resolve("terms"));

        assertThat(check(regions.diskA, regions.diskB).copiesDiffer()).isEqualTo(1);
    }

    private HistoryChecker.Verdict check(FaultyDisk... disks) {
        return HistoryChecker.check(logs(disks), List.of());
    }

    private List<LogReader> logs(FaultyDisk... disks) {
        for (FaultyDisk disk : disks) {
            readers.add(LogReader.open(disk, TwoRegions.DIRECTORY));
        }
        return readers;
    }
}
