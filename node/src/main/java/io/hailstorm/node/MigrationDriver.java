package io.hailstorm.node;

import io.grpc.stub.StreamObserver;
import io.hailstorm.geo.Cells;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.protocol.v1.Migration;
import io.hailstorm.protocol.v1.MoveRangeRequest;
import io.hailstorm.protocol.v1.MoveRangeResponse;
import io.hailstorm.simulator.Pauses;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Moves random ranges while a run lasts, by the operator's own service, one at a time. What it asks for depends on the seed,
 * the map, and where phones are. One thread, the one that steps the simulation, so that pauses are told when a move begins and ends.
 */
final class MigrationDriver {
    /** Cells in a range; a range is connected where the source's cells are. */
    private static final int RANGE_CELLS_MAX = 8;

    private static final int NEIGHBOURS = 7;
    private static final int SETTLES_MAX = 1_000;
    private static final String DONE = "DONE";

    private static final int STREAM_CELL = 301;
    private static final int STREAM_SIZE = 302;
    private static final int STREAM_TARGET = 303;

    /** The ends of a move as its request's answer and the region's list of migrations tell them. */
    private static final class Asked implements StreamObserver<MoveRangeResponse> {
        private final String migration;
        private final Set<Long> range;
        private final Pauses.Disturbance pause;
        private volatile boolean isRefused;

        Asked(String migration, Set<Long> range, Pauses.Disturbance pause) {
            this.migration = migration;
            this.range = range;
            this.pause = pause;
        }

        @Override
        public void onNext(MoveRangeResponse response) {}

        @Override
        public void onError(Throwable failure) {
            isRefused = true;
        }

        @Override
        public void onCompleted() {}
    }

    private final MoveDesk desk;
    private final Pauses pauses;
    private final Cells cells = Cells.create();
    private final long seed;
    private final long everyMs;
    private final String idPrefix;
    /** How often each cell moved: cells move together only when at one epoch. */
    private final Map<Long, Integer> movesOfCell = new HashMap<>();

    private long dueMs;
    private int asked;
    private long doneCount;
    private long abortedCount;
    private @Nullable Asked current;

    /** @param everyMs from one move's beginning to the next one's, by the node's clock; longer when a move takes longer */
    MigrationDriver(MoveDesk desk, Pauses pauses, long seed, long everyMs, long startMs) {
        this.desk = desk;
        this.pauses = pauses;
        this.seed = seed;
        this.everyMs = everyMs;
        idPrefix = "demo-" + startMs + "-";
        dueMs = startMs + everyMs;
    }

    /** Takes notice of the move under way, and begins the next one when it is due. */
    void doWork(long nowMs) {
        watch();
        if (current == null && nowMs >= dueMs && !pauses.isStopped()) {
            dueMs = nowMs + everyMs;
            begin();
        }
    }

    private void watch() {
        Asked move = current;
        if (move == null) {
            return;
        }
        if (move.isRefused) {
            move.pause.drop();
            abortedCount++;
            current = null;
            return;
        }
        for (Migration migration : desk.migrations()) {
            if (migration.getMigration().equals(move.migration) && migration.getDone()) {
                ended(move, migration.getOutcome());
            }
        }
    }

    private void ended(Asked move, String outcome) {
        move.pause.end();
        current = null;
        if (outcome.equals(DONE)) {
            doneCount++;
            move.range.forEach(cell -> movesOfCell.merge(cell, 1, Integer::sum));
        } else {
            abortedCount++;
        }
    }

    /** Lets the move under way end; it may not, when the node cannot write any more. */
    void settle(Runnable nodes) {
        for (int i = 0; i < SETTLES_MAX && current != null; i++) {
            nodes.run();
            watch();
        }
    }

    /** Moves that ended with the range at its target. */
    long doneCount() {
        return doneCount;
    }

    /** Moves that were refused, or left the range where it was. */
    long abortedCount() {
        return abortedCount;
    }

    private void begin() {
        PartitionMap map = desk.map();
        if (map.partitionCount() < 2) {
            return;
        }
        int index = asked++;
        long first = busyCell(map, index);
        int source = map.partitionOf(first);
        int other = CounterRandom.below(map.partitionCount() - 1, seed, index, 0, STREAM_TARGET);
        int target = other < source ? other : other + 1;
        // A partition keeps a cell: an empty one would never be asked for anything again.
        int sizeMax = Math.min(RANGE_CELLS_MAX, map.cellsOf(source).size() - 1);
        if (sizeMax < 1) {
            return;
        }
        Set<Long> range = connected(map, first, 1 + CounterRandom.below(sizeMax, seed, index, 0, STREAM_SIZE));
        MoveRangeRequest.Builder request =
                MoveRangeRequest.newBuilder().setRequestId(idPrefix + index).setTargetPartition(target);
        range.forEach(cell -> request.addCells(Long.toHexString(cell)));
        Asked move = new Asked(
                request.getRequestId(),
                range,
                pauses.begin((latE7, lonE7) -> range.contains(cells.cellOf(latE7, lonE7, Cells.ROUTING_RESOLUTION))));
        current = move;
        desk.move(request.build(), move);
    }

    private int moves(long cell) {
        return movesOfCell.getOrDefault(cell, 0);
    }

    /** Where the last acknowledged batch was measured, so that a cell is as likely as it is busy; before the first one, any. */
    private long busyCell(PartitionMap map, int index) {
        long busy = cells.cellOf(pauses.lastLatE7(), pauses.lastLonE7(), Cells.ROUTING_RESOLUTION);
        if (map.partitionOf(busy) != PartitionMap.NO_PARTITION) {
            return busy;
        }
        List<Long> all = new ArrayList<>(new TreeSet<>(map.cells()));
        return all.get(CounterRandom.below(all.size(), seed, index, 0, STREAM_CELL));
    }

    /** The cell and cells around it that the same partition owns at the same epoch, nearest first. */
    private Set<Long> connected(PartitionMap map, long first, int size) {
        Set<Long> range = new TreeSet<>(Set.of(first));
        ArrayDeque<Long> edge = new ArrayDeque<>(range);
        long[] around = new long[NEIGHBOURS];
        while (!edge.isEmpty()) {
            int count = cells.gridDisk(edge.pollFirst(), 1, around);
            for (int i = 0; i < count; i++) {
                if (range.size() == size) {
                    return range;
                }
                if (map.partitionOf(around[i]) == map.partitionOf(first)
                        && moves(around[i]) == moves(first)
                        && range.add(around[i])) {
                    edge.addLast(around[i]);
                }
            }
        }
        return range;
    }
}
