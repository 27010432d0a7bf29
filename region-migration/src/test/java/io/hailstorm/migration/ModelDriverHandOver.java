package io.hailstorm.migration;

/**
 * A driver crosses a border, there and back: {@code docs/spec/DriverHandOver.tla}, action by action. Two partitions, one driver. Every
 * message is a durable record of the sender's log, read at any time, as often as the reader likes, in any order, or
 * never: that is what copies of logs over a network that loses, repeats and reorders come to.
 */
final class ModelDriverHandOver implements ModelSpec<ModelDriverHandOver.State> {
    /** A protection taken away; the last takes liveness away. */
    enum Mutation {
        NONE,
        HANDOVER_WITHOUT_EPOCH_CHECK,
        HANDOVER_BEFORE_DURABLE,
        TAKE_BACK_WITHOUT_TOMBSTONE,
        TAKE_BACK_ON_UNDURABLE_TOMBSTONE,
        NO_DEDUPE,
        ACK_BEFORE_FSYNC,
        HANDOVER_DURING_OFFER,
        NO_ANSWER
    }

    /**
     * How much there is to explore.
     *
     * @param fixes numbers the phone sends
     * @param crashes of either writer, in all; losing a region whose peer takes over is one
     * @param offers whether the owner may make the driver an offer, once
     */
    record Size(int fixes, int crashes, boolean offers) {}

    /** A hand-over needs two epochs more, in case it is taken back; none starts when these are not left. */
    private static final int EPOCH_MAX = 5;

    // Entries. A fix: number, de. OUT, ASK and TOMB: the de that was to be. IN: de and the last number.
    private static final int OFFER = 1;
    private static final int OFFER_ENDED = 2;
    private static final int FIX = 8;
    private static final int OUT = 32;
    private static final int ASK = 36;
    private static final int IN = 40;
    private static final int TOMB = 60;

    static final class State {
        final long[] log = new long[2];
        final int[] durable = new int[2];
        int acked;
        int crashes;

        State copy() {
            State copy = new State();
            for (int p = 0; p < 2; p++) {
                copy.log[p] = log[p];
                copy.durable[p] = durable[p];
            }
            copy.acked = acked;
            copy.crashes = crashes;
            return copy;
        }
    }

    /** What a partition's log says of the driver, up to an offset. */
    private static final class Fold {
        private boolean isOwner;
        private int de;
        private int last;
        /** The highest epoch seen, of any kind. */
        private int deMax;
        /** Epoch of a hand-over from here that nobody has answered, or 0. */
        private int leaving;

        private boolean hasOffer;
        private boolean hadOffer;

        Fold(long log, int end) {
            for (int offset = 0; offset < end; offset++) {
                take(ModelLog.at(log, offset));
            }
        }

        private void take(int entry) {
            if (entry < FIX) {
                hasOffer = entry == OFFER;
                hadOffer = true;
            } else if (entry < OUT) {
                last = isOwner ? entry / 8 : last;
            } else if (entry < ASK) {
                isOwner = false;
                leaving = entry - OUT + 2;
                deMax = Math.max(deMax, leaving);
            } else if (entry >= IN && entry < TOMB) {
                isOwner = true;
                leaving = 0;
                de = (entry - IN) / 4 + 1;
                last = (entry - IN) % 4;
                deMax = Math.max(deMax, de);
            } else if (entry >= TOMB) {
                deMax = Math.max(deMax, entry - TOMB + 2);
            }
        }
    }

    private final Size size;
    private final Mutation mutation;

    ModelDriverHandOver(Size size, Mutation mutation) {
        this.size = size;
        this.mutation = mutation;
    }

    @Override
    public int wordCount() {
        return 3;
    }

    @Override
    public State initial() {
        State state = new State();
        state.log[0] = ModelLog.append(ModelLog.EMPTY, in(1, 0));
        state.durable[0] = 1;
        return state;
    }

    @Override
    public void pack(State state, ModelBits bits) {
        for (int p = 0; p < 2; p++) {
            bits.put(state.log[p], 64);
            bits.put(state.durable[p], 4);
        }
        bits.put(state.acked, 4);
        bits.put(state.crashes, 2);
    }

