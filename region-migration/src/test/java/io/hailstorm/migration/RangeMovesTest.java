package io.hailstorm.migration;

import static io.hailstorm.migration.TestRange.A;
import static io.hailstorm.migration.TestRange.copying;
import static io.hailstorm.migration.TestRange.sealed;
import static io.hailstorm.migration.TestRange.sealing;
import static io.hailstorm.migration.TestRange.step;
import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.Safeguards;
import io.hailstorm.migration.ControlRecord.Proposal;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** One node's part in several moves of one range, against a log that may take nothing. */
class RangeMovesTest {
    private static final long SEAL_OFFSET = 10;

    private final OwnershipTable table = TestRange.table();
    private final RangeRecords read = new RangeRecords();
    private final List<ControlRecord> proposed = new ArrayList<>();
    private final List<RangeRecord> appended = new ArrayList<>();
    private final RangeGuard guard = new RangeGuard(table, Safeguards.ALL);
    private final RangeMoves moves =
            new RangeMoves(table, guard, new Control(), new Journal(), new Store(), read, Safeguards.ALL, _ -> {});
    private boolean isTaken = true;
    private long controlOffset = 1;

    /** A move that began before would show the range as moving, and nobody would wait for its OPEN. */
    @Test
    void beginsNoMoveOfARangeTakenBackBeforeItsOpenIsThere() {
        apply(copying("m", A));
        apply(sealing());
        apply(sealed(SEAL_OFFSET));
        moves.doWork(0);
        isTaken = false;
        apply(step("m", RangeState.SEALED, RangeState.ACTIVE, 3, 0, SEAL_OFFSET, SEAL_OFFSET + 1, A));
        moves.doWork(0);

        moves.start(table.plan("n", Set.of(A), 1));
        moves.doWork(0);
        assertThat(begun("n")).isFalse();

        isTaken = true;
        moves.doWork(0);
        RangeRecord open = appended.getLast();
        assertThat(open).isInstanceOf(RangeRecord.Open.class);
        moves.doWork(0);
        assertThat(begun("n")).isFalse();

        read.onDurable(SEAL_OFFSET + 1, open);
        moves.doWork(0);
        moves.doWork(0);
        assertThat(begun("n")).isTrue();
    }

    private boolean begun(String migration) {
        return proposed.stream()
                .anyMatch(record -> record instanceof Proposal proposal
                        && proposal.migrationId().equals(migration)
                        && proposal.state() == RangeState.COPYING);
    }

    private void apply(ControlRecord record) {
        ControlOutcome outcome = table.apply(controlOffset++, record);
        assertThat(outcome).isInstanceOf(ControlOutcome.Applied.class);
        guard.onControl(outcome);
        moves.onControl(outcome);
    }

    private final class Control implements ControlJournal {
        @Override
        public void propose(ControlRecord record) {
            proposed.add(record);
        }

        @Override
        public boolean decides() {
            return true;
        }
    }

    private final class Journal implements PartitionJournal {
        @Override
        public boolean serves(int partition) {
            return true;
        }

        @Override
        public long append(int partition, RangeRecord record) {
            if (!isTaken) {
                return RangeEntry.NULL_OFFSET;
            }
            appended.add(record);
            guard.onRangeRecord(record);
            return SEAL_OFFSET + appended.size();
        }

        @Override
        public long durableOffset(int partition) {
            return SEAL_OFFSET;
        }

        @Override
        public long endOffset(int partition) {
            return SEAL_OFFSET;
        }

        @Override
        public long copyOffset(int partition) {
            return 0;
        }
    }

    private static final class Store implements RangeStore {
        @Override
        public long stage(MovePlan plan, long fromOffset, long endOffsetExclusive) {
            return endOffsetExclusive;
        }

        @Override
        public RangeFold staged(MovePlan plan) {
            return new RangeFold(plan.cells());
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
            return Comparison.EQUAL;
        }

        @Override
        public void restart(MovePlan plan) {}

        @Override
        public void forget(MovePlan plan) {}
    }
}
