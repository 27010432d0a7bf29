package io.hailstorm.matching;

import static io.hailstorm.matching.RoundProblem.NO_EDGE;

import java.util.Arrays;

/**
 * Exact minimum-cost assignment of riders to drivers over sparse edges, where a rider may stay unmatched at a price:
 * successive shortest augmenting paths with column potentials, after R. Jonker and A. Volgenant, "A Shortest
 * Augmenting Path Algorithm for Dense and Sparse Linear Assignment Problems", Computing 38 (1987). Staying unmatched is
 * a private column of the rider whose potential is always zero; a rider once driven to it stays there, because more
 * riders only make drivers dearer.
 *
 * <p>Phases: every rider's cheapest driver while free; augmenting row reduction, a bounded bidding among the rest;
 * Dijkstra from each rider still without a place. A shortest path never leaves its connected component, so components
 * are solved apart by construction. A component of more than {@code auctionEdgeCount} edges is auctioned instead (D.
 * Bertsekas, "The Auction Algorithm", 1988) from zero prices with increment {@link #AUCTION_EPSILON_MS}: within that
 * much per rider of the optimum. Beyond the budget of edge visits, whoever is left takes the cheapest free driver.
 *
 * <p>Integer arithmetic, riders and edges in the problem's order, ties by column number: the result is a function of
 * the problem. Arrays are reused. One thread.
 */
final class SparseAssignment {
    static final int AUCTION_EDGE_COUNT = 100_000;
    static final int AUCTION_EPSILON_MS = 250;

    private static final int NONE = -1;
    /** Bids of the row reduction, per rider. */
    private static final int REDUCTION_BID_COUNT = 4;

    private final long operationCountMax;
    private final int auctionEdgeCount;
    private final Components components = new Components();
    private final ColumnHeap heap = new ColumnHeap();

    private long[] potential = new long[0];
    private int[] rowOfColumn = new int[0];
    private int[] pathRow = new int[0];
    private int[] pathEdge = new int[0];
    private int[] scanned = new int[0];
    private int[] queue = new int[0];
    private int[] free = new int[0];

    private RoundProblem problem;
    private int[] edgeOfRow;
    private long operationCount;

    // Of the search running.
    private long bestUnmatched;
    private int unmatchedRow;
    private long bestFree;

    SparseAssignment(long operationCountMax) {
        this(operationCountMax, AUCTION_EDGE_COUNT);
    }

    SparseAssignment(long operationCountMax, int auctionEdgeCount) {
        this.operationCountMax = operationCountMax;
        this.auctionEdgeCount = auctionEdgeCount;
        this.problem = new RoundProblem();
        this.edgeOfRow = new int[0];
    }

    /** Fills {@code edgeOfRider}; true when the total is proven to be the least. */
    boolean solve(RoundProblem given, int[] edgeOfRider) {
        problem = given;
        edgeOfRow = edgeOfRider;
        operationCount = 0;
        int rows = problem.riderCount;
        int columns = problem.driverCount;
        reserve(rows, columns);
        Arrays.fill(edgeOfRow, 0, rows, NO_EDGE);
        Arrays.fill(rowOfColumn, 0, columns, NONE);
        Arrays.fill(potential, 0, columns, 0);
        boolean exact = true;
        if (problem.edgeCount > auctionEdgeCount) {
            components.label(problem);
            exact = auction();
        }
        int freeCount = takeCheapest(exact);
        freeCount = reduceRows(freeCount);
        for (int i = 0; i < freeCount; i++) {
            if (operationCount > operationCountMax) {
                takeWhatIsLeft(free[i]);
                exact = false;
            } else {
                augment(free[i]);
            }
        }
        return exact;
    }

