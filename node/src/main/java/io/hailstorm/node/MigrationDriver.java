package io.hailstorm.node;

import io.hailstorm.geo.Cells;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.protocol.v1.Migration;
import io.hailstorm.simulator.Pauses;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Moves, splits and merges at random while a run lasts, by the operator's own service, one at a time. What it asks for depends on the
 * seed, the map, and where phones are. One thread, the one that steps the simulation, so that pauses are told when a migration
 * begins and ends.
 */
final class MigrationDriver {
    /** Cells in a range that moves; it is connected where the source's cells are. */
    private static final int RANGE_CELLS_MAX = 8;

    private static final int SETTLES_MAX = 1_000;
    /** What nobody has finished by then was asked of somebody who died. */
    private static final long FORGET_NS = TimeUnit.SECONDS.toNanos(60);

    private static final int STREAM_CELL = 304;

    private final MoveDesk desk;
    private final Pauses pauses;
    private final Cells cells = Cells.create();
    private final RandomChanges changes;
    private final long seed;
    private final long everyMs;
    private final String idPrefix;
    /** Of the migrations under way. */
    private final Map<String, Pauses.Disturbance> pauseById = new HashMap<>();

    private long dueMs;
    private long lookedMs;
    private int askedCount;
    private long doneCount;
    private long abortedCount;
    private @Nullable AskedChange current;

    /** @param everyMs from one change's beginning to the next one's, by the node's clock; longer when one takes longer */
    MigrationDriver(MoveDesk desk, Pauses pauses, long seed, long everyMs, long startMs) {
        this.desk = desk;
        this.pauses = pauses;
        this.seed = seed;
        this.everyMs = everyMs;
        changes = new RandomChanges(desk, cells, seed, RANGE_CELLS_MAX);
        idPrefix = "demo-" + startMs + "-";
        dueMs = startMs + everyMs;
    }

    /** Takes notice of what is under way, and begins the next change when it is due. */
    void doWork(long nowMs) {
        if (nowMs == lookedMs) {
            return;
        }
        lookedMs = nowMs;
        watch();
        if (current == null && nowMs >= dueMs && !pauses.isStopped()) {
            dueMs = nowMs + everyMs;
            begin();
        }
    }

    private void watch() {
        AskedChange change = current;
        if (change == null) {
            return;
        }
        if (change.isRefused()) {
            abortedCount++;
            current = null;
            return;
        }
        for (Migration migration : desk.migrations()) {
            if (change.isOf(migration)) {
                watch(change, migration);
            }
        }
        boolean isForgotten = !change.isOver() && pauses.nowNs() - change.askedNs() > FORGET_NS;
        if (change.isOver() || isForgotten) {
            abortedCount += isForgotten ? 1 : 0;
            pauseById.values().forEach(Pauses.Disturbance::end);
            pauseById.clear();
            current = null;
        }
    }

    private void watch(AskedChange change, Migration migration) {
        if (migration.getDone()) {
            if (change.ended(migration)) {
                Pauses.Disturbance pause = pauseById.remove(migration.getMigration());
                (pause == null ? begin(migration) : pause).end();
                if (AskedChange.isDone(migration)) {
                    doneCount++;
                } else {
                    abortedCount++;
                }
            }
        } else {
            pauseById.computeIfAbsent(migration.getMigration(), _ -> begin(migration));
        }
    }

    private Pauses.Disturbance begin(Migration migration) {
        Set<Long> range = new HashSet<>();
        migration.getCellsList().forEach(cell -> range.add(Long.parseUnsignedLong(cell, 16)));
        return pauses.begin((latE7, lonE7) -> range.contains(cells.cellOf(latE7, lonE7, Cells.ROUTING_RESOLUTION)));
    }

    /** Lets what is under way end; it may not, when the node cannot write any more. */
    void settle(Runnable nodes) {
        for (int i = 0; i < SETTLES_MAX && current != null; i++) {
            nodes.run();
            watch();
        }
    }

    /** Migrations that ended with the range at its target. */
    long doneCount() {
        return doneCount;
    }

    /** What was refused, or left its range where it was. */
    long abortedCount() {
        return abortedCount;
    }

    private void begin() {
        PartitionMap map = desk.map();
        if (map.cells().isEmpty()) {
            return; // nobody has answered yet
        }
        int number = askedCount++;
        current = changes.ask(idPrefix + number, number, busyCell(map, number), pauses.nowNs())
                .orElse(null);
    }

    /** Where the last acknowledged batch was measured, so that a cell is as likely as it is busy; before the first one, any. */
    private long busyCell(PartitionMap map, int number) {
        long busy = cells.cellOf(pauses.lastLatE7(), pauses.lastLonE7(), Cells.ROUTING_RESOLUTION);
        if (map.partitionOf(busy) != PartitionMap.NO_PARTITION) {
            return busy;
        }
        List<Long> all = new ArrayList<>(new TreeSet<>(map.cells()));
        return all.get(CounterRandom.below(all.size(), seed, number, 0, STREAM_CELL));
    }
}
