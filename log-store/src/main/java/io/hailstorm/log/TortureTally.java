package io.hailstorm.log;

import java.util.ArrayList;
import java.util.List;

/** Counts what a torture did and found. One thread. */
final class TortureTally {
    private static final int VIOLATIONS_LISTED_MAX = 20;

    long rounds;
    long kills;
    long crashes;
    long cuts;
    long flips;
    long recordsAcked;
    long lost;
    long doubled;
    long corruptServed;
    private long violationCount;
    private final List<String> violations = new ArrayList<>();

    void violation(String what) {
        violationCount++;
        if (violations.size() < VIOLATIONS_LISTED_MAX) {
            violations.add(what);
        }
    }

    boolean isClean() {
        return violationCount == 0;
    }

    /** Holds a reading against what was acknowledged. */
    void judge(TortureRecords.Reading reading, long acked, String when) {
        lost += reading.missing();
        doubled += reading.doubled();
        corruptServed += reading.corrupt();
        if (reading.corrupt() + reading.doubled() + reading.missing() > 0) {
            violation(when + ": " + reading);
        }
        if (!reading.refused() && reading.records() < acked) {
            lost += acked - reading.records();
            violation(when + ": acknowledged " + acked + " records, found " + reading.records());
        }
    }

    LogTorture.Report report(long seed, double minutes) {
        return new LogTorture.Report(
                seed,
                minutes,
                rounds,
                kills,
                crashes,
                cuts,
                flips,
                recordsAcked,
                lost,
                doubled,
                corruptServed,
                violationCount,
                List.copyOf(violations));
    }
}
