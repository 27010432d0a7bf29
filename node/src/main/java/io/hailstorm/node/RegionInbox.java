package io.hailstorm.node;

import io.hailstorm.log.GeoTransport;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Frames that arrived and wait for the log's thread. Any thread adds, one takes. At its bound, in frames or bytes, the newest
 * is dropped, as a network would; what sent it sends again.
 */
final class RegionInbox {
    static final int FRAMES_MAX = 1 << 14;
    static final long BYTES_MAX = 64L << 20;

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Arrived(String from, byte[] frame) {}

    private final ManyToOneConcurrentArrayQueue<Arrived> queue = new ManyToOneConcurrentArrayQueue<>(FRAMES_MAX);
    private final UnsafeBuffer view = new UnsafeBuffer();
    private final AtomicLong waitingBytes = new AtomicLong();
    private final AtomicLong received = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private volatile Runnable onArrival = () -> {};

    /** Called after each frame that was taken in, on the thread that brought it; quick, such as to wake the taker. */
    void onArrival(Runnable wake) {
        onArrival = wake;
    }

    /** The frame is the inbox's from here on. */
    void add(String from, byte[] frame) {
        if (waitingBytes.addAndGet(frame.length) > BYTES_MAX || !queue.offer(new Arrived(from, frame))) {
            waitingBytes.addAndGet(-frame.length);
            dropped.incrementAndGet();
            return;
        }
        received.incrementAndGet();
        onArrival.run();
    }

    /** Hands over frames in the order of their arrival, at most so many; how many. */
    int poll(GeoTransport.Receiver receiver, int framesMax) {
        for (int taken = 0; taken < framesMax; taken++) {
            Arrived next = queue.poll();
            if (next == null) {
                return taken;
            }
            waitingBytes.addAndGet(-next.frame().length);
            view.wrap(next.frame());
            receiver.onMessage(next.from(), view, 0, next.frame().length);
        }
        return framesMax;
    }

    long receivedCount() {
        return received.get();
    }

    long droppedCount() {
        return dropped.get();
    }
}
