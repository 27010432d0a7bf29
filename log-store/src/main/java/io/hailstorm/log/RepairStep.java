package io.hailstorm.log;

import java.nio.file.Path;

/**
 * One change that makes a damaged partition open again. Every step first puts what it overwrites into quarantine, and
 * may be taken again after a crash in the middle of it.
 */
sealed interface RepairStep {
    /** What was there, and what is lost with it. */
    Damage damage();

    /**
     * Bytes that do not check out.
     *
     * @param file name of the file in the partition's directory
     * @param length bytes to keep in quarantine; 0 when there is nothing left to keep
     * @param firstOffset first offset whose record is lost
     * @param endOffset the offset after the last one lost; the same as the first when none is
     */
    record Damage(String file, int position, int length, long firstOffset, long endOffset, String reason) {}

    /** Overwrites a stretch of a segment with a batch that says that {@code count} offsets are lost. */
    record FillGap(Damage damage, Path segment, int position, int length, long baseOffset, int count, long hlc)
            implements RepairStep {}

    /** Zeroes the rest of a segment. */
    record CutTail(Damage damage, Path segment, int position, int length) implements RepairStep {}

    /**
     * Puts a small segment that says that its offsets are lost in place of a missing one.
     *
     * @param count 0 makes a segment without any batch
     * @param sealed whether another segment follows
     */
    record InsertSegment(Damage damage, long baseOffset, int count, long hlc, boolean sealed) implements RepairStep {}

    /**
     * Writes a segment's header, mark and, unless {@code sealedTo} is 0, its seal anew.
     *
     * @param markedTo everything before this offset is durable
     */
    record RewriteHeader(
            Damage damage,
            Path segment,
            long baseOffset,
            boolean compacted,
            long markedTo,
            long sealedTo,
            long hlcMax,
            int endPosition)
            implements RepairStep {}

    /** Takes a whole file away. */
    record RemoveFile(Damage damage, Path file) implements RepairStep {}

    /** Zeroes both slots of a consumer group whose position is lost. */
    record ForgetGroup(Damage damage, Path file) implements RepairStep {}

    /**
     * Has the next opening check the whole partition.
     *
     * @param durableOffset what it must find
     */
    record RewriteCheckpoint(Damage damage, long durableOffset) implements RepairStep {}
}
