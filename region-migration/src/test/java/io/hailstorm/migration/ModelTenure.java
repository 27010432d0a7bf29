package io.hailstorm.migration;

/**
 * Who writes a region's log, and where copies of it are: {@code docs/spec/Tenure.tla}, action by action. Two members, the first at
 * home; a register at a witness, changed by compare-and-set of its version. An entry of a log is the term it was
 * written in; its number is its place. Members learn of the register late; what they asked it for arrives late, again, or after they
 * crashed. A message of a term carries what is durable at its sender, so a copy takes entries at any later time.
 */
final class ModelTenure implements ModelSpec<ModelTenureState> {
    /** A protection taken away; the last two take liveness away. {@code COPY_UNDURABLE} alone does no harm here. */
    enum Mutation {
        NONE,
        FAILOVER_WITHOUT_FENCE,
        COPY_UNDURABLE,
        ACK_BEFORE_FSYNC,
        ACK_BEFORE_COPIED,
        TAKEOVER_BY_ANYONE,
        JOIN_BEFORE_COMPLETE,
        JOIN_BEFORE_REQUIRED,
        HAND_BACK_BEFORE_COMPLETE,
        RESTART_KEEPS_TERM,
        NO_TAKEOVER,
        NO_DROPPING
    }

    /**
     * How much there is to explore.
     *
     * @param entries a log holds
     * @param changes of the register that nobody needed: takeovers of a living member, copies dropped, hand-backs
     * @param crashes of either member, in all
     * @param deaths whether a member may be gone for good
     * @param startsAway whether the first primary is the second member, so that hand-backs need no takeover before
     * @param isGeo whether an acknowledgement waits for the copies, or only for the own disk
     */
    record Size(int entries, int changes, int crashes, boolean deaths, boolean startsAway, boolean isGeo) {}

    /** What a member asks of the register. */
    private enum Wish {
        TAKE_OVER(1, "TakeOver"),
        DROP(2, "Drop"),
        JOIN(4, "Join"),
        HAND_BACK(8, "HandBack"),
        BEGIN_AGAIN(16, "BeginAgain");

        private final int bit;
        private final String action;

        Wish(int bit, String action) {
            this.bit = bit;
            this.action = action;
        }
    }

    private static final int BOTH = 3;
    private static final Wish[] WISHES = Wish.values();

    private final Size size;
    private final Mutation mutation;

    ModelTenure(Size size, Mutation mutation) {
        this.size = size;
        this.mutation = mutation;
    }

    @Override
    public int wordCount() {
        return 4;
    }

    @Override
    public ModelTenureState initial() {
        ModelTenureState state = new ModelTenureState();
        state.register.version = 1;
        state.register.term = 1;
        state.register.primary = size.startsAway() ? 1 : 0;
        state.register.copies = BOTH;
        state.known[0].set(state.register);
        state.known[1].set(state.register);
        return state;
    }

    @Override
    public void pack(ModelTenureState s, ModelBits bits) {
        s.pack(bits, size.entries());
    }

    @Override
    public ModelTenureState unpack(ModelBits bits) {
        return ModelTenureState.unpack(bits, size.entries());
    }

    @Override
    public void actions(ModelTenureState s, Steps<ModelTenureState> steps) {
        for (int p = 0; p < 2; p++) {
            if (!isDead(s, p)) {
                primary(s, p, steps);
                copy(s, p, steps);
                learn(s, p, steps);
                wish(s, p, steps);
            }
            faults(s, p, steps);
            for (Wish wish : WISHES) {
                if (hasWish(s, p, wish)) {
                    steps.take("Apply" + wish.action, p, -1, true, granted(s, p, wish));
                }
            }
        }
    }

    // The primary, as far as it knows.

