package io.hailstorm.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.geo.Cells;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.ops.FrameEncoder.Headline;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class FrameEncoderTest {
    /** Also decoded by the console's own test, so that neither side drifts. */
    private static final Path GOLDEN = Path.of("console/tests/unit/golden-frame.hex");

    private static final long NOW_MS = 1_700_000_000_000L;
    private static final long CELL = 0x8828308281fffffL;
    private static final Headline HEADLINE =
            new Headline(NOW_MS, 1, 2, 3, 4, 5, 100.5, 2.5, 2.25, 1.5, 241_000, 500_000, 12, 2500, 1250, 99);

    private final CellTable cells = new CellTable();
    private final FixView fix = new FixView().wrap(new UnsafeBuffer(new byte[FixDescriptor.LENGTH]), 0);
    private final PartitionMap map =
            PartitionMap.of(1, 1, Map.of(Cells.create().parent(CELL, Cells.ROUTING_RESOLUTION), 0));

    @Test
    void encodesTheGoldenFrame() throws IOException {
        VehicleTable vehicles = new VehicleTable(16, cells);
        fix.driver(42)
                .position(377749000, -1224194000)
                .headingCentidegrees(9000)
                .speedCmPerS(1250);
        vehicles.onFix(fix.state(DriverState.IDLE.code()), CELL, NOW_MS - 3000);
        fix.driver(0xAAAAAAAAAAAAAAAAL)
                .position(-338688000, 1512093000)
                .headingCentidegrees(FixDescriptor.UNKNOWN_U16)
                .speedCmPerS(FixDescriptor.UNKNOWN_U16);
        vehicles.onFix(fix.state(DriverState.ON_TRIP.code()), CELL, NOW_MS - 600_000);
        int index = cells.indexOf(CELL);
        cells.addDemand(index, 2);
        cells.price(index, 1750);

        byte[] frame = FrameEncoder.picture(7, HEADLINE, vehicles, cells, map, 100);

        String golden = Files.readString(GOLDEN).replaceAll("\\s", "");
        assertThat(HexFormat.of().formatHex(frame)).isEqualTo(golden);
    }

    @Test
    void leavesVehiclesAndCellsOutOfAHeartbeat() {
        ByteBuffer frame = ByteBuffer.wrap(FrameEncoder.heartbeat(8, HEADLINE)).order(ByteOrder.LITTLE_ENDIAN);

        assertThat(frame.getInt(LiveFrameDescriptor.MAGIC_OFFSET)).isEqualTo(LiveFrameDescriptor.MAGIC);
        assertThat(frame.getShort(LiveFrameDescriptor.FLAGS_OFFSET))
                .isEqualTo((short) LiveFrameDescriptor.FLAG_HEARTBEAT);
        assertThat(frame.getInt(LiveFrameDescriptor.LENGTH_OFFSET)).isEqualTo(frame.capacity());
        assertThat(frame.getInt(LiveFrameDescriptor.VEHICLE_COUNT_OFFSET)).isZero();
    }

    @Test
    void samplesAFleetTooLargeForAFrameEvenlyAndSaysSo() {
        VehicleTable vehicles = new VehicleTable(4096, cells);
        for (int driver = 1; driver <= 4000; driver++) {
            vehicles.onFix(fix.driver(driver).state(DriverState.IDLE.code()), CELL, NOW_MS);
        }

        ByteBuffer frame = ByteBuffer.wrap(FrameEncoder.picture(1, HEADLINE, vehicles, cells, map, 1500))
                .order(ByteOrder.LITTLE_ENDIAN);

        assertThat(frame.get(LiveFrameDescriptor.SAMPLE_SHIFT_OFFSET)).isEqualTo((byte) 2);
        assertThat(frame.getInt(LiveFrameDescriptor.VEHICLE_COUNT_OFFSET)).isBetween(850, 1150);
    }

    @Test
    void leavesOutCellsThereIsNothingToSayAbout() {
        VehicleTable vehicles = new VehicleTable(16, cells);
        cells.price(cells.indexOf(CELL), CellTable.BASE_MILLI);

        ByteBuffer frame = ByteBuffer.wrap(FrameEncoder.picture(1, HEADLINE, vehicles, cells, map, 100))
                .order(ByteOrder.LITTLE_ENDIAN);

        assertThat(frame.getInt(LiveFrameDescriptor.CELL_COUNT_OFFSET)).isZero();
    }
}
