package io.hailstorm.log;

import static io.hailstorm.log.BatchDescriptor.*;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Follows the synced end of a partition, batch header by batch header, with a producer table of its own, and writes
 * checkpoints there. So the writer's table needs no lock and a checkpoint may lie anywhere. Syncer only, but for
 * {@link #writePending}: once somebody has called that, writing, which takes several syncs, is left to it, and no group
 * commit waits for a checkpoint.
 */
final class Checkpoints {
    /** Recovery after a crash checks about this many bytes of a partition, or a quarter of a smaller segment. */
    static final int INTERVAL_BYTES = 32 << 20;

    private final int intervalBytes;
    private final Disk disk;
    private final Path directory;
    private final ProducerTable producers;
    private long segmentBaseOffset;
    private long offset;
    private int position;
    private volatile long writtenSegmentBaseOffset;
    private int takenPosition;
    private boolean due;
    private volatile boolean writtenElsewhere;
    private final AtomicReference<@Nullable Checkpoint> pending = new AtomicReference<>();

    /** Goes on after what recovery found. */
    Checkpoints(
            Disk disk, Path directory, int segmentBytes, ProducerTable producers, Segment[] recovered, long endOffset) {
        intervalBytes = Math.min(INTERVAL_BYTES, segmentBytes / 4);
        this.disk = disk;
        this.directory = directory;
        this.producers = ProducerTable.restore(producers.snapshot(), producers.expiryMs());
        offset = endOffset;
        if (recovered.length == 0) {
            segmentBaseOffset = -1;
            writtenSegmentBaseOffset = -1;
        } else {
            Segment last = recovered[recovered.length - 1];
            segmentBaseOffset = last.baseOffset;
            position = last.endPosition();
            writtenSegmentBaseOffset = last.baseOffset;
            takenPosition = position;
        }
    }

    /** Segments before this one are not needed to recover. Any thread. */
    long writtenSegmentBaseOffset() {
        return writtenSegmentBaseOffset;
    }

    /** Everything up to {@code endOffset} is durable, and {@code segment} is the next or the current one. */
    void advance(Segment segment, long endOffset) {
        if (segment.baseOffset != segmentBaseOffset) {
            segmentBaseOffset = segment.baseOffset;
            position = SegmentDescriptor.HEADER_LENGTH;
            writeAt(segment, endOffset, false);
        }
        UnsafeBuffer buffer = segment.buffer;
        while (offset < endOffset) {
            int count = buffer.getInt(position + COUNT_OFFSET);
            PartitionRecovery.remember(producers, buffer, position, count, offset);
            offset += count;
            position += buffer.getInt(position + LENGTH_OFFSET);
        }
        if (due || position - takenPosition >= intervalBytes) {
            writeAt(segment, endOffset, false);
        }
    }

    /** After the last sync, before the files are closed: the next opening need not check anything. */
    void writeClean(Segment segment) {
        pending.set(null);
        write(taken(segment, offset, true));
    }

    /** Maintenance thread only. */
    int writePending() {
        writtenElsewhere = true;
        Checkpoint taken = pending.getAndSet(null);
        if (taken == null) {
            return 0;
        }
        write(taken);
        return 1;
    }

    private void writeAt(Segment segment, long durableOffset, boolean clean) {
        Checkpoint taken = taken(segment, durableOffset, clean);
        takenPosition = position;
        due = false;
        if (writtenElsewhere) {
            pending.set(taken);
        } else {
            due = !write(taken);
        }
    }

    private Checkpoint taken(Segment segment, long durableOffset, boolean clean) {
        long hlcMax = position == SegmentDescriptor.HEADER_LENGTH ? Long.MIN_VALUE : segment.hlcMax();
        return new Checkpoint(segmentBaseOffset, offset, position, hlcMax, durableOffset, clean, producers.snapshot());
    }

    /** A checkpoint only shortens recovery, so a full disk postpones it. */
    private boolean write(Checkpoint taken) {
        try {
            taken.write(disk, directory);
            writtenSegmentBaseOffset = taken.segmentBaseOffset();
            return true;
        } catch (HailstormException e) {
            if (e.code() != ErrorCode.RESOURCE_EXHAUSTED) {
                throw e;
            }
            return false;
        }
    }
}
