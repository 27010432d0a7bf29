package io.hailstorm.pricing;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Remembers which rider asked where, so that somebody refreshing a quote counts once. Bounded: at the bound the
 * oldest is forgotten, which can only count a repeat twice.
 */
final class IntentMemory {
    private record Intent(long rider, int cell) {}

    /** In order of insertion, which is also the order of forgetting. */
    private final LinkedHashMap<Intent, Long> countedTimeMs = new LinkedHashMap<>();

    private final long repeatMs;
    private final int countMax;

    IntentMemory(long repeatMs, int countMax) {
        this.repeatMs = repeatMs;
        this.countMax = countMax;
    }

    /** True when this is a new intent, which is then remembered; false for a repeat, in whichever order they come. */
    boolean admit(long rider, int cell, long timeMs) {
        Intent intent = new Intent(rider, cell);
        Long countedMs = countedTimeMs.get(intent);
        if (countedMs != null && Math.abs(timeMs - countedMs) < repeatMs) {
            return false;
        }
        if (countedMs != null && timeMs < countedMs) {
            // An old one, late and on its own: counts, but the newer one is what repeats are held against.
            return true;
        }
        countedTimeMs.remove(intent);
        countedTimeMs.put(intent, timeMs);
        if (countedTimeMs.size() > countMax) {
            forgetEldest();
        }
        return true;
    }

    /** Forgets what can no longer repeat. */
    void forgetBefore(long timeMs) {
        Iterator<Map.Entry<Intent, Long>> eldestFirst = countedTimeMs.entrySet().iterator();
        while (eldestFirst.hasNext() && eldestFirst.next().getValue() < timeMs) {
            eldestFirst.remove();
        }
    }

    int size() {
        return countedTimeMs.size();
    }

    private void forgetEldest() {
        Iterator<Map.Entry<Intent, Long>> eldestFirst = countedTimeMs.entrySet().iterator();
        eldestFirst.next();
        eldestFirst.remove();
    }
}
