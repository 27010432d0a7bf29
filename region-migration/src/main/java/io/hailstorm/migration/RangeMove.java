package io.hailstorm.migration;

import static io.hailstorm.migration.RangeEntry.NULL_OFFSET;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.Safeguard;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.migration.ControlOutcome.Voided;
import io.hailstorm.migration.ControlRecord.Proposal;
import io.hailstorm.migration.RangeStore.Comparison;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One node's part in one range move: SEAL–SUCCEED, design section 5.1. Every node has one for every move the table shows, and does
 * what falls to it now; that may change between turns, as partitions come and go.
 *
 * <pre>
 *   phase      who serves the target         who serves the source         who decides              ends when the table says
 *   STARTING                                                               propose COPYING(e)       COPYING, or void: REFUSED
 *   COPYING    copy the source's durable     copy it too, to vouch         STAGED read:             SEALING
 *              log; little missing: STAGED                                 propose SEALING(e)
 *   SEALING    copy on                       append SEAL                   SEAL read, no ABORT      SEALED
 *                                                                          before: SEALED(e, z)
 *   SEALED     copy up to the seal, compare, compare what was opened       OPEN read: propose       ACTIVE(e+1): DONE
 *              append OPEN                                                 ACTIVE(e+1)
 *   giving up, before SEALED:
 *   COPYING                                                                propose ACTIVE(e)        ACTIVE(e): GIVEN_UP
 *   SEALING                                                                propose ABORTING(e)      ABORTING, or SEALED
 *   ABORTING                                 append ABORT                  ABORT read: ACTIVE(e)    ACTIVE(e): GIVEN_UP
 *   taking back:
 *   SEALED                                                                 propose ACTIVE(e+2)      ACTIVE(e+2): TAKEN_BACK
 * </pre>
 *
 * "Read" means durable, in this node's copy of the log. What a node holds itself only saves work, so a successor, or the same node
 * after a restart, carries on from table and logs at any point, and two at once do no harm. Time only repeats a proposal that was not
 * answered. No time ever re-opens a range. The writer thread.
 */
public final class RangeMove {
    /** An unanswered proposal is made again after this; a duplicate is void. */
    public static final long REPEAT_AFTER_MS = 1_000;
    /** The copy counts as staged when at most this many records are missing: under 50 ms of a busy partition. */
    public static final long LAG_RECORDS_MAX = 2_000;
    /** Copies that did not match the source before the move waits for somebody to look. */
    public static final int HASH_MISMATCHES_MAX = 3;

    /** See the table above. */
    public enum Phase {
        STARTING,
        COPYING,
        SEALING,
        ABORTING,
        SEALED,
        /** The target owns the range. */
        DONE,
        /** The source kept it. */
        GIVEN_UP,
        /** The source has it again. */
        TAKEN_BACK,
        /** The table did not let it start; {@link #refusal} says why. */
        REFUSED
    }

    private final MovePlan plan;
    private final OwnershipTable table;
    private final ControlJournal control;
    private final PartitionJournal journal;
    private final RangeStore store;
    private final RangeRecords read;
    private final Safeguards safeguards;

    private boolean isGivingUp;
    private boolean isTakingBack;
    private String refusal = "";
    private @Nullable Proposal pending;
    private long pendingSinceMs;
    private long copyOffset = NULL_OFFSET;
    private long stagedOffset = NULL_OFFSET;
    private boolean hasAppendedStaged;
    private long appendedSealOffset = NULL_OFFSET;
    private boolean hasAppendedAbort;
    private boolean hasAppendedOpen;
    private boolean isOpenCompared;
    private int hashMismatchCount;

    RangeMove(
            MovePlan plan,
            OwnershipTable table,
            ControlJournal control,
            PartitionJournal journal,
            RangeStore store,
            RangeRecords read,
            Safeguards safeguards) {
        this.plan = plan;
        this.table = table;
        this.control = control;
        this.journal = journal;
        this.store = store;
        this.read = read;
        this.safeguards = safeguards;
    }

    public MovePlan plan() {
        return plan;
    }

