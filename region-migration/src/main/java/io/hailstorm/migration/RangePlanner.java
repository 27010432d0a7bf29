package io.hailstorm.migration;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.function.LongFunction;
import java.util.function.LongToDoubleFunction;

/**
 * Turns what is asked for into moves, from how things stand: a {@link MoveGroup} whose moves each take a connected, bounded set of cells of
 * one owner and epoch, the hottest first, so that each pause is short and each move stands for itself. Pure; the same table, loads
 * and neighbours give the same plan.
 */
public final class RangePlanner {
    /**
     * @param parallelMax moves under way at a time
     * @param cellsMax cells of one move
     */
    public record Bounds(int parallelMax, int cellsMax) {
        public static final Bounds DEFAULT = new Bounds(2, 64);
    }

    /** Places to cut from that a split tries. */
    private static final int SEEDS_MAX = 24;

    private final OwnershipTable table;
    private final CellGround ground;
    private final IntFunction<String> regionOf;
    private final Bounds bounds;

    /**
     * @param loadPerCell not negative; any unit
     * @param neighbours routing cells beside a routing cell
     * @param regionOf the region that is a partition's home
     */
    public RangePlanner(
            OwnershipTable table,
            LongToDoubleFunction loadPerCell,
            LongFunction<long[]> neighbours,
            IntFunction<String> regionOf,
            Bounds bounds) {
        this.table = table;
        this.regionOf = regionOf;
        this.bounds = bounds;
        // Where nothing was measured, every cell counts the same.
        boolean isUnmeasured = table.map().cells().stream().allMatch(cell -> loadPerCell.applyAsDouble(cell) <= 0);
        ground = new CellGround(isUnmeasured ? cell -> 1 : loadPerCell, neighbours);
    }

    /**
     * These cells to a partition; those it owns already stay.
     *
     * @throws HailstormException {@code INVALID_ARGUMENT}, {@code NOT_FOUND} or {@code FAILED_PRECONDITION} when it cannot be done as
     *     things stand; so do all others
     */
    public MoveGroup move(String groupId, Set<Long> cells, int target) {
        requirePartition(target);
        NavigableMap<Long, Integer> targets = new TreeMap<>();
        cells.forEach(cell -> targets.put(cell, target));
        return group(groupId, "move " + cells.size() + " cells to partition " + target, targets);
    }

