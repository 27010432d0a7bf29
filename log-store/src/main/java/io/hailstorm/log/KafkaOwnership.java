package io.hailstorm.log;

import io.hailstorm.kernel.StreamName;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which partitions this process writes. Kafka's group protocol says which it should; claims in the log say which it does.
 * Under the log's lock.
 *
 * <pre>
 *   phase      on                                     next
 *   FOREIGN    assigned, and not just fenced          send six claims; CLAIMING
 *   CLAIMING   all six streams' claims valid          begin tenures; OWNED, listener.onAcquired
 *              one void                               claim that stream again
 *              no answer for 5 s                      claim the rest again
 *              another's claim after a valid one      FOREIGN, listener not told
 *              revoked                                FOREIGN
 *   OWNED      another's claim valid on any stream    end tenures; FOREIGN, listener.onLost
 *              revoked                                close tenures; RELEASING, listener.onReleasing
 *   RELEASING  all read back, or 3 s                  end tenures; FOREIGN, listener.onLost; Kafka may reassign
 * </pre>
 *
 * <p>Losing the membership alone changes nothing: the partition is written until another's claim, so it is never without
 * a writer for longer than that takes, and never with two.
 */
final class KafkaOwnership implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaOwnership.class);
    private static final Duration LEAVE_PATIENCE = Duration.ofSeconds(2);
    private static final long POLL_INTERVAL_NS = 20_000_000;
    private static final long CLAIM_PATIENCE_NS = 5_000_000_000L;
    private static final long FENCED_PAUSE_NS = 2_000_000_000L;
    private static final int FENCED_PAUSE_SPREAD_MS = 1_000;

    private enum Phase {
        FOREIGN,
        CLAIMING,
        OWNED,
        RELEASING
    }

    private final KafkaLogConfig config;
    private final long processId;
    private final KafkaPartition[][] partitions;
    private final Share[] shares;
    private final Flusher flusher;
    private final ConsumerRebalanceListener rebalances = new Rebalances();
    private @Nullable OwnershipListener listener;
    private @Nullable KafkaConsumer<byte[], byte[]> member;
    private long lastPollNs = Long.MIN_VALUE / 2;
    private long nowNs;
    private volatile long fencedCount;

    /** One partition number, on all streams. */
    private static final class Share {
        private final long[] claimedEpochs = new long[StreamName.values().length];
        private boolean assigned;
        private Phase phase = Phase.FOREIGN;
        private long claimedAtNs;
        private long retryAtNs = Long.MIN_VALUE;
        private volatile boolean owned;
    }

    /** Works the log until what was appended to a partition was read back; gives up after a while. */
    interface Flusher {
        void flush(int partition);
    }

    /** @param partitions by {@link KafkaLog#index}, then number */
    KafkaOwnership(KafkaLogConfig config, long processId, KafkaPartition[][] partitions, Flusher flusher) {
        this.config = config;
        this.processId = processId;
        this.partitions = partitions;
        this.flusher = flusher;
        shares = new Share[partitions[0].length];
        for (int p = 0; p < shares.length; p++) {
            shares[p] = new Share();
        }
        for (KafkaPartition[] ofStream : partitions) {
            for (KafkaPartition each : ofStream) {
                each.onClaims(this::onClaim);
            }
        }
    }

    /** Tells the listener what is owned already. */
    void listen(OwnershipListener to) {
        listener = to;
        for (int p = 0; p < shares.length; p++) {
            if (shares[p].owned) {
                to.onAcquired(p, epoch(p));
            }
        }
    }

    boolean owns(int partition) {
        return shares[partition].owned;
    }

    /** How often this process lost a partition to another's claim. */
    long fencedCount() {
        return fencedCount;
    }

    private long epoch(int partition) {
        return partitions[KafkaLog.index(StreamName.FIXES)][partition].owner().epoch();
    }

    /** Once the log was read to its end: joins the group, claims what is assigned. */
    int doWork(long now) {
        nowNs = now;
        int work =
                switch (config.membership()) {
                    case GROUP -> pollGroup();
                    case ALL -> assignAll();
                    case NONE -> 0;
                };
        for (int p = 0; p < shares.length; p++) {
            work += step(p, shares[p]);
        }
        return work;
    }

    private int assignAll() {
        for (Share share : shares) {
            share.assigned = true;
        }
        return 0;
    }

    private int pollGroup() {
        if (nowNs - lastPollNs < POLL_INTERVAL_NS) {
            return 0;
        }
        lastPollNs = nowNs;
        try {
            KafkaConsumer<byte[], byte[]> polled = member;
            if (polled == null) {
                polled = new KafkaConsumer<>(
                        KafkaClients.member(config), new ByteArrayDeserializer(), new ByteArrayDeserializer());
                polled.subscribe(List.of(config.assignmentTopic()), rebalances);
                member = polled;
            }
            return polled.poll(Duration.ZERO).count();
        } catch (KafkaException e) {
            LOG.warn("group of nodes: joining again after {}", e.toString());
            leave();
            return 0;
        }
    }

    private int step(int p, Share share) {
        return switch (share.phase) {
            case FOREIGN -> {
                if (!share.assigned || nowNs < share.retryAtNs) {
                    yield 0;
                }
                Arrays.fill(share.claimedEpochs, 0);
                share.phase = Phase.CLAIMING;
                claimRest(p, share);
                yield 1;
            }
            case CLAIMING -> {
                if (allClaimed(share)) {
                    acquire(p, share);
                    yield 1;
                }
                if (nowNs - share.claimedAtNs >= CLAIM_PATIENCE_NS) {
                    claimRest(p, share);
                }
                yield 0;
            }
            case OWNED, RELEASING -> 0;
        };
    }

    private void claimRest(int p, Share share) {
        share.claimedAtNs = nowNs;
        for (int s = 0; s < partitions.length; s++) {
            if (share.claimedEpochs[s] == 0) {
                partitions[s][p].claim(config.nodeId(), config.endpoint());
            }
        }
    }

    private static boolean allClaimed(Share share) {
        for (long epoch : share.claimedEpochs) {
            if (epoch == 0) {
                return false;
            }
        }
        return true;
    }

    private void acquire(int p, Share share) {
        for (int s = 0; s < partitions.length; s++) {
            partitions[s][p].beginTenure(share.claimedEpochs[s]);
        }
        share.phase = Phase.OWNED;
        share.owned = true;
        LOG.info("partition {} is this node's, epoch {}", p, epoch(p));
        if (listener != null) {
            listener.onAcquired(p, epoch(p));
        }
    }

    private void onClaim(KafkaPartition of, KafkaFrame.Claim claim, boolean valid) {
        int p = of.partition();
        int s = KafkaLog.index(of.stream());
        Share share = shares[p];
        boolean mine = claim.processId() == processId;
        if (mine && share.phase == Phase.CLAIMING && share.claimedEpochs[s] == 0) {
            if (valid) {
                share.claimedEpochs[s] = claim.ownerEpoch();
            } else {
                of.claim(config.nodeId(), config.endpoint());
            }
        } else if (!mine && valid && share.phase != Phase.FOREIGN && share.claimedEpochs[s] != 0) {
            LOG.info("partition {} was claimed by {}", p, claim.nodeId());
            onFenced(p);
        }
    }

    /** Another owner's claim came after this process's, or may have. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // counted under the log's lock; others only read
    void onFenced(int p) {
        Share share = shares[p];
        if (share.phase == Phase.FOREIGN) {
            return;
        }
        fencedCount++;
        // Of two that both believe they should own it, not both come back at once.
        long spreadNs = Math.floorMod(processId, FENCED_PAUSE_SPREAD_MS) * 1_000_000L;
        share.retryAtNs = nowNs + FENCED_PAUSE_NS + spreadNs;
        end(p, share);
    }

    private void end(int p, Share share) {
        boolean told = share.phase == Phase.OWNED || share.phase == Phase.RELEASING;
        share.phase = Phase.FOREIGN;
        share.owned = false;
        for (KafkaPartition[] ofStream : partitions) {
            ofStream[p].endTenure();
        }
        if (told && listener != null) {
            listener.onLost(p);
        }
    }

    private void release(int p) {
        Share share = shares[p];
        share.assigned = false;
        if (share.phase == Phase.OWNED) {
            share.phase = Phase.RELEASING;
            share.owned = false;
            for (KafkaPartition[] ofStream : partitions) {
                ofStream[p].closeTenure();
            }
            if (listener != null) {
                listener.onReleasing(p);
            }
            flusher.flush(p);
        }
        if (share.phase != Phase.FOREIGN) { // the flush may have read another's claim
            end(p, share);
        }
    }

    private final class Rebalances implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
            for (TopicPartition each : assigned) {
                shares[each.partition()].assigned = true;
            }
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
            for (TopicPartition each : revoked) {
                release(each.partition());
            }
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> lost) {
            for (TopicPartition each : lost) {
                shares[each.partition()].assigned = false;
            }
        }
    }

    private void leave() {
        KafkaConsumer<byte[], byte[]> left = member;
        if (left != null) {
            member = null;
            left.close(CloseOptions.timeout(LEAVE_PATIENCE));
        }
    }

    /** Hands everything over, and leaves the group. */
    @Override
    public void close() {
        for (int p = 0; p < shares.length; p++) {
            release(p);
        }
        leave();
    }
}
