package io.hailstorm.log;

import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.RecordType;
import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What a torture writes: one idempotent producer, batches of seeded sizes, record number n always at offset n with content
 * that follows from seed and number. So whoever knows the seed knows what every offset must hold.
 */
final class TortureRecords {
    static final long PRODUCER = 77;
    static final int EPOCH = 1;
    static final int PAYLOAD_BYTES = 32;
    private static final int BATCH_RECORDS_MAX = 4;

    private final long seed;
    private final RecordBatch batch = new RecordBatch(BATCH_RECORDS_MAX * (PAYLOAD_BYTES + 8));
    private final UnsafeBuffer payload = new UnsafeBuffer(new byte[PAYLOAD_BYTES]);
    private long[] firstSeqs = new long[1024];
    private int knownBatches;

    TortureRecords(long seed) {
        this.seed = seed;
    }

    int count(int index) {
        return 1 + (int) Math.floorMod(CounterRandom.mix(seed * 31 + index), (long) BATCH_RECORDS_MAX);
    }

    /** Number of a batch's first record. */
    long firstSeq(int index) {
        while (knownBatches <= index) {
            if (knownBatches == firstSeqs.length) {
                firstSeqs = Arrays.copyOf(firstSeqs, 2 * knownBatches);
            }
            firstSeqs[knownBatches] = knownBatches == 0 ? 0 : firstSeqs[knownBatches - 1] + count(knownBatches - 1);
            knownBatches++;
        }
        return firstSeqs[index];
    }

    RecordBatch batch(int index, long hlc) {
        long first = firstSeq(index);
        batch.begin(1, PRODUCER, EPOCH, first, hlc);
        for (int i = 0; i < count(index); i++) {
            fill(first + i);
            if (!batch.add(RecordType.EVENT, payload, 0, PAYLOAD_BYTES)) {
                throw new IllegalStateException("the buffer holds the largest batch");
            }
        }
        return batch;
    }

    private void fill(long seq) {
        payload.putLong(0, seq);
        for (int i = 1; i < PAYLOAD_BYTES / Long.BYTES; i++) {
            payload.putLong(i * Long.BYTES, CounterRandom.mix(seed + seq * 8 + i));
        }
    }

    private boolean isIntact(DirectBuffer buffer, int index, int length, long seq) {
        if (length != PAYLOAD_BYTES) {
            return false;
        }
        fill(seq);
        for (int at = 0; at < PAYLOAD_BYTES; at += Long.BYTES) {
            if (buffer.getLong(index + at) != payload.getLong(at)) {
                return false;
            }
        }
        return true;
    }

    /** How a partition reads. */
    record Reading(long records, long corrupt, long doubled, long missing, boolean refused) {}

    /** Reads everything durable; being refused with {@code DATA_LOSS} ends it, and is not held against the log here. */
    Reading read(PartitionReader partition) {
        Check check = new Check();
        boolean refused = false;
        try {
            long next = 0;
            long reached = partition.read(next, Integer.MAX_VALUE, check);
            while (reached > next) {
                next = reached;
                reached = partition.read(next, Integer.MAX_VALUE, check);
            }
        } catch (HailstormException e) {
            if (e.code() != ErrorCode.DATA_LOSS) {
                throw e;
            }
            refused = true;
        } catch (IndexOutOfBoundsException | Invariants.InvariantViolation e) {
            // Lengths that point out of the file: served as if they were right.
            check.corrupt++;
        }
        return new Reading(check.next, check.corrupt, check.doubled, check.missing, refused);
    }

    private final class Check implements RecordHandler {
        private long next;
        private long corrupt;
        private long doubled;
        private long missing;

        @Override
        public boolean onRecord(long offset, long hlc, int type, DirectBuffer buffer, int index, int length) {
            long seq = length < Long.BYTES ? -1 : buffer.getLong(index);
            if (!isIntact(buffer, index, length, seq) || seq > 1L << 40) {
                corrupt++;
            } else if (seq < next) {
                doubled++;
            } else if (seq > next) {
                missing += seq - next;
                next = seq;
            }
            next += seq < next ? 0 : 1;
            return true;
        }

        @Override
        public void onGap(long fromOffset, long toOffsetExclusive) {
            missing += toOffsetExclusive - fromOffset;
            next = toOffsetExclusive;
        }
    }
}
