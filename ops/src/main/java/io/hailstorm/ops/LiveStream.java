package io.hailstorm.ops;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.TimeSource;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * {@code /live}: each client's virtual thread writes the newest frame, then rests until the next is due. Nothing is
 * queued for anyone: a client that reads slowly blocks its own thread in the write, and when that returns gets the
 * newest frame, not the ones it missed. Frames are encoded when somebody wants one, at most once an interval, and
 * shared.
 *
 * <p>A response ends after {@link #STREAM_MAX_MS}, before the server would close the connection as idle; clients ask
 * again.
 */
final class LiveStream {
    static final long HEARTBEAT_MS = 1000;
    static final long STREAM_MAX_MS = 4 * 60_000;

    private static final long NANOS_PER_MS = 1_000_000;

    private final LiveProjection projection;
    private final OpsConfig config;
    private final TimeSource wall;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final AtomicInteger clientCount = new AtomicInteger();
    private final ReentrantLock encoding = new ReentrantLock();
    private @Nullable LiveFrame newest;
    private long newestNs;

    LiveStream(LiveProjection projection, OpsConfig config, TimeSource wall) {
        this.projection = projection;
        this.config = config;
        this.wall = wall;
    }

    void serve(ServerRequest request, ServerResponse response) throws IOException, InterruptedException {
        if (clientCount.incrementAndGet() > config.liveClientMax()) {
            clientCount.decrementAndGet();
            throw new HailstormException(
                    ErrorCode.UNAVAILABLE,
                    "too many live clients: max=" + config.liveClientMax() + "; close one, or try again later");
        }
        try {
            response.header(HeaderNames.CONTENT_TYPE, "application/octet-stream");
            response.header(HeaderNames.CACHE_CONTROL, "no-store");
            try (OutputStream out = response.outputStream()) {
                stream(out);
            }
        } finally {
            clientCount.decrementAndGet();
        }
    }

    private void stream(OutputStream out) throws IOException, InterruptedException {
        long startNs = wall.monotonicNs();
        long sentNs = startNs - HEARTBEAT_MS * NANOS_PER_MS;
        long sentVersion = -1;
        while (wall.monotonicNs() - startNs < STREAM_MAX_MS * NANOS_PER_MS) {
            LiveFrame frame = newest();
            boolean changed = frame.version() != sentVersion;
            if (changed || wall.monotonicNs() - sentNs >= HEARTBEAT_MS * NANOS_PER_MS) {
                out.write(changed ? frame.picture() : frame.heartbeat());
                out.flush();
                sentVersion = frame.version();
                sentNs = wall.monotonicNs();
            }
            if (stopped.await(config.frameIntervalMs(), TimeUnit.MILLISECONDS)) {
                return;
            }
        }
    }

    private LiveFrame newest() {
        encoding.lock();
        try {
            LiveFrame frame = newest;
            long nowNs = wall.monotonicNs();
            // A little early is as good: clients wake together, and the first encodes for all.
            if (frame == null || nowNs - newestNs >= (config.frameIntervalMs() - 10) * NANOS_PER_MS) {
                frame = projection.frame();
                newest = frame;
                newestNs = nowNs;
            }
            return frame;
        } finally {
            encoding.unlock();
        }
    }

    int clientCount() {
        return clientCount.get();
    }

    void stop() {
        stopped.countDown();
    }
}
