package io.hailstorm.ingest;

import java.util.Arrays;

/**
 * What of a driver must outlive a restart, as of the offsets {@link IngestAgent#checkpointOffset} names: everything
 * durable below them is in here, nothing that a crash could take back is.
 *
 * @param driver identity
 * @param session current session; 0 when none
 * @param lastSeq highest durable number in the visible record of the session
 * @param contiguousSeq everything up to here is durable: what Welcome tells the phone
 * @param seenMask bit {@code seq & 1023} for each durable number in (contiguousSeq, contiguousSeq + 1024]; 16 words, or
 *     none at all when no bit is set. Owned by the snapshot
 * @param de driver epoch
 * @param state a {@link io.hailstorm.kernel.DriverState} code
 * @param latE7 last accepted position
 * @param lonE7 last accepted position
 * @param deviceMs event time of the last accepted fix, epoch milliseconds; 0 when there is none
 * @param cell H3 index at resolution 9 of the last accepted fix; 0 when there is none
 * @param ownerPartition partition with authority over the driver; -1 when none yet
 * @param handedOverTo partition that the owner has handed the driver over to, under {@code de + 1}, and that has not been
 *     heard to have taken it in; -1 when there is none
 * @param refusedDe highest driver epoch under which a partition has refused to take the driver in; 0 when none has
 */
@SuppressWarnings("ArrayRecordComponent") // equality is spelled out below
public record SessionSnapshot(
        long driver,
        long session,
        long lastSeq,
        long contiguousSeq,
        long[] seenMask,
        int de,
        byte state,
        int latE7,
        int lonE7,
        long deviceMs,
        long cell,
        int ownerPartition,
        int handedOverTo,
        int refusedDe) {
    /** Words of a mask that has bits set. */
    public static final int MASK_WORDS = 16;

    @Override
    public boolean equals(Object other) {
        return other instanceof SessionSnapshot that
                && driver == that.driver
                && session == that.session
                && lastSeq == that.lastSeq
                && contiguousSeq == that.contiguousSeq
                && Arrays.equals(seenMask, that.seenMask)
                && de == that.de
                && state == that.state
                && latE7 == that.latE7
                && lonE7 == that.lonE7
                && deviceMs == that.deviceMs
                && cell == that.cell
                && ownerPartition == that.ownerPartition
                && handedOverTo == that.handedOverTo
                && refusedDe == that.refusedDe;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(driver * 31 + session) + Long.hashCode(contiguousSeq);
    }
}
