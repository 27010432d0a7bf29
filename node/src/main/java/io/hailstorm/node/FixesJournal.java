package io.hailstorm.node;

import io.hailstorm.ingest.SchemaVersion;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.Log;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.migration.PartitionJournal;
import io.hailstorm.migration.RangeEntry;
import io.hailstorm.migration.RangeRecord;
import io.hailstorm.protocol.v1.Event;
import java.util.function.BooleanSupplier;
import java.util.function.ObjIntConsumer;

/** The fixes of all partitions, as range moves read and write them. Region agent's thread. */
final class FixesJournal implements PartitionJournal {
    /**
     * A copy begins with the fixes of so long ago. A driver whose last fix is older cannot be doubled or put out of order by what
     * its phone may still send: the edge keeps fixes so old out of the visible record.
     */
    static final long COPY_WINDOW_MS = 900_000;

    private static final int HLC_COUNTER_BITS = 16;

    private final Log log;
    private final EventWriter writer;
    private final ServedPartitions served;
    private final ObjIntConsumer<RangeRecord> onAppended;
    private BooleanSupplier flushFixes = () -> true;
    private long nowMs;

    /** @param onAppended told of each record and its partition before anything else is appended there */
    FixesJournal(Log log, EventWriter writer, ServedPartitions served, ObjIntConsumer<RangeRecord> onAppended) {
        this.log = log;
        this.writer = writer;
        this.served = served;
        this.onAppended = onAppended;
    }

    void beforeAppend(BooleanSupplier flush) {
        flushFixes = flush;
    }

    void tick(long timeMs) {
        nowMs = timeMs;
    }

    @Override
    public boolean serves(int partition) {
        return served.serves(partition);
    }

    @Override
    public long append(int partition, RangeRecord record) {
        if (!flushFixes.getAsBoolean()) {
            return RangeEntry.NULL_OFFSET;
        }
        Event.Builder event = writer.begin(nowMs);
        RangeCodec.encode(record, event);
        event.setSchemaVersion(SchemaVersion.current(event.getPayloadCase()));
        long offset = writer.append(StreamName.FIXES, partition, event.build().toByteArray());
        if (offset < 0) {
            return RangeEntry.NULL_OFFSET;
        }
        onAppended.accept(record, partition);
        return offset;
    }

    @Override
    public long durableOffset(int partition) {
        return fixes(partition).durableOffset();
    }

    @Override
    public long endOffset(int partition) {
        return fixes(partition).endOffset();
    }

    @Override
    public long copyOffset(int partition) {
        return fixes(partition).offsetAtOrAfter(Math.max(0, nowMs - COPY_WINDOW_MS) << HLC_COUNTER_BITS);
    }

    private PartitionLog fixes(int partition) {
        return log.partition(StreamName.FIXES, partition);
    }
}
