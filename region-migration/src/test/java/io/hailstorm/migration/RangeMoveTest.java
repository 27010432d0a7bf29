package io.hailstorm.migration;

import static io.hailstorm.migration.TestRange.A;
import static io.hailstorm.migration.TestRange.copying;
import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.Safeguards;
import io.hailstorm.migration.RangeMove.Phase;
import io.hailstorm.migration.RangeStore.Comparison;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** One node's part in a move, against ports that do exactly what the test lets them. */
class RangeMoveTest {
    private static final int SOURCE = 0;
    private static final int TARGET = 1;
    private static final MovePlan PLAN = new MovePlan("m", ControlRecord.sorted(Set.of(A)), SOURCE, TARGET, 1);

    private final OwnershipTable table = TestRange.table();
    private final RangeRecords read = new RangeRecords();
    private final List<ControlRecord> proposed = new ArrayList<>();
    private final List<RangeRecord> source = new ArrayList<>();
    private final List<RangeRecord> target = new ArrayList<>();
    private final Set<Integer> served = new HashSet<>(Set.of(SOURCE, TARGET));
    private boolean decides = true;
    private int sourceReadCount;
    private int targetReadCount;
    private int answeredCount;
    private Comparison comparison = Comparison.EQUAL;
    private long nextOffset = 1;
    private long nowMs;

    private final RangeMove move = newMove();

    @Test
    void asksTheTableOnceUntilItAnswers() {
        move.doWork(nowMs);
        move.doWork(nowMs);
        assertThat(proposed).hasSize(1);
        nowMs += RangeMove.REPEAT_AFTER_MS;
        move.doWork(nowMs);
        assertThat(proposed).hasSize(2).containsOnly(proposed.getFirst());
    }

    @Test
    void proposesNothingWhereItIsNotDecided() {
        decides = false;
        move.doWork(nowMs);
        assertThat(proposed).isEmpty();
    }

    @Test
    void writesOnlyIntoThePartitionsServedHere() {
        reach(Phase.COPYING);
        served.clear();
        for (int i = 0; i < 3; i++) {
            move.doWork(nowMs);
        }
        assertThat(target).isEmpty();
        served.add(TARGET);
        move.doWork(nowMs);
        assertThat(target).singleElement().isInstanceOf(RangeRecord.Staged.class);
        reach(Phase.SEALING);
        move.doWork(nowMs);
        assertThat(source).isEmpty();
        served.add(SOURCE);
        move.doWork(nowMs);
        assertThat(source).singleElement().isInstanceOf(RangeRecord.Seal.class);
    }

    @Test
    void goesOnFromWhatAnotherNodeWrote() {
        served.clear();
        reach(Phase.COPYING);
        target.add(new RangeRecord.Staged("m", 1, 0));
        reach(Phase.SEALING);
        source.add(new RangeRecord.Seal("m", 1, PLAN.cells(), -1, 0));
        reach(Phase.SEALED);
        target.add(new RangeRecord.Open("m", 2, PLAN.cells(), SOURCE, 0, 0, List.of()));
        reach(Phase.DONE);
        assertThat(table.map().partitionOf(A)).isEqualTo(TARGET);
    }

    @Test
    void sealsAgainWhenThePartitionCameBackWithoutTheSeal() {
        reach(Phase.SEALING);
        move.doWork(nowMs);
        assertThat(source).hasSize(1);
        source.clear();
        move.doWork(nowMs);
        assertThat(source).isEmpty();
        move.onLost(SOURCE, 0);
        move.doWork(nowMs);
        assertThat(source).hasSize(1);
    }

    @Test
    void reportsASealOnlyWhenItIsDurable() {
        reach(Phase.SEALING);
        move.doWork(nowMs);
        assertThat(source).hasSize(1);
        int before = proposed.size();
        move.doWork(nowMs);
        assertThat(proposed).hasSize(before);
        readLogs();
        move.doWork(nowMs);
        assertThat(proposed).hasSize(before + 1);
    }

    @Test
    void writesNoSecondSealWhenASuccessorReadsOne() {
        reach(Phase.SEALING);
        move.doWork(nowMs);
        readLogs();
        RangeMove successor = newMove();
        successor.doWork(nowMs);
        assertThat(source).hasSize(1);
        assertThat(proposed.getLast())
                .isInstanceOfSatisfying(
                        ControlRecord.Proposal.class, p -> assertThat(p.state()).isEqualTo(RangeState.SEALED));
    }

