package io.hailstorm.log;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.HybridLogicalClock;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The idempotent producers of one partition: of each, its epoch and its last {@link #REMEMBERED_BATCHES} batches. A
 * function of the batches in the log, so that recovery rebuilds the very same table:
 *
 * <ul>
 *   <li>a producer whose last batch is older than the expiry, by the clocks of the partition's batches and no other, is
 *       unknown again;
 *   <li>beyond {@link #PRODUCERS_MAX} the one that wrote longest ago is forgotten;
 *   <li>after a gap that a repair left, a producer may go on with a higher number than its next: the batches between may
 *       have been in the gap. Lower numbers are judged as ever, so nothing is doubled.
 * </ul>
 *
 * <p>Writer thread only. Steady state: no allocation.
 */
class ProducerTable {
    static final int REMEMBERED_BATCHES = 5;
    static final int PRODUCERS_MAX = 1024;

    /** {@link #check}: the batch is the producer's next. */
    static final long ACCEPTED = 0;

    /** Opens a snapshot with a version; no producer has this number, with which snapshots without a version would begin. */
    private static final long VERSIONED = RecordBatch.NO_PRODUCER;

    private static final int VERSION = 2;
    private static final int SNAPSHOT_HEADER_BYTES = 24;
    private static final int PRODUCER_BYTES_V1 = Long.BYTES * 3 + Integer.BYTES * 2 + REMEMBERED_BATCHES * 12;
    private static final int PRODUCER_BYTES = PRODUCER_BYTES_V1 + Long.BYTES;
    /** In the snapshot's word of remembered batches. */
    private static final int AFTER_GAP = 0x100;
    /** Of a producer restored from a snapshot that held no clocks: never too old. */
    private static final long CLOCK_UNKNOWN = Long.MAX_VALUE;

    private final Long2ObjectHashMap<Producer> producers = new Long2ObjectHashMap<>();
    private final long expiryMs;
    private long hlcHighest;
    private volatile long expiredCount;

    private static final class Producer {
        private final long[] baseSeqs = new long[REMEMBERED_BATCHES];
        private final int[] counts = new int[REMEMBERED_BATCHES];
        private int epoch;
        private long nextSeq;
        private long lastOffset;
        private long lastHlc;
        private int remembered;
        private boolean afterGap;
    }

    /** @param expiryMs a producer silent for longer is forgotten; {@link StreamConfig#UNLIMITED} keeps it */
    ProducerTable(long expiryMs) {
        this.expiryMs = expiryMs;
    }

    final long expiryMs() {
        return expiryMs;
    }

    /** Producers forgotten since this table was made. Any thread. */
    final long expiredCount() {
        return expiredCount;
    }

    /** An outbox that is forgotten could write a record twice, so it never expires. */
    private boolean isExpired(long producerId, Producer producer, long hlcNow) {
        return !Outbox.isProducer(producerId)
                && producer.lastHlc != CLOCK_UNKNOWN
                && HybridLogicalClock.epochMs(hlcNow) - HybridLogicalClock.epochMs(producer.lastHlc) > expiryMs;
    }

    /**
     * {@link #ACCEPTED}, or the sentinel of {@link PartitionLog#append} that says why not. Changes nothing.
     *
     * @param hlcFirst the batch's clock
     */
    long check(long producerId, int epoch, long baseSeq, int count, long hlcFirst) {
        if (producerId == RecordBatch.NO_PRODUCER) {
            return ACCEPTED;
        }
        Producer producer = producers.get(producerId);
        if (producer == null
                || isExpired(producerId, producer, Math.max(hlcHighest, hlcFirst))
                || epoch > producer.epoch) {
            return ACCEPTED;
        }
        if (epoch < producer.epoch) {
            return PartitionLog.FENCED;
        }
        if (baseSeq == producer.nextSeq || (producer.afterGap && baseSeq > producer.nextSeq)) {
            return ACCEPTED;
        }
        int known = Math.min(producer.remembered, REMEMBERED_BATCHES);
        for (int i = 0; i < known; i++) {
            if (producer.baseSeqs[i] == baseSeq && producer.counts[i] == count) {
                return PartitionLog.DUPLICATE;
            }
        }
        return PartitionLog.OUT_OF_ORDER;
    }

    /** The number of the producer's next record, or {@link PartitionLog#UNKNOWN_PRODUCER}. */
    long nextSeq(long producerId) {
        Producer producer = producers.get(producerId);
        return producer == null || isExpired(producerId, producer, hlcHighest)
                ? PartitionLog.UNKNOWN_PRODUCER
                : producer.nextSeq;
    }

    /** Remembers an accepted batch. */
    void onBatch(long producerId, int epoch, long baseSeq, int count, long baseOffset, long hlcFirst) {
        hlcHighest = Math.max(hlcHighest, hlcFirst);
        if (producerId == RecordBatch.NO_PRODUCER) {
            return;
        }
        Producer producer = producers.get(producerId);
        if (producer != null && isExpired(producerId, producer, hlcHighest)) {
            forget(producerId);
            producer = null;
        }
        if (producer == null) {
            makeRoom();
            producer = new Producer();
            producers.put(producerId, producer);
        }
        if (epoch != producer.epoch) {
            producer.epoch = epoch;
            producer.remembered = 0;
        }
        int slot = producer.remembered % REMEMBERED_BATCHES;
        producer.baseSeqs[slot] = baseSeq;
        producer.counts[slot] = count;
        producer.remembered =
                producer.remembered + 1 == 2 * REMEMBERED_BATCHES ? REMEMBERED_BATCHES : producer.remembered + 1;
        producer.nextSeq = baseSeq + count;
        producer.lastOffset = baseOffset;
        producer.lastHlc = hlcHighest;
        producer.afterGap = false;
    }

    /** Records of unknown producers are lost here. */
    final void onGap() {
        for (Producer producer : producers.values()) {
            producer.afterGap = true;
        }
    }

    /** A batch of another log, as it is. */
    final void onCopy(CopiedBatch batch) {
        if (batch.isGap()) {
            onGap();
        } else {
            onBatch(
                    batch.producerId(),
                    batch.producerEpoch(),
                    batch.baseSeq(),
                    batch.count(),
                    batch.baseOffset(),
                    batch.hlcFirst());
        }
    }

    private void makeRoom() {
        if (producers.size() < PRODUCERS_MAX) {
            return;
        }
        long oldest = RecordBatch.NO_PRODUCER;
        long oldestOffset = Long.MAX_VALUE;
        for (var entry : producers.entrySet()) {
            // Outboxes go last.
            long age = Outbox.isProducer(entry.getKey()) ? Long.MAX_VALUE / 2 : 0;
            if (age + entry.getValue().lastOffset < oldestOffset) {
                oldestOffset = age + entry.getValue().lastOffset;
                oldest = entry.getKey();
            }
        }
        forget(oldest);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread counts; the others only read
    private void forget(long producerId) {
        producers.remove(producerId);
        expiredCount++;
    }

    /** Fixed-size entries in ascending order of producer, the expired left out. Allocates. */
    final byte[] snapshot() {
        long[] ids = new long[producers.size()];
        int filled = 0;
        for (var entry : producers.entrySet()) {
            if (!isExpired(entry.getKey(), entry.getValue(), hlcHighest)) {
                ids[filled++] = entry.getKey();
            }
        }
        ids = Arrays.copyOf(ids, filled);
        Arrays.sort(ids);
        ByteBuffer out = ByteBuffer.allocate(SNAPSHOT_HEADER_BYTES + ids.length * PRODUCER_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(VERSIONED).putInt(VERSION).putInt(PRODUCER_BYTES).putLong(hlcHighest);
        for (long id : ids) {
            Producer producer = producers.get(id);
            out.putLong(id).putLong(producer.nextSeq).putLong(producer.lastOffset);
            out.putInt(producer.epoch).putInt(producer.remembered | (producer.afterGap ? AFTER_GAP : 0));
            for (int i = 0; i < REMEMBERED_BATCHES; i++) {
                out.putLong(producer.baseSeqs[i]).putInt(producer.counts[i]);
            }
            out.putLong(producer.lastHlc);
        }
        return out.array();
    }

    /**
     * @param snapshot null for an empty table; of this version, or the first, which held no clocks
     * @throws HailstormException {@code FAILED_PRECONDITION} for a snapshot of a later version
     */
    static ProducerTable restore(byte @Nullable [] snapshot, long expiryMs) {
        ProducerTable table = new ProducerTable(expiryMs);
        if (snapshot != null) {
            table.load(snapshot);
        }
        return table;
    }

    /** Takes over a snapshot's producers. */
    final void load(byte[] snapshot) {
        ByteBuffer in = ByteBuffer.wrap(snapshot).order(ByteOrder.LITTLE_ENDIAN);
        boolean versioned = snapshot.length >= SNAPSHOT_HEADER_BYTES && in.getLong(0) == VERSIONED;
        if (versioned) {
            in.getLong();
            int version = in.getInt();
            if (version > VERSION || in.getInt() != PRODUCER_BYTES) {
                throw new HailstormException(
                        ErrorCode.FAILED_PRECONDITION,
                        "producer table written by a newer Hailstorm: version=" + version + ", understood up to "
                                + VERSION);
            }
            hlcHighest = in.getLong();
        }
        int entryBytes = versioned ? PRODUCER_BYTES : PRODUCER_BYTES_V1;
        while (in.remaining() >= entryBytes) {
            long id = in.getLong();
            producers.put(id, parse(in, versioned));
        }
    }

    private static Producer parse(ByteBuffer in, boolean withClock) {
        Producer producer = new Producer();
        producer.nextSeq = in.getLong();
        producer.lastOffset = in.getLong();
        producer.epoch = in.getInt();
        int remembered = in.getInt();
        producer.remembered = remembered & ~AFTER_GAP;
        producer.afterGap = (remembered & AFTER_GAP) != 0;
        for (int i = 0; i < REMEMBERED_BATCHES; i++) {
            producer.baseSeqs[i] = in.getLong();
            producer.counts[i] = in.getInt();
        }
        producer.lastHlc = withClock ? in.getLong() : CLOCK_UNKNOWN;
        return producer;
    }
}
