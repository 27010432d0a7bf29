package io.hailstorm.migration;

import static io.hailstorm.migration.ModelRangeEntries.ABORT;
import static io.hailstorm.migration.ModelRangeEntries.OPEN;
import static io.hailstorm.migration.ModelRangeEntries.OPEN_BACK;
import static io.hailstorm.migration.ModelRangeEntries.SEAL;
import static io.hailstorm.migration.ModelRangeEntries.fix;
import static io.hailstorm.migration.ModelRangeEntries.hasFix;
import static io.hailstorm.migration.ModelRangeEntries.hasOpenBefore;
import static io.hailstorm.migration.ModelRangeEntries.lastIn;
import static io.hailstorm.migration.ModelRangeEntries.openAt;
import static io.hailstorm.migration.ModelRangeState.NONE;

import io.hailstorm.migration.ModelRangeEntries.Lineage;
import io.hailstorm.migration.ModelRangeState.Stage;

/**
 * A range moves: {@code docs/spec/RangeMove.tla}, action by action. One source, or two that a merge joins; two
 * possible targets; as many attempts as the size says, so that a move follows one that was given up. Driver <i>i</i> is in the range's
 * part that source <i>i</i> owns. Phones send any number at any time, as often as they like. Proposals reach the control
 * stream late, again, or after their coordinator died. A crash, or a region's failing over to its peer, keeps any prefix that
 * contains what was durable.
 */
final class ModelRangeMove implements ModelSpec<ModelRangeState> {
    /** A protection taken away; the names of the command line. The last two take liveness away. */
    enum Mutation {
        NONE,
        TIMER_REOPENS,
        OPEN_BEFORE_DRAINED,
        OPEN_BEFORE_ALL_PARENTS,
        SERVING_BEFORE_ACTIVE,
        NO_DEDUPE,
        ACK_BEFORE_FSYNC,
        UNDURABLE_SEAL,
        COPY_UNDURABLE,
        OPEN_WITHOUT_STATE,
        BLIND_REACTIVATION,
        FAILOVER_WITHOUT_FENCE,
        STALE_PROPOSAL,
        NO_REPLACEMENT,
        NO_SUCCESSOR
    }

    /**
     * How much there is to explore.
     *
     * @param parents sources of the range: 1, or 2 for a merge
     * @param fixes numbers each driver sends
     * @param migrations attempts; all but the last must be given up for the next
     * @param crashes of any writer, in all
     * @param failOvers whether one source's region may be lost for good and its peer take over
     * @param deaths whether a target may be gone for good before it owns the range
     * @param comparesHashes whether a target compares its copy with the source before OPEN
     */
    record Size(
            int parents,
            int fixes,
            int migrations,
            int crashes,
            boolean failOvers,
            boolean deaths,
            boolean comparesHashes) {}

    private final Size size;
    private final Mutation mutation;
    private ModelSpec.Steps<ModelRangeState> steps = (_, _, _, _, _) -> {};

    ModelRangeMove(Size size, Mutation mutation) {
        this.size = size;
        this.mutation = mutation;
    }

    @Override
    public int wordCount() {
        return 6;
    }

    @Override
    public ModelRangeState initial() {
        return new ModelRangeState();
    }

    @Override
    public void pack(ModelRangeState state, ModelBits bits) {
        state.pack(bits);
    }

    @Override
    public ModelRangeState unpack(ModelBits bits) {
        return ModelRangeState.unpack(bits);
    }

    @Override
    public String describe(ModelRangeState state) {
        return state.toString();
    }

    @Override
    public boolean isSettled(ModelRangeState s) {
        return s.table == Stage.OWNED || s.table == Stage.ACTIVE || s.table == Stage.TAKEN_BACK;
    }

    @Override
    public void actions(ModelRangeState s, ModelSpec.Steps<ModelRangeState> into) {
        steps = into;
        for (int i = 0; i < size.parents(); i++) {
            phones(s, i);
            source(s, i);
        }
        for (int t = 0; t < 2; t++) {
            if (!s.isDead(t)) {
                target(s, t);
            }
        }
        control(s);
        faults(s);
    }

    // Phones, and the answers they get.

