package io.hailstorm.node;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The keys whose later records wait behind a parked one. Bounded: at {@link #KEYS_MAX} {@link #isFull} is true, and the reader
 * that meets another waits with all of its partition, which shows as lag and in a metric: order before progress. One thread.
 */
final class ParkedKeys {
    static final int KEYS_MAX = 10_000;

    /** Of each key, the clocks of its open letters, counted. */
    private final Map<String, TreeMap<Long, Integer>> hlcsByKey = new HashMap<>();

    private final int keysMax;

    ParkedKeys(int keysMax) {
        this.keysMax = keysMax;
    }

    void park(String key, long recordHlc) {
        if (!key.isEmpty()) {
            hlcsByKey.computeIfAbsent(key, first -> new TreeMap<>()).merge(recordHlc, 1, Integer::sum);
        }
    }

    void release(String key, long recordHlc) {
        TreeMap<Long, Integer> hlcs = hlcsByKey.get(key);
        if (hlcs != null) {
            hlcs.computeIfPresent(recordHlc, (hlc, count) -> count == 1 ? null : count - 1);
            if (hlcs.isEmpty()) {
                hlcsByKey.remove(key);
            }
        }
    }

    /** Whether a record about a key comes after one that is parked. */
    boolean mustWait(String key, long recordHlc) {
        TreeMap<Long, Integer> hlcs = hlcsByKey.get(key);
        return hlcs != null && hlcs.firstKey() < recordHlc;
    }

    boolean isFull() {
        return hlcsByKey.size() >= keysMax;
    }

    boolean isParked(String key) {
        return hlcsByKey.containsKey(key);
    }

    int size() {
        return hlcsByKey.size();
    }
}