    @Test
    void opensNothingWhileTheCopyDiffersFromTheSource() {
        reach(Phase.SEALED);
        comparison = Comparison.DIFFERENT;
        for (int i = 0; i < 2 * RangeMove.HASH_MISMATCHES_MAX; i++) {
            move.doWork(nowMs);
        }
        assertThat(target).noneMatch(RangeRecord.Open.class::isInstance);
        assertThat(move.hashMismatchCount()).isEqualTo(RangeMove.HASH_MISMATCHES_MAX);
    }

    @Test
    void abortsDurablyBeforeItGivesUpASealing() {
        reach(Phase.SEALING);
        move.giveUp();
        reach(Phase.ABORTING);
        move.doWork(nowMs);
        assertThat(source.getLast()).isInstanceOf(RangeRecord.Abort.class);
        int before = proposed.size();
        move.doWork(nowMs);
        assertThat(proposed).hasSize(before);
        reach(Phase.GIVEN_UP);
        assertThat(table.map().partitionOf(A)).isZero();
    }

    @Test
    void goesOnWhenAskedToGiveUpAfterTheSeal() {
        reach(Phase.SEALED);
        move.giveUp();
        reach(Phase.DONE);
        assertThat(table.map().partitionOf(A)).isEqualTo(TARGET);
    }

    @Test
    void takesASealedRangeBackThroughTheTableAndThenOpensItAgain() {
        served.remove(TARGET);
        target.add(new RangeRecord.Staged("m", 1, 0));
        reach(Phase.SEALED);
        move.takeBack();
        assertThat(source).hasSize(1);
        reach(Phase.TAKEN_BACK);
        assertThat(source).hasSize(1);
        RangeEntry entry = table.entry(A).orElseThrow();
        assertThat(entry.isTakenBack()).isTrue();
        assertThat(entry.epoch()).isEqualTo(3);
        assertThat(table.map().partitionOf(A)).isEqualTo(SOURCE);
    }

    @Test
    void isRefusedWhenAnotherMoveCameFirst() {
        table.apply(nextOffset++, copying("other", A));
        reach(Phase.REFUSED);
        assertThat(move.refusal()).contains("COPYING(1)");
        assertThat(move.doWork(nowMs)).isZero();
    }

    /** Lets the table answer, and the records become durable. */
    private void reach(Phase phase) {
        for (int i = 0; i < 20 && move.phase() != phase; i++) {
            move.doWork(nowMs);
            for (; answeredCount < proposed.size(); answeredCount++) {
                move.onControl(table.apply(nextOffset++, proposed.get(answeredCount)));
            }
            if (move.phase() != phase) {
                readLogs();
            }
        }
        assertThat(move.phase()).isEqualTo(phase);
    }

    private void readLogs() {
        for (; sourceReadCount < source.size(); sourceReadCount++) {
            read.onDurable(sourceReadCount, source.get(sourceReadCount));
        }
        for (; targetReadCount < target.size(); targetReadCount++) {
            read.onDurable(targetReadCount, target.get(targetReadCount));
        }
    }

    private RangeMove newMove() {
        ControlJournal control = new ControlJournal() {
            @Override
            public void propose(ControlRecord record) {
                proposed.add(record);
            }

            @Override
            public boolean decides() {
                return decides;
            }
        };
        return new RangeMove(PLAN, table, control, new Journal(), new Store(), read, Safeguards.ALL);
    }

    private final class Journal implements PartitionJournal {
        @Override
        public boolean serves(int partition) {
            return served.contains(partition);
        }

        @Override
        public long append(int partition, RangeRecord record) {
            List<RangeRecord> log = partition == SOURCE ? source : target;
            log.add(record);
            return log.size() - 1L;
        }

        @Override
        public long durableOffset(int partition) {
            return partition == SOURCE ? sourceReadCount : targetReadCount;
        }

        @Override
        public long endOffset(int partition) {
            return partition == SOURCE ? source.size() : target.size();
        }

        @Override
        public long copyOffset(int partition) {
            return 0;
        }
    }

    private final class Store implements RangeStore {
        @Override
        public long stage(MovePlan plan, long fromOffset, long endOffsetExclusive) {
            return endOffsetExclusive;
        }

        @Override
        public RangeFold staged(MovePlan plan) {
            return new RangeFold(Set.of(A));
        }

        @Override
        public long hashedOffset(MovePlan plan) {
            return 0;
        }

        @Override
        public long hash(MovePlan plan) {
            return 0;
        }

        @Override
        public Comparison compare(MovePlan plan, long offset, long hash) {
            return comparison;
        }

        @Override
        public void restart(MovePlan plan) {}

        @Override
        public void forget(MovePlan plan) {}
    }
}