    private void phones(ModelRangeState s, int i) {
        for (int n = 1; n <= size.fixes(); n++) {
            if (sourceAccepts(s, i) && isNext(n, lastIn(s.sourceLog[i], i, 0)) && !ModelLog.isFull(s.sourceLog[i])) {
                ModelRangeState next = s.copy();
                next.sourceLog[i] = ModelLog.append(s.sourceLog[i], fix(i, n, s.hasOpenBack(i) ? 3 : 1));
                steps.take("AcceptAtSource", i, n, false, next);
            }
            for (int t = 0; t < 2; t++) {
                if (targetAccepts(s, t) && isNext(n, targetLast(s, t, i)) && !ModelLog.isFull(s.targetLog[t])) {
                    ModelRangeState next = s.copy();
                    next.targetLog[t] = ModelLog.append(s.targetLog[t], fix(i, n, 2));
                    steps.take("AcceptAtTarget", t, n, false, next);
                }
            }
            if ((s.acked[i] & (1 << n)) == 0 && (isAcknowledgeable(s, i, n) || isZombieAck(s, i, n))) {
                ModelRangeState next = s.copy();
                next.acked[i] |= 1 << n;
                steps.take("Ack", i, n, false, next);
            }
        }
    }

    private boolean isAcknowledgeable(ModelRangeState s, int i, int n) {
        boolean isEarly = mutation == Mutation.ACK_BEFORE_FSYNC;
        int end = isEarly ? ModelLog.length(s.sourceLog[i]) : s.sourceDurable[i];
        boolean isKnown = hasFix(s.sourceLog[i], end, i, n);
        for (int t = 0; t < 2; t++) {
            isKnown |= hasFix(s.targetLog[t], isEarly ? ModelLog.length(s.targetLog[t]) : s.targetDurable[t], i, n);
        }
        return isKnown;
    }

    /** A deposed region goes on as if nothing had happened: nothing it has reaches the log that counts. */
    private boolean isZombieAck(ModelRangeState s, int i, int n) {
        return mutation == Mutation.FAILOVER_WITHOUT_FENCE
                && (s.failedOver & (1 << i)) != 0
                && !isSealed(s, i)
                && n == lastIn(s.sourceLog[i], i, 0) + 1;
    }

    private boolean isNext(int n, int last) {
        return mutation == Mutation.NO_DEDUPE || n == last + 1;
    }

    // The writer of a source.

    private void source(ModelRangeState s, int i) {
        if (s.sourceDurable[i] < ModelLog.length(s.sourceLog[i])) {
            ModelRangeState next = s.copy();
            next.sourceDurable[i] = ModelLog.length(s.sourceLog[i]);
            steps.take("FlushSource", i, -1, true, next);
        }
        for (int m = 1; m <= size.migrations(); m++) {
            boolean isCurrent = s.migration == m && mutation != Mutation.NO_SUCCESSOR;
            int seal = SEAL + m - 1;
            if (has(s.reachedSealing, m) && !ModelLog.has(s.sourceLog[i], seal) && !ModelLog.isFull(s.sourceLog[i])) {
                ModelRangeState next = s.copy();
                next.sourceLog[i] = ModelLog.append(s.sourceLog[i], seal);
                steps.take("Seal", i, m, isCurrent && s.table == Stage.SEALING, next);
            }
            int abort = ABORT + m - 1;
            if (has(s.reachedAborting, m) && !ModelLog.has(s.sourceLog[i], abort) && !ModelLog.isFull(s.sourceLog[i])) {
                ModelRangeState next = s.copy();
                next.sourceLog[i] = ModelLog.append(s.sourceLog[i], abort);
                steps.take("Abort", i, m, isCurrent && s.table == Stage.ABORTING, next);
            }
        }
        boolean mayOpenBack =
                s.table == Stage.TAKEN_BACK || (mutation == Mutation.BLIND_REACTIVATION && s.table == Stage.SEALED);
        if (mayOpenBack && !s.hasOpenBack(i) && !ModelLog.isFull(s.sourceLog[i])) {
            ModelRangeState next = s.copy();
            next.sourceLog[i] = ModelLog.append(s.sourceLog[i], OPEN_BACK);
            steps.take("OpenBack", i, -1, true, next);
        }
    }

    /** Told by the log, and by the table only in that a migration that ended no longer counts. */
    private boolean sourceAccepts(ModelRangeState s, int i) {
        return switch (s.table) {
            case OWNED, COPYING, SEALING, ABORTING, SEALED, ACTIVE ->
                !isSealed(s, i)
                        || (mutation == Mutation.TIMER_REOPENS && s.table != Stage.ACTIVE)
                        || (mutation == Mutation.BLIND_REACTIVATION && s.hasOpenBack(i));
            case TAKEN_BACK -> s.hasOpenBack(i);
        };
    }

