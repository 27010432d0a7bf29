package io.hailstorm.node;

import io.hailstorm.ingest.IngestAgent;
import io.hailstorm.ingest.SessionSnapshot;
import io.hailstorm.kernel.StreamName;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes the drivers' sessions to the directory every so often. {@link #collect} runs on the region agent's thread and only
 * copies what changed; {@link #doWork} writes it, on another thread where there is one. One checkpoint at a time: while one
 * is being written no other is taken.
 */
final class Checkpointer {
    private record Checkpoint(List<SessionSnapshot> sessions, Map<String, List<Long>> offsets) {}

    private final IngestAgent ingest;
    private final SessionStore directory;
    private final LogHolds holds;
    private final int partitionCount;
    private final long intervalMs;
    private long dueMs;
    private volatile @Nullable Checkpoint pending;

    /** @param holds what follows the last checkpoint is held in the log, since a restart reads it again */
    Checkpointer(
            IngestAgent ingest,
            SessionStore directory,
            LogHolds holds,
            int partitionCount,
            long intervalMs,
            long nowMs) {
        this.ingest = ingest;
        this.directory = directory;
        this.holds = holds;
        holds.onDirectory(directory.offsets());
        this.partitionCount = partitionCount;
        this.intervalMs = intervalMs;
        this.dueMs = nowMs + intervalMs;
    }

    /** Takes a checkpoint when one is due; region agent's thread. */
    void collect(long nowMs) {
        if (nowMs >= dueMs && pending == null) {
            dueMs = nowMs + intervalMs;
            collectNow();
        }
    }

    /** Takes a checkpoint; region agent's thread, and only while none is being written. */
    void collectNow() {
        // Offsets first: what settles between the two readings may be in the snapshots, never missing from them.
        Map<String, List<Long>> offsets = Map.of(
                StreamName.FIXES.text(), offsets(StreamName.FIXES), StreamName.LATE.text(), offsets(StreamName.LATE));
        List<SessionSnapshot> sessions = new ArrayList<>();
        ingest.forEachSession(sessions::add);
        pending = new Checkpoint(sessions, offsets);
    }

    private List<Long> offsets(StreamName stream) {
        List<Long> offsets = new ArrayList<>(partitionCount);
        for (int partition = 0; partition < partitionCount; partition++) {
            offsets.add(ingest.checkpointOffset(stream, partition));
        }
        return offsets;
    }

    /** Writes a checkpoint that was taken; the directory's thread. */
    int doWork() {
        Checkpoint taken = pending;
        if (taken == null) {
            return 0;
        }
        taken.sessions().forEach(directory::put);
        directory.commitOffsets(taken.offsets());
        holds.onDirectory(taken.offsets());
        pending = null;
        return taken.sessions().size() + 1;
    }
}
