package io.hailstorm.matching;

/**
 * Keeps the least few of what it is offered, in the total order by key, then driver id: cost or distance as the key.
 * Insertion into a sorted array, since few are kept.
 */
final class DriverOrder {
    private final int[] keys;
    private final long[] drivers;
    private final int[] items;
    private int limit;
    private int count;
    private boolean dropped;

    DriverOrder() {
        this(0);
    }

    DriverOrder(int capacity) {
        keys = new int[capacity];
        drivers = new long[capacity];
        items = new int[capacity];
    }

    void reset(int limitNow) {
        limit = limitNow;
        count = 0;
        dropped = false;
    }

    void offer(int key, long driver, int item) {
        int at = count;
        if (count == limit) {
            dropped = true;
            if (limit == 0 || !before(key, driver, count - 1)) {
                return;
            }
            at--;
        } else {
            count++;
        }
        while (at > 0 && before(key, driver, at - 1)) {
            keys[at] = keys[at - 1];
            drivers[at] = drivers[at - 1];
            items[at] = items[at - 1];
            at--;
        }
        keys[at] = key;
        drivers[at] = driver;
        items[at] = item;
    }

    private boolean before(int key, long driver, int index) {
        return key != keys[index] ? key < keys[index] : driver < drivers[index];
    }

    int capacity() {
        return keys.length;
    }

    int count() {
        return count;
    }

    /** Something was offered that found no place. */
    boolean dropped() {
        return dropped;
    }

    int item(int index) {
        return items[index];
    }

    int key(int index) {
        return keys[index];
    }
}