    private boolean isSealed(ModelRangeState s, int i) {
        for (int m = 1; m <= size.migrations(); m++) {
            int at = ModelLog.find(s.sourceLog[i], ModelLog.length(s.sourceLog[i]), SEAL + m - 1);
            boolean hasEnded = m < s.migration || (m == s.migration && s.table == Stage.OWNED);
            boolean isVoid = at >= 0 && ModelLog.find(s.sourceLog[i], at, ABORT + m - 1) >= 0;
            if (at >= 0 && !hasEnded && !isVoid) {
                return true;
            }
        }
        return false;
    }

    // The writer of a target.

    private void target(ModelRangeState s, int t) {
        if (s.targetDurable[t] < ModelLog.length(s.targetLog[t])) {
            ModelRangeState next = s.copy();
            next.targetDurable[t] = ModelLog.length(s.targetLog[t]);
            steps.take("FlushTarget", t, -1, true, next);
        }
        boolean isTarget = s.target == t && !s.hasOpen(t);
        boolean isCopying = s.table == Stage.COPYING || s.table == Stage.SEALING || s.table == Stage.SEALED;
        for (int i = 0; isTarget && isCopying && i < size.parents(); i++) {
            stage(s, t, i);
        }
        if (isTarget && s.table == Stage.SEALED && !ModelLog.isFull(s.targetLog[t])) {
            open(s, t);
        }
    }

    /** Reads on in the source's durable log, up to the seal when that is known. */
    private void stage(ModelRangeState s, int t, int i) {
        int end = mutation == Mutation.COPY_UNDURABLE ? ModelLog.length(s.sourceLog[i]) : s.sourceDurable[i];
        if (s.seal[i] != NONE) {
            end = Math.min(end, s.seal[i] + 1);
        }
        int from = s.staged[t][i] == NONE ? 0 : s.staged[t][i];
        if (s.staged[t][i] == NONE || from < end) {
            ModelRangeState next = s.copy();
            next.staged[t][i] = Math.max(from, end);
            next.stagedLast[t][i] = Math.max(s.stagedLast[t][i], lastIn(ModelLog.prefix(s.sourceLog[i], end), i, from));
            steps.take("Stage", t, i, true, next);
        }
    }

    private void open(ModelRangeState s, int t) {
        boolean isDrained = true;
        boolean isEqual = true;
        int drainedCount = 0;
        for (int i = 0; i < size.parents(); i++) {
            boolean isRead = s.staged[t][i] != NONE && s.staged[t][i] > s.seal[i];
            isDrained &= isRead;
            drainedCount += isRead ? 1 : 0;
            isEqual &= s.stagedLast[t][i] == lastIn(ModelLog.prefix(s.sourceLog[i], s.seal[i] + 1), i, 0);
        }
        isDrained |= mutation == Mutation.OPEN_BEFORE_DRAINED && s.staged[t][0] != NONE;
        isDrained |= mutation == Mutation.OPEN_BEFORE_ALL_PARENTS && drainedCount > 0;
        if (isDrained && (isEqual || !size.comparesHashes())) {
            ModelRangeState next = s.copy();
            boolean hasState = mutation != Mutation.OPEN_WITHOUT_STATE;
            int first = hasState ? s.stagedLast[t][0] : 0;
            int second = hasState ? s.stagedLast[t][1] : 0;
            next.targetLog[t] = ModelLog.append(s.targetLog[t], OPEN + 4 * first + second);
            if (hasState) {
                next.forget(t);
            }
            steps.take("Open", t, -1, true, next);
        } else if (isDrained) {
            ModelRangeState next = s.copy();
            next.forget(t);
            steps.take("StageAgain", t, -1, true, next);
        }
    }

    private boolean targetAccepts(ModelRangeState s, int t) {
        return !s.isDead(t)
                && s.hasOpen(t)
                && ((s.table == Stage.ACTIVE && s.target == t) || mutation == Mutation.SERVING_BEFORE_ACTIVE);
    }

    /** What the target knows of a driver: the OPEN's state, its own memory if that brought none, its log since. */
    private int targetLast(ModelRangeState s, int t, int i) {
        int openAt = openAt(s.targetLog[t]);
        int open = ModelLog.at(s.targetLog[t], openAt) - OPEN;
        int base = i == 0 ? open / 4 : open % 4;
        if (mutation == Mutation.OPEN_WITHOUT_STATE && s.staged[t][i] != NONE) {
            base = s.stagedLast[t][i];
        }
        return Math.max(base, lastIn(s.targetLog[t], i, openAt));
    }

