package io.hailstorm.node;

import com.google.protobuf.ByteString;
import io.hailstorm.ingest.SchemaVersion;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.Log;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordBatch;
import io.hailstorm.protocol.v1.Event;
import java.util.ArrayDeque;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Appends events to the streams this node writes besides the edge's, in the order they were handed over. What the log
 * does not take under back-pressure waits here and is appended first at the next turn; the wait is bounded, and a node that
 * reaches the bound stops, because an event that was decided must not be dropped. Region agent's thread.
 */
final class EventWriter {
    private static final int WAITING_MAX = 1 << 20;
    private static final int RECORD_BYTES_USUAL = 1 << 14;
    private static final int RECORD_BYTES_MAX = 1 << 20;

    private record Waiting(StreamName stream, int partition, ByteString event) {}

    private final Log log;
    private final HybridLogicalClock clock;
    private final ServedPartitions served;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private RecordBatch batch = new RecordBatch(RECORD_BYTES_USUAL);
    private final UnsafeBuffer bytes = new UnsafeBuffer(0, 0);
    private long appendedCount;

    EventWriter(Log log, HybridLogicalClock clock, ServedPartitions served) {
        this.log = log;
        this.clock = clock;
        this.served = served;
    }

    /** A new event with identity and clock set; the caller adds aggregate, cause and payload. */
    Event.Builder begin(long timeMs) {
        long hlc = clock.next();
        return Event.newBuilder()
                .setEventId(hlc ^ served.eventSalt())
                .setHlc(hlc)
                .setTimeMs(timeMs);
    }

    /** A record was read that others may have acted on: whatever is appended from now on has a later clock. */
    void follow(long hlc) {
        clock.restore(hlc);
    }

    /** Appends, now or as soon as the log takes it. */
    void write(StreamName stream, int partition, Event event) {
        Event versioned = event.toBuilder()
                .setSchemaVersion(SchemaVersion.current(event.getPayloadCase()))
                .build();
        waiting.add(new Waiting(stream, partition, versioned.toByteString()));
        Invariants.require(waiting.size() <= WAITING_MAX, "events waiting for the log exceed %d", WAITING_MAX);
        flush();
    }

    /** Appends what waits. */
    void flush() {
        while (!waiting.isEmpty()) {
            Waiting next = waiting.getFirst();
            if (append(next.stream(), next.partition(), next.event().toByteArray()) == PartitionLog.BACK_PRESSURED) {
                return;
            }
            waiting.removeFirst();
        }
    }

    /**
     * Appends at once, for records whose offset matters.
     *
     * @return the offset, or {@link PartitionLog#BACK_PRESSURED}
     */
    long append(StreamName stream, int partition, byte[] event) {
        bytes.wrap(event);
        batch.begin(0, RecordBatch.NO_PRODUCER, 0, 0, clock.next());
        if (!batch.add(RecordType.EVENT, bytes, 0, event.length) && !isAddedToLarger(event)) {
            throw new HailstormException(
                    ErrorCode.RESOURCE_EXHAUSTED,
                    "event too large: " + event.length + " bytes, at most " + RECORD_BYTES_MAX);
        }
        long offset = log.partition(stream, partition).append(batch);
        if (offset == PartitionLog.FENCED && served.isShared()) {
            return PartitionLog.BACK_PRESSURED; // the region is about to notice, and to let everything here go
        }
        Invariants.require(
                offset >= 0 || offset == PartitionLog.BACK_PRESSURED,
                "append to %s/%d answered %d",
                stream,
                partition,
                offset);
        if (offset >= 0) {
            appendedCount++;
        }
        return offset;
    }

    /** Larger events are rare, but for the first map and the rounds of a large fleet. */
    private boolean isAddedToLarger(byte[] event) {
        batch = new RecordBatch(RECORD_BYTES_MAX);
        batch.begin(0, RecordBatch.NO_PRODUCER, 0, 0, clock.next());
        return batch.add(RecordType.EVENT, bytes, 0, event.length);
    }

    /** Forgets what waits: this node does not decide any more, and whoever does decides it anew. */
    void clear() {
        waiting.clear();
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    int waitingCount() {
        return waiting.size();
    }

    long appendedCount() {
        return appendedCount;
    }
}
