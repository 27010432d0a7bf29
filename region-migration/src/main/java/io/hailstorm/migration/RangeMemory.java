package io.hailstorm.migration;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The range records a node knows of moves that are not over, those it appended and those it read: what a new {@link RangeGuard} is
 * told after some were lost. One thread.
 */
public final class RangeMemory {
    private record Known(int partition, RangeRecord record, boolean isDurable) {}

    private final Map<String, List<Known>> knownByMigration = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, List<Known>> eldest) {
            return size() > RangeRecords.MOVES_MAX;
        }
    };

    /** Appended here, not durable yet. */
    public void onAppended(int partition, RangeRecord record) {
        known(record).add(new Known(partition, record, false));
    }

    /** Read, durable. */
    public void onDurable(int partition, RangeRecord record) {
        List<Known> known = known(record);
        Known durable = new Known(partition, record, true);
        int appendedIndex = known.indexOf(new Known(partition, record, false));
        if (appendedIndex >= 0) {
            known.set(appendedIndex, durable);
        } else if (!known.contains(durable)) {
            known.add(durable);
        }
    }

    private List<Known> known(RangeRecord record) {
        return knownByMigration.computeIfAbsent(record.migrationId(), _ -> new ArrayList<>());
    }

    /** Another node serves the partition: what was appended to it here and is not durable was never written. */
    public void onLost(int partition) {
        knownByMigration.values().forEach(all -> all.removeIf(each -> each.partition == partition && !each.isDurable));
    }

    /** The move is over. */
    public void forget(String migrationId) {
        knownByMigration.remove(migrationId);
    }

    /** Everything known, each move's in the order in which it came. */
    public void tell(RangeGuard guard) {
        knownByMigration.values().forEach(all -> all.forEach(each -> guard.onRangeRecord(each.record)));
    }

    /** What is known of one move, in the order in which it came. */
    public List<RangeRecord> of(String migrationId) {
        return knownByMigration.getOrDefault(migrationId, List.of()).stream()
                .map(Known::record)
                .toList();
    }
}
