package io.hailstorm.node;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.Log;
import io.hailstorm.log.RetentionHold;
import io.hailstorm.migration.MovePlan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a node keeps retention from: fixes of the partitions between which ranges move, as long as they do, and the tail
 * after the driver directory's last checkpoint, from which it is brought up to date. The moves on one thread, the directory
 * on one.
 */
final class LogHolds {
    private static final List<StreamName> CHECKPOINTED = List.of(StreamName.FIXES, StreamName.LATE);

    private final Log log;
    private final Map<String, List<RetentionHold>> byMigration = new HashMap<>();
    private final Map<StreamName, List<RetentionHold>> directory = new HashMap<>();

    LogHolds(Log log) {
        this.log = log;
    }

    /** A move copies its source, and looks for its own records in both partitions when it is resumed. */
    void onMoveStarted(MovePlan plan, long sourceOffset, long targetOffset) {
        byMigration.computeIfAbsent(
                plan.migrationId(),
                id -> List.of(
                        log.hold("migration " + id, StreamName.FIXES, plan.sourcePartition(), sourceOffset),
                        log.hold("migration " + id, StreamName.FIXES, plan.targetPartition(), targetOffset)));
    }

    void onMoveEnded(String migrationId) {
        List<RetentionHold> ended = byMigration.remove(migrationId);
        if (ended != null) {
            ended.forEach(RetentionHold::close);
        }
    }

    /** Offsets up to which the driver directory speaks for a stream, by partition; what is missing is held from its start. */
    void onDirectory(Map<String, List<Long>> offsets) {
        for (StreamName stream : CHECKPOINTED) {
            List<Long> ofStream = offsets.getOrDefault(stream.text(), List.of());
            List<RetentionHold> holds = directory.computeIfAbsent(stream, this::fromStart);
            for (int partition = 0; partition < Math.min(ofStream.size(), holds.size()); partition++) {
                holds.get(partition).moveTo(ofStream.get(partition));
            }
        }
    }

    private List<RetentionHold> fromStart(StreamName stream) {
        List<RetentionHold> holds = new ArrayList<>();
        for (int partition = 0; partition < log.partitionCount(); partition++) {
            long start = log.partition(stream, partition).startOffset();
            holds.add(log.hold("driver directory", stream, partition, start));
        }
        return holds;
    }
}