    @Override
    public State unpack(ModelBits bits) {
        State state = new State();
        for (int p = 0; p < 2; p++) {
            state.log[p] = bits.take(64);
            state.durable[p] = bits.takeInt(4);
        }
        state.acked = bits.takeInt(4);
        state.crashes = bits.takeInt(2);
        return state;
    }

    /** Some partition owns the driver, durably. */
    @Override
    public boolean isSettled(State s) {
        return new Fold(s.log[0], s.durable[0]).isOwner || new Fold(s.log[1], s.durable[1]).isOwner;
    }

    @Override
    public void actions(State s, Steps<State> steps) {
        for (int p = 0; p < 2; p++) {
            Fold here = fold(s, p);
            if (!ModelLog.isFull(s.log[p])) {
                owner(s, p, here, steps);
                leaver(s, p, here, steps);
                receiver(s, p, here, steps);
            }
            writer(s, p, steps);
        }
    }

    private void owner(State s, int p, Fold here, Steps<State> steps) {
        if (!here.isOwner) {
            return;
        }
        for (int n = 1; n <= size.fixes(); n++) {
            if (n == here.last + 1 || mutation == Mutation.NO_DEDUPE) {
                steps.take("Accept", p, n, false, with(s, p, n * 8 + here.de));
            }
        }
        if (size.offers() && !here.hadOffer && !fold(s, 1 - p).hadOffer) {
            steps.take("Offer", p, -1, false, with(s, p, OFFER));
        }
        if (here.hasOffer) {
            steps.take("OfferEnds", p, -1, false, with(s, p, OFFER_ENDED));
        }
        boolean isFree = !here.hasOffer || mutation == Mutation.HANDOVER_DURING_OFFER;
        if (isFree && here.de + 2 <= EPOCH_MAX) {
            steps.take("HandOut", p, here.de + 1, false, with(s, p, OUT + here.de + 1 - 2));
        }
    }

    /** The side that gave the driver away and has not heard that the other took it. */
    private void leaver(State s, int p, Fold here, Steps<State> steps) {
        int de = here.leaving;
        if (de == 0 || s.durable[p] < ModelLog.length(s.log[p])) {
            return;
        }
        if (!ModelLog.has(s.log[p], ASK + de - 2)) {
            steps.take("Ask", p, de, false, with(s, p, ASK + de - 2));
            return;
        }
        boolean isEarly = mutation == Mutation.TAKE_BACK_ON_UNDURABLE_TOMBSTONE;
        int end = isEarly ? ModelLog.length(s.log[1 - p]) : s.durable[1 - p];
        boolean isRefused = ModelLog.find(s.log[1 - p], end, TOMB + de - 2) >= 0;
        if (isRefused || mutation == Mutation.TAKE_BACK_WITHOUT_TOMBSTONE) {
            steps.take("TakeBack", p, de + 1, mutation != Mutation.NO_ANSWER, with(s, p, in(de + 1, here.last)));
        }
    }

    /** Reads the other's log. */
    private void receiver(State s, int p, Fold here, Steps<State> steps) {
        long from = s.log[1 - p];
        int end = mutation == Mutation.HANDOVER_BEFORE_DURABLE ? ModelLog.length(from) : s.durable[1 - p];
        for (int offset = 0; offset < end; offset++) {
            int entry = ModelLog.at(from, offset);
            boolean isOut = entry >= OUT && entry < ASK;
            boolean isAsk = entry >= ASK && entry < IN;
            int de = isOut ? entry - OUT + 2 : entry - ASK + 2;
            boolean isNew = de > here.deMax;
            if (isOut && (isNew || mutation == Mutation.HANDOVER_WITHOUT_EPOCH_CHECK)) {
                int last = new Fold(from, offset).last;
                steps.take("InstallIn", p, de, mutation != Mutation.NO_ANSWER, with(s, p, in(de, last)));
            } else if (isAsk && isNew) {
                steps.take("Tombstone", p, de, mutation != Mutation.NO_ANSWER, with(s, p, TOMB + de - 2));
            }
        }
    }

