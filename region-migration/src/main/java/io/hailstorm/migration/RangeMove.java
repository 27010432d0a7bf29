package io.hailstorm.migration;

import static io.hailstorm.migration.RangeEntry.NULL_OFFSET;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.migration.ControlOutcome.Voided;
import io.hailstorm.migration.ControlRecord.Proposal;
import org.jspecify.annotations.Nullable;

/**
 * Coordinator of one range move: SEAL–SUCCEED, design section 5.1. Its state is the table's; what it holds itself only
 * saves work, so a successor built from the same {@link MovePlan} carries on from any point, and two at once do no harm.
 *
 * <pre>
 *   phase      does                                                       ends when the table says
 *   STARTING   propose COPYING(e)                                         COPYING, or void: REFUSED
 *   COPYING    stage the durable log until little is missing,             SEALING
 *              then propose SEALING(e)
 *   SEALING    append SEAL to the source; when it is durable, with no     SEALED
 *              ABORT beside it, propose SEALED(e, z)
 *   SEALED     stage up to z, compare hashes, append OPEN to the          ACTIVE(e+1): DONE
 *              target; when it is durable, propose ACTIVE(e+1)
 *   giving up, before SEALED:
 *   COPYING    propose ACTIVE(e)                                          ACTIVE(e): GIVEN_UP
 *   SEALING    append ABORT to the source; when durable, propose          ACTIVE(e): GIVEN_UP, or SEALED
 *              ACTIVE(e)                                                  when that came first
 * </pre>
 *
 * Time only repeats a proposal that was not answered. No time ever re-opens a range. The writer thread.
 */
public final class RangeMove {
    /** An unanswered proposal is made again after this; a duplicate is void. */
    public static final long REPEAT_AFTER_MS = 1_000;
    /** COPYING ends when at most this many records are missing: a few milliseconds of a busy partition. */
    public static final long LAG_RECORDS_MAX = 10_000;
    /** Copies that do not match the source before the move stops with an error. */
    public static final int HASH_MISMATCHES_MAX = 3;

    /** See the table above. */
    public enum Phase {
        STARTING,
        COPYING,
        SEALING,
        SEALED,
        /** The target owns the range. */
        DONE,
        /** The source kept it. */
        GIVEN_UP,
        /** The table did not let it start; {@link #refusal} says why. */
        REFUSED
    }

    private final MovePlan plan;
    private final OwnershipTable table;
    private final ControlJournal control;
    private final PartitionJournal journal;
    private final RangeStore store;

    private boolean isGivingUp;
    private String refusal = "";
    private @Nullable Proposal pending;
    private long pendingSinceMs;
    /** Appended by this coordinator; a predecessor's are found in the log. */
    private long appendedOffset = NULL_OFFSET;

    private Phase appendedIn = Phase.STARTING;
    private int hashMismatchCount;
    private boolean isForgotten;

    public RangeMove(
            MovePlan plan, OwnershipTable table, ControlJournal control, PartitionJournal journal, RangeStore store) {
        this.plan = plan;
        this.table = table;
        this.control = control;
        this.journal = journal;
        this.store = store;
    }

    public MovePlan plan() {
        return plan;
    }

    /** Where the move stands, read from the table. */
    public Phase phase() {
        RangeEntry entry = entry();
        if (entry.migrationId().equals(plan.migrationId())) {
            return switch (entry.state()) {
                case COPYING -> Phase.COPYING;
                case SEALING -> Phase.SEALING;
                case SEALED -> Phase.SEALED;
                case ACTIVE -> Phase.DONE;
            };
        }
        if (table.hasEnded(plan.migrationId())) {
            return entry.epoch() > plan.epoch() ? Phase.DONE : Phase.GIVEN_UP;
        }
        return refusal.isEmpty() ? Phase.STARTING : Phase.REFUSED;
    }

    public boolean isOver() {
        return switch (phase()) {
            case STARTING, COPYING, SEALING, SEALED -> false;
            case DONE, GIVEN_UP, REFUSED -> true;
        };
    }

    /** Why the table refused the move; empty otherwise. */
    public String refusal() {
        return refusal;
    }

    /** Asks to leave the range where it is. Has no effect once the range is SEALED: then only forward. */
    public void giveUp() {
        isGivingUp = true;
    }

    /** After the table applied a record; proposals of other moves are ignored. */
    public void onControl(ControlOutcome outcome) {
        if (!outcome.record().equals(pending)) {
            return;
        }
        pending = null;
        if (outcome instanceof Voided voided && phase() == Phase.STARTING) {
            refusal = voided.reason();
        }
    }

    /**
     * Does what can be done now.
     *
     * @return amount of work done
     * @throws HailstormException {@code DATA_LOSS} when the target's copy does not match the source again and again
     */
    public int doWork(long nowMs) {
        Phase phase = phase();
        if (phase != appendedIn) {
            appendedIn = phase;
            appendedOffset = NULL_OFFSET;
        }
        if (pending != null && !isOver() && nowMs - pendingSinceMs < REPEAT_AFTER_MS) {
            return 0;
        }
        return switch (phase) {
            case STARTING -> propose(nowMs, RangeState.ACTIVE, RangeState.COPYING, NULL_OFFSET, NULL_OFFSET);
            case COPYING -> isGivingUp ? proposeGivenUp(nowMs, RangeState.COPYING) : copy(nowMs);
            case SEALING -> seal(nowMs);
            case SEALED -> open(nowMs);
            case DONE, GIVEN_UP, REFUSED -> forget();
        };
    }

