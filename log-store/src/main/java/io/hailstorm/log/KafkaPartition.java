package io.hailstorm.log;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import java.util.List;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * One partition of the Kafka engine: what was judged valid lies in its {@link KafkaPartitionCache}, what this process
 * appended as the owner and has not read back waits in its {@link KafkaTenure}. {@link #append} is the writer's; reading is
 * anybody's; everything else happens under the log's lock.
 */
final class KafkaPartition implements PartitionLog {
    private static final long SNAPSHOT_INTERVAL_NS = 30_000_000_000L;
    private static final long SNAPSHOT_BYTES = 16L << 20;

    final TopicPartition topicPartition;

    private final StreamName stream;
    private final int partition;
    private final StreamConfig config;
    private final long processId;
    private final TimeSource time;
    private final KafkaPartitionCache cache;
    private final KafkaOutgoing outgoing;
    private final KafkaGroups groups;
    private final KafkaPartitionCounters counters = new KafkaPartitionCounters();
    private ClaimListener claimListener = (of, claim, valid) -> {};

    private KafkaPartitionState state;
    private volatile @Nullable KafkaTenure tenure;
    private volatile Owner owner = new Owner("", "", 0);
    private volatile long ownerProcess;

    private boolean seeking;
    private long head;
    private boolean changedSinceSnapshot;
    private long bytesSinceSnapshot;
    private long lastSnapshotNs = Long.MIN_VALUE / 2;

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
        this.processId = processId;
        this.time = time;
        cache = new KafkaPartitionCache(files, stream, partition, topicPartition, topicId, time, scratch);
        outgoing = new KafkaOutgoing(topicPartition);
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
        KafkaPartitionState saved = cache.savedState().orElse(null);
        if (saved != null && saved.nextKafkaOffset() > endKafkaOffset) {
            throw new HailstormException(
                    ErrorCode.DATA_LOSS,
                    "Kafka lost records of " + topicPartition + ": read before were those below "
                            + saved.nextKafkaOffset() + ", it now ends at " + endKafkaOffset
                            + "; restore the topic, or remove this node's cache to go on with what is left");
        }
        if (saved == null || cache.records().endOffset() < saved.endOffset()) {
            if (cache.records().endOffset() > 0) {
                cache.beginAt(0);
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
        if (cache.records().endOffset() < state.endOffset()) {
            cache.beginAt(state.endOffset());
        }
        state.groups().forEach((name, group) -> cache.records().commit(name, group.nextOffset(), group.generation()));
        publishOwner();
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

    private boolean onVoid() {
        counters.onVoid();
        return true;
    }

    private boolean onData(KafkaFrame.Data data) {
        KafkaTenure own = tenure;
        if (own != null && (data.processId() != processId || data.ownerEpoch() != own.epoch)) {
            own = null;
        }
        if (!state.isValid(data)) {
            if (own != null && data.baseOffset() > state.endOffset()) {
                outgoing.onGapBefore(data);
            }
            return onVoid();
        }
        if (data.baseOffset() + data.count() > cache.records().endOffset() && !cache.add(data)) {
            return false;
        }
        state.apply(data);
        changedSinceSnapshot = true;
        bytesSinceSnapshot += data.bytes().capacity();
        if (own != null) {
            counters.onReadBack(time.monotonicNs() - own.onReadBack());
        }
        return true;
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
            cache.records().commit(change.name(), change.nextOffset(), change.generation());
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
        outgoing.add(new KafkaFrame.Claim(epoch + 1, processId, epoch, nodeId, endpoint).encode());
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
        outgoing.add(controlFrame);
    }

    /** Gives the sender what waits, as far as it has room. */
    int sendTo(KafkaSender to) {
        return outgoing.sendTo(to, tenure);
    }

    /** After a new sender took over. */
    int sendAgain() {
        outgoing.onRenewed();
        groups.sendAgain();
        KafkaTenure own = tenure;
        return own == null ? 0 : own.sendAgain();
    }

    /** Whether something was sent that will not be read back. */
    boolean wantsRenewal() {
        return outgoing.wantsRenewal(tenure, state.nextKafkaOffset());
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
        return cache.records().doWork(nowNs);
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
        long removable = state.removableBefore(cache.records().startOffset());
        if (removable > 0) {
            topics.removeBefore(topicPartition, removable);
        }
        outgoing.add(new KafkaFrame.Snapshot(state.encode()).encode(processId));
        changedSinceSnapshot = false;
        bytesSinceSnapshot = 0;
    }

    /** Offers the newest state whose records are on this node's disk for saving. */
    void offerPosition() {
        if (!seeking) {
            cache.offer(state);
        }
    }

    /** Opening failed: keeps what is on disk as it was found. */
    void abandon() {
        cache.close();
    }

    /** Syncs the cache, unless its disk failed, and offers the last position. */
    void close() {
        endTenure();
        cache.close();
        if (!seeking) {
            cache.save(state);
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
            counters.onAppended(batch.count(), length);
        } else if (offset == BACK_PRESSURED) {
            counters.onBackPressured();
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
        return own == null ? cache.records().endOffset() : own.nextOffset();
    }

    @Override
    public long durableOffset() {
        return cache.records().endOffset();
    }

    @Override
    public long startOffset() {
        return cache.records().startOffset();
    }

    @Override
    public long read(long fromOffset, int maxRecords, RecordHandler handler) {
        return cache.records().read(fromOffset, maxRecords, handler);
    }

    @Override
    public long offsetAtOrAfter(long hlc) {
        return cache.records().offsetAtOrAfter(hlc);
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
        return cache.records().committed(group);
    }

    @Override
    public List<GroupPosition> groups() {
        return cache.records().groups();
    }

    @Override
    public long generation(String group) {
        return cache.records().generation(group);
    }

    long voidCount() {
        return counters.voidCount();
    }

    LogStats stats() {
        KafkaTenure own = tenure;
        return counters.stats(
                own == null ? 0 : own.backlogBytes(), cache.records().stats());
    }
}
