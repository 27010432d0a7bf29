package io.hailstorm.log;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One partition of a geo log: the records, as the embedded engine keeps them, and how far readers may see. Its writer is the
 * region's thread while this member owns it and the log's thread while it is a copy; a lock that is free but for the moment
 * of change keeps the two apart. Everything package-private is for the log's thread.
 */
final class GeoPartition implements PartitionLog {
    /** What a record takes at least, for the bound of what is not confirmed. */
    private static final int RECORD_BYTES_MIN = 64;

    private final Files files;
    private final TimeSource time;
    private final long unconfirmedRecordsMax;
    private final Object writing = new Object();
    private volatile EmbeddedPartition records;
    private volatile long visible;
    private volatile boolean accepting;
    /** By the monotonic clock. */
    private volatile long acceptUntilNs;

    private @Nullable RetentionHold forCopies;

    /** Opens the partition's files anew. */
    interface Files {
        EmbeddedPartition open();

        /** Cuts off what lies at and behind the offset; the files are closed. */
        void cutAt(long offset, long term);

        EmbeddedPartition beginAt(long offset);
    }

    GeoPartition(Files files, TimeSource time, int unconfirmedBytesMax) {
        this.files = files;
        this.time = time;
        unconfirmedRecordsMax = unconfirmedBytesMax / RECORD_BYTES_MIN;
        records = files.open();
        visible = records.startOffset();
    }

    EmbeddedPartition records() {
        return records;
    }

    /** From now on the region's thread may append, until the time given. */
    void accept(long untilNs) {
        acceptUntilNs = untilNs;
        accepting = true;
    }

    void refuse() {
        if (accepting) {
            accepting = false;
            synchronized (writing) {
                acceptUntilNs = Long.MIN_VALUE; // an append that was under way has ended
            }
        }
    }

    boolean isAccepting() {
        return accepting && time.monotonicNs() - acceptUntilNs < 0;
    }

    /** Lets readers see what lies below an offset; they never see less than before. */
    void show(long endOffset) {
        if (endOffset > visible) {
            visible = endOffset;
        }
    }

    long appendCopy(CopiedBatch batch) {
        synchronized (writing) {
            return records.appendCopy(batch);
        }
    }

    /** Throws away what lies at and behind an offset, which no reader may have seen. */
    void cutAt(long offset, long term) {
        if (offset < visible) {
            throw new HailstormException(
                    ErrorCode.UNAVAILABLE,
                    stream() + "/" + partition() + " was read up to " + visible
                            + " here, but the region that took over has it only up to " + offset
                            + ": restart this process; what is too much is put aside and reported");
        }
        synchronized (writing) {
            records.close();
            files.cutAt(offset, term);
            records = files.open();
            forCopies = null;
        }
    }

    /** Throws everything away, to go on from an offset. */
    void beginAt(long offset) {
        synchronized (writing) {
            records.close();
            records = files.beginAt(offset);
            forCopies = null;
            show(offset);
        }
    }

    /** Keeps records from an offset on for the copies that do not have them. */
    void holdForCopies(long offset) {
        RetentionHold held = forCopies;
        if (held == null) {
            forCopies = records.hold("copies in other regions", offset);
        } else {
            held.moveTo(offset);
        }
    }

    void close() {
        refuse();
        records.close();
    }

    @Override
    public StreamName stream() {
        return records.stream();
    }

    @Override
    public int partition() {
        return records.partition();
    }

    @Override
    public long append(RecordBatch batch) {
        if (!isAccepting()) {
            return FENCED;
        }
        synchronized (writing) {
            if (!accepting) {
                return FENCED;
            }
            EmbeddedPartition to = records;
            if (to.endOffset() - visible > unconfirmedRecordsMax) {
                return BACK_PRESSURED;
            }
            return to.append(batch);
        }
    }

    @Override
    public long nextSeq(long producerId) {
        return records.nextSeq(producerId);
    }

    @Override
    public long startOffset() {
        return records.startOffset();
    }

    @Override
    public long endOffset() {
        return records.endOffset();
    }

    @Override
    public long durableOffset() {
        return visible;
    }

    @Override
    public long read(long fromOffset, int maxRecords, RecordHandler handler) {
        return records.chain().read(fromOffset, visible, maxRecords, handler);
    }

    @Override
    public long readAppended(long fromOffset, int maxRecords, RecordHandler handler) {
        return records.chain().read(fromOffset, endOffset(), maxRecords, handler);
    }

    @Override
    public long offsetAtOrAfter(long hlc) {
        return records.chain().offsetAtOrAfter(hlc, visible);
    }

    @Override
    public boolean commit(String group, long nextOffset, long generation) {
        return records.commit(group, nextOffset, generation);
    }

    @Override
    public long join(String group, long firstOffset) {
        return records.join(group, firstOffset);
    }

    @Override
    public long reset(String group, long nextOffset) {
        return records.reset(group, nextOffset);
    }

    @Override
    public long committed(String group) {
        return records.committed(group);
    }

    @Override
    public List<GroupPosition> groups() {
        return records.groups();
    }

    @Override
    public long generation(String group) {
        return records.generation(group);
    }
}