    private int copy(long nowMs) {
        long durableOffset = journal.durableOffset(plan.sourcePartition());
        long staged = store.stage(plan.migrationId(), plan.cells(), plan.sourcePartition(), durableOffset);
        if (durableOffset - staged > LAG_RECORDS_MAX) {
            return 1;
        }
        // Durable, not end: after a crash the SEAL may get a lower offset than today's end.
        return propose(nowMs, RangeState.COPYING, RangeState.SEALING, NULL_OFFSET, durableOffset);
    }

    private int seal(long nowMs) {
        int source = plan.sourcePartition();
        RangeRecord.Seal seal = new RangeRecord.Seal(plan.migrationId(), plan.epoch(), plan.cells());
        RangeRecord.Abort abort = new RangeRecord.Abort(plan.migrationId(), plan.epoch());
        if (!isDueToSearch(source)) {
            return 0;
        }
        long fromOffset = entry().startOffset();
        // An ABORT, even a predecessor's, may have come before the SEAL and made it void.
        if (journal.find(source, fromOffset, abort) != NULL_OFFSET) {
            isGivingUp = true;
            return proposeGivenUp(nowMs, RangeState.SEALING);
        }
        long sealOffset = journal.find(source, fromOffset, seal);
        if (isGivingUp) {
            return append(source, abort);
        }
        if (sealOffset == NULL_OFFSET) {
            return append(source, seal);
        }
        long targetOffset = journal.durableOffset(plan.targetPartition());
        return propose(nowMs, RangeState.SEALING, RangeState.SEALED, sealOffset, targetOffset);
    }

    private int open(long nowMs) {
        int target = plan.targetPartition();
        long sealOffset = entry().parentSealOffset();
        if (!isDueToSearch(target)) {
            return 0;
        }
        long openOffset =
                journal.find(target, entry().startOffset(), openRecord(sealOffset, new RangeFold(plan.cells())));
        if (openOffset != NULL_OFFSET) {
            return propose(nowMs, RangeState.SEALED, RangeState.ACTIVE, sealOffset, openOffset);
        }
        long staged = store.stage(plan.migrationId(), plan.cells(), plan.sourcePartition(), sealOffset);
        if (staged < sealOffset) {
            return 1;
        }
        RangeFold copy = store.staged(plan.migrationId());
        long sourceHash = store.sourceHash(plan.sourcePartition(), plan.cells(), sealOffset);
        if (copy.hash() != sourceHash) {
            return stageAgain(copy.hash(), sourceHash);
        }
        return append(target, openRecord(sealOffset, copy));
    }

    private RangeRecord.Open openRecord(long sealOffset, RangeFold copy) {
        return new RangeRecord.Open(
                plan.migrationId(),
                plan.epoch() + 1,
                plan.cells(),
                plan.sourcePartition(),
                sealOffset,
                copy.hash(),
                copy.drivers());
    }

    private int stageAgain(long stagedHash, long sourceHash) {
        store.forget(plan.migrationId());
        hashMismatchCount++;
        if (hashMismatchCount >= HASH_MISMATCHES_MAX) {
            throw new HailstormException(
                    ErrorCode.DATA_LOSS,
                    "migration " + plan.migrationId() + ": the copy differs from partition " + plan.sourcePartition()
                            + " at its seal: expected=" + Long.toHexString(sourceHash) + ", got="
                            + Long.toHexString(stagedHash) + "; the range stays sealed, check the log");
        }
        return 1;
    }

    /** The log is searched when this coordinator knows nothing of it yet, and once its own record is durable. */
    private boolean isDueToSearch(int partition) {
        return appendedOffset == NULL_OFFSET || journal.durableOffset(partition) > appendedOffset;
    }

    private int append(int partition, RangeRecord record) {
        appendedOffset = journal.append(partition, record);
        return 1;
    }

    private int proposeGivenUp(long nowMs, RangeState expected) {
        return propose(nowMs, expected, RangeState.ACTIVE, NULL_OFFSET, NULL_OFFSET);
    }

    private int propose(long nowMs, RangeState expected, RangeState next, long sealOffset, long startOffset) {
        Proposal made = pending;
        if (made == null || made.state() != next || made.expectedState() != expected) {
            boolean isGivenUp = next == RangeState.ACTIVE && expected != RangeState.SEALED;
            boolean isDone = next == RangeState.ACTIVE && expected == RangeState.SEALED;
            made = new Proposal(
                    plan.migrationId(),
                    plan.cells(),
                    plan.epoch(),
                    expected,
                    isDone ? plan.epoch() + 1 : plan.epoch(),
                    next,
                    isGivenUp ? plan.sourcePartition() : plan.targetPartition(),
                    plan.sourcePartition(),
                    sealOffset,
                    startOffset);
        }
        pending = made;
        pendingSinceMs = nowMs;
        control.propose(made);
        return 1;
    }

    private int forget() {
        if (isForgotten) {
            return 0;
        }
        isForgotten = true;
        store.forget(plan.migrationId());
        return 1;
    }

    private RangeEntry entry() {
        RangeEntry entry = table.entryOrNull(plan.cells().first());
        if (entry == null) {
            throw new HailstormException(
                    ErrorCode.NOT_FOUND, "migration " + plan.migrationId() + " moves a cell that is not in the table");
        }
        return entry;
    }
}
