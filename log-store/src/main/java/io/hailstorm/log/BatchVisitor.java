package io.hailstorm.log;

/** Is shown whole batches of a partition, one after the other, without their records being taken apart. */
interface BatchVisitor {
    /**
     * A batch whose checksum was seen to match.
     *
     * @param at where it lies in the segment
     * @param checker of the same segment, for decoding
     * @return whether it was taken; false ends the walk before it
     */
    boolean onBatch(Segment segment, int at, int length, BatchChecker checker);

    /** Offsets that compaction left no records for. */
    boolean onHole(long fromOffset, long toOffset);
}
