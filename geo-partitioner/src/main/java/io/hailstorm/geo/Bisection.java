package io.hailstorm.geo;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * One run of {@link Partitioner}: owners of a {@link CellGraph}'s nodes. Every step keeps each partition
 * connected in the graph and non-empty. Single-threaded, used once.
 */
final class Bisection {
    private static final int NO_NODE = -1;
    private static final int DIRECTION_COUNT = 12;
    /** Cuts whose balance differs by less than this share of the weight count as equal; the shorter wins. */
    private static final double BALANCE_STEP_SHARE = 0.01;
    /** Moves a cell may take part in, on average, before refinement stops. */
    private static final int MOVES_PER_CELL_MAX = 4;

    private final CellGraph graph;
    private final int partitionCount;
    private final int[] owners;
    private final double[][] directions;

    /** @param turn how far the sweep directions are turned, as a share of the angle between two of them */
    Bisection(CellGraph graph, int partitionCount, double turn) {
        this.graph = graph;
        this.partitionCount = partitionCount;
        this.owners = new int[graph.size()];
        this.directions = directions(graph.tangentAxes(), turn);
    }

    int[] cut() {
        split(0, partitionCount);
        even(0, partitionCount);
        return owners;
    }

    /** A side grown from the whole: who is in it, how far from its share, how long its border. */
    private record Side(BitSet nodes, int balanceStep, int borderLength) {}

    private static final Comparator<Side> BY_BALANCE_THEN_BORDER =
            Comparator.comparingInt(Side::balanceStep).thenComparingInt(Side::borderLength);

    /** Cuts what {@code first} owns into {@code count} partitions numbered from {@code first}. */
    private void split(int first, int count) {
        if (count == 1) {
            return;
        }
        int countB = count / 2;
        int countA = count - countB;
        BitSet whole = ownedBy(first);
        double totalWeight = weightOf(whole);
        double wantedWeight = totalWeight * countB / count;
        Side best = null;
        for (double[] direction : directions) {
            BitSet grown = grow(whole, direction, wantedWeight, countB, countA);
            Side side = measured(whole, grown, wantedWeight, totalWeight);
            boolean bigEnough = grown.cardinality() >= countB && whole.cardinality() - grown.cardinality() >= countA;
            if (bigEnough && (best == null || BY_BALANCE_THEN_BORDER.compare(side, best) < 0)) {
                best = side;
            }
        }
        if (best == null) {
            splitOffOne(whole, first, count);
            return;
        }
        int firstB = first + countA;
        best.nodes().stream().forEach(node -> owners[node] = firstB);
        split(first, countA);
        split(firstB, countB);
    }

    /** Sweeps from one end: always takes the reachable node lowest along the direction, until the share is met. */
    private BitSet grow(BitSet whole, double[] direction, double wantedWeight, int nodesMin, int nodesLeftMin) {
        Comparator<Integer> byPlaceThenNode = Comparator.<Integer>comparingDouble(node -> graph.along(node, direction))
                .thenComparing(node -> node);
        PriorityQueue<Integer> frontier = new PriorityQueue<>(byPlaceThenNode);
        frontier.add(whole.stream().boxed().min(byPlaceThenNode).orElseThrow());
        BitSet seen = new BitSet();
        seen.or(whole);
        seen.flip(0, graph.size());
        seen.set(frontier.element());
        BitSet grown = new BitSet();
        double weight = 0;
        int nodesMax = whole.cardinality() - nodesLeftMin;
        while (!frontier.isEmpty() && grown.cardinality() < nodesMax) {
            int node = frontier.remove();
            boolean overshoots = weight + graph.weight(node) / 2 > wantedWeight;
            if (overshoots && grown.cardinality() >= nodesMin) {
                break;
            }
            grown.set(node);
            weight += graph.weight(node);
            for (int neighbor : graph.neighbors(node)) {
                if (!seen.get(neighbor)) {
                    seen.set(neighbor);
                    frontier.add(neighbor);
                }
            }
        }
        absorbAllButHeaviestRest(whole, grown);
        return grown;
    }

