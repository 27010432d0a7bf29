package io.hailstorm.migration;

import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.migration.RangeRecord.DriverPosition;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.agrona.collections.Long2ObjectHashMap;
import org.agrona.collections.LongHashSet;

/**
 * Where the drivers of a range stand in their sequences: the fold of its fixes, and of the OPEN the range
 * began with. One thread; a cold path, used only while a range moves.
 */
public final class RangeFold {
    private final LongHashSet cells;
    private final Long2ObjectHashMap<DriverPosition> positionByDriver = new Long2ObjectHashMap<>();
    private long hash;

    /** @param cells routing cells of the range */
    public RangeFold(Set<Long> cells) {
        this.cells = new LongHashSet(Math.max(8, 2 * cells.size()));
        cells.forEach(cell -> this.cells.add(cell.longValue()));
    }

    /** A fix in a partition's log; false outside the range, where it is ignored. */
    public boolean onFix(long routingCell, long driver, int de, long session, long seq) {
        if (!cells.contains(routingCell)) {
            return false;
        }
        keepLatest(new DriverPosition(driver, de, session, seq));
        return true;
    }

    /** An OPEN in the same log: what it brought counts as if fixed here, when it brought cells of this range. */
    public void onOpen(RangeRecord.Open open) {
        if (open.cells().stream().anyMatch(cell -> cells.contains(cell.longValue()))) {
            open.drivers().forEach(this::keepLatest);
        }
    }

    /** In ascending order of driver. */
    public List<DriverPosition> drivers() {
        List<DriverPosition> drivers = new ArrayList<>(positionByDriver.values());
        drivers.sort(null);
        return List.copyOf(drivers);
    }

    /** Of {@link #drivers}, kept up to date: costs nothing to ask. */
    public long hash() {
        return hash;
    }

    /** Independent of order, so that it follows one position at a time; 0 for none. */
    public static long hash(List<DriverPosition> drivers) {
        long hash = 0;
        for (DriverPosition position : drivers) {
            hash += hash(position);
        }
        return hash;
    }

    private static long hash(DriverPosition position) {
        long hash = CounterRandom.mix(position.driver() + 1);
        hash = CounterRandom.mix(hash ^ position.de());
        hash = CounterRandom.mix(hash ^ position.session());
        return CounterRandom.mix(hash ^ position.lastSeq());
    }

    private void keepLatest(DriverPosition position) {
        DriverPosition held = positionByDriver.get(position.driver());
        if (held == null || held.compareTo(position) < 0) {
            positionByDriver.put(position.driver(), position);
            hash += hash(position) - (held == null ? 0 : hash(held));
        }
    }
}
