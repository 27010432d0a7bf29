package io.hailstorm.log;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The idempotent producers of one partition: of each, its epoch and its last {@link #REMEMBERED_BATCHES} batches. At most
 * {@link #PRODUCERS_MAX}; beyond that the one that wrote longest ago is forgotten. Writer thread only. Steady state: no
 * allocation.
 */
final class ProducerTable {
    static final int REMEMBERED_BATCHES = 5;
    static final int PRODUCERS_MAX = 1024;

    /** {@link #check}: the batch is the producer's next. */
    static final long ACCEPTED = 0;

    private static final int PRODUCER_BYTES = Long.BYTES * 3 + Integer.BYTES * 2 + REMEMBERED_BATCHES * 12;

    private final Long2ObjectHashMap<Producer> producers = new Long2ObjectHashMap<>();

    private static final class Producer {
        private final long[] baseSeqs = new long[REMEMBERED_BATCHES];
        private final int[] counts = new int[REMEMBERED_BATCHES];
        private int epoch;
        private long nextSeq;
        private long lastOffset;
        private int remembered;
    }

    /** {@link #ACCEPTED}, or the sentinel of {@link PartitionLog#append} that says why not. Changes nothing. */
    long check(long producerId, int epoch, long baseSeq, int count) {
        if (producerId == RecordBatch.NO_PRODUCER) {
            return ACCEPTED;
        }
        Producer producer = producers.get(producerId);
        if (producer == null || epoch > producer.epoch) {
            return ACCEPTED;
        }
        if (epoch < producer.epoch) {
            return PartitionLog.FENCED;
        }
        if (baseSeq == producer.nextSeq) {
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
        return producer == null ? PartitionLog.UNKNOWN_PRODUCER : producer.nextSeq;
    }

    /** Remembers an accepted batch. */
    void onBatch(long producerId, int epoch, long baseSeq, int count, long baseOffset) {
        if (producerId == RecordBatch.NO_PRODUCER) {
            return;
        }
        Producer producer = producers.get(producerId);
        if (producer == null) {
            forgetOldestWhenFull();
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
    }

    private void forgetOldestWhenFull() {
        if (producers.size() < PRODUCERS_MAX) {
            return;
        }
        long oldest = RecordBatch.NO_PRODUCER;
        long oldestOffset = Long.MAX_VALUE;
        for (var entry : producers.entrySet()) {
            if (entry.getValue().lastOffset < oldestOffset) {
                oldestOffset = entry.getValue().lastOffset;
                oldest = entry.getKey();
            }
        }
        producers.remove(oldest);
    }

    /** Fixed-size entries in ascending order of producer. Allocates. */
    byte[] snapshot() {
        long[] ids = new long[producers.size()];
        int filled = 0;
        for (long id : producers.keySet()) {
            ids[filled++] = id;
        }
        Arrays.sort(ids);
        ByteBuffer out = ByteBuffer.allocate(ids.length * PRODUCER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (long id : ids) {
            Producer producer = producers.get(id);
            out.putLong(id).putLong(producer.nextSeq).putLong(producer.lastOffset);
            out.putInt(producer.epoch).putInt(producer.remembered);
            for (int i = 0; i < REMEMBERED_BATCHES; i++) {
                out.putLong(producer.baseSeqs[i]).putInt(producer.counts[i]);
            }
        }
        return out.array();
    }

    static ProducerTable restore(byte @Nullable [] snapshot) {
        ProducerTable table = new ProducerTable();
        if (snapshot == null) {
            return table;
        }
        ByteBuffer in = ByteBuffer.wrap(snapshot).order(ByteOrder.LITTLE_ENDIAN);
        while (in.remaining() >= PRODUCER_BYTES) {
            long id = in.getLong();
            Producer producer = new Producer();
            producer.nextSeq = in.getLong();
            producer.lastOffset = in.getLong();
            producer.epoch = in.getInt();
            producer.remembered = in.getInt();
            for (int i = 0; i < REMEMBERED_BATCHES; i++) {
                producer.baseSeqs[i] = in.getLong();
                producer.counts[i] = in.getInt();
            }
            table.producers.put(id, producer);
        }
        return table;
    }
}
