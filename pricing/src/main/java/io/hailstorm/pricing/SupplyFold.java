package io.hailstorm.pricing;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.FixView;
import java.util.Arrays;
import org.agrona.collections.Long2LongHashMap;

/**
 * Idle drivers per pricing cell: the fold of fixes in their visible order {@code (de, session, seq)}. One slot of
 * 64 bytes a driver, kept for good, so that an old fix can never bring a driver back. Steady state: no allocation.
 */
final class SupplyFold {
    private static final int SLOTS_INITIAL = 1_024;
    private static final long NO_SLOT = -1;

    private static final int DE = 0;
    private static final int SESSION = 1;
    private static final int SEQ = 2;
    private static final int LAST_FIX_MS = 3;
    /** The last fix's cell and the number of its pricing cell: a driver staying put costs no look-up. */
    private static final int DRIVER_CELL = 4;

    private static final int CELL_INDEX = 5;
    /** Number of the cell the driver is counted in; {@link PricingCells#NULL_INDEX} when it is no supply. */
    private static final int COUNTED_INDEX = 6;

    private static final int SLOT_LENGTH = 8;

    private final PricingCells cells;
    private final Long2LongHashMap baseByDriver = new Long2LongHashMap(SLOTS_INITIAL, 0.55f, NO_SLOT);
    private final int[] idleCount;

    private int slotCount;
    /** Slot after slot, {@link #SLOT_LENGTH} words each, so that a fix touches one cache line. */
    private long[] slots = new long[SLOTS_INITIAL * SLOT_LENGTH];

    SupplyFold(PricingCells cells) {
        this.cells = cells;
        idleCount = new int[cells.count()];
    }

    void onFix(FixView fix) {
        long driver = fix.driver();
        int base = (int) baseByDriver.get(driver);
        if (base == NO_SLOT) {
            base = newSlot(driver);
        } else if (!isNewer(fix, base)) {
            return;
        }
        slots[base + DE] = fix.de();
        slots[base + SESSION] = fix.session();
        slots[base + SEQ] = fix.seq();
        slots[base + LAST_FIX_MS] = fix.deviceMs();
        long cell = fix.cell();
        if (cell != slots[base + DRIVER_CELL]) {
            slots[base + DRIVER_CELL] = cell;
            slots[base + CELL_INDEX] = cells.indexOfDriverCell(cell);
        }
        count(base, fix.state() == DriverState.IDLE.code() ? slots[base + CELL_INDEX] : PricingCells.NULL_INDEX);
    }

    /** Takes drivers not heard of since {@code timeMs} out of the supply; their next fix brings them back. */
    void dropSilentSince(long timeMs) {
        for (int base = 0; base < slotCount * SLOT_LENGTH; base += SLOT_LENGTH) {
            if (slots[base + LAST_FIX_MS] < timeMs) {
                count(base, PricingCells.NULL_INDEX);
            }
        }
    }

    int idleCount(int cell) {
        return idleCount[cell];
    }

    private void count(int base, long cell) {
        long before = slots[base + COUNTED_INDEX];
        if (before == cell) {
            return;
        }
        if (before != PricingCells.NULL_INDEX) {
            idleCount[(int) before]--;
        }
        if (cell != PricingCells.NULL_INDEX) {
            idleCount[(int) cell]++;
        }
        slots[base + COUNTED_INDEX] = cell;
    }

    private boolean isNewer(FixView fix, int base) {
        if (fix.de() != slots[base + DE]) {
            return fix.de() > slots[base + DE];
        }
        return fix.session() != slots[base + SESSION]
                ? fix.session() > slots[base + SESSION]
                : fix.seq() > slots[base + SEQ];
    }

    private int newSlot(long driver) {
        int base = slotCount * SLOT_LENGTH;
        if (base == slots.length) {
            slots = Arrays.copyOf(slots, Math.multiplyExact(2, slots.length));
        }
        slotCount++;
        baseByDriver.put(driver, base);
        slots[base + DRIVER_CELL] = Cells.NULL_CELL;
        slots[base + CELL_INDEX] = PricingCells.NULL_INDEX;
        slots[base + COUNTED_INDEX] = PricingCells.NULL_INDEX;
        return base;
    }
}
