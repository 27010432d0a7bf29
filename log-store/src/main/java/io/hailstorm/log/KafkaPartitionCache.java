package io.hailstorm.log;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import java.util.Optional;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One partition's part of the {@link KafkaCache}: the records that were judged valid, and the newest state all of whose
 * records are on this node's disk, which is where reading goes on after a restart. {@link #records} is anybody's to read;
 * everything else happens under the log's lock.
 */
final class KafkaPartitionCache {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaPartitionCache.class);
    private static final int ATTEMPTS_MAX = 64;

    private final KafkaCache files;
    private final StreamName stream;
    private final int partition;
    private final TopicPartition topicPartition;
    private final String topicId;
    private final TimeSource time;
    private final RecordBatch scratch;

    private volatile EmbeddedPartition records;
    private boolean full;
    private byte @Nullable [] savable;
    private long savableEndOffset;

    /** @param scratch shared by all partitions; only used within {@link #add} */
    KafkaPartitionCache(
            KafkaCache files,
            StreamName stream,
            int partition,
            TopicPartition topicPartition,
            String topicId,
            TimeSource time,
            RecordBatch scratch) {
        this.files = files;
        this.stream = stream;
        this.partition = partition;
        this.topicPartition = topicPartition;
        this.topicId = topicId;
        this.time = time;
        this.scratch = scratch;
        records = files.open(stream, partition);
    }

    /** The records as they are now: {@link #beginAt} puts others in their place. */
    EmbeddedPartition records() {
        return records;
    }

    /** Throws the records away, to go on with those from an offset. */
    void beginAt(long startOffset) {
        EmbeddedPartition old = records;
        old.close();
        records = files.beginAt(stream, partition, startOffset);
    }

    /**
     * Adds a valid batch, the next after those that are here.
     *
     * @return false when there is no room now: to be tried again
     */
    boolean add(KafkaFrame.Data data) {
        EmbeddedPartition to = records;
        if (data.baseOffset() != to.endOffset()) {
            throw new HailstormException(
                    ErrorCode.DATA_LOSS,
                    "the cache of " + topicPartition + " ends at " + to.endOffset() + ", inside the batch of "
                            + data.baseOffset() + ": it is of another log; remove it, it will be filled again");
        }
        scratch.begin(
                data.bytes().getLong(KafkaFrame.RANGE_EPOCH_OFFSET),
                RecordBatch.NO_PRODUCER, // producers are judged before; the cache keeps records only
                0,
                0,
                data.bytes().getLong(KafkaFrame.HLC_FIRST_OFFSET));
        int length = data.bytes().capacity() - KafkaFrame.RECORDS_OFFSET;
        Invariants.require(
                scratch.addRecords(data.bytes(), KafkaFrame.RECORDS_OFFSET, length, data.count()),
                "a frame is never larger than the cache's batch");
        try {
            for (int i = 0; i < ATTEMPTS_MAX; i++) {
                if (to.append(scratch) >= 0) {
                    full = false;
                    return true;
                }
                to.doWork(time.monotonicNs());
            }
        } catch (HailstormException e) {
            if (e.code() != ErrorCode.RESOURCE_EXHAUSTED) {
                throw e;
            }
            if (!full) {
                LOG.warn("{} waits for room in the cache: {}", topicPartition, e.getMessage());
            }
            full = true;
        }
        return false;
    }

    /** The state that was saved with the records, unless it is of another topic. */
    Optional<KafkaPartitionState> savedState() {
        return files.position(stream, partition, topicId);
    }

    /** Offers the newest state whose records are on this node's disk for saving. */
    void offer(KafkaPartitionState state) {
        long synced = records.syncedOffset();
        if (state.endOffset() <= synced) {
            save(state);
            savable = null;
            return;
        }
        byte[] earlier = savable;
        if (earlier != null && savableEndOffset <= synced) {
            files.position(stream, partition, topicId, earlier);
        }
        if (earlier == null || savableEndOffset <= synced) {
            savable = state.encode();
            savableEndOffset = state.endOffset();
        }
    }

    /** Offers a state for saving whose records are on the disk. */
    void save(KafkaPartitionState state) {
        files.position(stream, partition, topicId, state.encode());
    }

    /** Syncs the records, unless their disk failed. */
    void close() {
        records.close();
    }
}
