package io.hailstorm.migration;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.RegionId;
import io.hailstorm.migration.ControlRecord.MapInitialized;
import io.hailstorm.migration.ControlRecord.Proposal;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Three routing cells of two partitions, and the proposals of a move of {@link #A} from partition 0 to 1. */
final class TestRange {
    static final long A;
    static final long B;
    static final long C;

    static {
        Cells geometry = Cells.create();
        long[] disk = new long[7];
        geometry.gridDisk(geometry.cellOf(377_700_000, -1_224_300_000, Cells.ROUTING_RESOLUTION), 1, disk);
        A = disk[0];
        B = disk[1];
        C = disk[2];
    }

    static final RangeRecord.Seal SEAL =
            new RangeRecord.Seal("m", 1, ControlRecord.sorted(Set.of(A)), RangeEntry.NULL_OFFSET, 0);
    static final RangeRecord.Abort ABORT = new RangeRecord.Abort("m", 1);
    static final RangeRecord.Open OPEN =
            new RangeRecord.Open("m", 2, ControlRecord.sorted(Set.of(A)), 0, 10, RangeFold.hash(List.of()), List.of());

    private TestRange() {}

    /** A and B belong to partition 0, C to 1. */
    static OwnershipTable table() {
        OwnershipTable table = new OwnershipTable();
        table.apply(0, MapInitialized.of(new RegionId("sf"), 2, Map.of(A, 0, B, 0, C, 1)));
        return table;
    }

    static Proposal copying(String migrationId, long... cells) {
        return step(migrationId, RangeState.ACTIVE, RangeState.COPYING, 1, 1, -1, -1, cells);
    }

    static Proposal sealing() {
        return step("m", RangeState.COPYING, RangeState.SEALING, 1, 1, -1, 0, A);
    }

    static Proposal sealed(long sealOffset) {
        return step("m", RangeState.SEALING, RangeState.SEALED, 1, 1, sealOffset, 0, A);
    }

    static Proposal active() {
        return step("m", RangeState.SEALED, RangeState.ACTIVE, 2, 1, 10, 3, A);
    }

    static Proposal givenUp(RangeState from) {
        return step("m", from, RangeState.ACTIVE, 1, 0, -1, -1, A);
    }

    static Proposal step(
            String migrationId,
            RangeState expected,
            RangeState state,
            long epoch,
            int owner,
            long sealOffset,
            long startOffset,
            long... cells) {
        TreeSet<Long> range = new TreeSet<>();
        for (long cell : cells) {
            range.add(cell);
        }
        return new Proposal(migrationId, range, 1, expected, epoch, state, owner, 0, sealOffset, startOffset);
    }
}