    private void writer(State s, int p, Steps<State> steps) {
        int length = ModelLog.length(s.log[p]);
        if (s.durable[p] < length) {
            State next = s.copy();
            next.durable[p] = length;
            steps.take("Flush", p, -1, true, next);
        }
        int end = mutation == Mutation.ACK_BEFORE_FSYNC ? length : s.durable[p];
        for (int offset = 0; offset < end; offset++) {
            int entry = ModelLog.at(s.log[p], offset);
            if (isFix(entry) && (s.acked & (1 << (entry / 8))) == 0) {
                State next = s.copy();
                next.acked |= 1 << (entry / 8);
                steps.take("Ack", p, entry / 8, false, next);
            }
        }
        for (int keep = s.durable[p]; keep < length && s.crashes < size.crashes(); keep++) {
            State next = s.copy();
            next.log[p] = ModelLog.prefix(s.log[p], keep);
            next.durable[p] = keep;
            next.crashes++;
            steps.take("Crash", p, keep, false, next);
        }
    }

    @Override
    public String broken(State s) {
        Fold a = fold(s, 0);
        Fold b = fold(s, 1);
        if (a.isOwner && b.isOwner) {
            return "I1: both accept the driver, one at de " + a.de + ", one at de " + b.de;
        }
        if (a.hasOffer && b.isOwner || b.hasOffer && a.isOwner) {
            return "I7: a live offer stayed behind: the new owner could make a second";
        }
        for (int de = 1; de <= EPOCH_MAX; de++) {
            if (installs(s, de) > 1) {
                return "I6: two histories of the driver begin with de " + de;
            }
        }
        return lineage(s);
    }

    /** The visible record: what is durable, by de. */
    private static String lineage(State s) {
        int last = 0;
        int seen = 0;
        for (int de = 1; de <= EPOCH_MAX; de++) {
            for (int p = 0; p < 2; p++) {
                for (int offset = 0; offset < s.durable[p]; offset++) {
                    int entry = ModelLog.at(s.log[p], offset);
                    if (!isFix(entry) || entry % 8 != de) {
                        continue;
                    }
                    if (new Fold(s.log[p], offset).de != de) {
                        return "I2: a fix of de " + de + " where another is active";
                    }
                    if (entry / 8 <= last) {
                        return (entry / 8 == last ? "I5" : "I3") + ": fix " + entry / 8 + " after " + last;
                    }
                    last = entry / 8;
                    seen |= 1 << last;
                }
            }
        }
        return (s.acked & ~seen) == 0 ? "" : "I4: an acknowledged fix is not in the lineage";
    }

    private static boolean isFix(int entry) {
        return entry >= FIX && entry < OUT;
    }

    private static int installs(State s, int de) {
        int count = 0;
        for (int p = 0; p < 2; p++) {
            for (int offset = 0; offset < ModelLog.length(s.log[p]); offset++) {
                int entry = ModelLog.at(s.log[p], offset);
                count += entry >= IN && entry < TOMB && (entry - IN) / 4 + 1 == de ? 1 : 0;
            }
        }
        return count;
    }

    private static Fold fold(State s, int p) {
        return new Fold(s.log[p], ModelLog.length(s.log[p]));
    }

    private static State with(State s, int p, int entry) {
        State next = s.copy();
        next.log[p] = ModelLog.append(s.log[p], entry);
        return next;
    }

    private static int in(int de, int last) {
        return IN + (de - 1) * 4 + last;
    }

    @Override
    public String describe(State s) {
        return "A " + show(s.log[0], s.durable[0]) + " B " + show(s.log[1], s.durable[1]) + " acknowledged "
                + Integer.toBinaryString(s.acked);
    }

    private static String show(long log, int durable) {
        StringBuilder text = new StringBuilder("[");
        for (int offset = 0; offset < ModelLog.length(log); offset++) {
            text.append(offset == durable ? "| " : "")
                    .append(name(ModelLog.at(log, offset)))
                    .append(' ');
        }
        return text.append(durable == ModelLog.length(log) ? "|]" : "]").toString();
    }

    private static String name(int entry) {
        if (entry < FIX) {
            return entry == OFFER ? "OFFER" : "OFFER_ENDED";
        }
        if (entry < OUT) {
            return "#" + entry / 8 + "@" + entry % 8;
        }
        if (entry < ASK) {
            return "OUT" + (entry - OUT + 2);
        }
        if (entry < IN) {
            return "ASK" + (entry - ASK + 2);
        }
        if (entry < TOMB) {
            return "IN" + ((entry - IN) / 4 + 1) + "(" + (entry - IN) % 4 + ")";
        }
        return "TOMB" + (entry - TOMB + 2);
    }
}
