package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.KafkaCluster;
import io.hailstorm.log.KafkaClusterAdmin;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Writes to a log at a steady rate, kills the broker that leads what is written, starts it again once every partition is
 * served, and counts what became of each record.
 *
 * <p>Three threads: this one keeps the schedule and sees acknowledgements, one does the log's background work, one kills,
 * restarts and asks the cluster how it is.
 */
final class BrokerChaos {
    private static final long PAUSE_NS = TimeUnit.MICROSECONDS.toNanos(200);
    private static final long ASK_PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long DRAIN_NS = TimeUnit.SECONDS.toNanos(60);
    /** A broker that stays away longer than this is started again although not every partition is served. */
    private static final long ABSENCE_NS_MAX = TimeUnit.SECONDS.toNanos(30);

    private static final long REPLICATED_NS_MAX = TimeUnit.SECONDS.toNanos(120);

    private final ChaosPlan plan;
    private final KafkaCluster cluster;
    private final ChaosTarget target;
    private final TimeSource time;
    private final ChaosTally tally;
    private final long[] offered;
    private final long startNs;
    private volatile long killedNs = Long.MAX_VALUE;
    private volatile long servedNs = Long.MAX_VALUE;
    private volatile boolean isOver;

    /** What the killer did. */
    private record Kill(int node, boolean wasController, long partitionsLed, long restartNs, long replicatedNs) {}

    /**
     * What came of it.
     *
     * @param unacked offered, and never acknowledged within a minute after the end
     * @param fullyReplicatedNs from the restart until no partition lacked a replica; -1 when that was not reached
     * @param servedNs from the kill until every partition had acknowledged a record that fell due after it
     */
    record Result(
            ChaosPlan plan,
            long acked,
            long unacked,
            long lost,
            long duplicated,
            long reordered,
            long corrupt,
            long gapNsMax,
            long silenceNsMax,
            double rateBefore,
            double rateAfter,
            Histogram latencyBefore,
            Histogram latencyAfter,
            int killedNode,
            boolean killedController,
            long killedPartitions,
            long servedNs,
            long restartNs,
            long fullyReplicatedNs) {
        boolean isExactlyOnce() {
            return lost == 0 && duplicated == 0 && reordered == 0 && corrupt == 0;
        }
    }

    private BrokerChaos(ChaosPlan plan, KafkaCluster cluster, ChaosTarget target, TimeSource time) {
        this.plan = plan;
        this.cluster = cluster;
        this.target = target;
        this.time = time;
        tally = new ChaosTally(plan, target.partitionCount());
        offered = new long[target.partitionCount()];
        startNs = time.monotonicNs();
    }

    static Result run(ChaosPlan plan, KafkaCluster cluster, ChaosTarget target, TimeSource time) {
        return new BrokerChaos(plan, cluster, target, time).run();
    }

    private Result run() {
        FutureTask<Boolean> worker = new FutureTask<>(this::work, true);
        FutureTask<Kill> killer = new FutureTask<>(this::killAndRestart);
        Thread.ofPlatform().name("chaos-log").daemon().start(worker);
        Thread.ofPlatform().name("chaos-killer").daemon().start(killer);
        Kill kill;
        long[] acked;
        try {
            write(worker);
            tally.finish(offered, elapsedNs());
            acked = tally.ackedByPartition();
            kill = get(killer);
        } finally {
            isOver = true;
            get(worker);
        }
        ChaosRecords check = new ChaosRecords(target.partitionCount());
        target.readBack(acked, check);
        long unacked = -tally.acked();
        for (long count : offered) {
            unacked += count;
        }
        return new Result(
                plan,
                tally.acked(),
                unacked,
                check.lost(acked),
                check.duplicated(),
                check.reordered(),
                check.corrupt(),
                tally.gapNsMax(),
                tally.silenceNsMax(),
                tally.rateBefore(),
                tally.rateAfter(),
                tally.latencyBefore(),
                tally.latencyAfter(),
                kill.node(),
                kill.wasController(),
                kill.partitionsLed(),
                servedNs == Long.MAX_VALUE ? -1 : servedNs - killedNs,
                kill.restartNs() - killedNs,
                kill.replicatedNs());
    }

