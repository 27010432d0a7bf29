package io.hailstorm.node;

import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.pricing.PricingConfig;
import io.hailstorm.protocol.v1.LogGap;
import io.hailstorm.protocol.v1.ShowTenuresRequest;
import io.hailstorm.protocol.v1.ShowTenuresResponse;
import io.hailstorm.protocol.v1.TenureServiceGrpc;
import io.hailstorm.simulator.Pauses;
import io.hailstorm.simulator.SimulationReport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Kills one region for good, under a fleet with riders, and looks at what the other made of it: what was acknowledged and
 * is gone, how long phones waited, whether prices jumped, and how the trips that were open ended. One thread.
 */
final class RegionLoss {
    /** Around the death simulated time is real, so that what phones wait is what they would wait. */
    private static final double REAL_SPEED = 1;

    private static final long BEFORE_NS = TimeUnit.SECONDS.toNanos(5);
    private static final long AFTER_NS = TimeUnit.SECONDS.toNanos(20);
    private static final long OPEN_NS_MAX = TimeUnit.SECONDS.toNanos(180);
    private static final long HOME_NS_MAX = TimeUnit.SECONDS.toNanos(120);
    private static final long LAST_NS = TimeUnit.SECONDS.toNanos(5);
    private static final long CALL_S = 10;
    private static final long TAKEN_OVER_NS_MAX = TimeUnit.SECONDS.toNanos(60);

    /**
     * What to do.
     *
     * @param victim the region that dies
     * @param speed simulated seconds a second, but around the death
     * @param openTrips killed once so many are open
     * @param afterMs simulated time that follows, for trips to end
     * @param isReturning whether the region is started again in the end, and its partitions returned to it
     */
    record Plan(RegionRig.Plan rig, String victim, double speed, int openTrips, long afterMs, boolean isReturning) {}

    /**
     * What came of it.
     *
     * @param gapRecords fixes that the survivor's log says it lacks
     * @param ackedInGap acknowledged fixes found in the dead region's log beyond where the survivor's goes on
     * @param waits of phones around the death; the largest is how long service was away
     * @param takenOverMs from the death until the witness named the survivor; -1 when it did not
     * @param isReturned whether the region had its partitions in the end; true when it was not to
     */
    record Result(
            boolean isGeo,
            long acked,
            HistoryChecker.Verdict verdict,
            long gapRecords,
            long ackedInGap,
            Pauses.Figures waits,
            long takenOverMs,
            PriceSteps prices,
            TripContinuity trips,
            boolean isReturned,
            boolean isDrained,
            SimulationReport clients,
            double seconds) {
        /** Nothing but what the level allows is lost, and it is accounted for. */
        boolean isOk() {
            boolean isLossExplained = isGeo ? verdict.lost() == 0 : verdict.lost() == ackedInGap;
            return isLossExplained
                    && verdict.orderViolations() == 0
                    && verdict.duplicatesVisible() == 0
                    && verdict.doubleOffers() == 0
                    && takenOverMs >= 0
                    && gapRecords >= ackedInGap
                    && prices.jumps() == 0
                    && trips.stuck().isEmpty()
                    && isReturned
                    && isDrained;
        }
    }

    /** What the survivor lacks of a dead region's partitions: by stream and partition, from where it goes on. */
    private record Loss(Map<String, Long> goesOnAt, long gapRecords) {
        static String key(StreamName stream, int partition) {
            return stream.text() + "/" + partition;
        }

        long from(PartitionReader partition) {
            return goesOnAt.getOrDefault(key(partition.stream(), partition.partition()), Long.MAX_VALUE);
        }
    }

    private final Plan plan;
    private final RegionRig rig;
    private final RegionOperator operator;
    private final Consumer<String> say;
    private final int victim;
    private final int survivor;
    private final PriceSteps prices = new PriceSteps(PricingConfig.defaults());
    /** Where the dead region's own prices end. */
    private long deadPricesEnd;

