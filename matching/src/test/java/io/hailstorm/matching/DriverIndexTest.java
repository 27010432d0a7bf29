package io.hailstorm.matching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.Invariants;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** Who is where, and who is free. */
class DriverIndexTest {
    private final Fleet fleet = new Fleet();
    private final DriverIndex drivers = fleet.matcher.drivers();

    @Test
    void keepsTheLastWriterByEpochThenSessionThenNumber() {
        FixView fix = fleet.fixOf(7, 0, DriverState.IDLE).de(2).session(5).seq(9);
        drivers.onFix(fix);
        assertThat(drivers.onFix(fix)).as("the same again").isEqualTo(DriverIndex.IGNORED);
        assertThat(drivers.onFix(fix.seq(8))).isEqualTo(DriverIndex.IGNORED);
        assertThat(drivers.onFix(fix.session(4).seq(100))).isEqualTo(DriverIndex.IGNORED);
        assertThat(drivers.onFix(fix.de(1).session(100).seq(100))).isEqualTo(DriverIndex.IGNORED);
        assertThat(drivers.ignoredCount()).isEqualTo(4);
        assertThat(drivers.onFix(fix.de(2).session(6).seq(1).state(DriverState.OFFLINE.code())))
                .isNotNegative();
        assertThat(drivers.onFix(fix.de(3).session(1).seq(1).state(DriverState.IDLE.code())))
                .isNotNegative();
        assertThat(drivers.availableCount()).isEqualTo(1);
    }

    @Test
    void ignoresAStaleIdleFixAfterTheDriverWentOffline() {
        drivers.onFix(fleet.fixOf(7, 0, DriverState.OFFLINE).seq(10));
        drivers.onFix(fleet.fixOf(7, 0, DriverState.IDLE).seq(9));
        assertThat(drivers.availableCount()).isZero();
    }

    @Test
    void findsTheNearestFirstWithinTheRadiusAmongFewAndAmongMany() {
        for (int count : new int[] {40, 2_000}) {
            DriverIndex index = new DriverIndex(10_000, Fleet.CELLS);
            List<long[]> expected = new ArrayList<>();
            for (long d = 0; d < count; d++) {
                GeoPoint point = pointOf(d);
                index.onFix(fleet.fixAt(d, point, DriverState.IDLE));
                double meters = point.distanceMeters(Fleet.MARKET);
                if (meters < 3_000) {
                    expected.add(new long[] {(long) meters, d});
                }
            }
            expected.sort(Comparator.<long[]>comparingLong(e -> e[0]).thenComparingLong(e -> e[1]));
            int[] slots = new int[10];
            int found = index.nearest(Fleet.MARKET.latE7(), Fleet.MARKET.lonE7(), 3_000, 0, slots);
            assertThat(found).isEqualTo(Math.min(10, expected.size()));
            for (int i = 0; i < found; i++) {
                double meters = pointOf(index.driver(slots[i])).distanceMeters(Fleet.MARKET);
                assertThat(meters)
                        .as("place %d of %d drivers", i, count)
                        .isBetween(expected.get(i)[0] - 5.0, expected.get(i)[0] + 5.0);
            }
        }
    }

    @Test
    void listsExactlyTheIdleAndFreeThroughRandomFixesEngagementsAndReleases() {
        long seed = Problems.SEED;
        DriverIndex index = new DriverIndex(500, Fleet.CELLS);
        DriverState[] said = new DriverState[300];
        boolean[] engaged = new boolean[300];
        for (int step = 0; step < 20_000; step++) {
            int driver = CounterRandom.below(300, seed, step, 0, 1);
            boolean known = said[driver] != null;
            switch (CounterRandom.below(4, seed, step, 0, 2)) {
                case 0 -> {
                    if (known && !engaged[driver]) {
                        index.engage(driver);
                        engaged[driver] = true;
                    }
                }
                case 1 -> {
                    index.release(driver, fleet.nowMs);
                    engaged[driver] = false;
                }
                default -> {
                    said[driver] = DriverState.ofCode((byte) CounterRandom.below(4, seed, step, 0, 3));
                    index.onFix(fleet.fixAt(driver, pointOf(step % 900), said[driver]));
                }
            }
        }
        int free = 0;
        for (int driver = 0; driver < 300; driver++) {
            boolean listed = isListed(index, driver);
            assertThat(listed)
                    .as("seed=%d driver=%d", seed, driver)
                    .isEqualTo(said[driver] == DriverState.IDLE && !engaged[driver]);
            free += listed ? 1 : 0;
        }
        assertThat(index.availableCount()).isEqualTo(free);
    }