    private void primary(ModelTenureState s, int p, Steps<ModelTenureState> steps) {
        int length = ModelLog.length(s.log[p]);
        if (s.durable[p] < length) {
            ModelTenureState next = s.copy();
            next.durable[p] = length;
            steps.take("Flush", p, -1, true, next);
        }
        if (!isPrimary(s, p)) {
            return;
        }
        boolean isOpen = s.durable[p] == length || ModelLog.at(s.log[p], length - 1) == s.known[p].term;
        if (!s.isReleasing[p] && isOpen && length < size.entries()) {
            ModelTenureState next = s.copy();
            next.log[p] = ModelLog.append(s.log[p], s.known[p].term);
            steps.take("Accept", p, length + 1, false, next);
        }
        for (int offset = 0; offset < safe(s, p); offset++) {
            if (s.acked[offset] == 0) {
                ModelTenureState next = s.copy();
                next.acked[offset] = ModelLog.at(s.log[p], offset);
                steps.take("Ack", p, offset + 1, false, next);
            }
        }
    }

    private boolean isPrimary(ModelTenureState s, int p) {
        return s.known[p].version > 0
                && s.known[p].primary == p
                && (!s.isStale[p] || mutation == Mutation.RESTART_KEEPS_TERM);
    }

    /** How much of its log a primary may acknowledge. */
    private int safe(ModelTenureState s, int p) {
        int own = mutation == Mutation.ACK_BEFORE_FSYNC ? ModelLog.length(s.log[p]) : s.durable[p];
        boolean isWaiting = s.known[p].copies == BOTH || s.isRequiring[p];
        boolean isAlone = !size.isGeo() || !isWaiting || mutation == Mutation.ACK_BEFORE_COPIED;
        return isAlone ? own : Math.min(own, Math.max(s.confirmed[p], 0));
    }

    // The copy, as the primary's messages reach it.

    private void copy(ModelTenureState s, int q, Steps<ModelTenureState> steps) {
        int p = 1 - q;
        if (!isPrimary(s, p) || s.known[q].version == 0) {
            return;
        }
        boolean isFenced =
                fence(s, q) > s.known[p].term || (s.known[q].primary == q && s.known[q].term == s.known[p].term);
        if (isFenced) {
            // The batch is not appended; without a fence the copy says that it has it all the same.
            if (mutation == Mutation.FAILOVER_WITHOUT_FENCE && s.confirmed[p] < s.durable[p]) {
                ModelTenureState next = s.copy();
                next.confirmed[p] = s.durable[p];
                steps.take("Confirm", q, s.durable[p], false, next);
            }
            return;
        }
        if (s.known[q].primary == q) {
            // Learns from the message that its own term is over, then from the register.
            return;
        }
        int common = common(s.log[0], s.log[1]);
        int length = ModelLog.length(s.log[q]);
        int sent = mutation == Mutation.COPY_UNDURABLE ? ModelLog.length(s.log[p]) : s.durable[p];
        if (common < length && (common < sent || ModelLog.at(s.log[q], common) < s.known[p].term)) {
            ModelTenureState next = s.copy();
            cut(next, q, common);
            steps.take("CutOff", q, common, true, next);
        } else if (common < sent && common == length) {
            ModelTenureState next = s.copy();
            next.log[q] = ModelLog.append(s.log[q], ModelLog.at(s.log[p], common));
            steps.take("Copy", q, common + 1, true, next);
        }
        if (common == length && s.confirmed[p] < s.durable[q]) {
            ModelTenureState next = s.copy();
            next.confirmed[p] = s.durable[q];
            steps.take("Confirm", q, s.durable[q], true, next);
        }
    }

    /** Nothing of an older term is taken or confirmed: what the member read, and what its log was written in. */
    private static int fence(ModelTenureState s, int q) {
        int length = ModelLog.length(s.log[q]);
        return Math.max(s.known[q].term, length == 0 ? 0 : ModelLog.at(s.log[q], length - 1));
    }

    private static int common(long a, long b) {
        int common = 0;
        while (common < Math.min(ModelLog.length(a), ModelLog.length(b))
                && ModelLog.at(a, common) == ModelLog.at(b, common)) {
            common++;
        }
        return common;
    }

    // The register, and what members ask of it.

    private static void learn(ModelTenureState s, int p, Steps<ModelTenureState> steps) {
        if (s.known[p].version != s.register.version) {
            ModelTenureState next = s.copy();
            boolean isFirst = s.known[p].version == 0;
            boolean isSameTerm = s.known[p].term == s.register.term;
            next.known[p].set(s.register);
            next.confirmed[p] = isSameTerm ? s.confirmed[p] : -1;
            next.isRequiring[p] = false;
            next.isReleasing[p] = false;
            next.isStale[p] = (isFirst || (s.isStale[p] && isSameTerm)) && s.register.primary == p;
            steps.take("Learn", p, s.register.version, true, next);
        }
    }

