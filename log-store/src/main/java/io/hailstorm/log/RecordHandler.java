package io.hailstorm.log;

import org.agrona.DirectBuffer;

/** Receives one record. The buffer is valid only during the call. */
@FunctionalInterface
public interface RecordHandler {
    /**
     * @param offset position in the partition
     * @param hlc the record's hybrid logical timestamp
     * @param type a {@link io.hailstorm.kernel.RecordType}
     * @return false to stop reading after this record
     */
    boolean onRecord(long offset, long hlc, int type, DirectBuffer buffer, int index, int length);

    /** Offsets whose records were damaged and moved to quarantine by a repair: they exist no more, reading goes on after. */
    default void onGap(long fromOffset, long toOffsetExclusive) {}
}
