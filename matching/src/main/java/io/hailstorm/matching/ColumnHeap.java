package io.hailstorm.matching;

import java.util.Arrays;

/** Binary heap of columns by (key, column), with decrease-key; remembers the key of every column it ever held since {@link #clear}. */
final class ColumnHeap {
    private static final int ABSENT = -1;
    private static final int REMOVED = -2;

    private long[] key = new long[0];
    private int[] position = new int[0];
    private int[] heap = new int[0];
    private int[] touched = new int[0];
    private int count;
    private int touchedCount;

    void reserve(int columnCount) {
        key = new long[columnCount];
        position = new int[columnCount];
        heap = new int[columnCount];
        touched = new int[columnCount];
        Arrays.fill(position, ABSENT);
        count = 0;
        touchedCount = 0;
    }

    void clear() {
        for (int i = 0; i < touchedCount; i++) {
            position[touched[i]] = ABSENT;
        }
        touchedCount = 0;
        count = 0;
    }

    boolean isEmpty() {
        return count == 0;
    }

    long leastKey() {
        return key[heap[0]];
    }

    long key(int column) {
        return key[column];
    }

    /** Adds a column or lowers its key; false when that is no improvement. */
    boolean offer(int column, long keyNow) {
        int at = position[column];
        if (at == REMOVED || (at != ABSENT && key[column] <= keyNow)) {
            return false;
        }
        if (at == ABSENT) {
            touched[touchedCount++] = column;
            at = count++;
        }
        key[column] = keyNow;
        siftUp(at, column);
        return true;
    }

    int removeLeast() {
        int least = heap[0];
        int last = heap[--count];
        position[least] = REMOVED;
        if (count > 0) {
            siftDown(last);
        }
        return least;
    }

    private void siftUp(int from, int column) {
        int at = from;
        while (at > 0) {
            int parent = (at - 1) >>> 1;
            if (!before(column, heap[parent])) {
                break;
            }
            place(at, heap[parent]);
            at = parent;
        }
        place(at, column);
    }

    private void siftDown(int column) {
        int at = 0;
        while (true) {
            int child = 2 * at + 1;
            if (child >= count) {
                break;
            }
            if (child + 1 < count && before(heap[child + 1], heap[child])) {
                child++;
            }
            if (!before(heap[child], column)) {
                break;
            }
            place(at, heap[child]);
            at = child;
        }
        place(at, column);
    }

    private void place(int at, int column) {
        heap[at] = column;
        position[column] = at;
    }

    private boolean before(int a, int b) {
        return key[a] != key[b] ? key[a] < key[b] : a < b;
    }
}
