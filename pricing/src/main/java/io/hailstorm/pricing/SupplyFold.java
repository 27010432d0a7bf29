package io.hailstorm.pricing;

import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.FixView;
import java.util.Arrays;
import org.agrona.collections.Long2LongHashMap;

/**
 * Idle drivers per pricing cell: the fold of fixes in their visible order {@code (de, session, seq)}. One slot of
 * 48 bytes a driver, kept for good, so that an old fix can never bring a driver back. Steady state: no allocation.
 */
final class SupplyFold {
    private static final int SLOTS_INITIAL = 1_024;
    private static final long NO_SLOT = -1;
    private static final int NO_DRIVER_CELL = 0;

    private final PricingCells cells;
    private final Long2LongHashMap slotByDriver = new Long2LongHashMap(SLOTS_INITIAL, 0.55f, NO_SLOT);
    private final int[] idleCount;

    private int slotCount;
    private int[] de = new int[SLOTS_INITIAL];
    private long[] session = new long[SLOTS_INITIAL];
    private long[] seq = new long[SLOTS_INITIAL];
    private long[] lastFixMs = new long[SLOTS_INITIAL];
    /** Cell of the last fix at resolution 9 and its pricing cell, so that a driver staying put costs no look-up. */
    private long[] driverCell = new long[SLOTS_INITIAL];

    private int[] cellIndex = new int[SLOTS_INITIAL];
    /** Cell the driver is counted in; {@link PricingCells#NULL_INDEX} when it is no supply. */
    private int[] countedIndex = new int[SLOTS_INITIAL];

    SupplyFold(PricingCells cells) {
        this.cells = cells;
        idleCount = new int[cells.count()];
    }

    void onFix(FixView fix) {
        long driver = fix.driver();
        int slot = (int) slotByDriver.get(driver);
        if (slot == NO_SLOT) {
            slot = newSlot(driver);
        } else if (!isNewer(fix, slot)) {
            return;
        }
        de[slot] = fix.de();
        session[slot] = fix.session();
        seq[slot] = fix.seq();
        lastFixMs[slot] = fix.deviceMs();
        long cell = fix.cell();
        if (cell != driverCell[slot]) {
            driverCell[slot] = cell;
            cellIndex[slot] = cells.indexOfDriverCell(cell);
        }
        count(slot, fix.state() == DriverState.IDLE.code() ? cellIndex[slot] : PricingCells.NULL_INDEX);
    }

    /** Takes drivers not heard of since {@code timeMs} out of the supply; their next fix brings them back. */
    void dropSilentSince(long timeMs) {
        for (int slot = 0; slot < slotCount; slot++) {
            if (lastFixMs[slot] < timeMs) {
                count(slot, PricingCells.NULL_INDEX);
            }
        }
    }

    int idleCount(int cell) {
        return idleCount[cell];
    }

    private void count(int slot, int cell) {
        int before = countedIndex[slot];
        if (before == cell) {
            return;
        }
        if (before != PricingCells.NULL_INDEX) {
            idleCount[before]--;
        }
        if (cell != PricingCells.NULL_INDEX) {
            idleCount[cell]++;
        }
        countedIndex[slot] = cell;
    }

    private boolean isNewer(FixView fix, int slot) {
        if (fix.de() != de[slot]) {
            return fix.de() > de[slot];
        }
        return fix.session() != session[slot] ? fix.session() > session[slot] : fix.seq() > seq[slot];
    }

    private int newSlot(long driver) {
        if (slotCount == de.length) {
            grow(2 * slotCount);
        }
        int slot = slotCount++;
        slotByDriver.put(driver, slot);
        driverCell[slot] = NO_DRIVER_CELL;
        cellIndex[slot] = PricingCells.NULL_INDEX;
        countedIndex[slot] = PricingCells.NULL_INDEX;
        return slot;
    }

    private void grow(int capacity) {
        de = Arrays.copyOf(de, capacity);
        session = Arrays.copyOf(session, capacity);
        seq = Arrays.copyOf(seq, capacity);
        lastFixMs = Arrays.copyOf(lastFixMs, capacity);
        driverCell = Arrays.copyOf(driverCell, capacity);
        cellIndex = Arrays.copyOf(cellIndex, capacity);
        countedIndex = Arrays.copyOf(countedIndex, capacity);
    }
}
