package io.hailstorm.log;

import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.StreamName;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * How a member takes part in a geo log.
 *
 * @param self the region of this process; one of the members
 * @param members the same list, in the same order, at every member; their partitions follow one another from 0
 * @param witness the witness's address on the {@link GeoTransport}; empty without one: then every region writes its own
 *     partitions for ever, nobody takes over, and {@link AckLevel#GEO} waits for every member
 * @param ackLevel {@link AckLevel#GEO} or {@link AckLevel#DISK}: of {@code fixes}, {@code trips}, {@code prices},
 *     {@code late} and {@code dead-letters}. {@code control} is always acknowledged at {@link AckLevel#GEO}. What
 *     {@link StreamConfig#ackLevel} says does not count
 * @param handBackWhenCaughtUp whether a region gets its partitions back as soon as it has everything, or only by
 *     {@link GeoLog#handBack}
 * @param timings when to send and whom to suspect
 * @param bounds of what waits
 */
public record GeoLogConfig(
        String self,
        List<GeoMember> members,
        String witness,
        AckLevel ackLevel,
        boolean handBackWhenCaughtUp,
        Timings timings,
        Bounds bounds) {
    /** What a {@link GeoTransport} must be able to carry at least. */
    public static final int MESSAGE_BYTES_MIN = 4096;

    public static final int MEMBERS_MAX = 16;

    /**
     * When to send, and whom to suspect.
     *
     * @param heartbeatMs a primary tells its copies, and every member the witness, that it lives
     * @param suspectAfterMs a member silent for longer is taken for dead; more than the lease
     * @param leaseMs a primary that acknowledges from its own disk accepts for so long after it sent a heartbeat that was
     *     answered
     * @param resendMs what was not answered is sent again
     * @param stallAfterMs a copy that lives but does not get on for longer is no longer waited for
     */
    public record Timings(long heartbeatMs, long suspectAfterMs, long leaseMs, long resendMs, long stallAfterMs) {
        public static final Timings DEFAULT = new Timings(100, 1500, 1000, 200, 10_000);

        public Timings {
            Invariants.require(
                    heartbeatMs > 0 && resendMs > 0 && heartbeatMs < leaseMs,
                    "heartbeatMs: expected more than 0 and less than leaseMs=%d, got %d",
                    leaseMs,
                    heartbeatMs);
            Invariants.require(
                    leaseMs < suspectAfterMs,
                    "leaseMs: expected less than suspectAfterMs=%d, got %d",
                    suspectAfterMs,
                    leaseMs);
            Invariants.require(
                    stallAfterMs >= suspectAfterMs,
                    "stallAfterMs: expected at least suspectAfterMs=%d",
                    suspectAfterMs);
        }
    }

    /**
     * Bounds of what waits.
     *
     * @param windowBytes sent to one copy of one partition and not confirmed yet; then sending pauses
     * @param unconfirmedBytesMax appended to a partition and not confirmed by all copies that are waited for; then appends
     *     are back-pressured
     * @param copyLagBytesMax how much a partition keeps for a copy beyond what retention would; a copy further behind is no
     *     longer waited for, and may have to begin again
     * @param gapReportsMax gaps remembered, the newest
     */
    public record Bounds(int windowBytes, int unconfirmedBytesMax, long copyLagBytesMax, int gapReportsMax) {
        public static final Bounds DEFAULT = new Bounds(1 << 20, 16 << 20, 1L << 30, 1024);

        public Bounds {
            Invariants.require(
                    windowBytes > 0 && unconfirmedBytesMax > 0 && copyLagBytesMax > 0 && gapReportsMax > 0,
                    "bounds must be positive");
        }
    }

    public GeoLogConfig {
        members = List.copyOf(members);
        Invariants.require(
                !members.isEmpty() && members.size() <= MEMBERS_MAX,
                "members: expected 1..%d, got %d",
                MEMBERS_MAX,
                members.size());
        int next = 0;
        Set<String> names = new HashSet<>(Set.of(witness));
        for (GeoMember member : members) {
            Invariants.require(names.add(member.region()), "two members are called %s", member.region());
            Invariants.require(
                    member.firstPartition() == next,
                    "region %s: expected firstPartition %d, got %d",
                    member.region(),
                    next,
                    member.firstPartition());
            next += member.partitionCount();
        }
        Invariants.require(names.contains(self) && !self.equals(witness), "self: no member is called %s", self);
        Invariants.require(ackLevel != AckLevel.MEMORY, "ackLevel: expected GEO or DISK, got %s", ackLevel);
    }

    /** Acknowledges in two regions; partitions stay where they went until somebody hands them back. */
    public static GeoLogConfig defaults(String self, List<GeoMember> members, String witness) {
        return new GeoLogConfig(self, members, witness, AckLevel.GEO, false, Timings.DEFAULT, Bounds.DEFAULT);
    }

    public GeoLogConfig withAckLevel(AckLevel level) {
        return new GeoLogConfig(self, members, witness, level, handBackWhenCaughtUp, timings, bounds);
    }

    public GeoLogConfig withHandBackWhenCaughtUp(boolean automatic) {
        return new GeoLogConfig(self, members, witness, ackLevel, automatic, timings, bounds);
    }

    public GeoLogConfig withTimings(Timings changed) {
        return new GeoLogConfig(self, members, witness, ackLevel, handBackWhenCaughtUp, changed, bounds);
    }

    public GeoLogConfig withBounds(Bounds changed) {
        return new GeoLogConfig(self, members, witness, ackLevel, handBackWhenCaughtUp, timings, changed);
    }

    /** Partitions of all regions. */
    public int partitionCount() {
        GeoMember last = members.getLast();
        return last.firstPartition() + last.partitionCount();
    }

    AckLevel level(StreamName stream) {
        return stream == StreamName.CONTROL ? AckLevel.GEO : ackLevel;
    }

    boolean hasWitness() {
        return !witness.isEmpty();
    }
}