    private void reserve(int rows, int columns) {
        if (rowOfColumn.length < columns) {
            int length = 2 * columns;
            potential = new long[length];
            rowOfColumn = new int[length];
            pathRow = new int[length];
            pathEdge = new int[length];
            scanned = new int[length];
            heap.reserve(length);
        }
        if (free.length < rows) {
            free = new int[2 * rows];
            queue = new int[2 * rows + 1];
        }
    }

    /** Edges come sorted by cost, so the first is the cheapest; potentials are zero, so it is the row's minimum. */
    private int takeCheapest(boolean all) {
        int freeCount = 0;
        for (int row = 0; row < problem.riderCount; row++) {
            int edge = problem.edgeStart[row];
            if (edge == problem.edgeStart[row + 1]
                    || problem.edgeCostMs[edge] > problem.unmatchedCostMs[row]
                    || (!all && isLarge(row))) {
                continue;
            }
            int column = problem.edgeDriver[edge];
            if (rowOfColumn[column] == NONE) {
                assign(row, edge);
            } else {
                free[freeCount++] = row;
            }
        }
        return freeCount;
    }

    private void assign(int row, int edge) {
        edgeOfRow[row] = edge;
        rowOfColumn[problem.edgeDriver[edge]] = row;
    }

    /**
     * Each free rider outbids the holder of its best driver by the advantage over its second best; the holder is free
     * again. Where there is no advantage, or bids run out, the rider is left to {@link #augment}.
     */
    private int reduceRows(int freeCount) {
        int bidsLeft = REDUCTION_BID_COUNT * problem.riderCount;
        int leftCount = 0;
        for (int i = 0; i < freeCount; i++) {
            int row = free[i];
            while (row != NONE) {
                if (bidsLeft-- <= 0 || operationCount > operationCountMax) {
                    free[leftCount++] = row;
                    break;
                }
                long best = Long.MAX_VALUE;
                long second = problem.unmatchedCostMs[row];
                int bestEdge = NO_EDGE;
                for (int e = problem.edgeStart[row]; e < problem.edgeStart[row + 1]; e++) {
                    operationCount++;
                    long cost = problem.edgeCostMs[e];
                    if (cost > second) {
                        break;
                    }
                    long reduced = cost - potential[problem.edgeDriver[e]];
                    if (reduced < best) {
                        second = Math.min(second, best);
                        best = reduced;
                        bestEdge = e;
                    } else if (reduced < second) {
                        second = reduced;
                    }
                }
                if (bestEdge == NO_EDGE || best > problem.unmatchedCostMs[row]) {
                    break;
                }
                int column = problem.edgeDriver[bestEdge];
                int holder = rowOfColumn[column];
                if (holder != NONE && best == second) {
                    free[leftCount++] = row;
                    break;
                }
                potential[column] -= holder == NONE ? 0 : second - best;
                if (holder != NONE) {
                    edgeOfRow[holder] = NO_EDGE;
                }
                assign(row, bestEdge);
                row = holder;
            }
        }
        return leftCount;
    }

    /** One shortest path from a free row to a free column or to somebody's staying unmatched. */
    private void augment(int row) {
        heap.clear();
        bestUnmatched = problem.unmatchedCostMs[row];
        unmatchedRow = row;
        bestFree = Long.MAX_VALUE;
        int scannedCount = 0;
        int end = NONE;
        long length = 0;
        relax(row, 0);
        while (true) {
            if (heap.isEmpty() || heap.leastKey() > bestUnmatched) {
                length = bestUnmatched;
                break;
            }
            int column = heap.removeLeast();
            length = heap.key(column);
            int holder = rowOfColumn[column];
            if (holder == NONE) {
                end = column;
                break;
            }
            scanned[scannedCount++] = column;
            long base = length - (problem.edgeCostMs[edgeOfRow[holder]] - potential[column]);
            if (base + problem.unmatchedCostMs[holder] < bestUnmatched) {
                bestUnmatched = base + problem.unmatchedCostMs[holder];
                unmatchedRow = holder;
            }
            relax(holder, base);
        }
        for (int i = 0; i < scannedCount; i++) {
            potential[scanned[i]] += heap.key(scanned[i]) - length;
        }
        int column = end;
        if (end == NONE) {
            column = leave(unmatchedRow);
        }
        if (end != NONE || unmatchedRow != row) {
            shiftAlongPath(row, column);
        }
    }

