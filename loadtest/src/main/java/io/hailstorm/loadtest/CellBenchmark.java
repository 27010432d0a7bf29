package io.hailstorm.loadtest;

import io.hailstorm.geo.CellShortcut;
import io.hailstorm.geo.Cells;
import io.hailstorm.geo.City;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.geo.Partitioner;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What it costs to learn a fix's cell, with and without the same-cell shortcut, and the cell's partition. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-XX:+UseCompactObjectHeaders"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CellBenchmark {
    private static final int VEHICLE_COUNT = 4_096;

    private final Fleet fleet = new Fleet(VEHICLE_COUNT, 64);
    private final Cells cells = Cells.create();
    private final CellShortcut shortcut = new CellShortcut(cells, Cells.DRIVER_RESOLUTION);
    private final long[] previousCell = new long[VEHICLE_COUNT];
    private final long[] cellOfFix = new long[fleet.fixCount];
    private final long[] disk = new long[37];
    private PartitionMap partitions = PartitionMap.of(1, 1, Map.of());
    private int next;

    @Setup
    public void prepare() {
        City city = City.sf();
        partitions = Partitioner.balanced(city.region().routingCells(), city::demandWeight, 4);
        for (int fix = 0; fix < fleet.fixCount; fix++) {
            cellOfFix[fix] = cells.cellOf(fleet.latE7[fix], fleet.lonE7[fix], Cells.DRIVER_RESOLUTION);
        }
    }

    private int nextFix() {
        next = (next + 1) & (fleet.fixCount - 1);
        return next;
    }

    @Benchmark
    public long cellByH3() {
        int fix = nextFix();
        return cells.cellOf(fleet.latE7[fix], fleet.lonE7[fix], Cells.DRIVER_RESOLUTION);
    }

    @Benchmark
    public long cellByShortcut() {
        int fix = nextFix();
        int vehicle = fix & (VEHICLE_COUNT - 1);
        long cell = shortcut.cellOf(fleet.latE7[fix], fleet.lonE7[fix], previousCell[vehicle]);
        previousCell[vehicle] = cell;
        return cell;
    }

    /** The floor: the driver stays where it is. */
    @Benchmark
    public long cellByShortcutStandingStill() {
        int fix = nextFix() & (VEHICLE_COUNT - 1);
        long cell = shortcut.cellOf(fleet.latE7[fix], fleet.lonE7[fix], previousCell[fix]);
        previousCell[fix] = cell;
        return cell;
    }

    @Benchmark
    public int partitionOfCell() {
        return partitions.partitionOf(cellOfFix[nextFix()]);
    }

    @Benchmark
    public int gridDiskOfRadiusThree() {
        return cells.gridDisk(cellOfFix[nextFix()], 3, disk);
    }
}
