package io.hailstorm.ingest;

import org.jspecify.annotations.Nullable;

/**
 * What the region agent knows of one driver: the session's place in its sequence, the last accepted fix, the partition
 * with authority. Owned by the agent's thread.
 *
 * <p>Three marks run through a session's numbers, each at or behind the one before:
 *
 * <pre>
 *   window.contiguous   every number up to here was seen
 *   (held, pending)     … but some of these wait to be decided, or to become durable
 *   doneSeq             every number up to here is durable: what a FixAck says
 *
 *   orderSeq            the visible record has passed this number; a smaller one comes too late for it
 * </pre>
 */
final class DriverSession {
    static final int NO_OWNER = -1;
    static final long NO_EPOCH = -1;

    final long driver;
    final SeqWindow window = new SeqWindow();
    long session;
    long orderSeq;
    private long doneSeq;

    /** Appended and not yet durable, of any session: authority moves only when this is zero. */
    int pendingCount;
    /** Of this session, in the visible record. They are all in one partition, in order. */
    private int acceptedPendingCount;

    private long acceptedDurableSeq;
    /** Of this session, in the late stream, in two generations, so that a steady flow cannot hide its smallest number. */
    private final int[] latePendingCount = new int[2];

    private final long[] latePendingMin = new long[2];
    private int lateYoung;
    /** Where its last late or rejected fix went. */
    int latePartition = NO_OWNER;

    @Nullable
    HeldFixes held;
    /** Position in the list of sessions with held fixes; -1 when not in it. */
    int holdingIndex = -1;

    @Nullable
    DriverStream stream;

    int de;
    int owner = NO_OWNER;
    /** What {@link #owner} and {@link #de} were before a change that a crash could still take back. */
    private int formerOwner = NO_OWNER;

    private int formerDe;
    private boolean changeUndurable;
    /** Where {@link #owner} has handed the driver over to, under {@code de + 1}, as far as was read; nobody accepts it. */
    int handedOverTo = NO_OWNER;
    /** Highest driver epoch under which a partition has durably refused to take the driver in. */
    int refusedDe;
    /** Taken in a while ago, and not handed over again before this time. */
    long settledUntilMs;
    /** Where the driver is about to be handed over to; {@link #NO_OWNER} when it is not. */
    int awayPartition = NO_OWNER;
    /** No fix is decided any more: the driver goes to another node. */
    boolean leaving;
    /** Partition the last accepted cell belongs to under the map of {@link #mapEpoch}. */
    int cellPartition = NO_OWNER;

    long mapEpoch = NO_EPOCH;

    int foreignCount;
    int foreignLatE7;
    int foreignLonE7;

    byte state;
    boolean anchored;
    int latE7;
    int lonE7;
    long deviceMs;
    long cell;
    int oddCount;
    int oddLatE7;
    int oddLonE7;
    long oddDeviceMs;

    /** Changed since the last checkpoint. */
    boolean dirty;

    DriverSession(long driver) {
        this.driver = driver;
    }

    /** Begins a newer session; what is pending of the older one no longer counts for acknowledgements. */
    void begin(long newSession) {
        session = newSession;
        window.reset(0);
        orderSeq = 0;
        doneSeq = 0;
        acceptedPendingCount = 0;
        acceptedDurableSeq = 0;
        latePendingCount[0] = 0;
        latePendingCount[1] = 0;
        oddCount = 0;
        dirty = true;
    }

    /** Authority moves within this node; a crash takes it back until a record of the new driver epoch is durable. */
    void moveTo(int partition, int newDe) {
        formerOwner = owner;
        formerDe = de;
        changeUndurable = true;
        owner = partition;
        de = newDe;
        foreignCount = 0;
    }

    /** Authority is with a partition by a durable record. */
    void ownedBy(int partition, int newDe) {
        owner = partition;
        de = newDe;
        changeUndurable = false;
        handedOverTo = NO_OWNER;
        foreignCount = 0;
        dirty = true;
    }

    boolean isChangeUndurable() {
        return changeUndurable;
    }

    int durableOwner() {
        return changeUndurable ? formerOwner : owner;
    }

    int durableDe() {
        return changeUndurable ? formerDe : de;
    }

    /** Handed over, and neither taken in nor taken back, as far as was read. */
    boolean isBetween() {
        return handedOverTo != NO_OWNER;
    }

    /** Whether the other side will never take the driver in by the hand-over it is in. */
    boolean isRefused() {
        return isBetween() && refusedDe > de;
    }

    /** Highest driver epoch that any record names. */
    int deHeard() {
        return isBetween() ? de + 1 : de;
    }

    boolean hasHeld() {
        return held != null && !held.isEmpty();
    }

    void acceptedAppended() {
        pendingCount++;
        acceptedPendingCount++;
    }

    /** @return the generation, to be handed back to {@link #lateDurable} */
    int lateAppended(long seq) {
        pendingCount++;
        if (latePendingCount[1 - lateYoung] == 0) {
            lateYoung = 1 - lateYoung;
        }
        if (latePendingCount[lateYoung]++ == 0) {
            latePendingMin[lateYoung] = seq;
        } else {
            latePendingMin[lateYoung] = Math.min(latePendingMin[lateYoung], seq);
        }
        return lateYoung;
    }

    void acceptedDurable(long ofSession, long lastSeq, int count) {
        pendingCount -= count;
        if (ofSession == session) {
            acceptedPendingCount -= count;
            acceptedDurableSeq = Math.max(acceptedDurableSeq, lastSeq);
            dirty = true;
        }
        // Authority changes only while nothing is pending, so what became durable now is of the newest driver epoch.
        changeUndurable = false;
    }

    void lateDurable(long ofSession, int generation, int count) {
        pendingCount -= count;
        if (ofSession == session) {
            latePendingCount[generation] -= count;
            dirty = true;
        }
    }

    /** Highest number up to which everything is durable. Never goes back within a session. */
    long doneSeq() {
        long done = window.contiguous();
        HeldFixes waiting = held;
        if (waiting != null && !waiting.isEmpty()) {
            done = Math.min(done, waiting.firstSeq() - 1);
        }
        if (acceptedPendingCount > 0) {
            done = Math.min(done, acceptedDurableSeq);
        }
        for (int generation = 0; generation < 2; generation++) {
            if (latePendingCount[generation] > 0) {
                done = Math.min(done, latePendingMin[generation] - 1);
            }
        }
        doneSeq = Math.max(doneSeq, done);
        return doneSeq;
    }

    /** Highest number of the visible record that a crash cannot take back. */
    long durableOrderSeq() {
        return Math.max(doneSeq(), acceptedDurableSeq);
    }

    /** Folds a durable record in, or a checkpoint. Other numbers may be held or undurable: a record of another node can come late. */
    void restored(long contiguousSeq, long visibleSeq) {
        doneSeq = Math.max(doneSeq, contiguousSeq);
        acceptedDurableSeq = Math.max(acceptedDurableSeq, visibleSeq);
        orderSeq = Math.max(orderSeq, visibleSeq);
    }
}
