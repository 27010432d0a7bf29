package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.common.utils.Timer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine on a Kafka cluster, which several processes share: each writes the partitions it owns and reads all. A batch
 * is durable once it was read back from Kafka, in order, and judged valid; a batch of an owner that another's claim has
 * replaced is void for every reader, so neither a resend nor a zombie can do harm. {@code docs/kafka.md} tells the whole.
 *
 * <p>Threads: one lock guards everything but appending and reading, so any thread may call {@link #doWork}; while it runs,
 * a commit waits for its turn. A partition's writer only ever touches its own queue.
 */
public final class KafkaLog implements Log {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaLog.class);
    private static final Duration NOT_AT_ALL = Duration.ZERO;
    private static final Duration A_MOMENT = Duration.ofMillis(1);
    private static final long MOMENT_NS = 100_000;
    private static final long UPKEEP_INTERVAL_NS = 1_000_000_000;
    private static final long START_PATIENCE_MS = 30_000;
    private static final long CHANGE_PATIENCE_MS = 15_000;
    private static final long FLUSH_PATIENCE_MS = 3_000;
    private static final long RENEWAL_PAUSE_MS = 1_000;

    private final ReentrantLock lock = new ReentrantLock(true);
    private final KafkaCache cache;
    private final KafkaTopics topics;
    private final TimeSource time;
    private final KafkaSender sender;
    private final KafkaTail tail;
    private final KafkaOwnership ownership;
    private final KafkaPartition[][] partitions;
    private final List<KafkaPartition> all = new ArrayList<>();
    private final Map<TopicPartition, KafkaPartition> byTopicPartition = new HashMap<>();
    private final Map<TopicPartition, Long> endsAtOpening = new HashMap<>();
    private final KafkaTail.Reader reader = new Reader();
    private final Timer renewalPause = Time.SYSTEM.timer(0);
    private boolean caughtUp;
    private boolean closed;
    private long lastUpkeepNs = Long.MIN_VALUE / 2;
    private volatile long sentAgainCount;
    private volatile long renewalCount;

    private KafkaLog(KafkaLogConfig kafka, LogConfig config, TimeSource time, KafkaCache cache, KafkaTopics topics) {
        this.cache = cache;
        this.topics = topics;
        this.time = time;
        long processId = Uuid.randomUuid().getMostSignificantBits();
        RecordBatch scratch = new RecordBatch(KafkaClients.FRAME_BYTES_MAX);
        partitions = new KafkaPartition[StreamName.values().length][config.partitionCount()];
        for (StreamName stream : StreamName.values()) {
            for (int p = 0; p < config.partitionCount(); p++) {
                TopicPartition topicPartition = new TopicPartition(kafka.topic(stream), p);
                KafkaPartition made = new KafkaPartition(
                        stream,
                        p,
                        topicPartition,
                        config.stream(stream),
                        topics.topicId(stream),
                        processId,
                        cache,
                        time,
                        scratch,
                        new Patience());
                partitions[index(stream)][p] = made;
                all.add(made);
                byTopicPartition.put(topicPartition, made);
            }
        }
        sender = new KafkaSender(
                kafka, Arrays.stream(StreamName.values()).map(kafka::topic).toList());
        tail = new KafkaTail(kafka, byTopicPartition.keySet());
        ownership = new KafkaOwnership(kafka, processId, partitions, this::flush);
    }

    private void start() {
        boolean started = false;
        try {
            endsAtOpening.putAll(tail.endOffsets());
            tail.startOffsets()
                    .forEach((of, head) -> tail.seek(of, at(of).start(head, endsAtOpening.getOrDefault(of, head))));
            Timer timer = Time.SYSTEM.timer(START_PATIENCE_MS);
            while (!sender.isReady()) {
                timer.update();
                if (timer.isExpired()) {
                    throw new HailstormException(ErrorCode.UNAVAILABLE, "Kafka does not say who leads its partitions");
                }
            }
            started = true;
        } finally {
            if (!started) {
                sender.close();
                tail.close();
                all.forEach(KafkaPartition::abandon);
            }
        }
    }

    /**
     * Opens the log: makes missing topics, opens the cache, and begins to read where it ends. Partitions become this
     * process's later, in {@link #doWork}.
     *
     * @param cacheDir this node's own; may be removed while the node is down, and is filled again
     * @throws HailstormException {@code FAILED_PRECONDITION} when topics are not as configured or the directory is in use or
     *     of another engine; {@code UNAVAILABLE} when the cluster does not answer; {@code DATA_LOSS} when the cluster has
     *     less than this node has read
     */
    public static KafkaLog open(KafkaLogConfig kafka, LogConfig config, Disk disk, TimeSource time, Path cacheDir) {
        KafkaCache cache = new KafkaCache(config, disk, time, cacheDir);
        KafkaTopics topics = null;
        boolean opened = false;
        try {
            topics = new KafkaTopics(kafka, config.partitionCount());
            topics.ensure();
            KafkaLog log = new KafkaLog(kafka, config, time, cache, topics);
            log.start();
            opened = true;
            return log;
        } catch (KafkaException e) {
            throw new HailstormException(
                    ErrorCode.UNAVAILABLE, "Kafka at " + kafka.bootstrap() + " cannot be used: " + e, e);
        } finally {
            if (!opened) {
                if (topics != null) {
                    topics.close();
                }
                cache.close();
            }
        }
    }

    /** Where a stream is in an array of all. */
    static int index(StreamName stream) {
        return SegmentDescriptor.streamCode(stream) - 1;
    }

    private KafkaPartition at(TopicPartition of) {
        KafkaPartition found = byTopicPartition.get(of);
        if (found == null) {
            throw new IllegalStateException("read a partition that is not followed: " + of);
        }
        return found;
    }

    private final class Reader implements KafkaTail.Reader {
        @Override
        public long onFrame(TopicPartition of, long kafkaOffset, byte[] frame) {
            return at(of).onFrame(kafkaOffset, frame);
        }

        @Override
        public void onHeadGone(TopicPartition of, long kafkaOffset) {
            LOG.warn("{} begins at {} now: reading on from a snapshot there", of, kafkaOffset);
            KafkaPartition behind = at(of);
            ownership.onFenced(behind.partition()); // whoever cut it off, owns it
            behind.startAtHead(kafkaOffset);
        }
    }

    private final class Patience implements KafkaGroups.Patience {
        @Override
        public <T> T underLock(Supplier<T> action) {
            lock.lock();
            try {
                failIfClosed();
                return action.get();
            } finally {
                lock.unlock();
            }
        }

        @Override
        public boolean await(BooleanSupplier condition) {
            return workUntil(condition, CHANGE_PATIENCE_MS);
        }
    }

    private void failIfClosed() {
        if (closed) {
            throw new HailstormException(ErrorCode.UNAVAILABLE, "the log is closed");
        }
    }

    private boolean workUntil(BooleanSupplier condition, long patienceMs) {
        Timer timer = Time.SYSTEM.timer(patienceMs);
        while (!condition.getAsBoolean()) {
            if (timer.isExpired() || Thread.currentThread().isInterrupted()) {
                return false;
            }
            if (lock.tryLock()) {
                try {
                    failIfClosed();
                    step(time.monotonicNs(), A_MOMENT);
                } finally {
                    lock.unlock();
                }
            } else {
                LockSupport.parkNanos(MOMENT_NS);
            }
            timer.update();
        }
        return true;
    }

    private void flush(int partition) {
        boolean flushed = workUntil(
                () -> Arrays.stream(partitions).allMatch(ofStream -> ofStream[partition].isFlushed()),
                FLUSH_PATIENCE_MS);
        if (!flushed) {
            LOG.warn("partition {} is handed over with appends that were not read back", partition);
        }
    }

    @Override
    public int doWork(long nowNs) {
        lock.lock();
        try {
            failIfClosed();
            boolean waiting = all.stream().anyMatch(KafkaPartition::isWaiting);
            int work = step(nowNs, waiting ? A_MOMENT : NOT_AT_ALL);
            if (caughtUp()) {
                work += ownership.doWork(nowNs);
            }
            return work;
        } finally {
            lock.unlock();
        }
    }

    private int step(long nowNs, Duration pollTimeout) {
        int work = 0;
        if (sender.isReady()) {
            for (KafkaPartition each : all) {
                work += each.sendTo(sender);
            }
        }
        work += tail.poll(pollTimeout, reader);
        for (KafkaPartition each : all) {
            work += each.doWork(nowNs);
        }
        renewSender();
        if (nowNs - lastUpkeepNs >= UPKEEP_INTERVAL_NS) {
            lastUpkeepNs = nowNs;
            upkeep(nowNs);
        }
        return work;
    }

    private boolean caughtUp() {
        if (!caughtUp) {
            caughtUp =
                    all.stream().allMatch(each -> each.hasReadTo(endsAtOpening.getOrDefault(each.topicPartition, 0L)));
        }
        return caughtUp;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // counted under the lock; others only read
    private void renewSender() {
        renewalPause.update();
        Exception failure = sender.failure();
        boolean wanted = failure != null || all.stream().anyMatch(KafkaPartition::wantsRenewal);
        if (!wanted || renewalPause.notExpired()) {
            return;
        }
        LOG.warn("sending again with a new producer: {}", failure == null ? "a batch is missing" : failure.toString());
        sender.renew();
        renewalPause.reset(RENEWAL_PAUSE_MS);
        renewalCount++;
        for (KafkaPartition each : all) {
            sentAgainCount += each.sendAgain();
        }
    }

    private void upkeep(long nowNs) {
        for (KafkaPartition each : all) {
            each.writeSnapshot(nowNs, topics);
            each.offerPosition();
        }
        cache.savePositions();
    }

    @Override
    public int partitionCount() {
        return partitions[0].length;
    }

    @Override
    public KafkaPartition partition(StreamName stream, int partition) {
        return partitions[index(stream)][partition];
    }

    @Override
    public boolean owns(int partition) {
        return ownership.owns(partition);
    }

    @Override
    public Optional<Owner> owner(int partition) {
        KafkaPartition fixes = partition(StreamName.FIXES, partition);
        Owner found = fixes.owner();
        boolean handedOver = fixes.isOwnProcess() && !ownership.owns(partition);
        return found.epoch() == 0 || handedOver ? Optional.empty() : Optional.of(found);
    }

    @Override
    public void onOwnership(OwnershipListener listener) {
        lock.lock();
        try {
            ownership.listen(listener);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public LogStats stats(StreamName stream) {
        LogStats sum = LogStats.NONE;
        for (KafkaPartition each : partitions[index(stream)]) {
            sum = sum.plus(each.stats());
        }
        return sum;
    }

    /** What only this engine has to tell. Any thread; waits for {@link #doWork} to return. */
    public KafkaLogStats kafkaStats() {
        lock.lock();
        try {
            failIfClosed();
            long now = time.monotonicNs();
            long oldest = all.stream().mapToLong(KafkaPartition::oldestNs).min().orElse(Long.MAX_VALUE);
            return new KafkaLogStats(
                    all.stream().mapToLong(KafkaPartition::voidCount).sum(),
                    sentAgainCount,
                    renewalCount,
                    ownership.fencedCount(),
                    tail.lag(),
                    oldest == Long.MAX_VALUE ? 0 : Math.max(0, now - oldest),
                    caughtUp());
        } finally {
            lock.unlock();
        }
    }

    /** Hands over what is owned, waits a bounded time for what was appended, leaves the group. */
    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            try {
                ownership.close();
            } finally {
                closed = true;
                closeAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private void closeAll() {
        sender.close();
        tail.close();
        topics.close();
        HailstormException failure = null;
        for (KafkaPartition each : all) {
            try {
                each.close();
            } catch (HailstormException e) {
                failure = e; // the others are still to be closed
            }
        }
        try {
            if (failure == null) {
                cache.savePositions();
            }
        } finally {
            cache.close();
        }
        if (failure != null) {
            throw failure;
        }
    }
}