    // Whoever coordinates, and the control stream: a proposal that expects something else is void.

    private void control(ModelRangeState s) {
        switch (s.table) {
            case OWNED -> {
                if (s.migration < size.migrations()) {
                    ModelRangeState next = s.copy();
                    next.migration++;
                    next.table = Stage.COPYING;
                    steps.take("StartCopying", next.migration, -1, false, next);
                }
            }
            case COPYING -> {
                ModelRangeState next = s.copy();
                next.table = Stage.SEALING;
                next.reachedSealing |= 1 << (s.migration - 1);
                steps.take("StartSealing", s.migration, -1, true, next);
                next = s.copy();
                next.table = Stage.OWNED;
                next.forget(s.target);
                steps.take("GiveUpCopying", s.migration, -1, false, next);
            }
            case SEALING -> sealing(s);
            case ABORTING -> aborting(s);
            case SEALED -> sealed(s);
            case ACTIVE, TAKEN_BACK -> {}
        }
        boolean isLate = s.table == Stage.ABORTING || s.table == Stage.OWNED;
        if (mutation == Mutation.STALE_PROPOSAL && isLate && s.migration > 0) {
            applySealed(s);
        }
    }

    private void sealing(ModelRangeState s) {
        int m = s.migration;
        boolean isSealedEverywhere = true;
        int[] sealAt = new int[size.parents()];
        for (int i = 0; i < size.parents(); i++) {
            boolean isEarly = mutation == Mutation.UNDURABLE_SEAL;
            int end = isEarly ? ModelLog.length(s.sourceLog[i]) : s.sourceDurable[i];
            sealAt[i] = ModelLog.find(s.sourceLog[i], end, SEAL + m - 1);
            isSealedEverywhere &= sealAt[i] >= 0;
        }
        if (isSealedEverywhere && s.sealedProposal[m - 1][0] == NONE) {
            ModelRangeState next = s.copy();
            System.arraycopy(sealAt, 0, next.sealedProposal[m - 1], 0, sealAt.length);
            steps.take("ProposeSealed", m, -1, mutation != Mutation.NO_SUCCESSOR, next);
        }
        applySealed(s);
        ModelRangeState next = s.copy();
        next.table = Stage.ABORTING;
        next.reachedAborting |= 1 << (m - 1);
        steps.take("GiveUp", m, -1, false, next);
    }

    private void applySealed(ModelRangeState s) {
        int[] proposal = s.sealedProposal[s.migration - 1];
        if (proposal[0] != NONE) {
            ModelRangeState next = s.copy();
            System.arraycopy(proposal, 0, next.seal, 0, size.parents());
            next.table = Stage.SEALED;
            steps.take("ApplySealed", s.migration, -1, true, next);
        }
    }

    private void aborting(ModelRangeState s) {
        boolean isAbortedEverywhere = true;
        for (int i = 0; i < size.parents(); i++) {
            isAbortedEverywhere &= ModelLog.find(s.sourceLog[i], s.sourceDurable[i], ABORT + s.migration - 1) >= 0;
        }
        if (isAbortedEverywhere && !has(s.giveUpProposal, s.migration)) {
            ModelRangeState next = s.copy();
            next.giveUpProposal |= 1 << (s.migration - 1);
            steps.take("ProposeGivenUp", s.migration, -1, true, next);
        }
        if (has(s.giveUpProposal, s.migration)) {
            ModelRangeState next = s.copy();
            next.table = Stage.OWNED;
            next.forget(s.target);
            steps.take("ApplyGivenUp", s.migration, -1, true, next);
        }
    }

    private void sealed(ModelRangeState s) {
        int t = s.target;
        boolean isTargetDead = s.isDead(t);
        if (hasOpenBefore(s.targetLog[t], s.targetDurable[t]) && (s.activeProposal & (1 << t)) == 0) {
            ModelRangeState next = s.copy();
            next.activeProposal |= 1 << t;
            steps.take("ProposeActive", t, -1, true, next);
        }
        if ((s.activeProposal & (1 << t)) != 0) {
            ModelRangeState next = s.copy();
            next.table = Stage.ACTIVE;
            steps.take("ApplyActive", t, -1, true, next);
        }
        if (t == 0 && mutation != Mutation.NO_REPLACEMENT) {
            ModelRangeState next = s.copy();
            next.target = 1;
            next.forget(0);
            steps.take("ReplaceTarget", -1, -1, isTargetDead, next);
        }
        if (mutation != Mutation.NO_REPLACEMENT) {
            ModelRangeState next = s.copy();
            next.table = Stage.TAKEN_BACK;
            next.forget(t);
            steps.take("TakeBack", -1, -1, isTargetDead, next);
        }
    }

