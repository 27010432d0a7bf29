package io.hailstorm.node;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.stub.CallStreamObserver;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.protocol.v1.ExchangeRequest;
import io.hailstorm.protocol.v1.ExchangeResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * What goes to one peer: a bounded queue, and the streams it may leave by, the one this side opened before the one the peer
 * opened. With neither, or beyond the bound, frames are dropped. {@link #send} is for any thread; all else belongs to the
 * transport's event loop.
 */
@SuppressWarnings("ReferenceEquality") // a wire is that very stream, whatever it equals
final class RegionLink {
    static final int FRAMES_MAX = 1 << 13;
    static final long BYTES_MAX = 32L << 20;
    /** A stream on which nothing came for so long is given up; signs of life come {@link RegionTransport#LIFE_MS} apart. */
    static final long SILENCE_NS_MAX = TimeUnit.SECONDS.toNanos(5);

    private static final int MESSAGE_BYTES = 256 << 10;
    private static final int MESSAGE_FRAMES_MAX = 256;

    /** One live stream, in whichever direction it was opened. */
    interface Wire {
        CallStreamObserver<?> observer();

        void write(List<ByteString> frames);

        void cancel(String reason);
    }

    private final String peer;
    private final Executor loop;
    private final TimeSource time;
    private final ManyToOneConcurrentArrayQueue<byte[]> outbound = new ManyToOneConcurrentArrayQueue<>(FRAMES_MAX);
    private final AtomicLong waitingBytes = new AtomicLong();
    private final AtomicBoolean drainIsDue = new AtomicBoolean();
    private final AtomicLong dropped = new AtomicLong();
    private @Nullable Wire dialed;
    private @Nullable Wire accepted;
    private long dialedHeardNs;
    private long acceptedHeardNs;
    private volatile boolean isUp;

    RegionLink(String peer, Executor loop, TimeSource time) {
        this.peer = peer;
        this.loop = loop;
        this.time = time;
    }

    String peer() {
        return peer;
    }

    /** Whether something was heard from the peer on a stream that still lives; any thread. */
    boolean isUp() {
        return isUp;
    }

    /** Frames that were dropped for want of a stream or of room; any thread. */
    long droppedCount() {
        return dropped.get();
    }

    /** Queues a frame, which is the link's from here on; false when it was dropped. Any thread. */
    boolean send(byte[] frame) {
        if (waitingBytes.addAndGet(frame.length) > BYTES_MAX || !outbound.offer(frame)) {
            waitingBytes.addAndGet(-frame.length);
            dropped.incrementAndGet();
            return false;
        }
        if (drainIsDue.compareAndSet(false, true)) {
            onLoop(loop, this::drain);
        }
        return true;
    }

    /** Sends what waits, as far as the streams take it. */
    void drain() {
        drainIsDue.set(false);
        while (!outbound.isEmpty()) {
            Wire wire = ready();
            if (wire != null) {
                wire.write(bundle());
            } else if (dialed == null && accepted == null) {
                dropped.addAndGet(bundle().size());
            } else {
                return; // the stream calls again when it is ready
            }
        }
    }

    private @Nullable Wire ready() {
        Wire own = dialed;
        if (own != null && own.observer().isReady()) {
            return own;
        }
        Wire other = accepted;
        return other != null && other.observer().isReady() ? other : null;
    }

    private List<ByteString> bundle() {
        List<ByteString> frames = new ArrayList<>();
        int bytes = 0;
        while (bytes < MESSAGE_BYTES && frames.size() < MESSAGE_FRAMES_MAX) {
            byte[] frame = outbound.poll();
            if (frame == null) {
                break;
            }
            bytes += frame.length;
            frames.add(UnsafeByteOperations.unsafeWrap(frame));
        }
        waitingBytes.addAndGet(-bytes);
        return frames;
    }

    boolean isDialed() {
        return dialed != null;
    }

    void dialed(Wire wire) {
        dialed = wire;
        dialedHeardNs = time.monotonicNs();
    }

    /** A stream the peer opened; the one before it, if it still lives, is of a peer that has gone on. */
    void accepted(Wire wire) {
        Wire former = accepted;
        accepted = wire;
        acceptedHeardNs = time.monotonicNs();
        if (former != null) {
            former.cancel("a newer stream of the same peer");
        }
        isUp = true;
    }

    void heardOn(Wire wire) {
        long nowNs = time.monotonicNs();
        if (wire == dialed) {
            dialedHeardNs = nowNs;
            isUp = true;
        } else if (wire == accepted) {
            acceptedHeardNs = nowNs;
        }
    }

    /** @return whether it was the stream this side opened, so that another is due */
    boolean ended(Wire wire) {
        boolean wasDialed = wire == dialed;
        if (wasDialed) {
            dialed = null;
        }
        if (wire == accepted) {
            accepted = null;
        }
        isUp = accepted != null;
        return wasDialed;
    }

    /** Says that this side lives, on every stream, and gives up those that say nothing. */
    void signOfLife() {
        signOfLife(dialed, dialedHeardNs);
        signOfLife(accepted, acceptedHeardNs);
    }

    private void signOfLife(@Nullable Wire wire, long heardNs) {
        if (wire == null) {
            return;
        }
        if (time.monotonicNs() - heardNs > SILENCE_NS_MAX) {
            wire.cancel(peer + " says nothing");
        } else if (wire.observer().isReady()) {
            wire.write(List.of());
        }
    }

    void close() {
        for (Wire wire : new Wire[] {dialed, accepted}) {
            if (wire != null) {
                wire.cancel("this side ends");
            }
        }
    }

    static ExchangeRequest request(List<ByteString> frames) {
        return ExchangeRequest.newBuilder().addAllFrames(frames).build();
    }

    static ExchangeResponse response(List<ByteString> frames) {
        return ExchangeResponse.newBuilder().addAllFrames(frames).build();
    }

    /** Runs something on a transport's event loop, unless it has closed: then there is nobody left to tell. */
    static void onLoop(Executor loop, Runnable task) {
        try {
            loop.execute(task);
        } catch (RejectedExecutionException _) {
            // Closed; what waits goes with it.
        }
    }
}
