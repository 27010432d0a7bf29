package io.hailstorm.node;

import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.simulator.Pauses;
import io.hailstorm.simulator.SimulationReport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Kills regions at random moments, one at a time, while a fleet crosses the border and an operator moves ranges and has
 * regions returned; starts them again, and in the end holds every region's log against what every phone was promised. One
 * thread.
 */
final class RegionChaos {
    private static final long WARM_UP_NS = TimeUnit.SECONDS.toNanos(10);
    private static final long CALM_MS_MAX = 5_000;
    private static final long DEAD_MS_MAX = 4_000;
    private static final long OVER_NS_MAX = TimeUnit.SECONDS.toNanos(120);
    private static final long LAST_NS = TimeUnit.SECONDS.toNanos(5);

    private static final int STREAM_CALM = 411;
    private static final int STREAM_VICTIM = 412;
    private static final int STREAM_DEAD = 413;

    /** @param speed simulated seconds a second */
    record Plan(RegionRig.Plan rig, int kills, double speed) {}

    /**
     * What came of it.
     *
     * @param acked fixes that phones were told are safe
     * @param verdicts one a region, on its own data directory, and one over all of them
     * @param unreturned regions that did not get their partitions back in time
     * @param handedOver drivers taken in by another partition, in the log
     * @param isDrained whether every fix was acknowledged in the end
     */
    record Result(
            long acked,
            List<HistoryChecker.Verdict> verdicts,
            ControlHistory moves,
            long movesAsked,
            long requestsRefused,
            long returns,
            long unreturned,
            long takeovers,
            long handedOver,
            Pauses.Figures handOvers,
            Pauses.Figures waits,
            boolean isDrained,
            SimulationReport clients,
            double seconds) {
        boolean isOk() {
            return verdicts.stream().allMatch(HistoryChecker.Verdict::ok)
                    && moves.unfinished() == 0
                    && unreturned == 0
                    && isDrained
                    && clients.fixes().isAccounted();
        }
    }

    private final Plan plan;
    private final RegionRig rig;
    private final RegionOperator operator;
    private final Consumer<String> say;
    private final List<Long> terms = new ArrayList<>();

    private RegionChaos(Plan plan, RegionRig rig, RegionOperator operator, Consumer<String> say) {
        this.plan = plan;
        this.rig = rig;
        this.operator = operator;
        this.say = say;
    }

    static Result run(Plan plan, Path directory, Consumer<String> say) {
        try (RegionRig rig = RegionRig.open(plan.rig(), directory, say)) {
            NodeConfig config =
                    DemoRegions.configs(plan.rig().settings(directory)).getFirst();
            RegionOperator operator =
                    new RegionOperator(rig, config.city(), plan.rig().seed());
            return new RegionChaos(plan, rig, operator, say).run();
        }
    }

    private Result run() {
        long startNs = rig.wall().monotonicNs();
        rig.speed(plan.speed());
        rig.runFor(WARM_UP_NS, operator::doWork);
        terms();
        for (int kill = 0; kill < plan.kills(); kill++) {
            rig.runFor(randomNs(CALM_MS_MAX, kill, STREAM_CALM), operator::doWork);
            int victim = CounterRandom.below(rig.count(), plan.rig().seed(), kill, 0, STREAM_VICTIM);
            rig.kill(victim);
            rig.runFor(randomNs(DEAD_MS_MAX, kill, STREAM_DEAD), operator::doWork);
            rig.restart(victim);
            rig.awaitServing(victim, operator::doWork);
            say.accept("kill " + (kill + 1) + " of " + plan.kills() + ": " + rig.name(victim) + " is back; "
                    + rig.simulation().progress());
        }
        return end(startNs);
    }

    private long randomNs(long msMax, int step, int stream) {
        return TimeUnit.MILLISECONDS.toNanos(
                1 + CounterRandom.below((int) msMax, plan.rig().seed(), step, 0, stream));
    }

    private void terms() {
        rig.processes().tenures().values().forEach(tenure -> terms.add(tenure.term()));
    }

    private Result end(long startNs) {
        boolean areOver = rig.runUntil(() -> operator.areMovesOver() && operator.areAllHome(), OVER_NS_MAX, () -> {});
        say.accept(areOver ? "every move has ended, every region is home" : "not every move ended in time");
        rig.runFor(LAST_NS, () -> {});
        boolean isDrained = rig.drain();
        long takeovers = rig.processes().tenures().values().stream()
                        .mapToLong(tenure -> tenure.term())
                        .sum()
                - terms.stream().mapToLong(Long::longValue).sum();
        long unreturned = 0;
        for (int home = 0; home < rig.count(); home++) {
            unreturned += rig.processes().primaryOf(home) == home ? 0 : 1;
        }
        rig.demo().settle();
        rig.processes().stop();
        return judge(unreturned, takeovers, isDrained, (rig.wall().monotonicNs() - startNs) / 1e9);
    }

    private Result judge(long unreturned, long changes, boolean isDrained, double seconds) {
        List<HistoryChecker.Promise> promises =
                HistoryChecker.promises(rig.simulation().ledger());
        List<HistoryChecker.Verdict> verdicts = new ArrayList<>();
        ControlHistory moves = new ControlHistory(0, 0, 0, 0, 0);
        long handedOver = 0;
        List<LogReader> logs = new ArrayList<>();
        try {
            for (int region = 0; region < rig.count(); region++) {
                LogReader log = LogReader.open(
                        new MappedDisk(), rig.processes().layout().dataDir(region));
                logs.add(log);
                verdicts.add(HistoryChecker.check(HistoryStreams.of(log), promises));
                moves = ControlHistory.of(log.partition(StreamName.CONTROL, 0));
                handedOver = handedOver(LogPlace.of(log, StreamName.FIXES));
            }
            verdicts.add(HistoryChecker.check(logs, promises));
        } finally {
            logs.forEach(LogReader::close);
        }
        return new Result(
                promises.stream().mapToLong(HistoryChecker.Promise::ackedSeq).sum(),
                verdicts,
                moves,
                operator.askedCount(),
                operator.refusedCount(),
                operator.returnCount(),
                unreturned,
                changes,
                handedOver,
                rig.simulation().pauses().handOvers(),
                rig.simulation().pauses().waits(),
                isDrained,
                rig.simulation().report(),
                seconds);
    }

    private static long handedOver(List<PartitionReader> fixes) {
        long[] count = new long[1];
        for (PartitionReader partition : fixes) {
            HistoryChecker.readAll(partition, (offset, hlc, type, buffer, index, length) -> {
                if (type == RecordType.EVENT
                        && EventReader.read(buffer, index, length).hasDriverTakenIn()) {
                    count[0]++;
                }
                return true;
            });
        }
        return count[0];
    }
}
