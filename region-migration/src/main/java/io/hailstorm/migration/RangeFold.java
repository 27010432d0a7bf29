package io.hailstorm.migration;

import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.migration.RangeRecord.DriverPosition;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/**
 * Where the drivers of a range stand in their sequences: the fold of its fixes, and of the OPEN the range
 * began with. One thread; a cold path, used only while a range moves.
 */
public final class RangeFold {
    private final Set<Long> cells;
    private final NavigableMap<Long, DriverPosition> positionByDriver = new TreeMap<>();

    /** @param cells routing cells of the range */
    public RangeFold(Set<Long> cells) {
        this.cells = ControlRecord.sorted(cells);
    }

    /** A fix in a partition's log; outside the range it is ignored. */
    public void onFix(long routingCell, long driver, int de, long session, long seq) {
        if (cells.contains(routingCell)) {
            keepLatest(new DriverPosition(driver, de, session, seq));
        }
    }

    /** An OPEN in the same log: what it brought counts as if fixed here, when it brought cells of this range. */
    public void onOpen(RangeRecord.Open open) {
        if (open.cells().stream().anyMatch(cells::contains)) {
            open.drivers().forEach(this::keepLatest);
        }
    }

    /** In ascending order of driver. */
    public List<DriverPosition> drivers() {
        return List.copyOf(positionByDriver.values());
    }

    public long hash() {
        return hash(drivers());
    }

    /** Rolling hash over positions in ascending order of driver. */
    public static long hash(List<DriverPosition> drivers) {
        long hash = drivers.size();
        for (DriverPosition position : drivers) {
            hash = CounterRandom.mix(hash ^ position.driver());
            hash = CounterRandom.mix(hash ^ position.de());
            hash = CounterRandom.mix(hash ^ position.session());
            hash = CounterRandom.mix(hash ^ position.lastSeq());
        }
        return hash;
    }

    private void keepLatest(DriverPosition position) {
        positionByDriver.merge(position.driver(), position, (held, next) -> held.compareTo(next) >= 0 ? held : next);
    }
}
