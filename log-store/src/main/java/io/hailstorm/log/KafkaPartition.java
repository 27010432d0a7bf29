package io.hailstorm.log;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One partition of the Kafka engine: what was judged valid lies in the cache, what this process appended as the owner and
 * has not read back waits in its tenure. {@link #append} is the writer's; reading is anybody's; everything else happens
 * under the log's lock.
 */
final class KafkaPartition implements PartitionLog {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaPartition.class);
    private static final int CACHE_ATTEMPTS_MAX = 64;
    private static final long SNAPSHOT_INTERVAL_NS = 30_000_000_000L;
    private static final long SNAPSHOT_BYTES = 16L << 20;

    final TopicPartition topicPartition;

    private final StreamName stream;
    private final int partition;
    private final StreamConfig config;
    private final String topicId;
    private final long processId;
    private final KafkaCache files;
    private final TimeSource time;
    private final RecordBatch scratch;
    private final KafkaGroups groups;
    private final KafkaSender.Flight flight = new KafkaSender.Flight();
    private final Deque<byte[]> control = new ArrayDeque<>();
    private ClaimListener claimListener = (of, claim, valid) -> {};

    private volatile EmbeddedPartition cache;
    private KafkaPartitionState state;
    private volatile @Nullable KafkaTenure tenure;
    private volatile Owner owner = new Owner("", "", 0);
    private volatile long ownerProcess;

    private boolean seeking;
    private long head;
    private int sender;
    private boolean cacheFull;
    private boolean renewalWanted;
    private boolean changedSinceSnapshot;
    private long bytesSinceSnapshot;
    private long lastSnapshotNs = Long.MIN_VALUE / 2;
    private byte @Nullable [] savable;
    private long savableEndOffset;

    private final AtomicLong appendedRecordCount = new AtomicLong();
    private final AtomicLong appendedBytes = new AtomicLong();
    private final AtomicLong backPressuredCount = new AtomicLong();
    private volatile long readBackCount;
    private volatile long readBackNsTotal;
    private volatile long readBackNsMax;
    private volatile long voidCount;

    /** Told of every claim in log order. */
    interface ClaimListener {
        void onClaim(KafkaPartition of, KafkaFrame.Claim claim, boolean valid);
    }

    KafkaPartition(
            StreamName stream,
            int partition,
            TopicPartition topicPartition,
            StreamConfig config,
            String topicId,
            long processId,
            KafkaCache files,
            TimeSource time,
            RecordBatch scratch,
            KafkaGroups.Patience patience) {
        this.stream = stream;
        this.partition = partition;
        this.topicPartition = topicPartition;
        this.config = config;
        this.topicId = topicId;
        this.processId = processId;
        this.files = files;
        this.time = time;
        this.scratch = scratch;
        cache = files.open(stream, partition);
        state = new KafkaPartitionState(config.producerExpiryMs());
        groups = new KafkaGroups(this, processId, patience);
    }

    void onClaims(ClaimListener listener) {
        claimListener = listener;
    }

    /**
     * Finds where to go on reading, given what the topic still holds.
     *
     * @return the Kafka offset to read from
     */
    long start(long headKafkaOffset, long endKafkaOffset) {
        KafkaPartitionState saved = files.position(stream, partition, topicId).orElse(null);
        if (saved != null && saved.nextKafkaOffset() > endKafkaOffset) {
            throw new HailstormException(
                    ErrorCode.DATA_LOSS,
                    "Kafka lost records of " + topicPartition + ": read before were those below "
                            + saved.nextKafkaOffset() + ", it now ends at " + endKafkaOffset
                            + "; restore the topic, or remove this node's cache to go on with what is left");
        }
        if (saved == null || cache.endOffset() < saved.endOffset()) {
            if (cache.endOffset() > 0) {
                replaceCache(0);
            }
        } else if (saved.nextKafkaOffset() >= headKafkaOffset) {
            adopt(saved);
            return saved.nextKafkaOffset();
        }
        return startAtHead(headKafkaOffset);
    }

    /** Reads from the first frame that the topic still has: without a state, unless that is the very first. */
    long startAtHead(long headKafkaOffset) {
        head = headKafkaOffset;
        seeking = headKafkaOffset > 0;
        if (!seeking) {
            adopt(new KafkaPartitionState(config.producerExpiryMs()));
        }
        return headKafkaOffset;
    }

    private void adopt(KafkaPartitionState adopted) {
        state = adopted;
        seeking = false;
        if (cache.endOffset() < state.endOffset()) {
            replaceCache(state.endOffset());
        }
        state.groups().forEach((name, group) -> cache.commit(name, group.nextOffset(), group.generation()));
        publishOwner();
    }

    private void replaceCache(long startOffset) {
        EmbeddedPartition old = cache;
        old.close();
        cache = files.beginAt(stream, partition, startOffset);
    }

    private void publishOwner() {
        owner = state.owner();
        ownerProcess = state.ownerProcess();
    }

    boolean hasReadTo(long kafkaOffset) {
        return !seeking && state.nextKafkaOffset() >= kafkaOffset;
    }

    KafkaPartitionState state() {
        return state;
    }

    Owner owner() {
        return owner;
    }

    boolean isOwnProcess() {
        return ownerProcess == processId;
    }

    // Judging, in log order

    /** @return the Kafka offset to go on from */
    long onFrame(long kafkaOffset, byte[] value) {
        KafkaFrame frame = KafkaFrame.decode(value);
        if (seeking) {
            return seekState(frame, kafkaOffset);
        }
        if (kafkaOffset < state.nextKafkaOffset()) {
            return kafkaOffset + 1;
        }
        boolean taken =
                switch (frame) {
                    case KafkaFrame.Data data -> onData(data);
                    case KafkaFrame.Claim claim -> onClaim(claim);
                    case KafkaFrame.Group change -> onGroup(change);
                    case KafkaFrame.Snapshot snapshot -> onSnapshot(snapshot);
                    case KafkaFrame.Foreign foreign -> onVoid();
                    case KafkaFrame.Newer newer ->
                        throw new HailstormException(
                                ErrorCode.FAILED_PRECONDITION,
                                topicPartition + "@" + kafkaOffset + ": written by a newer Hailstorm: version="
                                        + newer.version() + ", kind=" + newer.kind() + ", understood up to "
                                        + KafkaFrame.VERSION);
                };
        if (!taken) {
            return kafkaOffset;
        }
        state.judgedBefore(kafkaOffset + 1);
        return kafkaOffset + 1;
    }

    /** Without a state nothing can be judged: a snapshot of the part that the topic still has brings one. */
    private long seekState(KafkaFrame frame, long kafkaOffset) {
        if (frame instanceof KafkaFrame.Snapshot snapshot) {
            KafkaPartitionState found = KafkaPartitionState.decode(snapshot.state(), config.producerExpiryMs());
            if (found.nextKafkaOffset() >= head) {
                adopt(found);
                return state.nextKafkaOffset();
            }
        }
        return kafkaOffset + 1;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // counted under the log's lock; others only read
    private boolean onVoid() {
        voidCount++;
        return true;
    }

    private boolean onData(KafkaFrame.Data data) {
        KafkaTenure own = tenure;
        if (own != null && (data.processId() != processId || data.ownerEpoch() != own.epoch)) {
            own = null;
        }
        if (!state.isValid(data)) {
            // A batch of the present sender behind a gap: one before it did not arrive.
            renewalWanted |= own != null && data.baseOffset() > state.endOffset() && data.sender() == sender;
            return onVoid();
        }
        if (data.baseOffset() + data.count() > cache.endOffset() && !addToCache(data)) {
            return false;
        }
        state.apply(data);
        changedSinceSnapshot = true;
        bytesSinceSnapshot += data.bytes().capacity();
        if (own != null) {
            countReadBack(time.monotonicNs() - own.onReadBack());
        }
        return true;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // counted under the log's lock; others only read
    private void countReadBack(long tookNs) {
        readBackCount++;
        readBackNsTotal += tookNs;
        readBackNsMax = Math.max(readBackNsMax, tookNs);
    }

    private boolean addToCache(KafkaFrame.Data data) {
        if (data.baseOffset() != cache.endOffset()) {
            throw new HailstormException(
                    ErrorCode.DATA_LOSS,
                    "the cache of " + topicPartition + " ends at " + cache.endOffset() + ", inside the batch of "
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
            for (int i = 0; i < CACHE_ATTEMPTS_MAX; i++) {
                if (cache.append(scratch) >= 0) {
                    cacheFull = false;
                    return true;
                }
                cache.doWork(time.monotonicNs());
            }
        } catch (HailstormException e) {
            if (e.code() != ErrorCode.RESOURCE_EXHAUSTED) {
                throw e;
            }
            if (!cacheFull) {
                LOG.warn("{} waits for room in the cache: {}", topicPartition, e.getMessage());
            }
            cacheFull = true;
        }
        return false;
    }

    private boolean onClaim(KafkaFrame.Claim claim) {
        boolean valid = state.apply(claim);
        if (valid) {
            changedSinceSnapshot = true;
            publishOwner();
            KafkaTenure own = tenure;
            if (own != null && own.epoch < claim.ownerEpoch()) {
                endTenure();
            }
        } else {
            onVoid();
        }
        claimListener.onClaim(this, claim, valid);
        return true;
    }

    private boolean onGroup(KafkaFrame.Group change) {
        boolean valid = state.apply(change);
        if (valid) {
            changedSinceSnapshot = true;
            cache.commit(change.name(), change.nextOffset(), change.generation());
        } else {
            onVoid();
        }
        groups.onJudged(change, valid);
        return true;
    }

    private boolean onSnapshot(KafkaFrame.Snapshot snapshot) {
        state.onSnapshot(KafkaPartitionState.decode(snapshot.state(), config.producerExpiryMs()));
        return true;
    }

    // Owning

    /** Asks for the partition, in log order. */
    void claim(String nodeId, String endpoint) {
        long epoch = state.ownerEpoch();
        control.add(new KafkaFrame.Claim(epoch + 1, processId, epoch, nodeId, endpoint).encode());
    }

    /** The claim of this epoch is valid, and so are its sisters on the other streams: appends are accepted. */
    void beginTenure(long epoch) {
        Invariants.require(
                epoch == state.ownerEpoch(),
                "owner epoch of %s: %d, now %d",
                topicPartition,
                epoch,
                state.ownerEpoch());
        ProducerTable producers = ProducerTable.restore(state.producerSnapshot(), config.producerExpiryMs());
        tenure = new KafkaTenure(epoch, processId, producers, state.endOffset(), config.backlogBytesMax(), time);
    }

    /** Accepts no more; what waits still becomes durable. */
    void closeTenure() {
        KafkaTenure own = tenure;
        if (own != null) {
            own.close();
        }
    }

    boolean isFlushed() {
        KafkaTenure own = tenure;
        return own == null || own.isEmpty();
    }

    void endTenure() {
        closeTenure();
        tenure = null;
    }

    // Sending

    void send(byte[] controlFrame) {
        control.add(controlFrame);
    }

    /** Gives the sender what waits, as far as it has room. */
    int sendTo(KafkaSender to) {
        sender = to.number();
        int count = 0;
        for (byte[] frame = control.poll(); frame != null; frame = control.poll()) {
            to.send(topicPartition, frame, flight);
            count++;
        }
        KafkaTenure own = tenure;
        if (own == null) {
            return count;
        }
        KafkaTenure.Batch batch = own.peekUnsent();
        while (batch != null && to.hasRoomFor(batch.frame().length)) {
            KafkaFrame.setSender(batch.frame(), sender);
            own.onSent();
            to.send(topicPartition, batch.frame(), flight);
            count++;
            batch = own.peekUnsent();
        }
        return count;
    }

    /** After a new sender took over. */
    int sendAgain() {
        renewalWanted = false;
        groups.sendAgain();
        KafkaTenure own = tenure;
        return own == null ? 0 : own.sendAgain();
    }

    /** Whether something was sent that will not be read back. */
    boolean wantsRenewal() {
        KafkaTenure own = tenure;
        boolean missing =
                own != null && !own.isEmpty() && own.isAllSent() && flight.isAllBelow(state.nextKafkaOffset());
        return renewalWanted || missing;
    }

    boolean isWaiting() {
        KafkaTenure own = tenure;
        return groups.isWaiting() || (own != null && !own.isEmpty());
    }

    long oldestNs() {
        KafkaTenure own = tenure;
        return own == null ? Long.MAX_VALUE : own.oldestNs();
    }

    // Upkeep

    int doWork(long nowNs) {
        return cache.doWork(nowNs);
    }

    /** Owner only: lets a reader that comes later begin here, and drops what no reader needs. */
    void writeSnapshot(long nowNs, KafkaTopics topics) {
        boolean due = nowNs - lastSnapshotNs >= SNAPSHOT_INTERVAL_NS || bytesSinceSnapshot >= SNAPSHOT_BYTES;
        if (tenure == null || seeking || !changedSinceSnapshot || !due) {
            return;
        }
        writeSnapshotNow(topics);
        lastSnapshotNs = nowNs;
    }

    void writeSnapshotNow(KafkaTopics topics) {
        long removable = state.removableBefore(cache.startOffset());
        if (removable > 0) {
            topics.removeBefore(topicPartition, removable);
        }
        control.add(new KafkaFrame.Snapshot(state.encode()).encode(processId));
        changedSinceSnapshot = false;
        bytesSinceSnapshot = 0;
    }

    /** Offers the newest state whose records are on this node's disk for saving. */
    void offerPosition() {
        if (seeking) {
            return;
        }
        long synced = cache.syncedOffset();
        if (state.endOffset() <= synced) {
            files.position(stream, partition, topicId, state.encode());
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

    /** Opening failed: keeps what is on disk as it was found. */
    void abandon() {
        cache.close();
    }

    /** Syncs the cache, unless its disk failed, and offers the last position. */
    void close() {
        endTenure();
        EmbeddedPartition closing = cache;
        closing.close();
        if (!seeking) {
            files.position(stream, partition, topicId, state.encode());
        }
    }

    // The port

    @Override
    public StreamName stream() {
        return stream;
    }

    @Override
    public int partition() {
        return partition;
    }

    @Override
    public long append(RecordBatch batch) {
        Invariants.require(!batch.isEmpty(), "append of an empty batch");
        KafkaTenure own = tenure;
        if (own == null) {
            return FENCED;
        }
        int length = KafkaFrame.RECORDS_OFFSET + batch.length();
        int most = Math.min(KafkaClients.FRAME_BYTES_MAX, config.segmentBytes() - SegmentDescriptor.HEADER_LENGTH);
        if (length > most) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "batch too large: bytes=" + length + ", most=" + most + " for " + stream);
        }
        long offset = own.append(batch);
        if (offset >= 0) {
            appendedRecordCount.setRelease(appendedRecordCount.getPlain() + batch.count());
            appendedBytes.setRelease(appendedBytes.getPlain() + length);
        } else if (offset == BACK_PRESSURED) {
            backPressuredCount.setRelease(backPressuredCount.getPlain() + 1);
        }
        return offset;
    }

    @Override
    public long nextSeq(long producerId) {
        KafkaTenure own = tenure;
        return own == null ? UNKNOWN_PRODUCER : own.nextSeq(producerId);
    }

    @Override
    public long endOffset() {
        KafkaTenure own = tenure;
        return own == null ? cache.endOffset() : own.nextOffset();
    }

    @Override
    public long durableOffset() {
        return cache.endOffset();
    }

    @Override
    public long startOffset() {
        return cache.startOffset();
    }

    @Override
    public long read(long fromOffset, int maxRecords, RecordHandler handler) {
        return cache.read(fromOffset, maxRecords, handler);
    }

    @Override
    public long offsetAtOrAfter(long hlc) {
        return cache.offsetAtOrAfter(hlc);
    }

    @Override
    public boolean commit(String group, long nextOffset, long generation) {
        return groups.commit(group, nextOffset, generation);
    }

    @Override
    public long join(String group, long firstOffset) {
        return groups.join(group, firstOffset);
    }

    @Override
    public long reset(String group, long nextOffset) {
        return groups.reset(group, nextOffset);
    }

    @Override
    public long committed(String group) {
        return cache.committed(group);
    }

    @Override
    public List<GroupPosition> groups() {
        return cache.groups();
    }

    @Override
    public long generation(String group) {
        return cache.generation(group);
    }

    long voidCount() {
        return voidCount;
    }

    LogStats stats() {
        LogStats cached = cache.stats();
        KafkaTenure own = tenure;
        return new LogStats(
                appendedRecordCount.getAcquire(),
                appendedBytes.getAcquire(),
                readBackCount,
                readBackNsTotal,
                readBackNsMax,
                own == null ? 0 : own.backlogBytes(),
                backPressuredCount.getAcquire(),
                cached.segmentCount(),
                cached.segmentBytes(),
                cached.deletedSegmentCount(),
                cached.faults());
    }
}