    /** Offers what is due, takes note of what is acknowledged, until all of it is, or the time to drain is over. */
    private void write(FutureTask<Boolean> worker) {
        long endNs = TimeUnit.SECONDS.toNanos(plan.seconds()) + DRAIN_NS;
        long total = plan.batches() * plan.batch();
        while (tally.acked() < total && elapsedNs() < endNs) {
            long dueBatches = plan.batchesDue(elapsedNs());
            boolean isIdle = true;
            for (int partition = 0; partition < offered.length; partition++) {
                isIdle &= !offerDue(partition, dueBatches);
                tally.onAcked(partition, target.acked(partition), elapsedNs());
            }
            noteService();
            if (worker.isDone()) {
                get(worker); // throws what ended it
            }
            if (isIdle) {
                LockSupport.parkNanos(PAUSE_NS);
            }
        }
    }

    private boolean offerDue(int partition, long dueBatches) {
        long due = (dueBatches - partition + offered.length - 1) / offered.length * plan.batch();
        boolean hasOffered = false;
        while (offered[partition] < due && target.offer(partition, offered[partition], plan.batch())) {
            offered[partition] += plan.batch();
            hasOffered = true;
        }
        return hasOffered;
    }

    private void noteService() {
        if (killedNs == Long.MAX_VALUE || servedNs != Long.MAX_VALUE) {
            return;
        }
        for (int partition = 0; partition < offered.length; partition++) {
            long last = tally.acked(partition) - 1;
            if (last < 0 || plan.dueNs(partition, offered.length, last) < killedNs) {
                return;
            }
        }
        servedNs = elapsedNs();
    }

    private void work() {
        while (!isOver) {
            if (target.work() == 0) {
                LockSupport.parkNanos(PAUSE_NS);
            }
        }
    }

    private Kill killAndRestart() {
        try (KafkaClusterAdmin admin = new KafkaClusterAdmin(cluster.bootstrap())) {
            admin.controller(); // connects: the first answer takes long
            park(TimeUnit.SECONDS.toNanos(plan.killAtS()) - elapsedNs());
            OptionalInt controller = admin.controller();
            Map<Integer, Long> leaders = admin.leaders(target.topic());
            int victim = victim(leaders, controller);
            cluster.kill(victim);
            killedNs = elapsedNs();
            while (servedNs == Long.MAX_VALUE && elapsedNs() < killedNs + ABSENCE_NS_MAX) {
                park(ASK_PAUSE_NS);
            }
            long restartNs = elapsedNs();
            cluster.launchAgain(victim);
            long replicatedNs = -1;
            while (replicatedNs < 0 && elapsedNs() < restartNs + REPLICATED_NS_MAX) {
                park(ASK_PAUSE_NS);
                if (admin.registered().contains(victim)
                        && admin.underReplicated().equals(OptionalInt.of(0))) {
                    replicatedNs = elapsedNs() - restartNs;
                }
            }
            boolean wasController = controller.equals(OptionalInt.of(victim));
            return new Kill(victim, wasController, leaders.getOrDefault(victim, 0L), restartNs, replicatedNs);
        }
    }

    /** A broker that leads something written; the controller if it is one of them, which is the harder case. */
    private static int victim(Map<Integer, Long> leaders, OptionalInt controller) {
        if (controller.isPresent() && leaders.containsKey(controller.getAsInt())) {
            return controller.getAsInt();
        }
        return leaders.entrySet().stream()
                .max(Map.Entry.<Integer, Long>comparingByValue().thenComparing(Map.Entry.comparingByKey()))
                .map(Map.Entry::getKey)
                .orElseThrow(() -> new HailstormException(
                        ErrorCode.UNAVAILABLE, "no broker is known to lead the topic; nothing to kill"));
    }

    private long elapsedNs() {
        return time.monotonicNs() - startNs;
    }

    private void park(long nanos) {
        long endNs = elapsedNs() + nanos;
        while (elapsedNs() < endNs) {
            LockSupport.parkNanos(Math.min(endNs - elapsedNs(), ASK_PAUSE_NS));
        }
    }

    private static <T> T get(FutureTask<T> task) {
        try {
            return task.get(REPLICATED_NS_MAX + ABSENCE_NS_MAX, TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof HailstormException known
                    ? known
                    : new HailstormException(ErrorCode.INTERNAL, "the chaos run failed: " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            throw new HailstormException(ErrorCode.DEADLINE_EXCEEDED, "the chaos run did not come to an end", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HailstormException(ErrorCode.ABORTED, "interrupted", e);
        }
    }
}
