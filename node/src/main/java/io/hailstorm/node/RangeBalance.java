package io.hailstorm.node;

import io.hailstorm.geo.Cells;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.migration.Balancer;
import io.hailstorm.migration.CellLoad;
import io.hailstorm.migration.OwnershipTable;
import io.hailstorm.migration.RangePlanner;
import java.util.Arrays;
import java.util.Set;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measured load at work: counts durable fixes a cell, tells planners where they are, and, when turned on, lets the {@link Balancer}
 * begin moves of its own. Every node counts, so that whoever decides next knows. Region agent's thread.
 */
final class RangeBalance {
    private static final Logger LOG = LoggerFactory.getLogger(RangeBalance.class);
    /** A cell and those beside it. */
    private static final int NEIGHBOURHOOD = 7;

    private final Cells cells;
    private final CellLoad load = new CellLoad();
    private final Balancer balancer = new Balancer(Balancer.Config.DEFAULT, load::perSecond, this::neighbours);
    private final long[] around = new long[NEIGHBOURHOOD];
    private boolean isOn;

    RangeBalance(Cells cells) {
        this.cells = cells;
    }

    void turn(boolean on) {
        isOn = on;
    }

    /** A durable fix, of whatever partition. */
    void onFix(long cell) {
        load.count(cells.parent(cell, Cells.ROUTING_RESOLUTION));
    }

    void tick(long nowMs) {
        load.tick(nowMs);
    }

    void onMoved(Set<Long> moved, long nowMs) {
        balancer.onMoved(moved, nowMs);
    }

    /** Begins what the balancer advises, if anything. Where it is decided, and nothing moves. */
    void balance(PartitionMap map, RangeOperations operations, long nowMs) {
        if (!isOn) {
            return;
        }
        balancer.advise(map, nowMs).ifPresent(advice -> {
            String id = "balance-" + nowMs;
            RangeOperations.Begun begun =
                    switch (advice) {
                        case Balancer.Advice.Move move -> operations.move(id, move.cells(), move.target());
                        case Balancer.Advice.Split split -> operations.split(id, split.partition());
                        case Balancer.Advice.Merge merge -> operations.merge(id, merge.from(), merge.into());
                    };
            LOG.info("balancing, in {} moves: {}", begun.migrations().size(), advice);
        });
    }

    RangePlanner planner(OwnershipTable table, IntFunction<String> regionOf) {
        return new RangePlanner(table, load::perSecond, this::neighbours, regionOf, RangePlanner.Bounds.DEFAULT);
    }

    private long[] neighbours(long cell) {
        int count = cells.gridDisk(cell, 1, around);
        return Arrays.copyOfRange(around, 1, count);
    }
}