    @Test
    void refusesANewDriverWhenFullUntilSomebodyWasSilentForLong() {
        DriverIndex index = new DriverIndex(2, Fleet.CELLS);
        index.onFix(fleet.fixOf(1, 0, DriverState.IDLE));
        index.onFix(fleet.fixOf(2, 0, DriverState.IDLE));
        assertThat(index.onFix(fleet.fixOf(3, 0, DriverState.IDLE))).isEqualTo(DriverIndex.REFUSED);
        assertThat(index.refusedCount()).isEqualTo(1);
        fleet.nowMs += DriverIndex.FORGET_AFTER_MS;
        index.onFix(fleet.fixOf(2, 0, DriverState.IDLE));
        fleet.nowMs += 1;
        assertThat(index.onFix(fleet.fixOf(3, 0, DriverState.IDLE))).isNotNegative();
        assertThat(index.slotOf(1)).isEqualTo(DriverIndex.NULL_SLOT);
        assertThat(index.driverCount()).isEqualTo(2);
        assertThat(index.availableCount()).isEqualTo(2);
    }

    @Test
    void treatsASecondEngagementAsABug() {
        drivers.onFix(fleet.fixOf(7, 0, DriverState.IDLE));
        drivers.engage(7);
        assertThatThrownBy(() -> drivers.engage(7)).isInstanceOf(Invariants.InvariantViolation.class);
        drivers.release(7, fleet.nowMs);
        drivers.engage(7);
        assertThat(drivers.availableCount()).isZero();
    }

    @Test
    void allocatesNothingOnceEveryDriverAndCellIsKnown() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        FixView fix = new FixView().wrap(new UnsafeBuffer(new byte[FixDescriptor.LENGTH]), 0);
        long[] cells = new long[500];
        for (int i = 0; i < cells.length; i++) {
            cells[i] = Fleet.CELLS.cellOf(pointOf(i).latE7(), pointOf(i).lonE7(), Cells.DRIVER_RESOLUTION);
        }
        feed(fix, cells, 0);
        feed(fix, cells, 1);
        long before = threads.getCurrentThreadAllocatedBytes();
        feed(fix, cells, 2);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(allocated).as("bytes for 50,000 fixes").isLessThan(10_000);
    }

    private void feed(FixView fix, long[] cells, long pass) {
        for (int i = 0; i < 50_000; i++) {
            int place = (int) ((i + pass) % cells.length);
            fix.driver(i % 1000).de(1).session(1).seq(pass * 50_000 + i + 1).cell(cells[place]);
            fix.deviceMs(Fleet.START_MS + i).state((byte) (i / 1000 % 4)).speedCmPerS(900);
            fleet.matcher.onFix(fix);
        }
    }

    private static boolean isListed(DriverIndex index, long driver) {
        int slot = index.slotOf(driver);
        if (slot == DriverIndex.NULL_SLOT) {
            return false;
        }
        boolean inCell = false;
        for (int at = index.firstOfCell(index.cell(slot)); at != DriverIndex.NULL_SLOT; at = index.nextOfCell(at)) {
            inCell |= at == slot;
        }
        assertThat(inCell).isEqualTo(index.isAvailable(slot));
        return inCell;
    }

    private static GeoPoint pointOf(long number) {
        return GeoPoint.ofDegrees(
                37.7749 + (CounterRandom.uniform(Problems.SEED, number, 0, 7) - 0.5) * 0.1,
                -122.4194 + (CounterRandom.uniform(Problems.SEED, number, 1, 7) - 0.5) * 0.1);
    }
}