    private RegionLoss(Plan plan, RegionRig rig, RegionOperator operator, Consumer<String> say) {
        this.plan = plan;
        this.rig = rig;
        this.operator = operator;
        this.say = say;
        victim = rig.region(plan.victim());
        if (rig.count() != 2) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT, "--kill-for-good: expected two regions, got " + rig.count());
        }
        survivor = 1 - victim;
    }

    static Result run(Plan plan, Path directory, Consumer<String> say) {
        try (RegionRig rig = RegionRig.open(plan.rig(), directory, say)) {
            NodeConfig config =
                    DemoRegions.configs(plan.rig().settings(directory)).getFirst();
            RegionOperator operator =
                    new RegionOperator(rig, config.city(), plan.rig().seed());
            return new RegionLoss(plan, rig, operator, say).run();
        }
    }

    private Result run() {
        long startNs = rig.wall().monotonicNs();
        rig.speed(plan.speed());
        RegionRig.require(
                rig.runUntil(() -> rig.simulation().progress().openTrips() >= plan.openTrips(), OPEN_NS_MAX, () -> {}),
                "not " + plan.openTrips() + " trips open after three minutes");
        rig.speed(REAL_SPEED);
        rig.runFor(BEFORE_NS, () -> {});
        say.accept("killing " + plan.victim() + "; " + rig.simulation().progress());
        Pauses.Disturbance away = rig.simulation().pauses().begin(Pauses.Concerned.ALL);
        long diedMs = rig.simulatedMs();
        long takenOverMs = kill();
        rig.runFor(AFTER_NS, () -> {});
        away.end();
        say.accept(
                "taken over after " + takenOverMs + " ms; " + rig.simulation().progress());
        Loss loss = loss();
        long ackedInGap = readTheDead(loss);
        boolean isReturned = finish(diedMs);
        boolean isDrained = rig.drain();
        rig.demo().settle();
        rig.processes().stop();
        return judge(loss, ackedInGap, diedMs, takenOverMs, isReturned, isDrained, startNs);
    }

    private long kill() {
        long diedNs = rig.wall().monotonicNs();
        rig.kill(victim);
        boolean isTakenOver =
                rig.runUntil(() -> rig.processes().primaryOf(victim) == survivor, TAKEN_OVER_NS_MAX, () -> {});
        return isTakenOver ? TimeUnit.NANOSECONDS.toMillis(rig.wall().monotonicNs() - diedNs) : -1;
    }

    /** Time for trips to end; then the region's return, if it is to return. */
    private boolean finish(long diedMs) {
        rig.speed(plan.speed());
        boolean isOver = rig.runUntil(
                () -> rig.simulatedMs() >= diedMs + plan.afterMs(),
                TimeUnit.MILLISECONDS.toNanos(plan.afterMs()),
                () -> {});
        if (!isOver) {
            say.accept("simulated time is slow; going on without the rest of it");
        }
        if (!plan.isReturning()) {
            return true;
        }
        rig.speed(REAL_SPEED);
        rig.restart(victim);
        rig.awaitServing(victim, () -> {});
        boolean isHome = rig.runUntil(operator::areAllHome, HOME_NS_MAX, () -> {});
        rig.runFor(LAST_NS, () -> {});
        say.accept(plan.victim() + (isHome ? " is back, with its partitions" : " did not get its partitions back"));
        return isHome;
    }

    /** What the survivor says it lacks. */
    private Loss loss() {
        Map<String, Long> goesOnAt = new HashMap<>();
        long records = 0;
        for (LogGap gap : tenures().getGapsList()) {
            goesOnAt.merge(gap.getStream() + "/" + gap.getPartition(), gap.getFromOffset(), Math::min);
            records += gap.getStream().equals(StreamName.FIXES.text()) ? gap.getToOffset() - gap.getFromOffset() : 0;
        }
        return new Loss(goesOnAt, records);
    }

    private ShowTenuresResponse tenures() {
        Metadata headers = new Metadata();
        headers.put(AdminGate.AUTHORIZATION, AdminGate.SCHEME + rig.demo().operatorToken());
        try {
            return TenureServiceGrpc.newBlockingStub(rig.demo().channel(survivor))
                    .withDeadlineAfter(CALL_S, TimeUnit.SECONDS)
                    .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                    .showTenures(ShowTenuresRequest.getDefaultInstance());
        } catch (StatusRuntimeException e) {
            throw new HailstormException(
                    ErrorCode.UNAVAILABLE, rig.name(survivor) + " does not show its tenures: " + e.getStatus(), e);
        }
    }

    /** The dead region's own log, before it is started again and cuts it; what of it was promised, and its prices. */
    private long readTheDead(Loss loss) {
        Map<String, HistoryChecker.Promise> promises = new HashMap<>();
        HistoryChecker.promises(rig.simulation().ledger())
                .forEach(promise -> promises.put(key(promise.driver(), promise.session()), promise));
        long[] acked = new long[1];
        FixView fix = new FixView();
        try (LogReader log =
                LogReader.open(new MappedDisk(), rig.processes().layout().dataDir(victim))) {
            for (PartitionReader partition : LogPlace.of(log, StreamName.FIXES)) {
                long from = loss.from(partition);
                HistoryChecker.readAll(partition, (offset, hlc, type, buffer, index, length) -> {
                    if (offset >= from && type == RecordType.FIX) {
                        fix.wrap(buffer, index);
                        HistoryChecker.Promise promise = promises.get(key(fix.driver(), fix.session()));
                        acked[0] += promise != null && fix.seq() <= promise.ackedSeq() ? 1 : 0;
                    }
                    return true;
                });
            }
            LogPlace.of(log, StreamName.PRICES).stream()
                    .filter(partition -> partition.partition() == ServedPartitions.DISPATCH_PARTITION)
                    .forEach(partition -> {
                        prices.read(partition, 0, Long.MAX_VALUE);
                        deadPricesEnd = partition.durableOffset();
                    });
        }
        return acked[0];
    }

    private static String key(long driver, long session) {
        return driver + "/" + session;
    }

    private Result judge(
            Loss loss,
            long ackedInGap,
            long diedMs,
            long takenOverMs,
            boolean isReturned,
            boolean isDrained,
            long startNs) {
        List<HistoryChecker.Promise> promises =
                HistoryChecker.promises(rig.simulation().ledger());
        try (LogReader log = LogReader.open(
                        new MappedDisk(), rig.processes().layout().dataDir(survivor));
                LogReader victims = LogReader.open(
                        new MappedDisk(), rig.processes().layout().dataDir(victim))) {
            List<PartitionReader> trips = new ArrayList<>(LogPlace.of(log, StreamName.TRIPS));
            for (PartitionReader partition : LogPlace.of(log, StreamName.PRICES)) {
                if (partition.partition() == ServedPartitions.DISPATCH_PARTITION) {
                    goOnWithPrices(partition, loss);
                }
            }
            return new Result(
                    plan.rig().ackLevel().equals("GEO"),
                    promises.stream()
                            .mapToLong(HistoryChecker.Promise::ackedSeq)
                            .sum(),
                    HistoryChecker.check(List.of(log, victims), promises),
                    loss.gapRecords(),
                    ackedInGap,
                    rig.simulation().pauses().disturbances(),
                    takenOverMs,
                    prices,
                    TripContinuity.of(trips, diedMs),
                    isReturned,
                    isDrained,
                    rig.simulation().report(),
                    (rig.wall().monotonicNs() - startNs) / 1e9);
        }
    }

    /** After what the dead one published, whatever the survivor did from where it went on. */
    private void goOnWithPrices(PartitionReader survivors, Loss loss) {
        prices.read(survivors, Math.min(loss.from(survivors), deadPricesEnd), Long.MAX_VALUE);
    }
}
