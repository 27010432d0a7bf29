package io.hailstorm.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import java.util.stream.IntStream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class VehicleTableTest {
    private static final long CELL_A = 0x8828308281fffffL;
    private static final long CELL_B = 0x8828308283fffffL;

    private final CellTable cells = new CellTable();
    private final FixView fix = new FixView().wrap(new UnsafeBuffer(new byte[FixDescriptor.LENGTH]), 0);

    private void see(VehicleTable vehicles, long driver, DriverState state, long cell, long nowMs) {
        vehicles.onFix(fix.driver(driver).state(state.code()), cell, nowMs);
    }

    @Test
    void countsOnlyIdleVehiclesAsSupplyOfTheCellTheyAreIn() {
        VehicleTable vehicles = new VehicleTable(16, cells);
        see(vehicles, 1, DriverState.IDLE, CELL_A, 0);
        see(vehicles, 2, DriverState.IDLE, CELL_A, 0);
        assertThat(cells.supply(cells.indexOf(CELL_A))).isEqualTo(2);

        see(vehicles, 1, DriverState.IDLE, CELL_B, 1);
        see(vehicles, 2, DriverState.ON_TRIP, CELL_A, 1);

        assertThat(cells.supply(cells.indexOf(CELL_A))).isZero();
        assertThat(cells.supply(cells.indexOf(CELL_B))).isEqualTo(1);
        assertThat(vehicles.countInState(DriverState.ON_TRIP)).isEqualTo(1);
    }

    @Test
    void forgetsDriversWhoFellSilentAndTheirSupply() {
        VehicleTable vehicles = new VehicleTable(16, cells);
        see(vehicles, 1, DriverState.IDLE, CELL_A, 0);
        see(vehicles, 2, DriverState.IDLE, CELL_A, VehicleTable.FORGET_AFTER_MS);

        vehicles.sweep(VehicleTable.FORGET_AFTER_MS + 1);

        assertThat(vehicles.count()).isEqualTo(1);
        assertThat(vehicles.driver(0)).isEqualTo(2);
        assertThat(cells.supply(cells.indexOf(CELL_A))).isEqualTo(1);
    }

    @Test
    void keepsAnEvenSampleOfAFleetLargerThanItsBoundAndEstimatesItsSize() {
        VehicleTable vehicles = new VehicleTable(1000, cells);
        IntStream.rangeClosed(1, 5000).forEach(driver -> see(vehicles, driver, DriverState.IDLE, CELL_A, 0));

        assertThat(vehicles.count()).isLessThanOrEqualTo(1000);
        assertThat(vehicles.sampleShift()).isGreaterThanOrEqualTo(3);
        assertThat(vehicles.countInState(DriverState.IDLE)).isBetween(4200, 5800);
        assertThat(cells.supply(cells.indexOf(CELL_A))).isEqualTo(vehicles.count());
    }

    @Test
    void passesOverAFixWithAStateItDoesNotKnow() {
        VehicleTable vehicles = new VehicleTable(16, cells);

        vehicles.onFix(fix.driver(1).state((byte) 9), CELL_A, 0);

        assertThat(vehicles.count()).isZero();
    }
}
