package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.migration.RangeRecord;
import io.hailstorm.protocol.v1.Migration;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ranges move between partitions under load, in virtual time: nothing is lost, doubled, out of order or left behind. */
final class RangeMoveTest {
    private static final long SEED = Long.getLong("seed", 11);
    private static final long START_MS = 1_767_801_600_000L;
    private static final int PARTITION_COUNT = 4;
    private static final int WARM_UP_STEPS = 300;
    private static final int STEPS_BETWEEN_MOVES = 40;
    private static final int MOVES = 12;
    private static final int BUSY_CELLS = 4;
    /** One less than the fixes in a foreign cell that change a driver's authority. */
    private static final int STRAY_RUN_MAX = 2;

    @TempDir
    private Path directory;

    private final VirtualTime time = new VirtualTime(START_MS);
    private final Cells cells = Cells.create();
    private final List<HistoryChecker.Promise> promises = new ArrayList<>();

    @Test
    void movesTheBusiestRangesUnderLoadWithoutLosingOrReorderingAFix() throws Exception {
        try (OperatedNode run = newRun()) {
            run.steps(WARM_UP_STEPS);
            List<Long> busiest = busiestCells(run.node);
            for (int i = 0; i < MOVES; i++) {
                run.move("move-" + i, busiest.get(i % BUSY_CELLS));
                run.steps(STEPS_BETWEEN_MOVES);
            }
            finish(run);

            assertThat(run.ranges().getMigrationsList())
                    .hasSize(MOVES)
                    .allSatisfy(migration -> assertThat(migration.getOutcome()).isEqualTo("DONE"))
                    .anySatisfy(migration -> assertThat(migration.getPauseMs()).isPositive());
            assertHistory(run.node);
            assertThat(sealsAndOpens(run.node)).isEqualTo(Map.of("seal", MOVES, "open", MOVES));
            assertThat(run.node.indexedFixes()).isEqualTo(recordsOf(run.node, StreamName.FIXES));
        }
    }

    @Test
    void endsAMoveThatARestartInterrupted() throws Exception {
        String state;
        try (OperatedNode run = newRun()) {
            run.steps(WARM_UP_STEPS);
            run.move("interrupted", busiestCells(run.node).getFirst());
            run.turnUntilSealed();
            state = run.ranges().getMigrations(0).getState().name();
            promises.addAll(HistoryChecker.promises(run.simulation.ledger()));
        }
        assertThat(state).isEqualTo("SEALED");

        try (OperatedNode run = newRun()) {
            run.steps(WARM_UP_STEPS);
            finish(run);

            assertThat(run.ranges().getMigrationsList())
                    .singleElement()
                    .extracting(Migration::getMigration, Migration::getOutcome)
                    .containsExactly("interrupted", "DONE");
            assertHistory(run.node);
            assertThat(sealsAndOpens(run.node)).isEqualTo(Map.of("seal", 1, "open", 1));
        }
    }

    private OperatedNode newRun() {
        return new OperatedNode(directory, time, SEED, PARTITION_COUNT);
    }

    private void finish(OperatedNode run) {
        run.finish();
        promises.addAll(HistoryChecker.promises(run.simulation.ledger()));
    }

    private void assertHistory(HailstormNode node) {
        assertThat(node.checkHistory(promises))
                .as("seed %d", SEED)
                .matches(HistoryChecker.Verdict::ok)
                .extracting(HistoryChecker.Verdict::records)
                .isNotEqualTo(0L);
    }

    private List<Long> busiestCells(HailstormNode node) {
        Map<Long, Integer> fixesByCell = new HashMap<>();
        FixView fix = new FixView();
        for (PartitionLog fixes : partitions(node, StreamName.FIXES)) {
            HistoryChecker.readAll(fixes, (offset, hlc, type, buffer, index, length) -> {
                if (type == RecordType.FIX) {
                    fixesByCell.merge(routingCell(fix.wrap(buffer, index)), 1, Integer::sum);
                }
                return true;
            });
        }
        return fixesByCell.entrySet().stream()
                .sorted(Map.Entry.<Long, Integer>comparingByValue()
                        .reversed()
                        .thenComparing(Map.Entry.comparingByKey(Comparator.naturalOrder())))
                .map(Map.Entry::getKey)
                .toList();
    }

    /**
     * How often ranges were sealed and opened. On the way: in a log in which a range is sealed, a driver that was in it
     * has no further record in it, and one that strays into it keeps its records there for less than the hysteresis.
     */
    private Map<String, Integer> sealsAndOpens(HailstormNode node) {
        Map<String, Integer> counts = new HashMap<>();
        for (PartitionLog fixes : partitions(node, StreamName.FIXES)) {
            Sealed sealed = new Sealed();
            FixView fix = new FixView();
            HistoryChecker.readAll(fixes, (offset, hlc, type, buffer, index, length) -> {
                if (type == RecordType.FIX) {
                    sealed.onFix(fix.wrap(buffer, index));
                } else {
                    RangeCodec.range(EventReader.read(buffer, index, length)).ifPresent(record -> {
                        if (!(record instanceof RangeRecord.Staged)) {
                            counts.merge(record instanceof RangeRecord.Seal ? "seal" : "open", 1, Integer::sum);
                        }
                        sealed.onRange(record);
                    });
                }
                return true;
            });
        }
        return counts;
    }

    private long routingCell(FixView fix) {
        return cells.parent(fix.cell(), Cells.ROUTING_RESOLUTION);
    }

    private static long recordsOf(HailstormNode node, StreamName stream) {
        return partitions(node, stream).stream()
                .mapToLong(PartitionLog::durableOffset)
                .sum();
    }

    private static List<PartitionLog> partitions(HailstormNode node, StreamName stream) {
        List<PartitionLog> all = new ArrayList<>();
        for (int partition = 0; partition < node.log().partitionCount(); partition++) {
            all.add(node.log().partition(stream, partition));
        }
        return all;
    }

    /** Follows one partition's log. */
    private final class Sealed {
        private final Map<Long, Boolean> isSealedByCell = new HashMap<>();
        private final Map<Long, Long> lastCellByDriver = new HashMap<>();
        private final Map<Long, Integer> strayRunByDriver = new HashMap<>();

        void onRange(RangeRecord record) {
            switch (record) {
                case RangeRecord.Seal seal -> seal.cells().forEach(cell -> isSealedByCell.put(cell, true));
                case RangeRecord.Open open -> open.cells().forEach(cell -> isSealedByCell.put(cell, false));
                case RangeRecord.Staged staged ->
                    assertThat(staged.stagedOffset()).isNotNegative();
                case RangeRecord.Abort abort -> throw new AssertionError("unexpected " + abort);
            }
        }

        void onFix(FixView fix) {
            long cell = routingCell(fix);
            long driver = fix.driver();
            Long last = lastCellByDriver.put(driver, cell);
            if (!isSealedByCell.getOrDefault(cell, false)) {
                strayRunByDriver.remove(driver);
                return;
            }
            int run = strayRunByDriver.merge(driver, 1, Integer::sum);
            assertThat(run)
                    .as("driver %d stays in the log of a range that left it, seed %d", driver, SEED)
                    .isLessThanOrEqualTo(STRAY_RUN_MAX);
            assertThat(run > 1 || last == null || last != cell)
                    .as("driver %d was in the range when it was sealed, seed %d", driver, SEED)
                    .isTrue();
        }
    }
}
