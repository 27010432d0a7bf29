package io.hailstorm.log;

import io.hailstorm.kernel.TimeSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Does to the log what disks, kernels and operators do, for as long as asked, and holds it to three promises: no
 * acknowledged record lost, none doubled, no corrupt record served.
 */
public final class LogTorture {
    /** On one treacherous disk in memory, before the next. */
    private static final int ROUNDS_A_DISK = 30;

    private static final int KILLS_A_TURN = 3;
    private static final long NS_PER_MINUTE = 60_000_000_000L;

    private LogTorture() {}

    /**
     * What was done and found.
     *
     * @param rounds times the log was opened, used and brought down
     * @param kills of processes, real and simulated
     * @param crashes of the disk in memory
     * @param violations the first few, each with the seed that shows it again
     */
    public record Report(
            long seed,
            double minutes,
            long rounds,
            long kills,
            long crashes,
            long cuts,
            long flips,
            long recordsAcked,
            long lost,
            long doubled,
            long corruptServed,
            long violationCount,
            List<String> violations) {
        public boolean ok() {
            return violationCount == 0 && lost + doubled + corruptServed == 0;
        }
    }

    /** Told after every turn how far it has come. */
    public interface Watcher {
        void onTurn(Report soFar);
    }

    /**
     * Tortures until the time is over, at least one turn of everything; stops at the first violation.
     *
     * @param directory for the real files; what a violation left stays there
     */
    public static Report run(long seed, double minutes, Path directory, TimeSource time, Watcher watcher)
            throws IOException, InterruptedException {
        long startNs = time.monotonicNs();
        long endNs = startNs + (long) (minutes * NS_PER_MINUTE);
        TortureTally tally = new TortureTally();
        KillTorture kills = new KillTorture(directory, seed, tally);
        Report report;
        long turn = 0;
        do {
            memoryTurn(seed + turn, ROUNDS_A_DISK, MemoryTorture::openUnharmed, tally);
            for (int i = 0; i < KILLS_A_TURN; i++) {
                kills.round();
            }
            turn++;
            report = tally.report(seed, (time.monotonicNs() - startNs) / (double) NS_PER_MINUTE);
            watcher.onTurn(report);
        } while (report.ok() && time.monotonicNs() < endNs);
        if (report.ok()) {
            kills.close();
        }
        return report;
    }

    static void memoryTurn(long seed, int rounds, MemoryTorture.Opener opener, TortureTally tally) {
        MemoryTorture torture = new MemoryTorture(seed, opener, tally);
        for (int round = 0; round < rounds && tally.isClean(); round++) {
            torture.round();
        }
        if (tally.isClean()) {
            torture.cutAndFlipLastBatch();
        }
    }
}
