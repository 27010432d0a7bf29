package io.hailstorm.log;

import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The process a kill torture kills: appends, and prints every batch acknowledged after its sync, until somebody ends it.
 * Arguments: data directory, seed, number of the first batch not known to be acknowledged.
 */
final class TortureChild {
    private static final int IN_FLIGHT_MAX = ProducerTable.REMEMBERED_BATCHES;
    private static final int SEGMENT_BYTES = 256 * 1024;

    private TortureChild() {}

    static LogConfig config() {
        LogConfig config = LogConfig.defaults(1);
        for (StreamName stream : StreamName.values()) {
            config = config.withStream(
                    stream,
                    config.stream(stream).withSegmentBytes(SEGMENT_BYTES).withCommit(500_000, 1 << 20));
        }
        return config;
    }

    public static void main(String[] args) {
        TortureRecords records = new TortureRecords(Long.parseLong(args[1]));
        int acked = Integer.parseInt(args[2]);
        int sent = acked;
        SystemTimeSource time = new SystemTimeSource();
        HybridLogicalClock clock = new HybridLogicalClock(time);
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.US_ASCII);
        try (EmbeddedLog log = EmbeddedLog.open(config(), new MappedDisk(), time, Path.of(args[0]))) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            while (!out.checkError()) {
                if (sent - acked < IN_FLIGHT_MAX) {
                    long answer = trips.append(records.batch(sent, clock.next(records.count(sent))));
                    if (answer >= 0 || answer == PartitionLog.DUPLICATE) {
                        sent++;
                    } else if (answer != PartitionLog.BACK_PRESSURED) {
                        out.println("refused " + sent + " " + answer);
                        return;
                    }
                }
                log.doWork(time.monotonicNs());
                while (acked < sent && records.firstSeq(acked + 1) <= trips.durableOffset()) {
                    out.println("acked " + acked + " " + records.firstSeq(acked));
                    acked++;
                }
            }
        }
    }
}
