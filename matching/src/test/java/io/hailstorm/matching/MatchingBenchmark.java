package io.hailstorm.matching;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.GeoPoint;
import java.util.Arrays;
import java.util.function.LongSupplier;
import org.agrona.concurrent.UnsafeBuffer;

/** Prints the figures of the README; run by hand, see there. Not a test: nothing is asserted. */
@SuppressWarnings("SystemOut")
public final class MatchingBenchmark {
    private static final int REPEAT_COUNT = 60;

    private MatchingBenchmark() {}

    public static void main(String[] args) {
        updates();
        for (int[] size : new int[][] {{1_000, 2_000}, {2_000, 2_000}, {4_000, 3_000}}) {
            RoundProblem problem = Problems.city(1, size[0], size[1], 16, 20_000);
            int[] chosen = new int[size[0]];
            for (String policy : new String[] {"batch", "greedy", "fcfs"}) {
                MatchingPolicy choice = MatchingPolicy.of(policy, MatchingConfig.defaults());
                double ms = medianMs(() -> {
                    choice.choose(problem, chosen);
                    return problem.costMs(chosen);
                });
                System.out.printf(
                        "choose %s: %d riders, %d drivers, K=16: %.2f ms, cost %d%n",
                        policy, size[0], size[1], ms, problem.costMs(chosen));
            }
        }
        round(1_000, 2_000);
        round(1_000, 20_000);
    }

    private static void round(int riders, int drivers) {
        Fleet fleet = new Fleet();
        for (int d = 0; d < drivers; d++) {
            fleet.matcher.onFix(fleet.fixAt(d, place(d, 1), DriverState.IDLE));
        }
        for (int r = 0; r < riders; r++) {
            fleet.matcher.onCommand(Fleet.requestOf(r, place(r, 2)), 1 + r, fleet.nowMs);
        }
        CandidateGenerator candidates =
                new CandidateGenerator(fleet.config, Fleet.CELLS, fleet.matcher.drivers(), fleet.matcher.etas());
        RoundProblem problem = new RoundProblem();
        java.util.List<Trip> waiting = new java.util.ArrayList<>();
        fleet.matcher.forEachOpenTrip(waiting::add);
        double ms = medianMs(() -> {
            candidates.build(problem, waiting, fleet.nowMs);
            return problem.edgeCount;
        });
        System.out.printf(
                "candidates: %d riders, %d drivers: %.2f ms, %d edges%n", riders, drivers, ms, problem.edgeCount);
    }

    private static void updates() {
        int drivers = 20_000;
        int steps = 100;
        Fleet fleet = new Fleet();
        UnsafeBuffer fixes = new UnsafeBuffer(new byte[drivers * FixDescriptor.LENGTH]);
        FixView fix = new FixView();
        for (int d = 0; d < drivers; d++) {
            GeoPoint point = place(d, 3);
            fix.wrap(fixes, d * FixDescriptor.LENGTH)
                    .driver(d)
                    .de(1)
                    .session(1)
                    .deviceMs(fleet.nowMs)
                    .position(point.latE7(), point.lonE7())
                    .state(d % 3 == 0 ? DriverState.ON_TRIP.code() : DriverState.IDLE.code())
                    .speedCmPerS(900);
        }
        long[] cells = new long[1_000];
        for (int i = 0; i < cells.length; i++) {
            cells[i] = Fleet.CELLS.cellOf(place(i, 4).latE7(), place(i, 4).lonE7(), Cells.DRIVER_RESOLUTION);
        }
        long[] seq = {0};
        double ms = medianMs(() -> {
            for (int s = 0; s < steps / 10; s++) {
                seq[0]++;
                for (int d = 0; d < drivers; d++) {
                    // A sixth of the fixes are in another cell than the one before.
                    fleet.matcher.onFix(fix.wrap(fixes, d * FixDescriptor.LENGTH)
                            .seq(seq[0])
                            .deviceMs(fleet.nowMs + seq[0] * 1_000)
                            .cell(cells[(int) ((d + seq[0] / 6) % cells.length)]));
                }
            }
            return fleet.matcher.idleDriverCount();
        });
        System.out.printf("onFix: %.1f M/s over %d drivers%n", drivers * (steps / 10) / ms / 1_000, drivers);
    }

    private static double medianMs(LongSupplier work) {
        double[] ms = new double[REPEAT_COUNT];
        long sum = 0;
        for (int i = 0; i < REPEAT_COUNT; i++) {
            long before = System.nanoTime();
            sum += work.getAsLong();
            ms[i] = (System.nanoTime() - before) / 1e6;
        }
        double[] late = Arrays.copyOfRange(ms, REPEAT_COUNT / 2, REPEAT_COUNT);
        Arrays.sort(late);
        return sum == Long.MIN_VALUE ? 0 : late[late.length / 2];
    }

    private static GeoPoint place(long number, int stream) {
        return GeoPoint.ofDegrees(
                37.70 + CounterRandom.uniform(9, number, 0, stream) * 0.12,
                -122.51 + CounterRandom.uniform(9, number, 1, stream) * 0.15);
    }
}
