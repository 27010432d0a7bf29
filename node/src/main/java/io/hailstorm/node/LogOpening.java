package io.hailstorm.node;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.EmbeddedLog;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.log.RecoveryProgress;
import io.hailstorm.log.RecoveryReport;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the embedded log and says what happens meanwhile: a line a second from the second on, and what was cut off. */
final class LogOpening implements RecoveryProgress {
    private static final Logger LOG = LoggerFactory.getLogger(LogOpening.class);
    private static final long LINE_NS = 1_000_000_000;
    private static final long MIB = 1 << 20;

    private final TimeSource wall;
    private final long startNs;
    private long lastLineNs;

    LogOpening(TimeSource wall) {
        this.wall = wall;
        startNs = wall.monotonicNs();
        lastLineNs = startNs;
    }

    /** @param time the log's clock, which a simulation may own */
    static EmbeddedLog open(LogConfig config, TimeSource time, Path dataDir) {
        EmbeddedLog log =
                EmbeddedLog.open(config, new MappedDisk(), time, dataDir, new LogOpening(new SystemTimeSource()));
        for (RecoveryReport report : log.recoveryReports()) {
            if (report.truncatedBytes() > 0) {
                LOG.warn("{}", truncation(report));
            }
        }
        return log;
    }

    static String truncation(RecoveryReport report) {
        return "log " + report.stream() + "/" + report.partition() + ": cut off a torn tail of "
                + report.truncatedBytes() + " bytes that was never acknowledged, file=" + report.truncatedFile()
                + ", position=" + report.truncatedPosition() + ", goes on at offset " + report.endOffset();
    }

    @Override
    public void onChecked(StreamName stream, int partition, long doneBytes, long totalBytes) {
        long nowNs = wall.monotonicNs();
        if (nowNs - lastLineNs >= LINE_NS) {
            lastLineNs = nowNs;
            LOG.warn("{}", line(stream, partition, doneBytes, totalBytes, nowNs - startNs));
        }
    }

    static String line(StreamName stream, int partition, long doneBytes, long totalBytes, long tookNs) {
        return "recovering the log: " + stream + "/" + partition + ", " + doneBytes / MIB + " of at most "
                + totalBytes / MIB + " MiB checked, " + tookNs / LINE_NS + " s";
    }
}
