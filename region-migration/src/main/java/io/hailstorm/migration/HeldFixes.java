package io.hailstorm.migration;

import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.Invariants;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Fixes of ranges in flight, waiting for their new owner: first in, first out, bounded. What does not fit is refused, and the
 * phone sends it again under the same number. One thread. Allocates nothing after construction.
 *
 * <p>While anything is held, later fixes queue up behind it, or a driver's newer fix would overtake its older one.
 */
public final class HeldFixes {
    private final UnsafeBuffer buffer;
    private final int capacity;
    private final FixView view = new FixView();
    private int firstIndex;
    private int count;

    /** Receives a fix; the view is valid only during the call. */
    @FunctionalInterface
    public interface Receiver {
        /** @return whether it was taken; false leaves it and all behind it */
        boolean take(FixView fix);
    }

    /** @param capacity how many fixes wait at most */
    public HeldFixes(int capacity) {
        Invariants.require(capacity > 0, "HeldFixes needs room for one");
        this.capacity = capacity;
        buffer = new UnsafeBuffer(new byte[Math.multiplyExact(capacity, FixDescriptor.LENGTH)]);
    }

    /** Copies a fix to the end; false when full. */
    public boolean hold(FixView fix) {
        if (count == capacity) {
            return false;
        }
        int index = (firstIndex + count) % capacity;
        buffer.putBytes(index * FixDescriptor.LENGTH, fix.buffer(), 0, FixDescriptor.LENGTH);
        count++;
        return true;
    }

    /** Hands over what is held, oldest first, until the receiver declines one. Returns how many were taken. */
    public int release(Receiver receiver) {
        int takenCount = 0;
        while (count > 0 && receiver.take(view.wrap(buffer, firstIndex * FixDescriptor.LENGTH))) {
            firstIndex = (firstIndex + 1) % capacity;
            count--;
            takenCount++;
        }
        return takenCount;
    }

    public int count() {
        return count;
    }
}