    /** Where the move stands, read from the table. */
    public Phase phase() {
        Optional<MoveOutcome> outcome = table.outcome(plan.migrationId());
        if (outcome.isPresent()) {
            return switch (outcome.get()) {
                case DONE -> Phase.DONE;
                case GIVEN_UP -> Phase.GIVEN_UP;
                case TAKEN_BACK -> Phase.TAKEN_BACK;
            };
        }
        RangeEntry entry = entry();
        if (entry.migrationId().equals(plan.migrationId())) {
            return switch (entry.state()) {
                case COPYING -> Phase.COPYING;
                case SEALING -> Phase.SEALING;
                case ABORTING -> Phase.ABORTING;
                case SEALED -> Phase.SEALED;
                case ACTIVE -> Phase.DONE;
            };
        }
        return refusal.isEmpty() ? Phase.STARTING : Phase.REFUSED;
    }

    public boolean isOver() {
        return switch (phase()) {
            case STARTING, COPYING, SEALING, ABORTING, SEALED -> false;
            case DONE, GIVEN_UP, TAKEN_BACK, REFUSED -> true;
        };
    }

    /** Why the table refused the move; empty otherwise. */
    public String refusal() {
        return refusal;
    }

    /** Everything of the source below this is in this node's copy; {@link RangeEntry#NULL_OFFSET} where there is none. */
    public long stagedOffset() {
        return stagedOffset;
    }

    /** Times a copy here, or an OPEN read here, differed from the source. */
    public int hashMismatchCount() {
        return hashMismatchCount;
    }

    /** Asks to leave the range where it is. Has no effect once the range is SEALED. Where it is decided. */
    public void giveUp() {
        isGivingUp = true;
    }

    /**
     * Asks that the source take a SEALED range back, two epochs later; costs no more than a pause, but the target's copying was in
     * vain. Whichever of this and the target's OPEN is entered first counts. Where it is decided.
     */
    public void takeBack() {
        isTakingBack = true;
    }

    /** After the table applied a record; proposals of other moves are ignored. */
    void onControl(ControlOutcome outcome) {
        if (!outcome.record().equals(pending)) {
            return;
        }
        pending = null;
        if (outcome instanceof Voided voided && phase() == Phase.STARTING) {
            refusal = voided.reason();
        }
    }

    /** This node no longer decides, and the table knows nothing of the move. */
    void drop(String reason) {
        if (phase() == Phase.STARTING) {
            refusal = reason;
        }
    }

    /** A partition is served elsewhere now: what was appended to it here and is not durable was never written. */
    void onLost(int partition, int decidingPartition) {
        if (partition == plan.sourcePartition()) {
            appendedSealOffset = NULL_OFFSET;
            hasAppendedAbort = false;
        }
        if (partition == plan.targetPartition()) {
            hasAppendedStaged = false;
            hasAppendedOpen = false;
        }
        if (partition == decidingPartition) {
            pending = null;
            isGivingUp = false;
            isTakingBack = false;
        }
    }

    /**
     * Does what can be done now.
     *
     * @return amount of work done
     */
    int doWork(long nowMs) {
        return switch (phase()) {
            case STARTING -> start(nowMs);
            case COPYING -> copy(nowMs);
            case SEALING -> seal(nowMs);
            case ABORTING -> abort(nowMs);
            case SEALED -> open(nowMs);
            case DONE -> compareOpen();
            case GIVEN_UP, TAKEN_BACK, REFUSED -> 0;
        };
    }

    private int start(long nowMs) {
        long from = pending == null ? journal.copyOffset(plan.sourcePartition()) : pending.startOffset();
        return propose(nowMs, RangeState.ACTIVE, RangeState.COPYING, NULL_OFFSET, from);
    }

