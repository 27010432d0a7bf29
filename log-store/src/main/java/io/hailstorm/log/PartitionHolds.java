package io.hailstorm.log;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The holds on one partition. {@link #lock} is also what retention changes files under: a hold taken while a segment is
 * being deleted or replaced counts from right after. Any thread.
 */
final class PartitionHolds {
    final ReentrantLock lock = new ReentrantLock();

    private final List<Hold> holds = new ArrayList<>();

    private final class Hold implements RetentionHold {
        private final String name;
        private long offset;

        Hold(String name, long offset) {
            this.name = name;
            this.offset = offset;
        }

        @Override
        public void moveTo(long higher) {
            lock.lock();
            try {
                offset = Math.max(offset, higher);
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void close() {
            lock.lock();
            try {
                holds.remove(this);
            } finally {
                lock.unlock();
            }
        }

        @Override
        public String toString() {
            return name + " from " + offset;
        }
    }

    RetentionHold hold(String name, long offset) {
        lock.lock();
        try {
            Hold hold = new Hold(name, offset);
            holds.add(hold);
            return hold;
        } finally {
            lock.unlock();
        }
    }

    /** The lowest offset held; {@link Long#MAX_VALUE} without holds. */
    long lowest() {
        lock.lock();
        try {
            return holds.stream().mapToLong(hold -> hold.offset).min().orElse(Long.MAX_VALUE);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        lock.lock();
        try {
            return holds.toString();
        } finally {
            lock.unlock();
        }
    }
}
