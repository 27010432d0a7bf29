package io.hailstorm.node;

import io.hailstorm.kernel.RecordType;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.migration.ControlOutcome;
import io.hailstorm.migration.ControlRecord.Proposal;
import io.hailstorm.migration.OwnershipTable;
import io.hailstorm.migration.RangeState;

/**
 * How the range moves of a log went, from its {@code control} stream alone.
 *
 * @param begun moves that began
 * @param done ended with the range at its target
 * @param aborted ended with the range where it was
 * @param unfinished neither
 * @param voided records that changed nothing
 */
record ControlHistory(long begun, long done, long aborted, long unfinished, long voided) {
    static ControlHistory of(PartitionReader control) {
        OwnershipTable table = new OwnershipTable();
        long[] counts = new long[4];
        HistoryChecker.readAll(control, (offset, hlc, type, buffer, index, length) -> {
            if (type == RecordType.EVENT) {
                RangeCodec.control(EventReader.read(buffer, index, length))
                        .ifPresent(record -> count(table.apply(offset, record), counts));
            }
            return true;
        });
        return new ControlHistory(counts[0], counts[1], counts[2], table.moveCount(), counts[3]);
    }

    private static void count(ControlOutcome outcome, long[] counts) {
        if (outcome instanceof ControlOutcome.Voided) {
            counts[3]++;
        } else if (outcome.record() instanceof Proposal proposal) {
            if (proposal.state() == RangeState.COPYING) {
                counts[0]++;
            } else if (proposal.state() == RangeState.ACTIVE && proposal.expectedState() != RangeState.ACTIVE) {
                boolean isMoved = proposal.ownerPartition() != proposal.parentPartition();
                counts[isMoved ? 1 : 2]++;
            }
        }
    }
}
