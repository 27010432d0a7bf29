package io.hailstorm.migration;

import static io.hailstorm.migration.TestRange.A;
import static io.hailstorm.migration.TestRange.copying;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.migration.RangeMove.Phase;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** One coordinator against ports that do exactly what the test lets them. */
class RangeMoveTest {
    private final OwnershipTable table = TestRange.table();
    private final List<ControlRecord> proposed = new ArrayList<>();
    private final List<RangeRecord> source = new ArrayList<>();
    private final List<RangeRecord> target = new ArrayList<>();
    private int durableCount;
    private int answeredCount;
    private long sourceHash = RangeFold.hash(List.of());
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
    void reportsASealOnlyWhenItIsDurable() {
        reach(Phase.SEALING);
        move.doWork(nowMs);
        assertThat(source).hasSize(1);
        int before = proposed.size();
        move.doWork(nowMs);
        assertThat(proposed).hasSize(before);

        durableCount = 1;
        move.doWork(nowMs);
        assertThat(proposed).hasSize(before + 1);
    }

    @Test
    void writesNoSecondSealWhenASuccessorFindsOne() {
        reach(Phase.SEALING);
        move.doWork(nowMs);
        durableCount = 1;
        RangeMove successor = newMove();
        successor.doWork(nowMs);
        assertThat(source).hasSize(1);
        assertThat(proposed.getLast())
                .isInstanceOfSatisfying(
                        ControlRecord.Proposal.class, p -> assertThat(p.state()).isEqualTo(RangeState.SEALED));
    }

    @Test
    void opensNothingWhenTheCopyDiffersFromTheSource() {
        reach(Phase.SEALED);
        sourceHash++;
        assertThatThrownBy(() -> {
                    for (int i = 0; i < RangeMove.HASH_MISMATCHES_MAX; i++) {
                        move.doWork(nowMs);
                    }
                })
                .isInstanceOfSatisfying(
                        HailstormException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.DATA_LOSS));
        assertThat(target).isEmpty();
    }

    @Test
    void abortsDurablyBeforeItGivesUpASealing() {
        reach(Phase.SEALING);
        move.giveUp();
        move.doWork(nowMs);
        assertThat(source).singleElement().isInstanceOf(RangeRecord.Abort.class);
        int before = proposed.size();
        move.doWork(nowMs);
        assertThat(proposed).hasSize(before);
        durableCount = 1;
        reach(Phase.GIVEN_UP);
        assertThat(table.map().partitionOf(A)).isZero();
    }

    @Test
    void goesOnWhenAskedToGiveUpAfterTheSeal() {
        reach(Phase.SEALED);
        move.giveUp();
        durableCount = 9;
        reach(Phase.DONE);
        assertThat(table.map().partitionOf(A)).isEqualTo(1);
    }

    @Test
    void isRefusedWhenAnotherMoveCameFirst() {
        table.apply(nextOffset++, copying("other", A));
        reach(Phase.REFUSED);
        assertThat(move.refusal()).contains("COPYING(1)");
        assertThat(move.doWork(nowMs) + move.doWork(nowMs)).isEqualTo(1);
    }

    /** Lets the table answer, and makes the seal durable when it takes one to get there. */
    private void reach(Phase phase) {
        for (int i = 0; i < 20 && move.phase() != phase; i++) {
            move.doWork(nowMs);
            if (phase == Phase.SEALED) {
                durableCount = source.size();
            }
            for (; answeredCount < proposed.size(); answeredCount++) {
                move.onControl(table.apply(nextOffset++, proposed.get(answeredCount)));
            }
        }
        assertThat(move.phase()).isEqualTo(phase);
    }

    private RangeMove newMove() {
        PartitionJournal journal = new PartitionJournal() {
            @Override
            public long append(int partition, RangeRecord record) {
                log(partition).add(record);
                return log(partition).size() - 1L;
            }

            @Override
            public long durableOffset(int partition) {
                return Math.min(durableCount, log(partition).size());
            }

            @Override
            public long find(int partition, long fromOffset, RangeRecord record) {
                for (long offset = fromOffset; offset < durableOffset(partition); offset++) {
                    if (log(partition).get((int) offset).getClass() == record.getClass()) {
                        return offset;
                    }
                }
                return RangeEntry.NULL_OFFSET;
            }
        };
        RangeStore store = new RangeStore() {
            @Override
            public long stage(String migrationId, NavigableSet<Long> cells, int sourcePartition, long endOffset) {
                return endOffset;
            }

            @Override
            public RangeFold staged(String migrationId) {
                return new RangeFold(Set.of(A));
            }

            @Override
            public long sourceHash(int sourcePartition, NavigableSet<Long> cells, long sealOffset) {
                return sourceHash;
            }

            @Override
            public void forget(String migrationId) {}
        };
        MovePlan plan = new MovePlan("m", ControlRecord.sorted(Set.of(A)), 0, 1, 1);
        return new RangeMove(plan, table, proposed::add, journal, store);
    }

    private List<RangeRecord> log(int partition) {
        return partition == 0 ? source : target;
    }
}
