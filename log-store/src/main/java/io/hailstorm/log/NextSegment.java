package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.MappedFile;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Prepares a partition's next segment ahead of need, in steps between syncs, so that neither the writer nor a group
 * commit waits for it. The syncer prepares, the writer takes.
 */
final class NextSegment {
    static final String FILE_NAME = "next.tmp";

    private static final int STEP_BYTES = 2 << 20;
    private static final long RETRY_NS = 1_000_000_000;

    private final Disk disk;
    private final Path path;
    private final int segmentBytes;
    private volatile @Nullable MappedFile ready;
    private volatile @Nullable HailstormException failure;
    private volatile boolean urgent;
    private volatile long refusedCount;
    private Disk.@Nullable Preallocation inProgress;
    private long retryAtNs = Long.MIN_VALUE;

    NextSegment(Disk disk, Path directory, int segmentBytes) {
        this.disk = disk;
        path = directory.resolve(FILE_NAME);
        this.segmentBytes = segmentBytes;
    }

    /** How often the writer found that there is no room. */
    long refusedCount() {
        return refusedCount;
    }

    Path path() {
        return path;
    }

    /**
     * The prepared file, to be renamed and then {@link #released}; null when it is not ready yet, and then the syncer
     * hurries. Writer only.
     *
     * @throws HailstormException {@code RESOURCE_EXHAUSTED} when it cannot be made
     */
    @SuppressWarnings("NonAtomicVolatileUpdate") // the writer counts; the others only read
    @Nullable
    MappedFile take() {
        MappedFile taken = ready;
        if (taken != null) {
            return taken;
        }
        urgent = true;
        HailstormException cause = failure;
        if (cause != null) {
            refusedCount++;
            throw new HailstormException(cause.code(), "no room for the log to grow: " + cause.getMessage(), cause);
        }
        return null;
    }

    /** The file taken bears its own name now: only from here on may the syncer make another. Writer only. */
    void released() {
        urgent = false;
        ready = null;
    }

    /**
     * Syncer only.
     *
     * @param aheadBytes of the file to make ready for writing, so that the writer finds them so when it takes the file
     */
    int doWork(long nowNs, boolean wanted, int aheadBytes) {
        if (ready != null || !(wanted || urgent) || (failure != null && nowNs < retryAtNs)) {
            return 0;
        }
        try {
            Disk.Preallocation allocation = inProgress == null ? disk.preallocate(path, segmentBytes) : inProgress;
            inProgress = allocation;
            if (allocation.step(urgent ? segmentBytes : STEP_BYTES)) {
                inProgress = null;
                failure = null;
                MappedFile file = allocation.open();
                file.prepareWrites(0, Math.min(aheadBytes, segmentBytes));
                ready = file;
            }
            return 1;
        } catch (HailstormException e) {
            abandon();
            if (e.code() != ErrorCode.RESOURCE_EXHAUSTED) {
                throw e;
            }
            failure = e;
            retryAtNs = nowNs + RETRY_NS;
            return 0;
        }
    }

    /** The very first segment of a partition is made on the spot, by the writer. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // the writer counts; the others only read
    MappedFile createNow() {
        Disk.Preallocation allocation = disk.preallocate(path, segmentBytes);
        try {
            allocation.step(segmentBytes);
            return allocation.open();
        } catch (HailstormException e) {
            refusedCount++;
            allocation.abandon();
            throw e;
        }
    }

    private void abandon() {
        if (inProgress != null) {
            inProgress.abandon();
            inProgress = null;
        }
    }

    void close() {
        abandon();
        MappedFile unused = ready;
        if (unused != null) {
            ready = null;
            unused.close();
            disk.delete(path);
        }
    }
}