    private int copy(long nowMs) {
        if (isGivingUp && control.decides()) {
            return proposeGivenUp(nowMs, RangeState.COPYING);
        }
        int work = follow();
        if (read.isStaged(plan.migrationId())) {
            // Durable, not end: after a crash the SEAL may get a lower offset than today's end.
            long durableOffset = journal.durableOffset(plan.sourcePartition());
            return work + propose(nowMs, RangeState.COPYING, RangeState.SEALING, NULL_OFFSET, durableOffset);
        }
        boolean isStaged = journal.serves(plan.targetPartition())
                && copyableEnd(plan.sourcePartition()) - stagedOffset <= LAG_RECORDS_MAX;
        if (isStaged && !hasAppendedStaged) {
            var staged = new RangeRecord.Staged(plan.migrationId(), plan.epoch(), stagedOffset);
            hasAppendedStaged = journal.append(plan.targetPartition(), staged) != NULL_OFFSET;
            work++;
        }
        return work;
    }

    private int seal(long nowMs) {
        if (isGivingUp && control.decides()) {
            return propose(nowMs, RangeState.SEALING, RangeState.ABORTING, NULL_OFFSET, entry().startOffset());
        }
        if (read.isAbortedBeforeSeal(plan.migrationId())) {
            return proposeGivenUp(nowMs, RangeState.SEALING);
        }
        int work = follow() + appendSeal();
        long sealOffset = read.sealOffset(plan.migrationId());
        if (sealOffset == NULL_OFFSET && !safeguards.has(Safeguard.SEAL_DURABLE)) {
            sealOffset = appendedSealOffset;
        }
        if (sealOffset == NULL_OFFSET) {
            return work;
        }
        long targetOffset = journal.durableOffset(plan.targetPartition());
        return work + propose(nowMs, RangeState.SEALING, RangeState.SEALED, sealOffset, targetOffset);
    }

    /** Also a SEALED range is sealed again by whoever took the source over without the SEAL: it was in no copy. */
    private int appendSeal() {
        if (!journal.serves(plan.sourcePartition())
                || read.sealOffset(plan.migrationId()) != NULL_OFFSET
                || appendedSealOffset != NULL_OFFSET) {
            return 0;
        }
        appendedSealOffset = journal.append(
                plan.sourcePartition(),
                new RangeRecord.Seal(
                        plan.migrationId(), plan.epoch(), plan.cells(), store.hashedOffset(plan), store.hash(plan)));
        return 1;
    }

    private int abort(long nowMs) {
        if (read.isAborted(plan.migrationId())) {
            return proposeGivenUp(nowMs, RangeState.ABORTING);
        }
        if (!journal.serves(plan.sourcePartition()) || hasAppendedAbort) {
            return 0;
        }
        var abort = new RangeRecord.Abort(plan.migrationId(), plan.epoch());
        hasAppendedAbort = journal.append(plan.sourcePartition(), abort) != NULL_OFFSET;
        return 1;
    }

    private int open(long nowMs) {
        long sealOffset = entry().parentSealOffset();
        if (isTakingBack && control.decides()) {
            return takeBack(nowMs, sealOffset);
        }
        int work = follow() + appendSeal() + compareOpen();
        long openOffset = read.openOffset(plan.migrationId(), plan.epoch() + 1);
        if (openOffset != NULL_OFFSET) {
            return work + propose(nowMs, RangeState.SEALED, RangeState.ACTIVE, sealOffset, openOffset);
        }
        return work + appendOpen(sealOffset);
    }

    private int takeBack(long nowMs, long sealOffset) {
        if (!safeguards.has(Safeguard.REACTIVATE_BY_CONTROL)
                && journal.serves(plan.sourcePartition())
                && !hasAppendedOpen) {
            follow();
            hasAppendedOpen = stagedOffset >= sealOffset
                    && journal.append(plan.sourcePartition(), openRecord(2, sealOffset, store.staged(plan)))
                            != NULL_OFFSET;
        }
        return propose(nowMs, RangeState.SEALED, RangeState.ACTIVE, sealOffset, sealOffset + 1);
    }

    private int appendOpen(long sealOffset) {
        if (!journal.serves(plan.targetPartition()) || hasAppendedOpen || hashMismatchCount >= HASH_MISMATCHES_MAX) {
            return 0;
        }
        if (safeguards.has(Safeguard.DRAIN_BEFORE_OPEN)) {
            RangeRecord.Seal seal = read.seal(plan.migrationId());
            if (seal == null || stagedOffset < read.sealOffset(plan.migrationId())) {
                return 0;
            }
            if (store.compare(plan, seal.hashedOffset(), seal.stateHash()) == Comparison.DIFFERENT) {
                return copyAgain();
            }
        }
        RangeRecord.Open open = openRecord(1, sealOffset, store.staged(plan));
        hasAppendedOpen = journal.append(plan.targetPartition(), open) != NULL_OFFSET;
        return 1;
    }

