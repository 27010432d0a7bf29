package io.hailstorm.geo;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.HailstormException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collection;
import java.util.TreeSet;
import java.util.function.LongToDoubleFunction;

/**
 * Cells as nodes 0 … n−1 in ascending order, joined to their grid neighbours, always connected: pieces that
 * share no edge are bridged between their nearest cells. Immutable once built.
 */
final class CellGraph {
    private static final int[] NO_NEIGHBORS = {};

    private final long[] cells;
    private final double[] weights;
    private final int[][] neighbors;
    /** Unit vectors of the centres, so that neither the antimeridian nor a pole is special. */
    private final double[] x;

    private final double[] y;
    private final double[] z;

    private CellGraph(long[] cells, double[] weights) {
        this.cells = cells;
        this.weights = weights;
        this.neighbors = new int[cells.length][];
        this.x = new double[cells.length];
        this.y = new double[cells.length];
        this.z = new double[cells.length];
    }

    static CellGraph of(Collection<Long> routingCells, LongToDoubleFunction weightPerCell) {
        long[] cells =
                new TreeSet<>(routingCells).stream().mapToLong(Long::longValue).toArray();
        CellGraph graph = new CellGraph(cells, weights(cells, weightPerCell));
        long[] disk = new long[7];
        for (int node = 0; node < cells.length; node++) {
            graph.neighbors[node] = graph.neighborsOf(node, disk);
            GeoPoint center = H3Cells.INSTANCE.center(cells[node]);
            double lat = Math.toRadians(center.latDegrees());
            double lon = Math.toRadians(center.lonDegrees());
            graph.x[node] = Math.cos(lat) * Math.cos(lon);
            graph.y[node] = Math.cos(lat) * Math.sin(lon);
            graph.z[node] = Math.sin(lat);
        }
        graph.bridgePieces();
        return graph;
    }

    int size() {
        return cells.length;
    }

    long cell(int node) {
        return cells[node];
    }

    double weight(int node) {
        return weights[node];
    }

    int[] neighbors(int node) {
        return neighbors[node];
    }

    /** Place along a direction in space. */
    double along(int node, double[] direction) {
        return x[node] * direction[0] + y[node] * direction[1] + z[node] * direction[2];
    }

    /** Two unit vectors that span the plane touching the globe amid the nodes: east and north, or any two at a pole. */
    double[][] tangentAxes() {
        double[] up = normalized(new double[] {
            Arrays.stream(x).sum(), Arrays.stream(y).sum(), Arrays.stream(z).sum()
        });
        double[] reference = Math.abs(up[2]) < 0.99 ? new double[] {0, 0, 1} : new double[] {1, 0, 0};
        double[] east = normalized(cross(reference, up));
        return new double[][] {east, cross(up, east)};
    }

    private static double[] weights(long[] cells, LongToDoubleFunction weightPerCell) {
        double[] weights = new double[cells.length];
        double total = 0;
        for (int i = 0; i < cells.length; i++) {
            weights[i] = weightPerCell.applyAsDouble(cells[i]);
            if (!(weights[i] >= 0 && weights[i] < Double.POSITIVE_INFINITY)) {
                throw new HailstormException(
                        ErrorCode.INVALID_ARGUMENT,
                        "weight of cell " + Long.toHexString(cells[i]) + " must be finite and not negative: "
                                + weights[i]);
            }
            total += weights[i];
        }
        if (total == 0) {
            Arrays.fill(weights, 1);
        }
        return weights;
    }

    private int[] neighborsOf(int node, long[] disk) {
        int[] found = new int[6];
        int foundCount = 0;
        int diskCount = H3Cells.INSTANCE.gridDisk(cells[node], 1, disk);
        for (int i = 1; i < diskCount; i++) {
            int neighbor = Arrays.binarySearch(cells, disk[i]);
            if (neighbor >= 0) {
                found[foundCount++] = neighbor;
            }
        }
        return foundCount == 0 ? NO_NEIGHBORS : Arrays.copyOf(found, foundCount);
    }

    /** Quadratic in the cells for each bridge: a few milliseconds for a region of a thousand. */
    private void bridgePieces() {
        while (true) {
            boolean[] reached = reachFrom(0);
            int nearestReached = -1;
            int nearestOther = -1;
            double nearest = Double.MAX_VALUE;
            for (int other = 0; other < cells.length; other++) {
                for (int node = 0; !reached[other] && node < cells.length; node++) {
                    double distance = reached[node] ? squaredChord(node, other) : Double.MAX_VALUE;
                    if (distance < nearest) {
                        nearest = distance;
                        nearestReached = node;
                        nearestOther = other;
                    }
                }
            }
            if (nearestOther < 0) {
                return;
            }
            join(nearestReached, nearestOther);
            join(nearestOther, nearestReached);
        }
    }

    private boolean[] reachFrom(int start) {
        boolean[] reached = new boolean[cells.length];
        ArrayDeque<Integer> open = new ArrayDeque<>();
        if (cells.length > 0) {
            reached[start] = true;
            open.add(start);
        }
        while (!open.isEmpty()) {
            for (int neighbor : neighbors[open.remove()]) {
                if (!reached[neighbor]) {
                    reached[neighbor] = true;
                    open.add(neighbor);
                }
            }
        }
        return reached;
    }

    private void join(int node, int neighbor) {
        int[] longer = Arrays.copyOf(neighbors[node], neighbors[node].length + 1);
        longer[longer.length - 1] = neighbor;
        neighbors[node] = longer;
    }

    private double squaredChord(int a, int b) {
        double dx = x[a] - x[b];
        double dy = y[a] - y[b];
        double dz = z[a] - z[b];
        return dx * dx + dy * dy + dz * dz;
    }

    private static double[] cross(double[] a, double[] b) {
        return new double[] {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
    }

    private static double[] normalized(double[] v) {
        double length = Math.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
        return length == 0 ? new double[] {0, 0, 1} : new double[] {v[0] / length, v[1] / length, v[2] / length};
    }
}
