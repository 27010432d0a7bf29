package io.hailstorm.geo;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** {@link PartitionMap} over a {@link CellIntMap}; its sets iterate in ascending order of the cells. */
final class HashedPartitionMap implements PartitionMap {
    private final long epoch;
    private final int partitionCount;
    /** Ascending. */
    private final long[] cells;
    /** Owner of the cell at the same index. */
    private final int[] owners;

    private final CellIntMap ownerByCell;

    private HashedPartitionMap(long epoch, int partitionCount, long[] cells, int[] owners) {
        this.epoch = epoch;
        this.partitionCount = partitionCount;
        this.cells = cells;
        this.owners = owners;
        this.ownerByCell = new CellIntMap(cells, owners);
    }

    static HashedPartitionMap of(long epoch, int partitionCount, Map<Long, Integer> ownerByCell) {
        if (partitionCount < 1) {
            throw invalid("a partition map needs at least one partition: partitionCount=" + partitionCount);
        }
        long[] cells = new long[ownerByCell.size()];
        int[] owners = new int[cells.length];
        int index = 0;
        for (Map.Entry<Long, Integer> entry : new TreeMap<>(ownerByCell).entrySet()) {
            cells[index] = requireRoutingCell(entry.getKey());
            owners[index] = requirePartition(entry.getValue(), partitionCount);
            index++;
        }
        return new HashedPartitionMap(epoch, partitionCount, cells, owners);
    }

    @Override
    public long epoch() {
        return epoch;
    }

    @Override
    public int partitionCount() {
        return partitionCount;
    }

    @Override
    public int partitionOf(long cell) {
        if (cell == Cells.NULL_CELL || H3Bits.resolution(cell) < Cells.ROUTING_RESOLUTION) {
            return NO_PARTITION;
        }
        return ownerByCell.get(H3Bits.parent(cell, Cells.ROUTING_RESOLUTION));
    }

    @Override
    public Set<Long> cellsOf(int partition) {
        List<Long> owned = new ArrayList<>();
        for (int i = 0; i < cells.length; i++) {
            if (owners[i] == partition) {
                owned.add(cells[i]);
            }
        }
        return Collections.unmodifiableSet(new LinkedHashSet<>(owned));
    }

    @Override
    public Set<Long> cells() {
        Set<Long> all = LinkedHashSet.newLinkedHashSet(cells.length);
        for (long cell : cells) {
            all.add(cell);
        }
        return Collections.unmodifiableSet(all);
    }

    @Override
    public PartitionMap withOwner(Set<Long> movedCells, int partition, long newEpoch) {
        if (newEpoch <= epoch) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "stale map epoch: current=" + epoch + ", got=" + newEpoch + "; read the control stream again");
        }
        requirePartition(partition, partitionCount);
        int[] newOwners = owners.clone();
        for (long moved : movedCells) {
            int index = Arrays.binarySearch(cells, moved);
            if (index < 0) {
                throw invalid("cell " + Long.toHexString(moved) + " is not in this region's partition map");
            }
            newOwners[index] = partition;
        }
        return new HashedPartitionMap(newEpoch, partitionCount, cells, newOwners);
    }

    private static long requireRoutingCell(long cell) {
        if (!H3Cells.INSTANCE.isValid(cell) || H3Bits.resolution(cell) != Cells.ROUTING_RESOLUTION) {
            throw invalid("not a routing cell (a valid cell of resolution " + Cells.ROUTING_RESOLUTION + "): "
                    + Long.toHexString(cell));
        }
        return cell;
    }

    private static int requirePartition(int partition, int partitionCount) {
        if (partition < 0 || partition >= partitionCount) {
            throw invalid("no such partition: " + partition + ", partitions are 0 to " + (partitionCount - 1));
        }
        return partition;
    }

    private static HailstormException invalid(String message) {
        return new HailstormException(ErrorCode.INVALID_ARGUMENT, message);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof HashedPartitionMap that
                && epoch == that.epoch
                && partitionCount == that.partitionCount
                && Arrays.equals(cells, that.cells)
                && Arrays.equals(owners, that.owners);
    }

    @Override
    public int hashCode() {
        return Objects.hash(epoch, partitionCount, Arrays.hashCode(cells), Arrays.hashCode(owners));
    }

    @Override
    public String toString() {
        return "PartitionMap[epoch=" + epoch + ", partitionCount=" + partitionCount + ", cells=" + cells.length + "]";
    }
}