    /** The hotter half of a partition, in one piece where it can be, to the emptiest other one. */
    public MoveGroup split(String groupId, int partition) {
        requirePartition(partition);
        NavigableSet<Long> cells = new TreeSet<>(table.map().cellsOf(partition));
        if (cells.size() < 2 || table.map().partitionCount() < 2) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "cannot split partition " + partition + ": it has " + cells.size() + " cells, and there are "
                            + table.map().partitionCount() + " partitions; both must be at least 2");
        }
        int target = emptiest(partition);
        NavigableMap<Long, Integer> targets = new TreeMap<>();
        hotterHalf(cells).forEach(cell -> targets.put(cell, target));
        return group(groupId, "split partition " + partition + ", half of it to " + target, targets);
    }

    /** Everything of one partition to another. */
    public MoveGroup merge(String groupId, int from, int into) {
        requirePartition(from);
        requirePartition(into);
        if (from == into) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT, "cannot merge partition " + from + " with itself: name two");
        }
        NavigableMap<Long, Integer> targets = new TreeMap<>();
        table.map().cellsOf(from).forEach(cell -> targets.put(cell, into));
        return group(groupId, "merge partition " + from + " into " + into, targets);
    }

    /** Every cell of a region's partitions to partitions of other regions, evening their loads out. */
    public MoveGroup evacuate(String groupId, String region) {
        List<Integer> inside = new ArrayList<>();
        Map<Integer, Double> loads = new HashMap<>();
        for (int partition = 0; partition < table.map().partitionCount(); partition++) {
            if (regionOf.apply(partition).equals(region)) {
                inside.add(partition);
            } else {
                loads.put(partition, ground.load(table.map().cellsOf(partition)));
            }
        }
        if (inside.isEmpty()) {
            throw new HailstormException(ErrorCode.NOT_FOUND, "no partition belongs to a region " + region);
        }
        if (loads.isEmpty()) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "cannot evacuate region " + region + ": there is no other region to take its cells");
        }
        NavigableMap<Long, Integer> targets = new TreeMap<>();
        List<NavigableSet<Long>> pieces = new ArrayList<>();
        inside.forEach(partition -> pieces.addAll(ground.pieces(table.map().cellsOf(partition), bounds.cellsMax())));
        pieces.sort(Comparator.<NavigableSet<Long>>comparingDouble(piece -> -ground.load(piece))
                .thenComparing(NavigableSet::first));
        for (NavigableSet<Long> piece : pieces) {
            int target = loads.entrySet().stream()
                    .min(Map.Entry.<Integer, Double>comparingByValue().thenComparing(Map.Entry.comparingByKey()))
                    .orElseThrow()
                    .getKey();
            loads.merge(target, ground.load(piece), Double::sum);
            piece.forEach(cell -> targets.put(cell, target));
        }
        return group(groupId, "evacuate region " + region, targets);
    }

    /** What moves together, cut to size. */
    private record Lot(int source, int target, long epoch) {}

    private MoveGroup group(String groupId, String intent, NavigableMap<Long, Integer> targets) {
        Map<Lot, NavigableSet<Long>> cellsByLot = new HashMap<>();
        targets.forEach((cell, target) -> {
            RangeEntry entry = requireResting(cell);
            if (entry.ownerPartition() != target) {
                cellsByLot
                        .computeIfAbsent(new Lot(entry.ownerPartition(), target, entry.epoch()), _ -> new TreeSet<>())
                        .add(cell);
            }
        });
        if (cellsByLot.isEmpty()) {
            throw new HailstormException(ErrorCode.FAILED_PRECONDITION, "nothing to do: " + intent);
        }
        List<MovePlan> unnamed = new ArrayList<>();
        cellsByLot.forEach((lot, cells) -> ground.pieces(cells, bounds.cellsMax())
                .forEach(piece -> unnamed.add(new MovePlan("", piece, lot.source(), lot.target(), lot.epoch()))));
        unnamed.sort(Comparator.<MovePlan>comparingDouble(plan -> -ground.load(plan.cells()))
                .thenComparing(plan -> plan.cells().first()));
        List<MovePlan> moves = new ArrayList<>();
        for (MovePlan plan : unnamed) {
            moves.add(new MovePlan(
                    groupId + "/" + moves.size(),
                    plan.cells(),
                    plan.sourcePartition(),
                    plan.targetPartition(),
                    plan.epoch()));
        }
        return new MoveGroup(groupId, intent, bounds.parallelMax(), moves);
    }

    private RangeEntry requireResting(long cell) {
        RangeEntry entry = table.entry(cell)
                .orElseThrow(() -> new HailstormException(
                        ErrorCode.NOT_FOUND,
                        "cell " + Long.toHexString(cell) + " is not a routing cell of this region"));
        if (entry.state() != RangeState.ACTIVE) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "cell " + Long.toHexString(cell) + " is moving already, in migration " + entry.migrationId()
                            + "; wait until it ended, or abort it");
        }
        return entry;
    }

    private void requirePartition(int partition) {
        int count = table.map().partitionCount();
        if (partition < 0 || partition >= count) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT, "no partition " + partition + ": there are 0.." + (count - 1));
        }
    }

    /** In the same region where there is one, without cells where there is one, then the least loaded. */
    private int emptiest(int partition) {
        String home = regionOf.apply(partition);
        Comparator<Integer> order = Comparator.<Integer, Boolean>comparing(
                        other -> !regionOf.apply(other).equals(home))
                .thenComparing(other -> !table.map().cellsOf(other).isEmpty())
                .thenComparingDouble(other -> ground.load(table.map().cellsOf(other)))
                .thenComparing(Comparator.naturalOrder());
        List<Integer> others = new ArrayList<>();
        for (int other = 0; other < table.map().partitionCount(); other++) {
            if (other != partition) {
                others.add(other);
            }
        }
        return others.stream().min(order).orElseThrow();
    }

    /** One way to cut a partition. */
    private record Cut(NavigableSet<Long> half, int pieceCount, double unevenness) {}

    /** Grown from cells at the far ends, until it holds half the load; what leaves both sides whole and even is best. */
    private NavigableSet<Long> hotterHalf(NavigableSet<Long> cells) {
        List<Long> farFromHottest = ground.breadthFirst(ground.hottest(cells), cells);
        Set<Long> seeds = new LinkedHashSet<>(farFromHottest.reversed());
        seeds.addAll(cells);
        Cut best = null;
        for (long seed : seeds.stream().limit(SEEDS_MAX).toList()) {
            Cut cut = cut(seed, cells);
            if (best == null
                    || cut.pieceCount < best.pieceCount
                    || (cut.pieceCount == best.pieceCount && cut.unevenness < best.unevenness)) {
                best = cut;
            }
        }
        if (best == null) {
            throw new IllegalStateException("a partition of several cells has a cell to cut from");
        }
        return best.half;
    }

    private Cut cut(long seed, NavigableSet<Long> cells) {
        double all = ground.load(cells);
        NavigableSet<Long> rest = new TreeSet<>(cells);
        NavigableSet<Long> half = new TreeSet<>();
        double loadOfHalf = 0;
        for (long cell : ground.breadthFirst(seed, cells)) {
            boolean isEnough = loadOfHalf + ground.load(cell) / 2 >= all / 2;
            if (rest.size() == 1 || (isEnough && !half.isEmpty())) {
                break;
            }
            half.add(cell);
            rest.remove(cell);
            loadOfHalf += ground.load(cell);
        }
        return new Cut(
                loadOfHalf >= all - loadOfHalf ? half : rest,
                ground.pieceCount(half) + ground.pieceCount(rest),
                Math.abs(all - 2 * loadOfHalf));
    }
}
