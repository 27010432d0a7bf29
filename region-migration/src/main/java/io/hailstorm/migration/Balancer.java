package io.hailstorm.migration;

import io.hailstorm.geo.PartitionMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongFunction;
import java.util.function.LongToDoubleFunction;
import org.agrona.collections.Long2LongHashMap;

/**
 * Proposes, now and then, one change of ownership that evens measured load out: few cells, beside the partition they go to, and no
 * piece of a partition cut off where that can be helped. Pure; time and loads are arguments. One thread.
 *
 * <table>
 * <caption>What keeps it from flapping</caption>
 * <tr><th>rule</th><th>against</th></tr>
 * <tr><td>begins when the hottest partition is {@code actAbove} of the mean, ends below {@code stopBelow}</td><td>acting on
 *     noise around one threshold</td></tr>
 * <tr><td>at least {@code intervalMs} between proposals, none while anything moves</td><td>acting on loads from before the last
 *     move</td></tr>
 * <tr><td>a cell that moved rests for {@code cooldownMs}, and twice as long each time it moves again soon</td><td>sending a
 *     hot cell to and fro, after a load that swings</td></tr>
 * <tr><td>a budget of {@code movesPerMinute}</td><td>a storm, whatever its cause</td></tr>
 * <tr><td>a move must take {@code gainMin} of the mean off the hottest partition</td><td>work for nothing</td></tr>
 * <tr><td>cold neighbours merge only where both together stay below {@code mergeBelow} of the mean</td><td>merging what was just
 *     split</td></tr>
 * </table>
 */
public final class Balancer {
    private static final long NEVER = Long.MIN_VALUE / 2;
    private static final long MINUTE_MS = 60_000;
    /** A cell that moves again within so many cooldowns rests twice as long … */
    private static final long RESTLESS = 8;
    /** … up to so many. */
    private static final long REST_MAX = 24;

    /**
     * @param actAbove hottest over mean at which it begins
     * @param stopBelow hottest over mean at which it is satisfied
     * @param mergeBelow load of two neighbours together, of the mean, below which one takes the other in
     * @param gainMin least improvement, of the mean
     * @param intervalMs between proposals
     * @param cooldownMs of a cell that moved
     * @param movesPerMinute proposals in any minute
     * @param cellsMax cells of one move
     */
    public record Config(
            double actAbove,
            double stopBelow,
            double mergeBelow,
            double gainMin,
            long intervalMs,
            long cooldownMs,
            int movesPerMinute,
            int cellsMax) {
        public static final Config DEFAULT = new Config(1.3, 1.15, 0.3, 0.02, 10_000, 300_000, 4, 64);
    }

    /** What it would do. */
    public sealed interface Advice {
        /** Cells to a partition that lies beside them. */
        record Move(NavigableSet<Long> cells, int target) implements Advice {}

        /** Half of a hot partition to one without cells. */
        record Split(int partition) implements Advice {}

        /** A cold partition into its cold neighbour. */
        record Merge(int from, int into) implements Advice {}
    }

    private final Config config;
    private final CellGround ground;
    private final Long2LongHashMap movedMsByCell = new Long2LongHashMap(NEVER);
    private final Long2LongHashMap restMsByCell = new Long2LongHashMap(0);
    private final long[] lastProposals;
    private int proposalCount;
    private boolean isActing;

    /**
     * @param loadPerCell measured now, whenever asked
     * @param neighbours routing cells beside a routing cell
     */
    public Balancer(Config config, LongToDoubleFunction loadPerCell, LongFunction<long[]> neighbours) {
        this.config = config;
        ground = new CellGround(loadPerCell, neighbours);
        lastProposals = new long[config.movesPerMinute()];
        Arrays.fill(lastProposals, NEVER);
    }

    /** A cell changed its owner, by whoever's wish. */
    public void onMoved(Set<Long> cells, long nowMs) {
        for (long cell : cells) {
            long rested = nowMs - movedMsByCell.get(cell);
            long rest = rested < RESTLESS * config.cooldownMs() ? 2 * restMsByCell.get(cell) : 0;
            restMsByCell.put(cell, Math.clamp(rest, config.cooldownMs(), REST_MAX * config.cooldownMs()));
            movedMsByCell.put(cell, nowMs);
        }
    }

    /** What to do now, if anything. Not to be asked while a range moves. */
    public Optional<Advice> advise(PartitionMap map, long nowMs) {
        long last = lastProposals[Math.floorMod(proposalCount - 1, lastProposals.length)];
        long eldest = lastProposals[proposalCount % lastProposals.length];
        if (nowMs - last < config.intervalMs() || nowMs - eldest < MINUTE_MS) {
            return Optional.empty();
        }
        Optional<Advice> advice = advise(Loads.of(map, ground), map, nowMs);
        if (advice.isPresent()) {
            lastProposals[proposalCount % lastProposals.length] = nowMs;
            proposalCount++;
        }
        return advice;
    }

