package io.hailstorm.node;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.LongUnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that calls a piece of work over and over and backs off while there is none: it spins, then yields, then parks
 * for up to a bound, so that an idle node stays under 5 % of a core. Work that throws ends the loop and tells the
 * failure handler: a region with a broken agent must not look alive.
 */
final class AgentLoop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AgentLoop.class);
    private static final int SPINS = 20;
    private static final int YIELDS = 20;
    private static final long PARK_NS_MIN = 20_000;

    private final Thread thread;
    private volatile boolean running = true;

    AgentLoop(String name, long parkNsMax, IntSupplier work, Consumer<Throwable> onFailure) {
        this(name, parkNsMax, work, maxNs -> maxNs, onFailure);
    }

    /** @param idleNs how long to park at most, asked when there was no work; gets and answers a bound */
    AgentLoop(String name, long parkNsMax, IntSupplier work, LongUnaryOperator idleNs, Consumer<Throwable> onFailure) {
        thread = Thread.ofPlatform()
                .name(name)
                .daemon(true)
                .unstarted(() -> run(name, parkNsMax, work, idleNs, onFailure));
    }

    AgentLoop start() {
        thread.start();
        return this;
    }

    @SuppressWarnings("ThreadPriorityCheck") // yielding is one step of backing off, not a means of ordering
    private void run(
            String name, long parkNsMax, IntSupplier work, LongUnaryOperator idleNs, Consumer<Throwable> onFailure) {
        int idle = 0;
        long parkNs = PARK_NS_MIN;
        try {
            while (running) {
                if (work.getAsInt() > 0) {
                    idle = 0;
                    parkNs = PARK_NS_MIN;
                } else if (idle < SPINS) {
                    idle++;
                    Thread.onSpinWait();
                } else if (idle < SPINS + YIELDS) {
                    idle++;
                    Thread.yield();
                } else {
                    LockSupport.parkNanos(idleNs.applyAsLong(parkNs));
                    parkNs = Math.min(parkNs * 2, parkNsMax);
                }
            }
        } catch (Throwable failure) {
            LOG.error("{} failed", name, failure);
            onFailure.accept(failure);
        }
    }

    /** Ends a park early. */
    void nudge() {
        LockSupport.unpark(thread);
    }

    /** Lets the current turn end and waits for the thread. */
    @Override
    public void close() {
        running = false;
        LockSupport.unpark(thread);
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join(TimeUnit.SECONDS.toMillis(30));
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
