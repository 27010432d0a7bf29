package io.hailstorm.loadtest;

import io.hailstorm.geo.CellShortcut;
import io.hailstorm.geo.Cells;
import io.hailstorm.geo.City;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.geo.Partitioner;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.log.AckLevel;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordBatch;
import io.hailstorm.log.RecordHandler;
import io.hailstorm.matching.DriverIndex;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The path of a fix inside a node, with its real classes, on one thread: cell (same-cell shortcut), partition, append to
 * the log in batches of 100 on average, read back once durable, driver index. The score counts fixes. Beside it only the
 * log's syncer runs. Steady state: no allocation.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RoutePathBenchmark {
    private static final int PARTITION_COUNT = 4;
    private static final int DRAIN_COUNT = 100 * PARTITION_COUNT;
    private static final int VEHICLE_COUNT = 4_096;
    private static final int READ_COUNT_MAX = 4 * DRAIN_COUNT;

    @Param({"MEMORY", "DISK"})
    private AckLevel ack = AckLevel.MEMORY;

    private final Fleet fleet = new Fleet(VEHICLE_COUNT, 256);
    private final Cells cells = Cells.create();
    private final CellShortcut shortcut = new CellShortcut(cells, Cells.DRIVER_RESOLUTION);
    private final long[] previousCell = new long[VEHICLE_COUNT];
    private final UnsafeBuffer fixBuffer = new UnsafeBuffer(new byte[FixDescriptor.LENGTH]);
    private final FixView outgoing = new FixView().wrap(fixBuffer, 0);
    private final FixView incoming = new FixView();
    private final HybridLogicalClock clock = new HybridLogicalClock(new SystemTimeSource());
    private final RecordBatch[] batches = new RecordBatch[PARTITION_COUNT];
    private final PartitionLog[] logs = new PartitionLog[PARTITION_COUNT];
    private final long[] readOffset = new long[PARTITION_COUNT];
    private final DriverIndex index = new DriverIndex(VEHICLE_COUNT, cells);
    private final RecordHandler toIndex = (offset, hlc, type, buffer, at, length) -> {
        index.onFix(incoming.wrap(buffer, at));
        return true;
    };

    @SuppressWarnings("NullAway.Init") // set up before any benchmark runs
    private PartitionMap partitions;

    @SuppressWarnings("NullAway.Init")
    private TemporaryLog log;

    private int next;
    private long seq = 1;

    @Setup
    public void open() {
        City city = City.sf();
        partitions = Partitioner.balanced(city.region().routingCells(), city::demandWeight, PARTITION_COUNT);
        log = new TemporaryLog(PARTITION_COUNT, ack);
        for (int p = 0; p < PARTITION_COUNT; p++) {
            batches[p] = new RecordBatch(DRAIN_COUNT * RecordBatch.recordLength(FixDescriptor.LENGTH));
            logs[p] = log.fixes(p);
        }
    }

    @TearDown
    public void close() throws Exception {
        log.close();
    }

    @Benchmark
    @OperationsPerInvocation(DRAIN_COUNT)
    public int fixes() {
        for (RecordBatch batch : batches) {
            batch.begin(1, RecordBatch.NO_PRODUCER, 0, 0, 0);
        }
        for (int i = 0; i < DRAIN_COUNT; i++) {
            route();
        }
        for (int p = 0; p < PARTITION_COUNT; p++) {
            if (!batches[p].isEmpty()) {
                TemporaryLog.append(logs[p], batches[p].stamp(clock.next(batches[p].count())));
            }
            readOffset[p] = logs[p].read(readOffset[p], READ_COUNT_MAX, toIndex);
        }
        return index.availableCount();
    }

    private void route() {
        int fix = next;
        next = (next + 1) & (fleet.fixCount - 1);
        int vehicle = fix & (VEHICLE_COUNT - 1);
        seq += vehicle == 0 ? 1 : 0;
        int latE7 = fleet.latE7[fix];
        int lonE7 = fleet.lonE7[fix];
        long cell = shortcut.cellOf(latE7, lonE7, previousCell[vehicle]);
        previousCell[vehicle] = cell;
        int partition = partitions.partitionOf(cell);
        if (partition == PartitionMap.NO_PARTITION) {
            return;
        }
        outgoing.driver(vehicle + 1L)
                .session(1)
                .seq(seq)
                .deviceMs(seq * 1_000)
                .cell(cell)
                .position(latE7, lonE7)
                .de(1)
                .state(DriverState.IDLE.code());
        batches[partition].add(RecordType.FIX, fixBuffer, 0, FixDescriptor.LENGTH);
    }
}
