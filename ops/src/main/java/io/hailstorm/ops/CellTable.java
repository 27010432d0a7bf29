package io.hailstorm.ops;

import org.agrona.collections.Long2LongHashMap;

/**
 * Price, supply and demand per pricing cell, as a struct of arrays. One thread at a time. Bounded: cells beyond
 * {@link #CELL_MAX} are left out of the picture. Steady state: no allocation.
 */
final class CellTable {
    static final int NO_INDEX = -1;
    static final int CELL_MAX = 65_536;
    /** The multiplier of a cell never priced. */
    static final int BASE_MILLI = 1000;

    private final Long2LongHashMap indexes = new Long2LongHashMap(NO_INDEX);
    private final long[] cells = new long[CELL_MAX];
    private final int[] supply = new int[CELL_MAX];
    private final int[] demand = new int[CELL_MAX];
    private final int[] multiplierMilli = new int[CELL_MAX];
    private final boolean[] priced = new boolean[CELL_MAX];
    private int count;
    private int pricedCount;

    /** Index of a cell, given on first sight; {@link #NO_INDEX} at the bound. */
    int indexOf(long cell) {
        long known = indexes.get(cell);
        if (known != NO_INDEX || count == CELL_MAX) {
            return (int) known;
        }
        int index = count++;
        cells[index] = cell;
        multiplierMilli[index] = BASE_MILLI;
        indexes.put(cell, index);
        return index;
    }

    void addSupply(int index, int delta) {
        supply[index] += delta;
    }

    void addDemand(int index, int delta) {
        demand[index] += delta;
    }

    void price(int index, int milli) {
        if (!priced[index]) {
            priced[index] = true;
            pricedCount++;
        }
        multiplierMilli[index] = milli;
    }

    /** Whether anything is to be said about the cell. */
    boolean isShown(int index) {
        return supply[index] > 0 || demand[index] > 0 || multiplierMilli[index] != BASE_MILLI;
    }

    int count() {
        return count;
    }

    int pricedCount() {
        return pricedCount;
    }

    long cell(int index) {
        return cells[index];
    }

    int supply(int index) {
        return supply[index];
    }

    int demand(int index) {
        return demand[index];
    }

    int multiplierMilli(int index) {
        return multiplierMilli[index];
    }

    int multiplierMilliMax() {
        int max = BASE_MILLI;
        for (int i = 0; i < count; i++) {
            max = Math.max(max, multiplierMilli[i]);
        }
        return max;
    }

    int surgedCount() {
        int surged = 0;
        for (int i = 0; i < count; i++) {
            surged += multiplierMilli[i] > BASE_MILLI ? 1 : 0;
        }
        return surged;
    }

    /** What a rider asking now pays on average: the mean over cells, weighted by demand; base when nobody asks. */
    int multiplierMilliMean() {
        long sum = 0;
        long weight = 0;
        for (int i = 0; i < count; i++) {
            sum += (long) multiplierMilli[i] * demand[i];
            weight += demand[i];
        }
        return weight == 0 ? BASE_MILLI : (int) (sum / weight);
    }
}
