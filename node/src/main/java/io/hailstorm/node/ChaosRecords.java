package io.hailstorm.node;

import io.hailstorm.kernel.CounterRandom;
import java.util.BitSet;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * The records of a chaos run, 64 bytes each, and the check of what was read back. A record is a function of its producer
 * and its number, so that every bit of it can be checked and none need be kept. One thread.
 *
 * <pre>
 *   producer i64 · seq i64 · 6 × i64, each a hash of producer, seq and its place
 * </pre>
 */
final class ChaosRecords {
    static final int BYTES = 64;

    private static final int WORDS = BYTES / Long.BYTES;
    private static final long SEED = 0;

    private final BitSet[] seen;
    private final long[] last;
    private long duplicated;
    private long reordered;
    private long corrupt;

    ChaosRecords(int producers) {
        seen = new BitSet[producers];
        last = new long[producers];
        for (int i = 0; i < producers; i++) {
            seen[i] = new BitSet();
            last[i] = -1;
        }
    }

    static void put(MutableDirectBuffer buffer, int index, int producer, long seq) {
        buffer.putLong(index, producer);
        buffer.putLong(index + Long.BYTES, seq);
        for (int word = 2; word < WORDS; word++) {
            buffer.putLong(index + word * Long.BYTES, hash(producer, seq, word));
        }
    }

    /** Takes note of a record that was read. */
    void onRecord(int partition, DirectBuffer buffer, int index, int length) {
        if (!isIntact(partition, buffer, index, length)) {
            corrupt++;
            return;
        }
        int seq = (int) buffer.getLong(index + Long.BYTES);
        if (seen[partition].get(seq)) {
            duplicated++;
        } else if (seq < last[partition]) {
            reordered++;
        }
        seen[partition].set(seq);
        last[partition] = Math.max(last[partition], seq);
    }

    /** Acknowledged records that were not read. */
    long lost(long[] acked) {
        long lost = 0;
        for (int partition = 0; partition < seen.length; partition++) {
            int promised = (int) acked[partition];
            lost += promised - seen[partition].get(0, promised).cardinality();
        }
        return lost;
    }

    /** Records read once more than they should have been. */
    long duplicated() {
        return duplicated;
    }

    /** Records read for the first time behind a later one of their producer. */
    long reordered() {
        return reordered;
    }

    /** Records read that nobody wrote so. */
    long corrupt() {
        return corrupt;
    }

    private static boolean isIntact(int partition, DirectBuffer buffer, int index, int length) {
        if (length != BYTES || buffer.getLong(index) != partition) {
            return false;
        }
        long seq = buffer.getLong(index + Long.BYTES);
        boolean isIntact = seq >= 0 && seq <= Integer.MAX_VALUE;
        for (int word = 2; word < WORDS && isIntact; word++) {
            isIntact = buffer.getLong(index + word * Long.BYTES) == hash(partition, seq, word);
        }
        return isIntact;
    }

    private static long hash(int producer, long seq, int word) {
        return CounterRandom.bits(SEED, producer, seq, word);
    }
}
