package io.hailstorm.ingest;

import io.hailstorm.kernel.Invariants;
import java.util.Arrays;

/**
 * The numbers of a session already seen: everything up to {@link #contiguous}, and single ones in the
 * {@value #SIZE} after it. In order it is one counter; the mask is allocated when a driver first skips a number, then
 * kept. One owner thread.
 */
final class SeqWindow {
    static final int SIZE = 1024;
    static final int WORDS = SIZE / 64;
    private static final long[] EMPTY = new long[0];

    private long contiguous;
    private long[] mask = EMPTY;
    private int setCount;

    long contiguous() {
        return contiguous;
    }

    void reset(long newContiguous) {
        contiguous = newContiguous;
        if (setCount > 0) {
            Arrays.fill(mask, 0);
            setCount = 0;
        }
    }

    /** Whether numbers after {@link #contiguous} were seen. */
    boolean hasHoles() {
        return setCount > 0;
    }

    boolean isSeen(long seq) {
        return seq <= contiguous || (setCount > 0 && seq - contiguous <= SIZE && bit(mask, seq));
    }

    /** Marks a number not seen before, at most {@link #SIZE} after {@link #contiguous}. */
    void mark(long seq) {
        if (seq == contiguous + 1) {
            contiguous = seq;
            absorb();
            return;
        }
        Invariants.require(seq > contiguous && seq - contiguous <= SIZE, "number outside the window");
        if (mask.length == 0) {
            mask = new long[WORDS];
        }
        mask[word(seq)] |= 1L << seq;
        setCount++;
    }

    /** Takes everything up to {@code newContiguous} as seen; for recovery, where older numbers are known decided. */
    void slideTo(long newContiguous) {
        if (newContiguous - contiguous >= SIZE) {
            reset(newContiguous);
            return;
        }
        for (long seq = contiguous + 1; seq <= newContiguous && setCount > 0; seq++) {
            clear(seq);
        }
        contiguous = Math.max(contiguous, newContiguous);
        absorb();
    }

    private void absorb() {
        while (setCount > 0 && bit(mask, contiguous + 1)) {
            contiguous++;
            clear(contiguous);
        }
    }

    private void clear(long seq) {
        if (bit(mask, seq)) {
            mask[word(seq)] &= ~(1L << seq);
            setCount--;
        }
    }

    static boolean bit(long[] mask, long seq) {
        return (mask[word(seq)] & (1L << seq)) != 0;
    }

    static int word(long seq) {
        return (int) (seq >>> 6) & (WORDS - 1);
    }
}
