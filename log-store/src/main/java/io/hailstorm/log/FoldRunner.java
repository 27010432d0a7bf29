package io.hailstorm.log;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.StreamName;
import java.util.List;
import java.util.Optional;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Runs a {@link Fold} over one partition so that, through any crash and any number of re-runs, its state counts every
 * record once and its outputs are those of an undisturbed run.
 *
 * <pre>
 *   input ──► fold ──► outbox ──► target partitions      numbered; a re-run passes over what is already there
 *               │                      │
 *               └─ state, offset, ─────┴─ durable ──► snapshot ──► commit of the oldest snapshot kept
 *                  next numbers
 * </pre>
 *
 * <p>A snapshot is stored only once every output before it is durable, or a crash could lose outputs that no re-run
 * would write again. The group's commit trails behind: it is where the oldest kept snapshot begins, because that is what
 * retention must keep. One thread, which is the writer of the target partitions.
 */
public final class FoldRunner {
    private static final int QUEUED_MAX = 4096;

    private final Log log;
    private final PartitionLog source;
    private final ConsumerGroup group;
    private final Fold fold;
    private final Outbox outbox;
    private final SnapshotStore snapshots;
    private final int recordsPerSnapshot;
    private final List<String> problems;
    private final RecordHandler onRecord = this::onRecord;
    private long snapshotPosition;
    private @Nullable Pending pending;
    private boolean fenced;
    private boolean isFolding;

    /** A snapshot that waits for the outputs before it to become durable. */
    private record Pending(Snapshot snapshot, List<Snapshot.Position> outputEnds) {}

    private FoldRunner(
            Log log,
            PartitionLog source,
            ConsumerGroup group,
            Fold fold,
            Outbox outbox,
            SnapshotStore snapshots,
            int recordsPerSnapshot,
            List<String> problems) {
        this.log = log;
        this.source = source;
        this.group = group;
        this.fold = fold;
        this.outbox = outbox;
        this.snapshots = snapshots;
        this.recordsPerSnapshot = recordsPerSnapshot;
        this.problems = problems;
        snapshotPosition = group.position();
    }

    /**
     * Joins the group, restores the newest snapshot and goes on from there.
     *
     * @param recordsPerSnapshot how many records a crash costs at most to fold again
     * @throws HailstormException {@code DATA_LOSS} from {@link SnapshotStore#load}, or when a group that ran before has no
     *     snapshot and its input no longer begins at its start
     */
    public static FoldRunner open(
            Log log,
            StreamName stream,
            int partition,
            String groupName,
            Fold fold,
            SnapshotStore snapshots,
            HybridLogicalClock clock,
            int recordsPerSnapshot) {
        PartitionLog source = log.partition(stream, partition);
        SnapshotStore.Loaded loaded = snapshots.load();
        Optional<Snapshot> newest = loaded.newest();
        if (newest.isEmpty() && source.generation(groupName) > 0 && source.startOffset() > 0) {
            throw new HailstormException(
                    ErrorCode.DATA_LOSS,
                    "no snapshot of group \"" + groupName + "\", and " + stream + "/" + partition + " begins at "
                            + source.startOffset() + ": restore the snapshots, or run it under a new group");
        }
        ConsumerGroup group = ConsumerGroup.join(source, groupName, source.startOffset());
        group.seek(newest.map(snapshot -> snapshot.input(stream, partition)).orElseGet(source::startOffset));
        newest.ifPresent(snapshot -> fold.restore(snapshot.payload()));
        Outbox outbox = new Outbox(
                log,
                clock,
                Outbox.producerId(groupName, stream, partition),
                group.generation(),
                newest.map(Snapshot::outputs).orElse(List.of()));
        return new FoldRunner(log, source, group, fold, outbox, snapshots, recordsPerSnapshot, loaded.problems());
    }

    /**
     * Reads a bounded number of records, appends outputs, stores a snapshot when one is due and its outputs are durable.
     *
     * @return the amount of work done; 0 lets the caller back off
     */
    public int doWork(int maxRecords) {
        if (isFenced()) {
            return 0;
        }
        long work = storePending();
        work += flush();
        if (outbox.queuedCount() == 0 && !fenced) {
            long polled = group.poll(maxRecords, onRecord);
            fenced |= polled == PartitionLog.FENCED;
            work += Math.max(0, polled) + flush();
        }
        if (group.position() - snapshotPosition >= recordsPerSnapshot) {
            takeSnapshot();
        }
        return (int) work;
    }

    private boolean onRecord(long offset, long hlc, int type, DirectBuffer buffer, int index, int length) {
        int before = outbox.queuedCount();
        Invariants.require(!isFolding, "a fold that failed inside a record cannot go on: open it again");
        isFolding = true;
        fold.onRecord(offset, hlc, type, buffer, index, length, outbox);
        Invariants.require(
                outbox.queuedCount() - before <= Outbox.OUTPUTS_PER_RECORD_MAX,
                "record %s/%d@%d has more than %d outputs",
                source.stream(),
                source.partition(),
                offset,
                Outbox.OUTPUTS_PER_RECORD_MAX);
        isFolding = false;
        return outbox.queuedCount() < QUEUED_MAX;
    }

    private long flush() {
        long flushed = outbox.flush();
        fenced |= flushed == PartitionLog.FENCED;
        return Math.max(0, flushed);
    }

    /** Takes a snapshot of everything read so far, to be stored by a later {@link #doWork}; false while outputs wait. */
    public boolean takeSnapshot() {
        if (fenced || pending != null || outbox.queuedCount() > 0) {
            return false;
        }
        Snapshot.Position input = new Snapshot.Position(source.stream(), source.partition(), group.position());
        pending = new Pending(
                new Snapshot(group.generation(), List.of(input), outbox.nextSeqs(), fold.snapshot()), outbox.ends());
        snapshotPosition = group.position();
        return true;
    }

    private int storePending() {
        Pending taken = pending;
        if (taken == null) {
            return 0;
        }
        for (Snapshot.Position end : taken.outputEnds) {
            if (log.partition(end.stream(), end.partition()).durableOffset() < end.next()) {
                return 0;
            }
        }
        pending = null;
        fenced |= !snapshots.store(taken.snapshot);
        if (!fenced) {
            Snapshot oldest = snapshots.oldestKept().orElse(taken.snapshot);
            fenced |= !group.commit(oldest.input(source.stream(), source.partition()));
        }
        return 1;
    }

    /** A later member took over; this one does nothing any more. */
    public boolean isFenced() {
        fenced |= group.isFenced();
        return fenced;
    }

    /** The next record to be folded. */
    public long position() {
        return group.position();
    }

    /** Whether a snapshot waits for its outputs to become durable. */
    public boolean isSnapshotPending() {
        return pending != null;
    }

    public Outbox outbox() {
        return outbox;
    }

    /** Snapshots that did not check out when this was opened, a sentence each. */
    public List<String> problems() {
        return List.copyOf(problems);
    }
}
