package io.hailstorm.migration;

import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.RegionId;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What the {@code control} stream holds; every reader applies them in log order to an {@link OwnershipTable}. */
public sealed interface ControlRecord {
    /**
     * The first owners. Written once; a second one is void.
     *
     * @param partitionByCell routing cell to partition, for every cell of the region
     */
    record MapInitialized(RegionId region, int partitionCount, NavigableMap<Long, Integer> partitionByCell)
            implements ControlRecord {
        public MapInitialized {
            partitionByCell = Collections.unmodifiableNavigableMap(new TreeMap<>(partitionByCell));
        }

        public static MapInitialized of(RegionId region, int partitionCount, Map<Long, Integer> partitionByCell) {
            return new MapInitialized(region, partitionCount, new TreeMap<>(partitionByCell));
        }
    }

    /**
     * A compare-and-set on a range: takes effect when every cell is at {@code expectedEpoch} and
     * {@code expectedState}, and in no other migration; otherwise it is void.
     *
     * @param migrationId names the move; never used again once it ended
     * @param cells routing cells that move together
     * @param epoch of the range afterwards
     * @param ownerPartition who owns the range once it is {@link RangeState#ACTIVE}: the target, or the source when
     *     the move is given up
     * @param parentPartition where the range comes from: the source
     * @param parentSealOffset offset of the SEAL in the source's fixes; {@link RangeEntry#NULL_OFFSET} until SEALED
     * @param startOffset where to look from in the log of the partition that writes next: COPYING, from where the source is copied,
     *     or {@link RangeEntry#NULL_OFFSET} for its start; SEALING, the source's durable end when proposed (its SEAL is not before);
     *     SEALED, the target's durable end (its OPEN is not before); ACTIVE, the OPEN itself, but when the source takes the range
     *     back, what its OPEN comes after
     */
    record Proposal(
            String migrationId,
            NavigableSet<Long> cells,
            long expectedEpoch,
            RangeState expectedState,
            long epoch,
            RangeState state,
            int ownerPartition,
            int parentPartition,
            long parentSealOffset,
            long startOffset)
            implements ControlRecord {
        public Proposal {
            Invariants.require(!cells.isEmpty(), "a proposal without cells");
            cells = sorted(cells);
        }
    }

    /**
     * Several moves are to be made, so that whoever decides carries on with them. Void when a group of this id was begun before,
     * it has no moves, or a move is not named after it. What a move expects is checked when it starts.
     */
    record GroupBegun(MoveGroup group) implements ControlRecord {}

    /**
     * No further move of the group starts; those under way go on. Void when the group is not under way.
     *
     * @param outcome for people
     */
    record GroupEnded(String groupId, String outcome) implements ControlRecord {}

    /** An immutable sorted copy. */
    static NavigableSet<Long> sorted(Set<Long> cells) {
        return Collections.unmodifiableNavigableSet(new TreeSet<>(cells));
    }
}