    /** What the sweep cut off from the main rest touches only the swept side, so it joins that side. */
    private void absorbAllButHeaviestRest(BitSet whole, BitSet grown) {
        BitSet rest = new BitSet();
        rest.or(whole);
        rest.andNot(grown);
        BitSet heaviest = new BitSet();
        double heaviestWeight = -1;
        BitSet open = new BitSet();
        open.or(rest);
        while (!open.isEmpty()) {
            BitSet piece = pieceOf(open, open.nextSetBit(0));
            double weight = weightOf(piece);
            if (weight > heaviestWeight || (weight == heaviestWeight && piece.cardinality() > heaviest.cardinality())) {
                heaviestWeight = weight;
                heaviest = piece;
            }
            open.andNot(piece);
        }
        rest.andNot(heaviest);
        grown.or(rest);
    }

    /** When no sweep leaves enough nodes on both sides (few nodes, or a star of them): one node for the last. */
    private void splitOffOne(BitSet whole, int first, int count) {
        // A connected graph always has such a node: any leaf of a spanning tree.
        int removable = whole.stream()
                .filter(node -> inOnePiece(changed(whole, node, NO_NODE)))
                .findFirst()
                .orElseThrow();
        owners[removable] = first + count - 1;
        split(first, count - 1);
    }

    private Side measured(BitSet whole, BitSet grown, double wantedWeight, double totalWeight) {
        int borderLength = 0;
        for (int node = grown.nextSetBit(0); node >= 0; node = grown.nextSetBit(node + 1)) {
            for (int neighbor : graph.neighbors(node)) {
                borderLength += whole.get(neighbor) && !grown.get(neighbor) ? 1 : 0;
            }
        }
        double offShare = Math.abs(weightOf(grown) - wantedWeight) / totalWeight;
        return new Side(grown, (int) (offShare / BALANCE_STEP_SHARE), borderLength);
    }

    /** Passes or exchanges border cells while that lowers the sum of squared weights. */
    private void even(int first, int count) {
        BitSet[] parts = new BitSet[count];
        double[] weights = new double[count];
        for (int i = 0; i < count; i++) {
            parts[i] = ownedBy(first + i);
            weights[i] = weightOf(parts[i]);
        }
        int movesLeft = MOVES_PER_CELL_MAX * graph.size();
        while (movesLeft-- > 0) {
            Move best = firstSound(singleMoves(weights, first), parts);
            if (best == null) {
                best = firstSound(exchanges(weights, first), parts);
            }
            if (best == null) {
                return;
            }
            double passed = graph.weight(best.node) - (best.back == NO_NODE ? 0 : graph.weight(best.back));
            parts[best.from] = changed(parts[best.from], best.node, best.back);
            parts[best.to] = changed(parts[best.to], best.back, best.node);
            weights[best.from] -= passed;
            weights[best.to] += passed;
            owners[best.node] = first + best.to;
            if (best.back != NO_NODE) {
                owners[best.back] = first + best.from;
            }
        }
    }

    /**
     * @param back what the receiver gives in return, or {@link #NO_NODE}
     * @param gain how much the sum of squared weights falls
     */
    private record Move(int node, int back, int from, int to, double gain) {}

    private static final Comparator<Move> BY_GAIN_THEN_NODES = Comparator.comparingDouble(Move::gain)
            .reversed()
            .thenComparingInt(Move::node)
            .thenComparingInt(Move::back)
            .thenComparingInt(Move::to);

    private PriorityQueue<Move> singleMoves(double[] weights, int first) {
        PriorityQueue<Move> moves = new PriorityQueue<>(BY_GAIN_THEN_NODES);
        for (Move border : borderCrossings(first)) {
            addIfBetter(moves, border, NO_NODE, graph.weight(border.node), weights);
        }
        return moves;
    }

