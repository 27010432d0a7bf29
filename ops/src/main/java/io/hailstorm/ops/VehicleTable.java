package io.hailstorm.ops;

import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.FixView;
import org.agrona.collections.Long2LongHashMap;

/**
 * Latest fix per driver, as a struct of arrays. One thread at a time. Steady state: no allocation.
 *
 * <p>Bounded by sampling: when full, the sample shift {@code s} grows by one and every driver whose hash is not a
 * multiple of 2^s is dropped, so that what is kept stays an even sample and always the same drivers. Counts scale by
 * 2^s.
 */
final class VehicleTable {
    /** A driver not heard of for this long leaves the picture. */
    static final long FORGET_AFTER_MS = 15 * 60_000;

    private static final int SWEEP_SLOTS = 64;
    private static final int NO_SLOT = -1;
    private static final int NO_CELL = CellTable.NO_INDEX;

    private final Long2LongHashMap slots = new Long2LongHashMap(NO_SLOT);
    private final CellTable cells;
    private final long[] drivers;
    private final long[] lastSeenMs;
    private final int[] latE7;
    private final int[] lonE7;
    private final int[] cellIndex;
    private final short[] heading;
    private final short[] speed;
    private final byte[] state;
    private final int[] countByState = new int[DriverState.values().length];
    private int count;
    private int sampleShift;
    private int sweepSlot;

    VehicleTable(int capacity, CellTable cells) {
        this.cells = cells;
        drivers = new long[capacity];
        lastSeenMs = new long[capacity];
        latE7 = new int[capacity];
        lonE7 = new int[capacity];
        cellIndex = new int[capacity];
        heading = new short[capacity];
        speed = new short[capacity];
        state = new byte[capacity];
    }

    /**
     * Takes in a fix.
     *
     * @param pricingCell cell of the fix at the pricing resolution
     */
    void onFix(FixView fix, long pricingCell, long seenMs) {
        byte newState = fix.state();
        if (newState < 0 || newState >= countByState.length) {
            return;
        }
        int slot = slotOf(fix.driver());
        if (slot == NO_SLOT) {
            return;
        }
        leaveCell(slot);
        countByState[state[slot]]--;
        lastSeenMs[slot] = seenMs;
        latE7[slot] = fix.latE7();
        lonE7[slot] = fix.lonE7();
        heading[slot] = (short) fix.headingCentidegrees();
        speed[slot] = (short) fix.speedCmPerS();
        state[slot] = newState;
        countByState[newState]++;
        cellIndex[slot] = cells.indexOf(pricingCell);
        enterCell(slot);
    }

    /** Forgets drivers silent for {@link #FORGET_AFTER_MS}; looks at a few slots a call. */
    void sweep(long nowMs) {
        for (int i = 0; i < SWEEP_SLOTS && count > 0; i++) {
            if (sweepSlot >= count) {
                sweepSlot = 0;
            }
            if (nowMs - lastSeenMs[sweepSlot] > FORGET_AFTER_MS) {
                remove(sweepSlot);
            } else {
                sweepSlot++;
            }
        }
    }

    private int slotOf(long driver) {
        long known = slots.get(driver);
        if (known != NO_SLOT) {
            return (int) known;
        }
        if (!isSampled(driver, sampleShift)) {
            return NO_SLOT;
        }
        while (count == drivers.length) {
            sampleShift++;
            dropUnsampled();
            if (!isSampled(driver, sampleShift)) {
                return NO_SLOT;
            }
        }
        int slot = count++;
        drivers[slot] = driver;
        state[slot] = DriverState.OFFLINE.code();
        countByState[DriverState.OFFLINE.code()]++;
        cellIndex[slot] = NO_CELL;
        slots.put(driver, slot);
        return slot;
    }

    private void dropUnsampled() {
        for (int slot = count - 1; slot >= 0; slot--) {
            if (!isSampled(drivers[slot], sampleShift)) {
                remove(slot);
            }
        }
    }

    private void remove(int slot) {
        leaveCell(slot);
        countByState[state[slot]]--;
        slots.remove(drivers[slot]);
        int last = --count;
        if (slot != last) {
            drivers[slot] = drivers[last];
            lastSeenMs[slot] = lastSeenMs[last];
            latE7[slot] = latE7[last];
            lonE7[slot] = lonE7[last];
            cellIndex[slot] = cellIndex[last];
            heading[slot] = heading[last];
            speed[slot] = speed[last];
            state[slot] = state[last];
            slots.put(drivers[slot], slot);
        }
    }

    private void enterCell(int slot) {
        if (cellIndex[slot] != NO_CELL && state[slot] == DriverState.IDLE.code()) {
            cells.addSupply(cellIndex[slot], 1);
        }
    }

    private void leaveCell(int slot) {
        if (cellIndex[slot] != NO_CELL && state[slot] == DriverState.IDLE.code()) {
            cells.addSupply(cellIndex[slot], -1);
        }
    }

    static boolean isSampled(long driver, int shift) {
        return (CounterRandom.mix(driver) & ((1L << shift) - 1)) == 0;
    }

    int count() {
        return count;
    }

    int sampleShift() {
        return sampleShift;
    }

    /** Vehicles in a state, an estimate where the fleet is sampled. */
    int countInState(DriverState wanted) {
        return countByState[wanted.code()] << sampleShift;
    }

    long driver(int slot) {
        return drivers[slot];
    }

    long lastSeenMs(int slot) {
        return lastSeenMs[slot];
    }

    int latE7(int slot) {
        return latE7[slot];
    }

    int lonE7(int slot) {
        return lonE7[slot];
    }

    int headingCentidegrees(int slot) {
        return heading[slot] & 0xFFFF;
    }

    int speedCmPerS(int slot) {
        return speed[slot] & 0xFFFF;
    }

    byte state(int slot) {
        return state[slot];
    }
}