    private void wish(ModelTenureState s, int p, Steps<ModelTenureState> steps) {
        ModelTenureState.Register known = s.known[p];
        if (known.version != s.register.version) {
            return;
        }
        int q = 1 - p;
        boolean isOtherDead = isDead(s, q);
        boolean isFree = s.changes < size.changes();
        boolean isComplete = s.confirmed[p] == ModelLog.length(s.log[p]);
        if (known.primary != p) {
            boolean mayTakeOver = known.copies == BOTH || mutation == Mutation.TAKEOVER_BY_ANYONE;
            if (mayTakeOver && (isFree || isOtherDead)) {
                send(s, p, Wish.TAKE_OVER, isOtherDead && mutation != Mutation.NO_TAKEOVER, steps);
            }
        } else if (s.isStale[p]) {
            send(s, p, Wish.BEGIN_AGAIN, true, steps);
        } else if (known.copies == BOTH) {
            if (isFree || isOtherDead) {
                send(s, p, Wish.DROP, isOtherDead && mutation != Mutation.NO_DROPPING, steps);
            }
            if (p != 0 && !s.isReleasing[p] && isFree) {
                ModelTenureState next = s.copy();
                next.isReleasing[p] = true;
                steps.take("Release", p, -1, false, next);
            }
            boolean isEarly = mutation == Mutation.HAND_BACK_BEFORE_COMPLETE;
            if (s.isReleasing[p] && (isComplete || isEarly)) {
                send(s, p, Wish.HAND_BACK, true, steps);
            }
        } else if (!isOtherDead) {
            boolean isCaughtUp = s.confirmed[p] >= s.durable[p] || mutation == Mutation.JOIN_BEFORE_COMPLETE;
            if (isCaughtUp) {
                send(s, p, Wish.JOIN, true, steps);
            }
        }
    }

    private void send(ModelTenureState s, int p, Wish wish, boolean isFair, Steps<ModelTenureState> steps) {
        if (!hasWish(s, p, wish)) {
            ModelTenureState next = s.copy();
            next.wishes[p] |= wish.bit;
            next.isRequiring[p] |= wish == Wish.JOIN && mutation != Mutation.JOIN_BEFORE_REQUIRED;
            steps.take("Send" + wish.action, p, -1, isFair, next);
        }
    }

    /** The compare-and-set took effect; every other wish expected the version before it. */
    private ModelTenureState granted(ModelTenureState s, int p, Wish wish) {
        ModelTenureState next = s.copy();
        ModelTenureState.Register register = next.register;
        register.version++;
        next.wishes[0] = 0;
        next.wishes[1] = 0;
        boolean isNeeded = isDead(s, 1 - p);
        switch (wish) {
            case TAKE_OVER -> {
                register.term++;
                register.primary = p;
                register.copies = 1 << p;
                next.changes += isNeeded ? 0 : 1;
                next.takeOverTerm = register.term;
            }
            case DROP -> {
                register.copies = 1 << p;
                next.changes += isNeeded ? 0 : 1;
            }
            case JOIN -> register.copies = BOTH;
            case HAND_BACK -> {
                register.term++;
                register.primary = 0;
                next.changes++;
            }
            case BEGIN_AGAIN -> register.term++;
        }
        return next;
    }

    // What goes wrong.

    private void faults(ModelTenureState s, int p, Steps<ModelTenureState> steps) {
        for (int keep = s.durable[p]; keep <= ModelLog.length(s.log[p]); keep++) {
            if (s.crashes < size.crashes() && !isDead(s, p) && s.known[p].version > 0) {
                ModelTenureState next = s.copy();
                cut(next, p, keep);
                next.durable[p] = keep;
                next.known[p].set(new ModelTenureState.Register());
                next.confirmed[p] = -1;
                next.isRequiring[p] = false;
                next.isReleasing[p] = false;
                next.isStale[p] = false;
                next.crashes++;
                steps.take("Crash", p, keep, false, next);
            }
        }
        if (size.deaths() && s.dead == 0) {
            ModelTenureState next = s.copy();
            next.dead |= 1 << p;
            steps.take("DieForGood", p, -1, false, next);
        }
    }

