package io.hailstorm.ingest;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.Log;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordBatch;
import io.hailstorm.protocol.v1.Event;
import org.agrona.concurrent.UnsafeBuffer;

/** Appends the records of hand-overs to {@code fixes}, after every fix decided before. Owned by the agent's thread. */
final class HandOverWriter {
    static final long NOT_WRITTEN = -1;
    private static final int EVENT_BYTES = 1024;

    private final Log log;
    private final HybridLogicalClock clock;
    private final PartitionServers servers;
    private final FixAppender appender;
    private final RecordBatch batch = new RecordBatch(EVENT_BYTES);
    private final UnsafeBuffer bytes = new UnsafeBuffer(0, 0);

    HandOverWriter(Log log, HybridLogicalClock clock, PartitionServers servers, FixAppender appender) {
        this.log = log;
        this.clock = clock;
        this.servers = servers;
        this.appender = appender;
    }

    Event stamped(Event.Builder event, long nowMs) {
        long hlc = clock.next();
        return event.setEventId(hlc ^ servers.eventSalt())
                .setSchemaVersion(SchemaVersion.current(event.getPayloadCase()))
                .setHlc(hlc)
                .setTimeMs(nowMs)
                .build();
    }

    /** @return the record's offset, or {@link #NOT_WRITTEN}: the log takes nothing just now, ask again at the next turn */
    long append(int partition, Event event) {
        if (appender.isBlocked() || !appender.flush()) {
            return NOT_WRITTEN;
        }
        byte[] record = event.toByteArray();
        bytes.wrap(record);
        batch.begin(0, RecordBatch.NO_PRODUCER, 0, 0, event.getHlc());
        if (!batch.add(RecordType.EVENT, bytes, 0, record.length)) {
            throw new IllegalStateException(
                    "a record of a hand-over fits into " + EVENT_BYTES + " bytes, got " + record.length);
        }
        try {
            long offset = log.partition(StreamName.FIXES, partition).append(batch);
            return offset == PartitionLog.BACK_PRESSURED || offset == PartitionLog.FENCED ? NOT_WRITTEN : offset;
        } catch (HailstormException e) {
            if (e.code() != ErrorCode.RESOURCE_EXHAUSTED) {
                throw e;
            }
            return NOT_WRITTEN; // the disk is full; drivers wait where they are
        }
    }
}
