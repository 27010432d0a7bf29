package io.hailstorm.geo;

import org.agrona.BitUtil;

/**
 * Immutable map from a cell to a small non-negative number: open addressing with linear probing over two
 * primitive arrays, at most half full, about 24 bytes a cell. Safe from any thread; look-ups allocate nothing.
 */
final class CellIntMap {
    static final int MISSING = -1;

    private final long[] keys;
    private final int[] values;
    private final int mask;

    /** Duplicate keys keep the last value; {@link Cells#NULL_CELL} cannot be a key. */
    CellIntMap(long[] cells, int[] valueByCell) {
        int capacity = BitUtil.findNextPositivePowerOfTwo(Math.max(4, cells.length * 2));
        keys = new long[capacity];
        values = new int[capacity];
        mask = capacity - 1;
        for (int i = 0; i < cells.length; i++) {
            int slot = slotOf(cells[i]) & mask;
            while (keys[slot] != Cells.NULL_CELL && keys[slot] != cells[i]) {
                slot = (slot + 1) & mask;
            }
            keys[slot] = cells[i];
            values[slot] = valueByCell[i];
        }
    }

    /** The value, or {@link #MISSING}. */
    int get(long cell) {
        int slot = slotOf(cell) & mask;
        while (true) {
            long key = keys[slot];
            if (key == cell && key != Cells.NULL_CELL) {
                return values[slot];
            }
            if (key == Cells.NULL_CELL) {
                return MISSING;
            }
            slot = (slot + 1) & mask;
        }
    }

    /** Cells differ in their middle bits: multiply (Fibonacci hashing) and take the well-mixed upper half. */
    static int slotOf(long cell) {
        return (int) ((cell * 0x9E3779B97F4A7C15L) >>> 32);
    }
}