    private static void cut(ModelTenureState s, int p, int keep) {
        s.log[p] = ModelLog.prefix(s.log[p], keep);
        s.durable[p] = Math.min(s.durable[p], keep);
    }

    private static boolean isDead(ModelTenureState s, int p) {
        return (s.dead & (1 << p)) != 0;
    }

    private static boolean hasWish(ModelTenureState s, int p, Wish wish) {
        return (s.wishes[p] & wish.bit) != 0;
    }

    // What must hold.

    @Override
    public String broken(ModelTenureState s) {
        if (isPrimary(s, 0) && isPrimary(s, 1) && s.known[0].term == s.known[1].term) {
            return "I1: both are primary in term " + s.known[0].term;
        }
        int common = common(s.log[0], s.log[1]);
        for (int offset = common; offset < Math.min(ModelLog.length(s.log[0]), ModelLog.length(s.log[1])); offset++) {
            if (ModelLog.at(s.log[0], offset) == ModelLog.at(s.log[1], offset)) {
                return "I6: the logs agree on the term at " + offset + " and not on what came before";
            }
        }
        for (int p = 0; p < 2; p++) {
            for (int offset = 1; offset < ModelLog.length(s.log[p]); offset++) {
                if (ModelLog.at(s.log[p], offset) < ModelLog.at(s.log[p], offset - 1)) {
                    return "I2: an older term after a newer one";
                }
            }
            boolean counts = size.isGeo() ? (s.register.copies & (1 << p)) != 0 : s.register.primary == p;
            for (int offset = 0; counts && offset < size.entries(); offset++) {
                if (isLost(s, p, offset)) {
                    return "I4: " + (offset + 1) + " was acknowledged in term " + s.acked[offset]
                            + " and is not in the log of " + (p == 0 ? "A" : "B") + ", which counts";
                }
            }
        }
        return "";
    }

    /**
     * Acknowledged and not durably there. Acknowledged from one disk, it may be gone by a takeover in a later term: the gap. By
     * nothing else: no crash, no hand-back, no change of copies.
     */
    private boolean isLost(ModelTenureState s, int p, int offset) {
        int term = s.acked[offset];
        int held = offset < s.durable[p] ? ModelLog.at(s.log[p], offset) : 0;
        if (term == 0 || held == term) {
            return false;
        }
        return size.isGeo() || term >= s.takeOverTerm;
    }

    /** Somebody serves and everything accepted can be acknowledged; or the only member that has everything is gone. */
    @Override
    public boolean isSettled(ModelTenureState s) {
        int p = s.register.primary;
        boolean isServing = !isDead(s, p)
                && s.known[p].version == s.register.version
                && isPrimary(s, p)
                && !s.isReleasing[p]
                && safe(s, p) == ModelLog.length(s.log[p]);
        return isServing || (isDead(s, p) && s.register.copies != BOTH);
    }

    @Override
    public String describe(ModelTenureState s) {
        StringBuilder text = new StringBuilder("register ").append(describe(s.register));
        for (int p = 0; p < 2; p++) {
            text.append(p == 0 ? ", A knows " : ", B knows ")
                    .append(s.known[p].version == 0 ? "nothing" : describe(s.known[p]))
                    .append(" log [");
            for (int offset = 0; offset < ModelLog.length(s.log[p]); offset++) {
                text.append(offset == s.durable[p] && offset > 0 ? " | t" : " t")
                        .append(ModelLog.at(s.log[p], offset));
            }
            text.append(" ]").append(isDead(s, p) ? " dead" : "");
        }
        text.append(", acknowledged");
        for (int offset = 0; offset < size.entries(); offset++) {
            text.append(s.acked[offset] > 0 ? " " + (offset + 1) + "@t" + s.acked[offset] : "");
        }
        return text.toString();
    }

    private static String describe(ModelTenureState.Register register) {
        String copies = register.copies == BOTH ? "AB" : register.copies == 1 ? "A" : "B";
        return "v" + register.version + "/t" + register.term + "/" + (register.primary == 0 ? "A" : "B") + "/" + copies;
    }
}
