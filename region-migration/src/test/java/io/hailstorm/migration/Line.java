package io.hailstorm.migration;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.RegionId;
import io.hailstorm.migration.ControlRecord.MapInitialized;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.LongStream;

/** Cells 1, 2, 3 … in a row, each beside the next, with loads that a test sets: geography that fits into a head. */
final class Line {
    /** Real routing cells, so that a partition map takes them; ascending. */
    private static final long[] ROW = row();

    final Map<Long, Double> loads = new HashMap<>();
    private final int length;

    Line(int length) {
        this.length = length;
    }

    /** Cells from the {@code first} to the {@code last} in the row. */
    static NavigableSet<Long> cells(int first, int last) {
        NavigableSet<Long> cells = new TreeSet<>();
        LongStream.rangeClosed(first, last).map(Line::cell).forEach(cells::add);
        return cells;
    }

    static long cell(long number) {
        return ROW[(int) number - 1];
    }

    private static long[] row() {
        long[] disk = new long[37];
        Cells.create().gridDisk(TestRange.A, 3, disk);
        Arrays.sort(disk);
        return disk;
    }

    long[] neighbours(long cell) {
        long number = Arrays.binarySearch(ROW, cell) + 1L;
        return LongStream.of(number - 1, number + 1)
                .filter(other -> other >= 1 && other <= length)
                .map(Line::cell)
                .toArray();
    }

    double load(long cell) {
        return loads.getOrDefault(cell, 0.0);
    }

    void load(int number, double load) {
        loads.put(cell(number), load);
    }

    /** A table in which each partition owns the cells after those of the one before, as many as said. */
    OwnershipTable table(int... counts) {
        Map<Long, Integer> owners = new TreeMap<>();
        int number = 1;
        for (int partition = 0; partition < counts.length; partition++) {
            for (int i = 0; i < counts[partition]; i++) {
                owners.put(cell(number++), partition);
            }
        }
        OwnershipTable table = new OwnershipTable();
        table.apply(0, MapInitialized.of(new RegionId("line"), counts.length, owners));
        return table;
    }

    /** Moves cells as a coordinator would, at once. */
    static void move(OwnershipTable table, String id, Set<Long> cells, int target) {
        MovePlan plan = table.plan(id, cells, target);
        long e = plan.epoch();
        step(table, plan, RangeState.ACTIVE, RangeState.COPYING, e, -1);
        step(table, plan, RangeState.COPYING, RangeState.SEALING, e, -1);
        step(table, plan, RangeState.SEALING, RangeState.SEALED, e, 5);
        step(table, plan, RangeState.SEALED, RangeState.ACTIVE, e + 1, 5);
    }

    private static void step(
            OwnershipTable table, MovePlan plan, RangeState from, RangeState to, long epoch, long sealOffset) {
        table.apply(
                table.nextOffset(),
                new ControlRecord.Proposal(
                        plan.migrationId(),
                        plan.cells(),
                        plan.epoch(),
                        from,
                        epoch,
                        to,
                        plan.targetPartition(),
                        plan.sourcePartition(),
                        sealOffset,
                        0));
    }
}
