package io.hailstorm.ingest;

import org.agrona.BufferUtil;
import org.agrona.concurrent.ControlledMessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * The bounded way from the edge's threads to the region agent. Messages of one stream stay in order. Layout, after the
 * ring's own header; every message starts with the stream's slot:
 *
 * <pre>
 *   HELLO        slot i32 | claimed partition + 1, or 0, i32 | session i64 | clock offset i64 | claimed de i32 | under way i32
 *   FIXES        slot i32 | count i32 | arrival ns i64 | count × 64 bytes of {@link io.hailstorm.kernel.FixDescriptor}
 *   OFFER_REPLY  slot i32 | accepted i32 | trip's home cell i64 | trip's value i64 | offer i64
 *   PROGRESS     slot i32 | step i32 | trip's home cell i64 | trip's value i64
 *   HALF_CLOSED, CANCELLED   slot i32 | - i32
 * </pre>
 */
final class EdgeRing {
    static final int HELLO = 1;
    static final int FIXES = 2;
    static final int OFFER_REPLY = 3;
    static final int PROGRESS = 4;
    static final int HALF_CLOSED = 5;
    static final int CANCELLED = 6;

    static final int SLOT_OFFSET = 0;
    static final int SMALL_OFFSET = 4;
    static final int BODY_OFFSET = 8;
    static final int LONG_2_OFFSET = 16;
    static final int LONG_3_OFFSET = 24;
    static final int SMALL_2_OFFSET = 28;
    /** Where the fixes of a FIXES message begin; its arrival is at {@link #BODY_OFFSET}. */
    static final int FIXES_OFFSET = 16;

    static final int HELLO_LENGTH = 32;
    static final int OFFER_REPLY_LENGTH = 32;
    static final int PROGRESS_LENGTH = 24;
    static final int CLOSE_LENGTH = 8;
    /** Fixes one message carries at most. */
    static final int FIXES_PER_MESSAGE = 128;

    private final ManyToOneRingBuffer ring;

    EdgeRing(int bytes) {
        ring = new ManyToOneRingBuffer(
                new UnsafeBuffer(BufferUtil.allocateDirectAligned(bytes + RingBufferDescriptor.TRAILER_LENGTH, 64)));
    }

    /** Claims room for a message; negative when the ring is full. Any thread. */
    int tryClaim(int type, int length) {
        return ring.tryClaim(type, length);
    }

    void commit(int index) {
        ring.commit(index);
    }

    void abort(int index) {
        ring.abort(index);
    }

    UnsafeBuffer buffer() {
        return (UnsafeBuffer) ring.buffer();
    }

    int drain(ControlledMessageHandler handler, int maxMessages) {
        return ring.controlledRead(handler, maxMessages);
    }

    long usedBytes() {
        return ring.size();
    }
}
