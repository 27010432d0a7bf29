package io.hailstorm.migration;

/** A state of {@link ModelTenure}; the variables of {@code docs/spec/Tenure.tla} under the same names. */
final class ModelTenureState {
    private static final int WISH_BITS = 5;

    /** What the register says; a member has what it last read of it, version 0 before that. */
    static final class Register {
        int version;
        int term;
        int primary;
        int copies;

        void set(Register from) {
            version = from.version;
            term = from.term;
            primary = from.primary;
            copies = from.copies;
        }
    }

    final Register register = new Register();
    final Register[] known = {new Register(), new Register()};
    final long[] log = new long[2];
    final int[] durable = new int[2];
    /** How much the other has confirmed to a primary, in its term; -1: nothing yet, its tail may differ. */
    final int[] confirmed = {-1, -1};
    /** A primary that asked for JOIN waits for the other from then on. */
    final boolean[] isRequiring = new boolean[2];

    final boolean[] isReleasing = new boolean[2];
    /** Restarted, and was the primary: its term is over. */
    final boolean[] isStale = new boolean[2];
    /** By member, wishes on their way to the register as bits; those of an older version are void. */
    final int[] wishes = new int[2];
    /** By number, the term in which it was acknowledged, or 0. */
    final int[] acked = new int[4];

    int changes;
    int crashes;
    int dead;
    /** Term of the last takeover, or 0: what older terms had on one disk only may be a gap. */
    int takeOverTerm;

    ModelTenureState copy() {
        ModelTenureState copy = new ModelTenureState();
        copy.register.set(register);
        for (int p = 0; p < 2; p++) {
            copy.known[p].set(known[p]);
            copy.log[p] = log[p];
            copy.durable[p] = durable[p];
            copy.confirmed[p] = confirmed[p];
            copy.isRequiring[p] = isRequiring[p];
            copy.isReleasing[p] = isReleasing[p];
            copy.isStale[p] = isStale[p];
            copy.wishes[p] = wishes[p];
        }
        System.arraycopy(acked, 0, copy.acked, 0, acked.length);
        copy.changes = changes;
        copy.crashes = crashes;
        copy.dead = dead;
        copy.takeOverTerm = takeOverTerm;
        return copy;
    }

    void pack(ModelBits bits, int entries) {
        pack(register, bits);
        for (int p = 0; p < 2; p++) {
            pack(known[p], bits);
            bits.put(ModelLog.length(log[p]), 3);
            for (int offset = 0; offset < entries; offset++) {
                bits.put(ModelLog.at(log[p], offset), 4);
            }
            bits.put(durable[p], 3);
            bits.put(confirmed[p] + 1, 3);
            bits.put(isRequiring[p] ? 1 : 0, 1);
            bits.put(isReleasing[p] ? 1 : 0, 1);
            bits.put(isStale[p] ? 1 : 0, 1);
            bits.put(wishes[p], WISH_BITS);
        }
        for (int term : acked) {
            bits.put(term, 4);
        }
        bits.put(changes, 3);
        bits.put(crashes, 2);
        bits.put(dead, 2);
        bits.put(takeOverTerm, 4);
    }

    static ModelTenureState unpack(ModelBits bits, int entries) {
        ModelTenureState s = new ModelTenureState();
        unpack(s.register, bits);
        for (int p = 0; p < 2; p++) {
            unpack(s.known[p], bits);
            int length = bits.takeInt(3);
            for (int offset = 0; offset < entries; offset++) {
                int entry = bits.takeInt(4);
                s.log[p] = offset < length ? ModelLog.append(s.log[p], entry) : s.log[p];
            }
            s.durable[p] = bits.takeInt(3);
            s.confirmed[p] = bits.takeInt(3) - 1;
            s.isRequiring[p] = bits.takeInt(1) == 1;
            s.isReleasing[p] = bits.takeInt(1) == 1;
            s.isStale[p] = bits.takeInt(1) == 1;
            s.wishes[p] = bits.takeInt(WISH_BITS);
        }
        for (int n = 0; n < s.acked.length; n++) {
            s.acked[n] = bits.takeInt(4);
        }
        s.changes = bits.takeInt(3);
        s.crashes = bits.takeInt(2);
        s.dead = bits.takeInt(2);
        s.takeOverTerm = bits.takeInt(4);
        return s;
    }

    private static void pack(Register register, ModelBits bits) {
        bits.put(register.version, 4);
        bits.put(register.term, 4);
        bits.put(register.primary, 1);
        bits.put(register.copies, 2);
    }

    private static void unpack(Register register, ModelBits bits) {
        register.version = bits.takeInt(4);
        register.term = bits.takeInt(4);
        register.primary = bits.takeInt(1);
        register.copies = bits.takeInt(2);
    }
}
