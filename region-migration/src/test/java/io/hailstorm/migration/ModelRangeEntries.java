package io.hailstorm.migration;

/**
 * What stands in the logs of {@link ModelRangeMove}: fixes, by driver, number and epoch; SEAL and ABORT of an attempt; OPEN with both
 * drivers' last numbers; the OPEN by which a source has its range again.
 */
final class ModelRangeEntries {
    static final int FIX_END = 32;
    static final int SEAL = 32;
    static final int ABORT = 34;
    static final int OPEN_BACK = 36;
    static final int OPEN = 40;

    private ModelRangeEntries() {}

    /** Reads a driver's fixes in order. */
    static final class Lineage {
        private final int driver;
        private int last;
        int seen;
        String broken = "";

        Lineage(int driver) {
            this.driver = driver;
        }

        void take(long log, int from, int end, int epoch) {
            for (int offset = from; offset < end; offset++) {
                int entry = ModelLog.at(log, offset);
                if (!isFixOf(entry, driver)) {
                    continue;
                }
                if (epochOf(entry) != epoch) {
                    broken = "I2: a fix of epoch " + epochOf(entry) + " where epoch " + epoch + " is active";
                } else if (numberOf(entry) <= last) {
                    broken = (numberOf(entry) == last ? "I5" : "I3") + ": driver " + driver + "'s fix "
                            + numberOf(entry) + " after " + last;
                }
                last = numberOf(entry);
                seen |= 1 << last;
            }
        }
    }

    static int fix(int driver, int number, int epoch) {
        return driver * 16 + number * 4 + epoch;
    }

    static boolean isFixOf(int entry, int driver) {
        return entry < FIX_END && entry / 16 == driver && entry % 16 > 0;
    }

    static int numberOf(int fix) {
        return fix / 4 % 4;
    }

    static int epochOf(int fix) {
        return fix % 4;
    }

    static int lastIn(long log, int driver, int from) {
        int last = 0;
        for (int offset = from; offset < ModelLog.length(log); offset++) {
            int entry = ModelLog.at(log, offset);
            last = isFixOf(entry, driver) ? numberOf(entry) : last;
        }
        return last;
    }

    static boolean hasFix(long log, int end, int driver, int number) {
        for (int offset = 0; offset < end; offset++) {
            int entry = ModelLog.at(log, offset);
            if (isFixOf(entry, driver) && numberOf(entry) == number) {
                return true;
            }
        }
        return false;
    }

    static boolean hasOpenBefore(long log, int end) {
        int at = openAt(log);
        return at >= 0 && at < end;
    }

    static int openAt(long log) {
        for (int offset = 0; offset < ModelLog.length(log); offset++) {
            if (ModelLog.at(log, offset) >= OPEN) {
                return offset;
            }
        }
        return -1;
    }

    static String name(int entry) {
        if (entry < FIX_END) {
            return "d" + entry / 16 + "#" + numberOf(entry) + "@" + epochOf(entry);
        }
        if (entry >= OPEN) {
            return "OPEN(" + (entry - OPEN) / 4 + "," + (entry - OPEN) % 4 + ")";
        }
        return entry == OPEN_BACK
                ? "OPEN_BACK"
                : entry >= ABORT ? "ABORT" + (entry - ABORT + 1) : "SEAL" + (entry - SEAL + 1);
    }
}