    private static boolean has(int migrations, int m) {
        return (migrations & (1 << (m - 1))) != 0;
    }

    // What goes wrong.

    private void faults(ModelRangeState s) {
        for (int i = 0; i < size.parents(); i++) {
            for (int keep = s.sourceDurable[i]; keep <= ModelLog.length(s.sourceLog[i]); keep++) {
                if (s.crashes < size.crashes() && keep < ModelLog.length(s.sourceLog[i])) {
                    ModelRangeState next = s.copy();
                    next.cut(i, keep);
                    next.crashes++;
                    steps.take("CrashSource", i, keep, false, next);
                }
                if (size.failOvers() && s.failedOver == 0) {
                    ModelRangeState next = s.copy();
                    next.cut(i, keep);
                    next.failedOver |= 1 << i;
                    steps.take("FailOver", i, keep, false, next);
                }
            }
        }
        for (int t = 0; t < 2; t++) {
            boolean isIdle = s.staged[t][0] == NONE && s.staged[t][1] == NONE;
            for (int keep = s.targetDurable[t];
                    s.crashes < size.crashes() && keep <= ModelLog.length(s.targetLog[t]);
                    keep++) {
                if (!s.isDead(t) && !(isIdle && keep == ModelLog.length(s.targetLog[t]))) {
                    ModelRangeState next = s.copy();
                    next.targetLog[t] = ModelLog.prefix(s.targetLog[t], keep);
                    next.targetDurable[t] = keep;
                    next.forget(t);
                    next.crashes++;
                    steps.take("CrashTarget", t, keep, false, next);
                }
            }
            boolean isOwner = s.table == Stage.ACTIVE && s.target == t;
            if (size.deaths() && s.dead == 0 && !isOwner && t == s.target) {
                ModelRangeState next = s.copy();
                next.dead |= 1 << t;
                next.forget(t);
                steps.take("DieForGood", t, -1, false, next);
            }
        }
    }

    // What must hold.

    @Override
    public String broken(ModelRangeState s) {
        for (int i = 0; i < size.parents(); i++) {
            int acceptors =
                    (sourceAccepts(s, i) ? 1 : 0) + (targetAccepts(s, 0) ? 1 : 0) + (targetAccepts(s, 1) ? 1 : 0);
            if (acceptors > 1) {
                return "I1: " + acceptors + " writers accept driver " + i;
            }
            String lineage = lineage(s, i);
            if (!lineage.isEmpty()) {
                return lineage;
            }
        }
        if (s.table == Stage.ACTIVE && openAt(s.targetLog[s.target]) < 0) {
            return "I6: the table names an OPEN that is not there";
        }
        return "";
    }

    /** The visible record of driver i: the parent up to its seal, then the child from its OPEN. */
    private String lineage(ModelRangeState s, int i) {
        Lineage lineage = new Lineage(i);
        boolean isOpenEnded = s.table.isBeforeSealed();
        lineage.take(
                s.sourceLog[i], 0, isOpenEnded ? s.sourceDurable[i] : Math.min(s.seal[i] + 1, s.sourceDurable[i]), 1);
        if (!isOpenEnded && ModelLog.at(s.sourceLog[i], s.seal[i]) != SEAL + s.migration - 1) {
            lineage.broken = "I6: no SEAL where the table says that the parent ends";
        }
        if (s.table == Stage.ACTIVE) {
            int openAt = openAt(s.targetLog[s.target]);
            lineage.take(s.targetLog[s.target], Math.max(openAt, 0), s.targetDurable[s.target], 2);
        } else if (s.table == Stage.TAKEN_BACK && s.hasOpenBack(i)) {
            int backAt = ModelLog.find(s.sourceLog[i], ModelLog.LENGTH_MAX, OPEN_BACK);
            lineage.take(s.sourceLog[i], backAt, s.sourceDurable[i], 3);
        }
        if (lineage.broken.isEmpty() && (s.acked[i] & ~lineage.seen) != 0) {
            return "I4: an acknowledged fix of driver " + i + " is not in the lineage";
        }
        return lineage.broken;
    }
}
