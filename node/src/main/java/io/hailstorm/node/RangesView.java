package io.hailstorm.node;

import io.hailstorm.geo.PartitionMap;
import io.hailstorm.migration.MoveGroup;
import io.hailstorm.migration.RangeEntry;
import io.hailstorm.protocol.v1.Migration;
import io.hailstorm.protocol.v1.MigrationGroup;
import io.hailstorm.protocol.v1.OwnedRange;
import io.hailstorm.protocol.v1.PartitionRanges;
import io.hailstorm.protocol.v1.ShowRangesResponse;
import io.hailstorm.protocol.v1.VoidProposal;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntFunction;

/**
 * How ownership stands, for whoever looks: immutable, any thread.
 *
 * @param entries every cell's
 * @param groups under way
 * @param endedMoves of these, by id
 * @param voided the last control records that changed nothing, oldest first
 * @param regionOf home of a partition
 */
record RangesView(
        PartitionMap map,
        NavigableMap<Long, RangeEntry> entries,
        List<MoveGroup> groups,
        Set<String> endedMoves,
        List<VoidRecord> voided,
        long voidedCount,
        IntFunction<String> regionOf) {
    /** A record of the control stream that changed nothing. */
    record VoidRecord(long offset, String what, String reason) {}

    /** What cells have in common that are shown as one. */
    private record History(int partition, RangeEntry entry) {
        static final Comparator<History> ORDER = Comparator.comparingInt(History::partition)
                .thenComparingLong(history -> history.entry.epoch())
                .thenComparing(history -> history.entry.state())
                .thenComparingInt(history -> history.entry.parentPartition())
                .thenComparingLong(history -> history.entry.parentSealOffset())
                .thenComparing(history -> history.entry.migrationId());
    }

    ShowRangesResponse toProto(String region, List<Migration> migrations) {
        ShowRangesResponse.Builder out = ShowRangesResponse.newBuilder()
                .setRegion(region)
                .setMapEpoch(map.epoch())
                .addAllMigrations(migrations)
                .setVoidProposalCount(voidedCount);
        for (int partition = 0; partition < map.partitionCount(); partition++) {
            Set<Long> cells = new TreeSet<>(map.cellsOf(partition));
            PartitionRanges.Builder of = PartitionRanges.newBuilder()
                    .setPartition(partition)
                    .setRegion(regionOf.apply(partition))
                    .setCellCount(cells.size());
            cells.forEach(cell -> of.addCells(Long.toHexString(cell)));
            out.addPartitions(of);
        }
        ranges().forEach((history, cells) -> out.addRanges(range(history, cells)));
        for (MoveGroup group : groups) {
            out.addGroups(MigrationGroup.newBuilder()
                    .setGroup(group.groupId())
                    .setIntent(group.intent())
                    .setMoveCount(group.moves().size())
                    .setEndedCount((int) group.moves().stream()
                            .filter(move -> endedMoves.contains(move.migrationId()))
                            .count()));
        }
        for (VoidRecord each : voided) {
            out.addVoidProposals(VoidProposal.newBuilder()
                    .setOffset(each.offset())
                    .setProposal(each.what())
                    .setReason(each.reason()));
        }
        return out.build();
    }

    private Map<History, NavigableSet<Long>> ranges() {
        Map<History, NavigableSet<Long>> ranges = new TreeMap<>(History.ORDER);
        entries.forEach((cell, entry) -> ranges.computeIfAbsent(
                        new History(entry.ownerPartition(), entry), _ -> new TreeSet<>())
                .add(cell));
        return ranges;
    }

    private OwnedRange range(History history, NavigableSet<Long> cells) {
        RangeEntry entry = history.entry();
        OwnedRange.Builder range = OwnedRange.newBuilder()
                .setPartition(history.partition())
                .setRegion(regionOf.apply(history.partition()))
                .setEpoch(entry.epoch())
                .setState(RangeCodec.state(entry.state()))
                .setParentPartition(entry.parentPartition())
                .setParentSealOffset(entry.parentSealOffset())
                .setMigration(entry.migrationId())
                .setCellCount(cells.size());
        cells.forEach(cell -> range.addCells(Long.toHexString(cell)));
        return range.build();
    }
}