    /** Takes a row off its column, which it returns. */
    private int leave(int row) {
        int edge = edgeOfRow[row];
        edgeOfRow[row] = NO_EDGE;
        return edge == NO_EDGE ? NONE : problem.edgeDriver[edge];
    }

    private void shiftAlongPath(int start, int endColumn) {
        int column = endColumn;
        while (true) {
            int row = pathRow[column];
            int columnBefore = leave(row);
            assign(row, pathEdge[column]);
            if (row == start) {
                return;
            }
            column = columnBefore;
        }
    }

    private void relax(int row, long base) {
        for (int e = problem.edgeStart[row]; e < problem.edgeStart[row + 1]; e++) {
            operationCount++;
            long cost = base + problem.edgeCostMs[e];
            // Potentials are never positive and edges come sorted: nothing further on can be part of the path.
            if (cost > bestUnmatched || cost > bestFree) {
                return;
            }
            int column = problem.edgeDriver[e];
            long length = cost - potential[column];
            if (length > bestUnmatched || length > bestFree) {
                continue;
            }
            if (heap.offer(column, length)) {
                pathRow[column] = row;
                pathEdge[column] = e;
                if (rowOfColumn[column] == NONE) {
                    bestFree = length;
                }
            }
        }
    }

    private void takeWhatIsLeft(int row) {
        for (int e = problem.edgeStart[row]; e < problem.edgeStart[row + 1]; e++) {
            if (problem.edgeCostMs[e] > problem.unmatchedCostMs[row]) {
                return;
            }
            if (rowOfColumn[problem.edgeDriver[e]] == NONE) {
                assign(row, e);
                return;
            }
        }
    }

    private boolean isLarge(int row) {
        return components.edgeCountOf(problem, row) > auctionEdgeCount;
    }

    /** Riders of large components bid in turn; returns whether there were none. A price is a negated potential. */
    private boolean auction() {
        int head = 0;
        int count = 0;
        for (int row = 0; row < problem.riderCount; row++) {
            if (isLarge(row)) {
                queue[count++] = row;
            }
        }
        boolean none = count == 0;
        while (count > 0) {
            int row = queue[head];
            head = head + 1 == queue.length ? 0 : head + 1;
            count--;
            if (operationCount > operationCountMax) {
                takeWhatIsLeft(row);
                continue;
            }
            int outbid = bid(row);
            if (outbid != NONE) {
                queue[(head + count) % queue.length] = outbid;
                count++;
            }
        }
        return none;
    }

    /** Returns who lost the driver that this row won. */
    private int bid(int row) {
        long best = Long.MAX_VALUE;
        long second = problem.unmatchedCostMs[row];
        int bestEdge = NO_EDGE;
        for (int e = problem.edgeStart[row]; e < problem.edgeStart[row + 1]; e++) {
            operationCount++;
            if (problem.edgeCostMs[e] > second) {
                break;
            }
            long dear = problem.edgeCostMs[e] - potential[problem.edgeDriver[e]];
            if (dear < best) {
                second = Math.min(second, best);
                best = dear;
                bestEdge = e;
            } else if (dear < second) {
                second = dear;
            }
        }
        if (bestEdge == NO_EDGE || best > problem.unmatchedCostMs[row]) {
            return NONE;
        }
        int column = problem.edgeDriver[bestEdge];
        int holder = rowOfColumn[column];
        potential[column] -= second - best + AUCTION_EPSILON_MS;
        if (holder != NONE) {
            edgeOfRow[holder] = NO_EDGE;
        }
        assign(row, bestEdge);
        return holder;
    }
}
