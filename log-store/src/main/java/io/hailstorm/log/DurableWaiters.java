package io.hailstorm.log;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * Readers that sleep until a partition's durable offset passes theirs. They cost the writer nothing, and the syncer one
 * look at a counter while nobody sleeps.
 */
final class DurableWaiters {
    private static final long POLL_NS_MIN = 50_000;
    private static final long POLL_NS_MAX = 20_000_000;

    private final AtomicInteger waitingCount = new AtomicInteger();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition advanced = lock.newCondition();
    private long wokenAtOffset = -1;

    /** How many threads sleep here. */
    int waitingCount() {
        return waitingCount.get();
    }

    /**
     * Sleeps until the durable offset exceeds {@code offset}, the time is over, or the thread is interrupted.
     *
     * @param durableOffset asked again after every {@link #wake}; may throw when the log has stopped
     */
    long await(LongSupplier durableOffset, long offset, long timeoutNs) {
        long durable = durableOffset.getAsLong();
        if (durable > offset || timeoutNs <= 0) {
            return durable;
        }
        lock.lock();
        waitingCount.incrementAndGet();
        try {
            long remainingNs = timeoutNs;
            // Asked again now that the syncer can see somebody waits.
            durable = durableOffset.getAsLong();
            while (durable <= offset && remainingNs > 0) {
                remainingNs = advanced.awaitNanos(remainingNs);
                durable = durableOffset.getAsLong();
            }
            return durable;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return durableOffset.getAsLong();
        } finally {
            waitingCount.decrementAndGet();
            lock.unlock();
        }
    }

    /**
     * Syncer, every turn. Somebody who began to wait just after the offset advanced is woken in the next turn at the
     * latest.
     */
    void onDurable(long durableOffset) {
        if (waitingCount.get() > 0 && durableOffset != wokenAtOffset) {
            wokenAtOffset = durableOffset;
            wake();
        }
    }

    /** Lets everybody look again. */
    void wake() {
        lock.lock();
        try {
            advanced.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** For partitions that nobody here advances: asks again and again, ever more rarely. */
    static long poll(PartitionReader partition, long offset, long timeoutNs) {
        long durable = partition.durableOffset();
        long pauseNs = POLL_NS_MIN;
        long remainingNs = timeoutNs;
        while (durable <= offset && remainingNs > 0 && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(Math.min(pauseNs, remainingNs));
            remainingNs -= pauseNs;
            pauseNs = Math.min(2 * pauseNs, POLL_NS_MAX);
            durable = partition.durableOffset();
        }
        return durable;
    }
}