    /** As a target, or as a source that goes on. */
    private RangeRecord.Open openRecord(int epochs, long sealOffset, RangeFold copy) {
        boolean withState = safeguards.has(Safeguard.OPEN_WITH_STATE);
        return new RangeRecord.Open(
                plan.migrationId(),
                plan.epoch() + epochs,
                plan.cells(),
                plan.sourcePartition(),
                sealOffset,
                withState ? copy.hash() : 0,
                withState ? copy.drivers() : List.of());
    }

    private int copyAgain() {
        hashMismatchCount++;
        stagedOffset = NULL_OFFSET;
        store.restart(plan);
        return 1;
    }

    /** The source's own node looks once at what was opened. */
    private int compareOpen() {
        RangeRecord.Open open = read.open(plan.migrationId(), plan.epoch() + 1);
        long sealOffset = read.sealOffset(plan.migrationId());
        boolean isDrained = sealOffset != NULL_OFFSET && stagedOffset >= sealOffset;
        if (open == null || isOpenCompared || !isDrained || !journal.serves(plan.sourcePartition())) {
            return 0;
        }
        isOpenCompared = true;
        if (store.staged(plan).hash() != open.stateHash() || RangeFold.hash(open.drivers()) != open.stateHash()) {
            hashMismatchCount++;
        }
        return 1;
    }

    /** Where this node takes part, its copy follows the source, at most up to the seal. */
    private int follow() {
        if (!journal.serves(plan.sourcePartition()) && !journal.serves(plan.targetPartition())) {
            return 0;
        }
        if (copyOffset == NULL_OFFSET) {
            copyOffset = Math.max(0, table.copyOffset(plan.migrationId()));
        }
        long end = copyableEnd(plan.sourcePartition());
        long sealOffset = read.sealOffset(plan.migrationId());
        long before = stagedOffset;
        stagedOffset = store.stage(plan, copyOffset, sealOffset == NULL_OFFSET ? end : Math.min(end, sealOffset));
        return stagedOffset == before ? 0 : 1;
    }

    private long copyableEnd(int partition) {
        return safeguards.has(Safeguard.COPY_DURABLE) ? journal.durableOffset(partition) : journal.endOffset(partition);
    }

    private int proposeGivenUp(long nowMs, RangeState expected) {
        return propose(nowMs, expected, RangeState.ACTIVE, NULL_OFFSET, NULL_OFFSET);
    }

    private int propose(long nowMs, RangeState expected, RangeState next, long sealOffset, long startOffset) {
        Proposal made = pending;
        boolean isSame = made != null && made.state() == next && made.expectedState() == expected;
        if (!control.decides() || (isSame && nowMs - pendingSinceMs < REPEAT_AFTER_MS)) {
            return 0;
        }
        Proposal proposed = made != null && isSame ? made : proposal(expected, next, sealOffset, startOffset);
        pending = proposed;
        pendingSinceMs = nowMs;
        control.propose(proposed);
        return 1;
    }

    private Proposal proposal(RangeState expected, RangeState next, long sealOffset, long startOffset) {
        boolean isEnd = next == RangeState.ACTIVE;
        boolean isFromSealed = expected == RangeState.SEALED;
        long epochs = isEnd && isFromSealed ? (isTakingBack ? 2 : 1) : 0;
        boolean isSourceOwner = isEnd && (!isFromSealed || isTakingBack);
        return new Proposal(
                plan.migrationId(),
                plan.cells(),
                plan.epoch(),
                expected,
                plan.epoch() + epochs,
                next,
                isSourceOwner ? plan.sourcePartition() : plan.targetPartition(),
                plan.sourcePartition(),
                sealOffset,
                startOffset);
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