    private PriorityQueue<Move> exchanges(double[] weights, int first) {
        PriorityQueue<Move> moves = new PriorityQueue<>(BY_GAIN_THEN_NODES);
        List<Move> crossings = borderCrossings(first);
        for (Move there : crossings) {
            for (Move back : crossings) {
                if (there.from == back.to && there.to == back.from) {
                    double passed = graph.weight(there.node) - graph.weight(back.node);
                    addIfBetter(moves, there, back.node, passed, weights);
                }
            }
        }
        return moves;
    }

    private static void addIfBetter(PriorityQueue<Move> moves, Move border, int back, double passed, double[] weights) {
        double gain = 2 * passed * (weights[border.from] - weights[border.to] - passed);
        double smallestGain = 1e-6 * weights[border.from] * weights[border.from];
        if (gain > smallestGain) {
            moves.add(new Move(border.node, back, border.from, border.to, gain));
        }
    }

    /** Every way a node could go to a neighbouring partition, each once. */
    private List<Move> borderCrossings(int first) {
        List<Move> crossings = new ArrayList<>();
        BitSet targets = new BitSet();
        for (int node = 0; node < owners.length; node++) {
            targets.clear();
            for (int neighbor : graph.neighbors(node)) {
                targets.set(owners[neighbor] - first);
            }
            int from = owners[node] - first;
            targets.clear(from);
            for (int to = targets.nextSetBit(0); to >= 0; to = targets.nextSetBit(to + 1)) {
                crossings.add(new Move(node, NO_NODE, from, to, 0));
            }
        }
        return crossings;
    }

    /** The first move that leaves both partitions in one piece. */
    private @Nullable Move firstSound(PriorityQueue<Move> moves, BitSet[] parts) {
        while (!moves.isEmpty()) {
            Move move = moves.remove();
            if (inOnePiece(changed(parts[move.from], move.node, move.back))
                    && inOnePiece(changed(parts[move.to], move.back, move.node))) {
                return move;
            }
        }
        return null;
    }

    private static BitSet changed(BitSet part, int removed, int added) {
        BitSet after = new BitSet();
        after.or(part);
        if (added != NO_NODE) {
            after.set(added);
        }
        if (removed != NO_NODE) {
            after.clear(removed);
        }
        return after;
    }

    private boolean inOnePiece(BitSet part) {
        return !part.isEmpty() && pieceOf(part, part.nextSetBit(0)).cardinality() == part.cardinality();
    }

    private BitSet pieceOf(BitSet nodes, int start) {
        BitSet piece = new BitSet();
        ArrayDeque<Integer> open = new ArrayDeque<>();
        piece.set(start);
        open.add(start);
        while (!open.isEmpty()) {
            for (int neighbor : graph.neighbors(open.remove())) {
                if (nodes.get(neighbor) && !piece.get(neighbor)) {
                    piece.set(neighbor);
                    open.add(neighbor);
                }
            }
        }
        return piece;
    }

    /** Weight of the heaviest partition over the mean. */
    double imbalance() {
        double[] weights = new double[partitionCount];
        for (int node = 0; node < owners.length; node++) {
            weights[owners[node]] += graph.weight(node);
        }
        DoubleSummaryStatistics summary = Arrays.stream(weights).summaryStatistics();
        return summary.getMax() / summary.getAverage();
    }

    private BitSet ownedBy(int partition) {
        BitSet nodes = new BitSet();
        for (int node = 0; node < owners.length; node++) {
            if (owners[node] == partition) {
                nodes.set(node);
            }
        }
        return nodes;
    }

    private double weightOf(BitSet nodes) {
        return nodes.stream().mapToDouble(graph::weight).sum();
    }

    private static double[][] directions(double[][] axes, double turn) {
        double[][] directions = new double[DIRECTION_COUNT][3];
        for (int i = 0; i < DIRECTION_COUNT; i++) {
            double angle = 2 * Math.PI * (i + turn) / DIRECTION_COUNT;
            for (int k = 0; k < 3; k++) {
                directions[i][k] = Math.cos(angle) * axes[0][k] + Math.sin(angle) * axes[1][k];
            }
        }
        return directions;
    }
}