    /** Loads of the partitions that have cells. */
    private record Loads(Map<Integer, Double> byPartition, double mean, int hottest, List<Integer> withoutCells) {
        static Loads of(PartitionMap map, CellGround ground) {
            Map<Integer, Double> loads = new HashMap<>();
            List<Integer> empty = new ArrayList<>();
            double sum = 0;
            int hottest = 0;
            for (int partition = 0; partition < map.partitionCount(); partition++) {
                Set<Long> cells = map.cellsOf(partition);
                if (cells.isEmpty()) {
                    empty.add(partition);
                    continue;
                }
                // In one order, or sums differ in their last digits from reader to reader.
                double load = ground.load(new TreeSet<>(cells));
                loads.put(partition, load);
                sum += load;
                if (load > loads.getOrDefault(hottest, -1.0)) {
                    hottest = partition;
                }
            }
            return new Loads(loads, loads.isEmpty() ? 0 : sum / loads.size(), hottest, empty);
        }

        double of(int partition) {
            return byPartition.getOrDefault(partition, 0.0);
        }
    }

    private Optional<Advice> advise(Loads loads, PartitionMap map, long nowMs) {
        if (loads.mean() <= 0) {
            return Optional.empty();
        }
        double heat = loads.of(loads.hottest()) / loads.mean();
        isActing = isActing ? heat >= config.stopBelow() : heat > config.actAbove();
        if (!isActing) {
            return merge(loads, map, nowMs);
        }
        if (!loads.withoutCells().isEmpty() && map.cellsOf(loads.hottest()).size() > 1) {
            return Optional.of(new Advice.Split(loads.hottest()));
        }
        return relieve(loads, map, nowMs);
    }

    private Optional<Advice> merge(Loads loads, PartitionMap map, long nowMs) {
        List<Integer> coldestFirst = loads.byPartition().keySet().stream()
                .sorted(Comparator.<Integer>comparingDouble(loads::of).thenComparing(Comparator.naturalOrder()))
                .toList();
        if (coldestFirst.size() < 2) {
            return Optional.empty();
        }
        int from = coldestFirst.getFirst();
        Set<Long> cells = map.cellsOf(from);
        if (cells.stream().anyMatch(cell -> isResting(cell, nowMs))) {
            return Optional.empty();
        }
        return coldestFirst.stream()
                .skip(1)
                .filter(into -> loads.of(from) + loads.of(into) < config.mergeBelow() * loads.mean())
                .filter(into -> isBeside(cells, map.cellsOf(into)))
                .findFirst()
                .map(into -> new Advice.Merge(from, into));
    }

    private boolean isBeside(Set<Long> cells, Set<Long> others) {
        return cells.stream().anyMatch(cell -> ground.touches(cell, others));
    }

    /** From the hottest to a partition beside it, the coolest that can take something; else to the coolest of all. */
    private Optional<Advice> relieve(Loads loads, PartitionMap map, long nowMs) {
        int hottest = loads.hottest();
        Set<Long> cells = map.cellsOf(hottest);
        List<Integer> targets = loads.byPartition().keySet().stream()
                .filter(other -> other != hottest)
                .sorted(Comparator.<Integer, Boolean>comparing(other -> !isBeside(cells, map.cellsOf(other)))
                        .thenComparingDouble(loads::of)
                        .thenComparing(Comparator.naturalOrder()))
                .toList();
        for (int target : targets) {
            double wanted = Math.min(loads.of(hottest) - loads.mean(), (loads.of(hottest) - loads.of(target)) / 2);
            NavigableSet<Long> taken = take(cells, map.cellsOf(target), wanted, nowMs);
            if (!taken.isEmpty() && ground.load(taken) >= config.gainMin() * loads.mean()) {
                return Optional.of(new Advice.Move(taken, target));
            }
        }
        return Optional.empty();
    }

    /** Border cells, hottest first, that together come close to what is wanted and leave the rest as connected as it was. */
    private NavigableSet<Long> take(Set<Long> cells, Set<Long> targetCells, double wanted, long nowMs) {
        NavigableSet<Long> taken = new TreeSet<>();
        NavigableSet<Long> rest = new TreeSet<>(cells);
        Set<Long> reached = new TreeSet<>(targetCells);
        boolean isBeside = isBeside(cells, targetCells);
        int pieceCount = ground.pieceCount(rest);
        double left = wanted;
        while (taken.size() < config.cellsMax() && rest.size() > 1) {
            double room = left;
            Optional<Long> next = rest.stream()
                    .filter(cell -> !isResting(cell, nowMs))
                    .filter(cell -> ground.load(cell) > 0 && ground.load(cell) <= room)
                    .filter(cell -> !isBeside && taken.isEmpty() || ground.touches(cell, reached))
                    .sorted(ground.hottestFirst())
                    .filter(cell -> staysWhole(rest, cell, pieceCount))
                    .findFirst();
            if (next.isEmpty()) {
                break;
            }
            taken.add(next.get());
            rest.remove(next.get());
            reached.add(next.get());
            left -= ground.load(next.get());
        }
        return taken;
    }

    private boolean staysWhole(NavigableSet<Long> rest, long cell, int pieceCount) {
        Set<Long> without = new TreeSet<>(rest);
        without.remove(cell);
        return ground.pieceCount(without) <= pieceCount;
    }

    private boolean isResting(long cell, long nowMs) {
        return nowMs - movedMsByCell.get(cell) < restMsByCell.get(cell);
    }
}
