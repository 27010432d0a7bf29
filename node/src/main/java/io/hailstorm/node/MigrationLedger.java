package io.hailstorm.node;

import io.hailstorm.migration.MovePlan;
import io.hailstorm.migration.RangeMove;
import io.hailstorm.migration.RangeMove.Phase;
import io.hailstorm.migration.RangeRecord;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * How each move of a range went, as this node saw it: the last {@value #KEPT} and all that are under way. A pause lasts from the SEAL, by
 * the clock of whoever wrote it, until this node knows who may accept again. Region agent's thread, but for {@link #views} and
 * {@link #summary}.
 */
final class MigrationLedger {
    private static final int KEPT = 200;
    private static final long PAUSE_MS_MAX = 3_600_000;

    /**
     * One move; any thread.
     *
     * @param phase by name; of an ended one, how it ended
     * @param reason why it was refused; else empty
     * @param sealedMs when it was sealed; 0 while it is not
     * @param pauseMs so far, or in all
     * @param stagedBytes of the source's fixes, in this node's copy
     * @param lagRecords of the source not yet in this node's copy
     */
    record View(
            MovePlan plan,
            String phase,
            boolean ended,
            String reason,
            long sealedMs,
            long pauseMs,
            long stagedBytes,
            long lagRecords,
            long buffered) {}

    private static final class Entry {
        private final MovePlan plan;
        private Phase phase = Phase.STARTING;
        private String reason = "";
        private long sealedMs;
        private long pauseMs;
        private boolean hasPaused;
        private long stagedBytes;
        private long lagRecords;
        private long bufferedMax;

        Entry(MovePlan plan) {
            this.plan = plan;
        }

        boolean isEnded() {
            return switch (phase) {
                case STARTING, COPYING, SEALING, ABORTING, SEALED -> false;
                case DONE, GIVEN_UP, TAKEN_BACK, REFUSED -> true;
            };
        }

        View view(long nowMs) {
            long pause = sealedMs == 0 || hasPaused ? pauseMs : Math.max(0, nowMs - sealedMs);
            return new View(
                    plan, phase.name(), isEnded(), reason, sealedMs, pause, stagedBytes, lagRecords, bufferedMax);
        }
    }

    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final Histogram pausesMs = new Histogram(3);
    private long doneCount;
    private long abortedCount;
    private long bufferedMax;
    private volatile List<View> views = List.of();
    private volatile MigrationSummary summary = new MigrationSummary(0, 0, 0, 0, 0, 0);

    boolean knows(String migrationId) {
        return entries.containsKey(migrationId);
    }

    /** The plan of a move this node knows, under way or not. */
    @Nullable
    MovePlan plan(String migrationId) {
        Entry entry = entries.get(migrationId);
        return entry == null ? null : entry.plan;
    }

    void onStarted(MovePlan plan) {
        entries.putIfAbsent(plan.migrationId(), new Entry(plan));
        if (entries.size() > KEPT) {
            entries.values().stream()
                    .filter(Entry::isEnded)
                    .findFirst()
                    .ifPresent(eldest -> entries.remove(eldest.plan.migrationId()));
        }
    }

    /** A range record, when appended here or when read: it was written at {@code writtenMs}. */
    void onRangeRecord(RangeRecord record, long writtenMs, long nowMs) {
        Entry entry = entries.get(record.migrationId());
        if (entry == null) {
            return;
        }
        switch (record) {
            case RangeRecord.Seal _ -> {
                if (entry.sealedMs == 0 && !entry.isEnded()) {
                    entry.sealedMs = Math.max(1, writtenMs);
                }
            }
            case RangeRecord.Open open -> {
                if (entry.phase == Phase.TAKEN_BACK && open.epoch() == entry.plan.epoch() + 2) {
                    endPause(entry, nowMs);
                }
            }
            case RangeRecord.Staged _, RangeRecord.Abort _ -> {}
        }
    }

    /** Looks at a move under way; whether it is in another phase than before. */
    boolean look(RangeMove move, long stagedBytes, long sourceEnd, long heldCount) {
        Entry entry = entries.get(move.plan().migrationId());
        if (entry == null) {
            return false;
        }
        RangeMove.Phase before = entry.phase;
        entry.phase = move.phase();
        entry.stagedBytes = stagedBytes;
        entry.lagRecords = move.stagedOffset() < 0 ? 0 : Math.max(0, sourceEnd - move.stagedOffset());
        if (entry.sealedMs != 0) {
            entry.bufferedMax = Math.max(entry.bufferedMax, heldCount);
            bufferedMax = Math.max(bufferedMax, heldCount);
        }
        return entry.phase != before;
    }

    void onEnded(RangeMove move, long nowMs) {
        Entry entry = entries.get(move.plan().migrationId());
        if (entry == null || entry.isEnded()) {
            return;
        }
        entry.phase = move.phase();
        entry.reason = move.refusal();
        entry.lagRecords = 0;
        switch (entry.phase) {
            case DONE -> doneCount++;
            case GIVEN_UP, TAKEN_BACK -> abortedCount++;
            case STARTING, COPYING, SEALING, ABORTING, SEALED, REFUSED -> {}
        }
        if (entry.phase != Phase.TAKEN_BACK) {
            endPause(entry, nowMs);
        }
    }

    private void endPause(Entry entry, long nowMs) {
        if (entry.sealedMs == 0 || entry.hasPaused) {
            return;
        }
        entry.hasPaused = true;
        entry.pauseMs = Math.max(0, nowMs - entry.sealedMs);
        pausesMs.recordValue(Math.min(entry.pauseMs, PAUSE_MS_MAX));
    }

    /** Shows other threads how things stand. */
    void publish(long nowMs) {
        List<View> published = new ArrayList<>();
        entries.values().forEach(entry -> published.add(entry.view(nowMs)));
        views = List.copyOf(published);
        boolean none = pausesMs.getTotalCount() == 0;
        summary = new MigrationSummary(
                doneCount,
                abortedCount,
                none ? 0 : pausesMs.getValueAtPercentile(50),
                none ? 0 : pausesMs.getValueAtPercentile(99),
                none ? 0 : pausesMs.getMaxValue(),
                bufferedMax);
    }

    List<View> views() {
        return views;
    }

    MigrationSummary summary() {
        return summary;
    }
}
