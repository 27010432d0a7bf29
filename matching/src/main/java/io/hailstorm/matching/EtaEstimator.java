package io.hailstorm.matching;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.GeoPoint;
import org.agrona.collections.Long2LongHashMap;

/**
 * Pickup times: great-circle distance × detour ÷ speed(cell, quarter of an hour of the day) + overhead. Speeds are
 * learned from the fleet's own fixes while a rider is on board (an idle or waiting driver says nothing about the road):
 * distance and time are summed per resolution-7 cell and quarter, and per cell over the last while, and halved whenever
 * the time exceeds {@link #FORGET_TIME_MS}. Each estimate is blended with {@link #PRIOR_TIME_MS} of the one before it:
 * configured, region lately, region in this quarter, cell lately, cell in this quarter. All sums are integers.
 *
 * <p>One thread. Steady state: no allocation.
 */
public final class EtaEstimator {
    static final long PRIOR_TIME_MS = 600_000;
    static final long FORGET_TIME_MS = 7_200_000;

    private static final int QUARTER_COUNT = 96;
    /** Column after the quarters: lately, whatever the quarter. */
    private static final int LATELY = QUARTER_COUNT;

    private static final long QUARTER_MS = 900_000;
    /** Between two fixes further apart than this, anything may have happened. */
    private static final long SAMPLE_MS_MAX = 120_000;
    /** A phone's own speed stands for no longer than this. */
    private static final long SPEED_SAMPLE_MS_MAX = 15_000;

    private static final int PLAUSIBLE_MM_PER_S_MAX = 60_000;
    /** Row of the region as a whole. */
    private static final int REGION_ROW = 0;

    private static final byte ON_TRIP = DriverState.ON_TRIP.code();

    private final Cells cells;
    private final MatchingConfig.Eta config;
    private final Long2LongHashMap rowOfCell = new Long2LongHashMap(REGION_ROW);
    private final long[][] distanceMm;
    private final long[][] timeMs;
    private int rowCount = 1;

    public EtaEstimator(MatchingConfig.Eta config, Cells cells) {
        this.cells = cells;
        this.config = config;
        this.distanceMm = new long[config.speedCellCountMax() + 1][];
        this.timeMs = new long[config.speedCellCountMax() + 1][];
        distanceMm[REGION_ROW] = new long[QUARTER_COUNT + 1];
        timeMs[REGION_ROW] = new long[QUARTER_COUNT + 1];
    }

    /** Learns from two successive fixes of one driver; the earlier one by its parts. */
    void learn(byte stateBefore, int latE7Before, int lonE7Before, long deviceMsBefore, FixView fix) {
        long elapsedMs = fix.deviceMs() - deviceMsBefore;
        if (stateBefore != ON_TRIP
                || fix.state() != ON_TRIP
                || elapsedMs <= 0
                || elapsedMs > SAMPLE_MS_MAX
                || (fix.flags() & FixDescriptor.FLAG_STATE_ONLY) != 0) {
            return;
        }
        long movedMm;
        int speedCmPerS = fix.speedCmPerS();
        if (speedCmPerS != FixDescriptor.UNKNOWN_U16 && elapsedMs <= SPEED_SAMPLE_MS_MAX) {
            movedMm = speedCmPerS * elapsedMs / 100;
        } else {
            movedMm = (long) (1000 * GeoPoint.distanceMeters(latE7Before, lonE7Before, fix.latE7(), fix.lonE7()));
        }
        if (movedMm * 1000 / elapsedMs > PLAUSIBLE_MM_PER_S_MAX) {
            return;
        }
        int quarter = quarterOf(fix.deviceMs());
        add(rowFor(cells.parent(fix.cell(), Cells.ROUTING_RESOLUTION)), quarter, movedMm, elapsedMs);
        add(REGION_ROW, quarter, movedMm, elapsedMs);
    }

    private int rowFor(long routingCell) {
        int row = (int) rowOfCell.get(routingCell);
        if (row == REGION_ROW && rowCount <= config.speedCellCountMax()) {
            row = rowCount++;
            distanceMm[row] = new long[QUARTER_COUNT + 1];
            timeMs[row] = new long[QUARTER_COUNT + 1];
            rowOfCell.put(routingCell, row);
        }
        return row;
    }

    private void add(int row, int quarter, long movedMm, long elapsedMs) {
        addTo(row, quarter, movedMm, elapsedMs);
        addTo(row, LATELY, movedMm, elapsedMs);
    }

    private void addTo(int row, int column, long movedMm, long elapsedMs) {
        long[] distances = distanceMm[row];
        long[] times = timeMs[row];
        distances[column] += movedMm;
        times[column] += elapsedMs;
        if (times[column] > FORGET_TIME_MS) {
            distances[column] >>= 1;
            times[column] >>= 1;
        }
    }

    private static int quarterOf(long epochMs) {
        return Math.floorMod(Math.floorDiv(epochMs, QUARTER_MS), QUARTER_COUNT);
    }

    /** Speed on the road around a cell (any resolution from routing down) at a time; at least 1 m/s. */
    public long speedMmPerS(long cell, long epochMs) {
        int quarter = quarterOf(epochMs);
        long speed = blend(REGION_ROW, quarter, blend(REGION_ROW, LATELY, config.speedMmPerS()));
        int row = (int) rowOfCell.get(cells.parent(cell, Cells.ROUTING_RESOLUTION));
        if (row != REGION_ROW) {
            speed = blend(row, quarter, blend(row, LATELY, speed));
        }
        return Math.max(1000, speed);
    }

    private long blend(int row, int column, long priorMmPerS) {
        return (distanceMm[row][column] + priorMmPerS * (PRIOR_TIME_MS / 1000))
                * 1000
                / (timeMs[row][column] + PRIOR_TIME_MS);
    }

    /** Time to drive a great-circle distance at a speed and find each other, clamped to an int. */
    public int etaMs(double meters, long speedMmPerS) {
        return (int) Math.min(Integer.MAX_VALUE, config.pickupOverheadMs() + drivingMs(meters, speedMmPerS));
    }

    /** Time to pick somebody up from a cell away by a great-circle distance, now. */
    public int pickupEtaMs(double meters, long pickupCell, long nowMs) {
        return etaMs(meters, speedMmPerS(pickupCell, nowMs));
    }

    private long drivingMs(double meters, long speedMmPerS) {
        return (long) (meters * 1000.0 * config.detourMilli() / speedMmPerS);
    }

    /** The great-circle distance from beyond which no driver arrives within a time. */
    double metersWithin(int etaMsMax, long speedMmPerS) {
        return Math.max(0, etaMsMax - config.pickupOverheadMs())
                * (double) speedMmPerS
                / (1000.0 * config.detourMilli());
    }

    /** Routing cells with a speed of their own. */
    public int learnedCellCount() {
        return rowCount - 1;
    }
}
