package io.hailstorm.migration;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongFunction;
import java.util.function.LongToDoubleFunction;

/**
 * Sets of cells with a load each, and which lie beside which: what planning needs to know of geography. Every choice is a total
 * order. Remembers the neighbours it was told of. One thread.
 */
final class CellGround {
    private final LongToDoubleFunction load;
    private final Map<Long, long[]> neighboursByCell = new HashMap<>();
    private final LongFunction<long[]> neighbours;
    private final Comparator<Long> hottestFirst;

    CellGround(LongToDoubleFunction load, LongFunction<long[]> neighbours) {
        this.load = load;
        this.neighbours = neighbours;
        hottestFirst = Comparator.<Long>comparingDouble(cell -> -load.applyAsDouble(cell))
                .thenComparing(Comparator.naturalOrder());
    }

    double load(long cell) {
        return load.applyAsDouble(cell);
    }

    double load(Collection<Long> cells) {
        double sum = 0;
        for (long cell : cells) {
            sum += load.applyAsDouble(cell);
        }
        return sum;
    }

    long[] neighbours(long cell) {
        return neighboursByCell.computeIfAbsent(cell, neighbours::apply);
    }

    boolean touches(long cell, Set<Long> cells) {
        for (long neighbour : neighbours(cell)) {
            if (cells.contains(neighbour)) {
                return true;
            }
        }
        return false;
    }

    Comparator<Long> hottestFirst() {
        return hottestFirst;
    }

    long hottest(Collection<Long> cells) {
        return cells.stream().min(hottestFirst).orElseThrow();
    }

    /**
     * Cuts cells into connected pieces of a bounded size, each grown from the hottest cell left, over its hottest neighbours.
     *
     * @return hottest piece first
     */
    List<NavigableSet<Long>> pieces(Collection<Long> cells, int cellsMax) {
        NavigableSet<Long> left = new TreeSet<>(cells);
        List<NavigableSet<Long>> pieces = new ArrayList<>();
        while (!left.isEmpty()) {
            NavigableSet<Long> piece = grow(hottest(left), left, cellsMax);
            left.removeAll(piece);
            pieces.add(piece);
        }
        pieces.sort(Comparator.<NavigableSet<Long>>comparingDouble(piece -> -load(piece))
                .thenComparing(NavigableSet::first));
        return pieces;
    }

    private NavigableSet<Long> grow(long seed, Set<Long> within, int cellsMax) {
        NavigableSet<Long> piece = new TreeSet<>();
        PriorityQueue<Long> edge = new PriorityQueue<>(hottestFirst);
        Set<Long> seen = new HashSet<>(Set.of(seed));
        edge.add(seed);
        while (!edge.isEmpty() && piece.size() < cellsMax) {
            long cell = edge.remove();
            piece.add(cell);
            for (long neighbour : neighbours(cell)) {
                if (within.contains(neighbour) && seen.add(neighbour)) {
                    edge.add(neighbour);
                }
            }
        }
        return piece;
    }

    /** In how many pieces the cells lie. */
    int pieceCount(Collection<Long> cells) {
        Set<Long> left = new HashSet<>(cells);
        int count = 0;
        while (!left.isEmpty()) {
            // Not removeAll, which may search the list for each of the set's.
            breadthFirst(left.iterator().next(), left).forEach(left::remove);
            count++;
        }
        return count;
    }

    /** What can be reached from a cell, nearest first. */
    List<Long> breadthFirst(long seed, Set<Long> within) {
        List<Long> order = new ArrayList<>();
        Set<Long> seen = new HashSet<>(Set.of(seed));
        ArrayDeque<Long> edge = new ArrayDeque<>(seen);
        while (!edge.isEmpty()) {
            long cell = edge.remove();
            order.add(cell);
            for (long neighbour : neighbours(cell)) {
                if (within.contains(neighbour) && seen.add(neighbour)) {
                    edge.add(neighbour);
                }
            }
        }
        return order;
    }
}
