package io.hailstorm.ops;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.TimeSource;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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
    /** A client whose write takes this long reads nothing any more. */
    static final long STUCK_AFTER_MS = 30_000;

    private static final long NANOS_PER_MS = 1_000_000;

    private final LiveProjection projection;
    private final OpsConfig config;
    private final TimeSource wall;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Set<Client> clients = ConcurrentHashMap.newKeySet();
    private final ReentrantLock encoding = new ReentrantLock();
    private @Nullable LiveFrame newest;
    private long newestNs;

    /** A client and since when its thread is in a write; identity is its own. */
    private static final class Client {
        final Thread thread;
        volatile long writeStartNs;
        volatile boolean writing;

        Client(Thread thread) {
            this.thread = thread;
        }
    }

    LiveStream(LiveProjection projection, OpsConfig config, TimeSource wall) {
        this.projection = projection;
        this.config = config;
        this.wall = wall;
    }

    void serve(ServerRequest request, ServerResponse response) throws IOException, InterruptedException {
        Client client = new Client(Thread.currentThread());
        clients.add(client);
        if (clients.size() > config.liveClientMax()) {
            clients.remove(client);
            dropStuck();
            throw new HailstormException(
                    ErrorCode.UNAVAILABLE,
                    "too many live clients: max=" + config.liveClientMax() + "; close one, or try again later");
        }
        try {
            response.header(HeaderNames.CONTENT_TYPE, "application/octet-stream");
            response.header(HeaderNames.CACHE_CONTROL, "no-store");
            try (OutputStream out = response.outputStream()) {
                stream(out, client);
            }
        } finally {
            clients.remove(client);
        }
    }

    /** When the seats are taken, clients that read nothing for long lose theirs; the next to ask finds them free. */
    private void dropStuck() {
        long nowNs = wall.monotonicNs();
        for (Client client : clients) {
            if (client.writing && nowNs - client.writeStartNs > STUCK_AFTER_MS * NANOS_PER_MS) {
                client.thread.interrupt();
            }
        }
    }

    private void stream(OutputStream out, Client client) throws IOException, InterruptedException {
        long startNs = wall.monotonicNs();
        long sentNs = startNs - HEARTBEAT_MS * NANOS_PER_MS;
        long sentVersion = -1;
        while (wall.monotonicNs() - startNs < STREAM_MAX_MS * NANOS_PER_MS) {
            LiveFrame frame = newest();
            boolean changed = frame.version() != sentVersion;
            if (changed || wall.monotonicNs() - sentNs >= HEARTBEAT_MS * NANOS_PER_MS) {
                client.writeStartNs = wall.monotonicNs();
                client.writing = true;
                out.write(changed ? frame.picture() : frame.heartbeat());
                out.flush();
                client.writing = false;
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

    void stop() {
        stopped.countDown();
    }
}
