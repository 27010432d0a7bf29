package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log of a region with live copies of the other regions' partitions. Each partition has one primary, which the witness's
 * register names; the others copy what is durable there, record by record at the same offsets. What is acknowledged at
 * {@link AckLevel#GEO} is durable in every region the register counts, so any of these can go on without loss.
 * {@code docs/geo-log.md} tells the whole.
 *
 * <p>Threads: {@link #doWork} is the only one that changes anything but a partition's records, which the region's thread
 * appends where this member owns; {@link #status} and {@link #handBack} are any thread's.
 */
public final class GeoLog implements Log {
    private static final Logger LOG = LoggerFactory.getLogger(GeoLog.class);
    private static final int MESSAGES_PER_TURN = 512;
    private static final int CONTROL_MESSAGE_BYTES_MAX = 256 << 10;

    private final GeoLogConfig geo;
    private final GeoTransport transport;
    private final Safeguards safeguards;
    private final Disk.Lock directoryLock;
    private final GeoTerms terms;
    private final GeoStanding standing;
    private final GeoGaps gaps;
    private final GeoPartition[][] partitions;
    private final List<GeoPartition> all = new ArrayList<>();
    private final List<GeoGroup> groups = new ArrayList<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final ByteBuffer out;
    private final UnsafeBuffer outView;
    private final GeoTransport.Receiver receiver = this::onMessage;
    private final GeoContext context = new Context();
    private final GeoCounters counters = new GeoCounters();
    private OwnershipListener listener = OwnershipListener.NOBODY;
    private long nowNs;
    private final long openedNs;
    private long registerAskedNs = Long.MIN_VALUE / 2;
    private boolean closed;

    private GeoLog(
            GeoLogConfig geo,
            LogConfig config,
            GeoTransport transport,
            Disk disk,
            TimeSource time,
            Path directory,
            Disk.Lock directoryLock,
            Safeguards safeguards) {
        this.geo = geo;
        this.transport = transport;
        this.safeguards = safeguards;
        this.directoryLock = directoryLock;
        openedNs = time.monotonicNs();
        nowNs = openedNs;
        out = ByteBuffer.allocateDirect(Math.max(CONTROL_MESSAGE_BYTES_MAX, transport.maxMessageBytes()))
                .order(ByteOrder.LITTLE_ENDIAN);
        outView = new UnsafeBuffer(out);
        standing = new GeoStanding(
                disk, directory, geo.members().stream().map(GeoMember::region).toList());
        terms = new GeoTerms(disk, directory, StreamName.values().length * geo.partitionCount());
        gaps = new GeoGaps(disk, directory, geo.bounds().gapReportsMax());
        partitions = new GeoPartition[StreamName.values().length][geo.partitionCount()];
        for (StreamName stream : StreamName.values()) {
            for (int p = 0; p < geo.partitionCount(); p++) {
                GeoFiles files = new GeoFiles(disk, time, config, directory, stream, p);
                GeoPartition made = new GeoPartition(files, time, geo.bounds().unconfirmedBytesMax());
                partitions[KafkaLog.index(stream)][p] = made;
                all.add(made);
            }
        }
        for (int i = 0; i < geo.members().size(); i++) {
            groups.add(group(i));
        }
    }

    private GeoGroup group(int index) {
        GeoMember home = geo.members().get(index);
        GeoPartition[] slots = new GeoPartition[StreamName.values().length * home.partitionCount()];
        for (StreamName stream : StreamName.values()) {
            for (int i = 0; i < home.partitionCount(); i++) {
                slots[KafkaLog.index(stream) * home.partitionCount() + i] =
                        partitions[KafkaLog.index(stream)][home.firstPartition() + i];
            }
        }
        List<GeoPeer> peers = new ArrayList<>();
        for (int i = 0; i < geo.members().size(); i++) {
            String member = geo.members().get(i).region();
            if (!member.equals(geo.self())) {
                peers.add(new GeoPeer(member, i, slots.length));
            }
        }
        return new GeoGroup(context, home, index, slots, terms, standing, peers.toArray(new GeoPeer[0]));
    }

    /**
     * Opens a member's log, recovering every partition; creates it when there is none. Nothing can be read or appended
     * before the register was read and this member is in line with the primaries: {@link #isReady}, some {@link #doWork}
     * later.
     *
     * @param config its {@code partitionCount} is {@link GeoLogConfig#partitionCount}
     * @throws HailstormException {@code INVALID_ARGUMENT} for several members without a witness; {@code FAILED_PRECONDITION}
     *     when the directory is in use or of another engine; {@code DATA_LOSS} naming what is corrupt
     */
    public static GeoLog open(
            GeoLogConfig geo,
            LogConfig config,
            GeoTransport transport,
            Disk disk,
            TimeSource time,
            Path dataDir,
            Safeguards safeguards) {
        if (!geo.hasWitness() || config.partitionCount() != geo.partitionCount()) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "a log of regions needs a witness and " + geo.partitionCount() + " partitions, got witness \""
                            + geo.witness() + "\" and " + config.partitionCount() + " partitions");
        }
        Path directory = dataDir.resolve(EmbeddedLog.DIRECTORY_NAME);
        disk.createDirectories(directory);
        Disk.Lock directoryLock = disk.lock(directory.resolve("lock"));
        boolean opened = false;
        try {
            GeoFiles.checkMeta(disk, directory, geo.partitionCount());
            GeoLog log = new GeoLog(geo, config, transport, disk, time, directory, directoryLock, safeguards);
            opened = true;
            return log;
        } finally {
            if (!opened) {
                directoryLock.close();
            }
        }
    }

    /** Whether everything that was there when this member started can be read, and what it is to own is owned. Any thread. */
    public boolean isReady() {
        return groups.stream().allMatch(GeoGroup::isReady);
    }

    /** Whether this member may speak for every region, should its primary fall silent. */
    boolean isWhole() {
        return groups.stream().allMatch(group -> standing.holdsAllOf(group.home.region()));
    }

    /**
     * Gives a home region's partitions back to it as soon as its copy is complete; does nothing elsewhere than at their
     * primary. Any thread.
     */
    public void handBack(String region) {
        for (GeoGroup group : groups) {
            if (group.home.region().equals(region)) {
                group.handBack();
                return;
            }
        }
        throw new HailstormException(
                ErrorCode.NOT_FOUND,
                "no region \"" + region + "\"; regions are "
                        + geo.members().stream().map(GeoMember::region).toList());
    }

    /** What this member knows. Any thread; waits for {@link #doWork} to return. */
    public GeoStatus status() {
        lock.lock();
        try {
            List<GeoStatus.Region> regions = new ArrayList<>();
            for (GeoGroup group : groups) {
                regions.add(new GeoStatus.Region(
                        group.tenure(), group.role(), group.copies().lags()));
            }
            long resent = groups.stream()
                    .mapToLong(group -> group.copies().resentCount())
                    .sum();
            return new GeoStatus(geo.self(), regions, gaps.all(), counters.snapshot(resent));
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int doWork(long monotonicNs) {
        lock.lock();
        try {
            if (closed) {
                throw new HailstormException(ErrorCode.UNAVAILABLE, "the log is closed");
            }
            nowNs = monotonicNs;
            int work = transport.poll(receiver, MESSAGES_PER_TURN);
            for (int i = 0; i < all.size(); i++) {
                work += all.get(i).records().doWork(nowNs);
            }
            if (nowNs - registerAskedNs >= geo.timings().heartbeatMs() * 1_000_000) {
                registerAskedNs = nowNs;
                context.send(geo.witness(), new GeoMessage.ReadRegister(nowNs));
            }
            for (int i = 0; i < groups.size(); i++) {
                work += groups.get(i).doWork(nowNs);
            }
            return work;
        } finally {
            lock.unlock();
        }
    }

    private void onMessage(String from, DirectBuffer buffer, int index, int length) {
        GeoMessage message = GeoMessage.decode(buffer, index, length);
        switch (message) {
            case GeoMessage.Register register -> onRegister(register);
            case GeoMessage.Beat beat
            when isOfGroup(beat.group(), beat.syncedEnds(), beat.visibleEnds()) ->
                groups.get(beat.group()).follower().onBeat(from, beat, nowNs);
            case GeoMessage.Confirm confirm
            when isOfGroup(confirm.group(), confirm.ends(), confirm.ends()) ->
                groups.get(confirm.group()).onConfirm(from, confirm, nowNs);
            case GeoMessage.Ask ask
            when isOfGroup(ask.group(), ask.ends(), ask.lastTerms()) ->
                groups.get(ask.group()).onAsk(from, ask, nowNs);
            case GeoMessage.Resume resume
            when isOfGroup(resume.group(), resume.agreedEnds(), resume.starts()) ->
                groups.get(resume.group()).follower().onResume(from, resume, nowNs);
            case GeoMessage.Batch batch
            when batch.group() >= 0 && batch.group() < groups.size() -> {
                int bodyLength = length - (batch.bodyIndex() - index);
                counters.copied(groups.get(batch.group()).follower().onBatch(from, batch, buffer, bodyLength, nowNs));
            }
            case null, default -> counters.refusedMessage();
        }
    }

    private boolean isOfGroup(int group, long[] first, long[] second) {
        return group >= 0
                && group < groups.size()
                && first.length == groups.get(group).slots.length
                && second.length == first.length;
    }

    private void onRegister(GeoMessage.Register register) {
        if (register.sentNs() < openedNs) {
            return; // an answer to an earlier life
        }
        for (GeoGroup group : groups) {
            Tenure found = Tenure.none(group.home.region());
            for (Tenure tenure : register.tenures()) {
                found = tenure.region().equals(group.home.region()) ? tenure : found;
            }
            group.onRegister(found, register.sentNs(), nowNs);
        }
    }

    @Override
    public int partitionCount() {
        return geo.partitionCount();
    }

    @Override
    public PartitionLog partition(StreamName stream, int partition) {
        return partitions[KafkaLog.index(stream)][partition];
    }

    private GeoGroup groupOf(int partition) {
        for (GeoGroup group : groups) {
            int i = partition - group.home.firstPartition();
            if (i >= 0 && i < group.home.partitionCount()) {
                return group;
            }
        }
        throw new IllegalArgumentException("no partition " + partition);
    }

    @Override
    public boolean owns(int partition) {
        return groupOf(partition).owns();
    }

    @Override
    public Optional<Owner> owner(int partition) {
        GeoGroup group = groupOf(partition);
        Tenure tenure = group.tenure();
        if (tenure.term() == 0 || (tenure.primary().equals(geo.self()) && !group.owns())) {
            return Optional.empty();
        }
        return geo.members().stream()
                .filter(member -> member.region().equals(tenure.primary()))
                .findFirst()
                .map(member -> new Owner(member.region(), member.endpoint(), tenure.term()));
    }

    @Override
    public void onOwnership(OwnershipListener told) {
        lock.lock();
        try {
            listener = told;
            for (GeoGroup group : groups) {
                if (group.role() == GeoStatus.Role.OWNER) {
                    context.acquired(group.home, group.tenure().term());
                }
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public RetentionHold hold(String name, StreamName stream, int partition, long offset) {
        return partitions[KafkaLog.index(stream)][partition].records().hold(name, offset);
    }

    @Override
    public int doMaintenance(long monotonicNs) {
        int work = 0;
        for (GeoPartition partition : all) {
            work += partition.records().writeCheckpoint();
        }
        return work;
    }

    @Override
    public long idleNs(long monotonicNs, long maxNs) {
        long idleNs = maxNs;
        for (int i = 0; i < all.size(); i++) {
            idleNs = Math.min(idleNs, all.get(i).records().untilCommitNs(monotonicNs));
        }
        return Math.max(0, idleNs);
    }

    @Override
    public LogStats stats(StreamName stream) {
        LogStats sum = LogStats.NONE;
        for (GeoPartition partition : partitions[KafkaLog.index(stream)]) {
            sum = sum.plus(partition.records().stats());
        }
        return sum;
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            HailstormException failure = null;
            for (GeoPartition partition : all) {
                try {
                    partition.close();
                } catch (HailstormException e) {
                    failure = e; // the others are still to be made durable
                }
            }
            directoryLock.close();
            if (failure != null) {
                throw failure;
            }
        } finally {
            lock.unlock();
        }
    }

    private final class Context implements GeoContext {
        @Override
        public GeoLogConfig config() {
            return geo;
        }

        @Override
        public Safeguards safeguards() {
            return safeguards;
        }

        @Override
        public int termSlot(StreamName stream, int partition) {
            return KafkaLog.index(stream) * geo.partitionCount() + partition;
        }

        @Override
        public void send(String member, GeoMessage message) {
            out.clear();
            GeoMessage.encode(message, out);
            counters.sent(transport.send(member, outView, 0, out.position()));
        }

        @Override
        public boolean sendBatch(String member, int group, long term, int slot, CopiedBatch batch) {
            int length = GeoMessage.BATCH_HEADER_BYTES + batch.encodedBytes();
            if (length > out.capacity()) {
                throw new HailstormException(
                        ErrorCode.RESOURCE_EXHAUSTED,
                        "a batch of " + batch.encodedBytes() + " bytes is too large to be copied: at most "
                                + (out.capacity() - GeoMessage.BATCH_HEADER_BYTES));
            }
            out.clear();
            GeoMessage.encode(new GeoMessage.Batch(group, term, slot, 0), out);
            batch.encode(out);
            boolean sent = transport.send(member, outView, 0, out.position());
            counters.shipped(sent);
            return sent;
        }

        @Override
        public void compareAndSet(long expectedVersion, Tenure next) {
            LOG.info("asking the witness for {}", next);
            send(geo.witness(), new GeoMessage.CompareAndSet(nowNs, expectedVersion, next));
        }

        @Override
        public void readRegisterSoon() {
            registerAskedNs = Math.min(registerAskedNs, nowNs - geo.timings().heartbeatMs() * 1_000_000);
        }

        @Override
        public void acquired(GeoMember home, long term) {
            LOG.info("accepting for {} in term {}", home.region(), term);
            for (int i = 0; i < home.partitionCount(); i++) {
                listener.onAcquired(home.firstPartition() + i, term);
            }
        }

        @Override
        public void releasing(GeoMember home) {
            counters.handedBack();
            LOG.info("handing {} back", home.region());
            for (int i = 0; i < home.partitionCount(); i++) {
                listener.onReleasing(home.firstPartition() + i);
            }
        }

        @Override
        public void lost(GeoMember home) {
            LOG.info("no longer accepting for {}", home.region());
            for (int i = 0; i < home.partitionCount(); i++) {
                listener.onLost(home.firstPartition() + i);
            }
        }

        @Override
        public void tookOver(String region, String from, long term) {
            counters.tookOver();
            LOG.warn("took {} over from {}, which is silent; term {}", region, from, term);
        }

        @Override
        public void lostDisk(Tenure tenure) {
            LOG.error(
                    "the register names {} the primary of {} in term {}, but this data directory has never held what"
                            + " that region acknowledged: waiting for a counted copy of {} to take over. Put the former"
                            + " directory back if there is none",
                    geo.self(),
                    tenure.region(),
                    tenure.term(),
                    tenure.copies());
        }

        @Override
        public void report(GeoStatus.Gap gap) {
            LOG.warn("gap: {}", gap);
            gaps.add(gap);
        }

        @Override
        public void droppedCopy() {
            counters.droppedCopy();
        }

        @Override
        public void joinedCopy() {
            counters.joinedCopy();
        }

        @Override
        public void restartedCopy() {
            counters.restartedCopy();
        }

        @Override
        public void fencedConfirm() {
            counters.fencedConfirm();
        }
    }
}
