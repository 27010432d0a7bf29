package io.hailstorm.log;

import io.hailstorm.kernel.StreamName;
import java.util.List;

/**
 * What a member of a geo log knows.
 *
 * @param self this member's region
 * @param regions one entry a home region, in the order of the configuration
 * @param gaps what could not be kept, oldest first, at most {@link GeoLogConfig.Bounds#gapReportsMax}
 * @param counters since the log was opened
 */
public record GeoStatus(String self, List<Region> regions, List<Gap> gaps, Counters counters) {
    public GeoStatus {
        regions = List.copyOf(regions);
        gaps = List.copyOf(gaps);
    }

    /** What this member is to the partitions of a home region. */
    public enum Role {
        /** The register was not read since this process started: neither accepts nor confirms. */
        UNKNOWN,
        /** Copies what the primary ships. */
        COPY,
        /** Is the primary, and will accept once everything before is durable. */
        OPENING,
        /** Accepts. */
        OWNER,
        /** Accepts nothing more: hands back, or its lease lapsed. */
        RELEASING
    }

    /**
     * A home region.
     *
     * @param tenure as far as known here; of term 0 when not known at all
     * @param lags of copies, one entry a member and partition that is not complete; known to the primary, and of itself to
     *     a copy
     */
    public record Region(Tenure tenure, Role role, List<CopyLag> lags) {
        public Region {
            lags = List.copyOf(lags);
        }
    }

    /** How far a copy is behind its primary; bytes are an estimate from segments' sizes. */
    public record CopyLag(String member, StreamName stream, int partition, long records, long bytes) {}

    /**
     * Records of a primary that its successor did not have: cut off from the log, kept in quarantine where they were
     * written.
     *
     * @param from first offset cut off
     * @param to after the last one; where not {@code exact}, at least so far
     * @param term in which they were written
     * @param level at {@link AckLevel#GEO} none of them was ever acknowledged; at {@link AckLevel#DISK} they may have been
     * @param exact whether {@code to} is known, which it is once the replaced primary is back
     */
    public record Gap(StreamName stream, int partition, long from, long to, long term, AckLevel level, boolean exact) {}

    /**
     * Counts since the log was opened.
     *
     * @param sentBatchCount shipped to copies, repeats not counted
     * @param resentBatchCount how often shipping went back to the last confirmation
     * @param copiedBatchCount appended here to copies
     * @param refusedBatchCount came and were not appended: of an older term, out of order, already here, or no room
     * @param fencedConfirmCount confirmations that came for another term than this member's, and counted for nothing
     * @param refusedMessageCount neither understood nor from a member of this log
     * @param droppedMessageCount that the transport did not take; whoever needs an answer sends again
     * @param takeoverCount regions this member became the primary of, because the one before was silent
     * @param handBackCount regions this member gave back
     * @param droppedCopyCount copies this member no longer waits for
     * @param joinedCopyCount copies it waits for again
     * @param restartedCopyCount partitions whose copy here had to begin again at the primary's start
     */
    public record Counters(
            long sentBatchCount,
            long resentBatchCount,
            long copiedBatchCount,
            long refusedBatchCount,
            long fencedConfirmCount,
            long refusedMessageCount,
            long droppedMessageCount,
            long takeoverCount,
            long handBackCount,
            long droppedCopyCount,
            long joinedCopyCount,
            long restartedCopyCount) {}

    /** The entry of a home region. */
    public Region region(String home) {
        return regions.stream()
                .filter(each -> each.tenure().region().equals(home))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no region " + home + " in " + regions));
    }
}
