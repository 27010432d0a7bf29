package io.hailstorm.migration;

import java.util.Arrays;

/** A state of {@link ModelRangeMove}; the variables of {@code docs/spec/RangeMove.tla} under the same names. */
final class ModelRangeState {
    /** Where the table says the range stands. */
    enum Stage {
        OWNED(0),
        COPYING(1),
        SEALING(2),
        /** Is to be given up, and no SEAL counts any more. */
        ABORTING(3),
        SEALED(4),
        /** Ended: the target owns the range at e+1. */
        ACTIVE(5),
        /** Ended: each source has its own again, at e+2. */
        TAKEN_BACK(6);

        private final int code;

        Stage(int code) {
            this.code = code;
        }

        /** Whether the parents are the range's last part: no SEAL counts yet. */
        boolean isBeforeSealed() {
            return code < SEALED.code;
        }
    }

    static final int NONE = 15;
    private static final Stage[] STAGES = Stage.values();

    // The control stream's table.
    Stage table = Stage.OWNED;
    int migration;
    int target;
    final int[] seal = {NONE, NONE};
    /** Migrations that reached SEALING, and ABORTING, as bits: a SEAL, an ABORT of theirs may still come late. */
    int reachedSealing;

    int reachedAborting;

    // Logs: of the sources, of the targets; how much of each a crash cannot take.
    final long[] sourceLog = new long[2];
    final int[] sourceDurable = new int[2];
    final long[] targetLog = new long[2];
    final int[] targetDurable = new int[2];

    // What a target has in memory: by source, how far it has read, and the last number it saw. NONE: nothing.
    final int[][] staged = {{NONE, NONE}, {NONE, NONE}};
    final int[][] stagedLast = new int[2][2];

    /** By driver, the acknowledged numbers as bits. */
    final int[] acked = new int[2];

    // Proposals on their way to the control stream; never lost for good, often repeated, in any order.
    final int[][] sealedProposal = {{NONE, NONE}, {NONE, NONE}};
    int giveUpProposal;
    int activeProposal;

    int crashes;
    int failedOver;
    int dead;

    ModelRangeState copy() {
        ModelRangeState copy = new ModelRangeState();
        copy.table = table;
        copy.migration = migration;
        copy.target = target;
        copy.reachedSealing = reachedSealing;
        copy.reachedAborting = reachedAborting;
        for (int i = 0; i < 2; i++) {
            copy.seal[i] = seal[i];
            copy.sourceLog[i] = sourceLog[i];
            copy.sourceDurable[i] = sourceDurable[i];
            copy.targetLog[i] = targetLog[i];
            copy.targetDurable[i] = targetDurable[i];
            copy.acked[i] = acked[i];
            for (int j = 0; j < 2; j++) {
                copy.staged[i][j] = staged[i][j];
                copy.stagedLast[i][j] = stagedLast[i][j];
                copy.sealedProposal[i][j] = sealedProposal[i][j];
            }
        }
        copy.giveUpProposal = giveUpProposal;
        copy.activeProposal = activeProposal;
        copy.crashes = crashes;
        copy.failedOver = failedOver;
        copy.dead = dead;
        return copy;
    }

    boolean hasOpen(int t) {
        return ModelRangeEntries.openAt(targetLog[t]) >= 0;
    }

    boolean hasOpenBack(int i) {
        return ModelLog.has(sourceLog[i], ModelRangeEntries.OPEN_BACK);
    }

    boolean isDead(int t) {
        return (dead & (1 << t)) != 0;
    }

    /** The target's copy is gone. */
    void forget(int t) {
        for (int i = 0; i < 2; i++) {
            staged[t][i] = NONE;
            stagedLast[t][i] = 0;
        }
    }

    /** Of a source only this much is left, and durable. */
    void cut(int i, int keep) {
        sourceLog[i] = ModelLog.prefix(sourceLog[i], keep);
        sourceDurable[i] = keep;
    }

    void pack(ModelBits bits) {
        bits.put(table.code, 3);
        bits.put(migration, 2);
        bits.put(target, 1);
        bits.put(reachedSealing, 2);
        bits.put(reachedAborting, 2);
        bits.put(giveUpProposal, 2);
        bits.put(activeProposal, 2);
        bits.put(crashes, 2);
        bits.put(failedOver, 2);
        bits.put(dead, 2);
        for (int i = 0; i < 2; i++) {
            bits.put(seal[i], 4);
            bits.put(sourceLog[i], 64);
            bits.put(sourceDurable[i], 4);
            bits.put(targetLog[i], 64);
            bits.put(targetDurable[i], 4);
            bits.put(acked[i], 4);
            for (int j = 0; j < 2; j++) {
                bits.put(staged[i][j], 4);
                bits.put(stagedLast[i][j], 2);
                bits.put(sealedProposal[i][j], 4);
            }
        }
    }

    static ModelRangeState unpack(ModelBits bits) {
        ModelRangeState state = new ModelRangeState();
        state.table = STAGES[bits.takeInt(3)];
        state.migration = bits.takeInt(2);
        state.target = bits.takeInt(1);
        state.reachedSealing = bits.takeInt(2);
        state.reachedAborting = bits.takeInt(2);
        state.giveUpProposal = bits.takeInt(2);
        state.activeProposal = bits.takeInt(2);
        state.crashes = bits.takeInt(2);
        state.failedOver = bits.takeInt(2);
        state.dead = bits.takeInt(2);
        for (int i = 0; i < 2; i++) {
            state.seal[i] = bits.takeInt(4);
            state.sourceLog[i] = bits.take(64);
            state.sourceDurable[i] = bits.takeInt(4);
            state.targetLog[i] = bits.take(64);
            state.targetDurable[i] = bits.takeInt(4);
            state.acked[i] = bits.takeInt(4);
            for (int j = 0; j < 2; j++) {
                state.staged[i][j] = bits.takeInt(4);
                state.stagedLast[i][j] = bits.takeInt(2);
                state.sealedProposal[i][j] = bits.takeInt(4);
            }
        }
        return state;
    }

    @Override
    public String toString() {
        return table + (migration > 0 ? "(m" + migration + (target > 0 ? ", second target" : "") + ")" : "")
                + " sources " + show(sourceLog, sourceDurable) + " targets " + show(targetLog, targetDurable)
                + " acknowledged " + Integer.toBinaryString(acked[0]) + "," + Integer.toBinaryString(acked[1])
                + (dead > 0 ? " dead targets " + Integer.toBinaryString(dead) : "")
                + (table == Stage.SEALED ? " at " + Arrays.toString(seal) : "");
    }

    private static String show(long[] logs, int[] durable) {
        return show(logs[0], durable[0]) + " " + show(logs[1], durable[1]);
    }

    /** Entries, with a bar behind those that are durable. */
    private static String show(long log, int durable) {
        StringBuilder text = new StringBuilder("[");
        for (int offset = 0; offset < ModelLog.length(log); offset++) {
            text.append(offset == durable && offset > 0 ? "| " : "")
                    .append(ModelRangeEntries.name(ModelLog.at(log, offset)))
                    .append(' ');
        }
        return text.append(durable == ModelLog.length(log) ? "|]" : "]").toString();
    }
}
