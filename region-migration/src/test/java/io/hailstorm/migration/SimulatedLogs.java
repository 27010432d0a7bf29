package io.hailstorm.migration;

import io.hailstorm.kernel.CounterRandom;
import java.util.ArrayList;
import java.util.List;

/**
 * The logs that the nodes of a {@link MoveSimulation} share: of each partition's fixes, and of control. Whoever owns partition 0 owns
 * control too. What is durable survives everything; of the rest a change of owner, or its owner's crash, keeps any prefix.
 */
final class SimulatedLogs {
    static final int NOBODY = -1;

    /** What a partition's fixes hold: a fix, or a record of a move. */
    sealed interface Entry {}

    record Fix(long cell, long driver, long seq, long epoch) implements Entry {}

    record Marker(RangeRecord record) implements Entry {}

    static final class Fixes {
        final List<Entry> entries = new ArrayList<>();
        int durable;
        int owner = NOBODY;
        /** Grows with every change of owner: what an owner of an earlier reign appends is refused. */
        int reign;
    }

    final Fixes[] fixes;
    final List<ControlRecord> control = new ArrayList<>();
    int controlDurable;
    private final long seed;
    private long draws;

    SimulatedLogs(int partitionCount, long seed) {
        this.seed = seed;
        fixes = new Fixes[partitionCount];
        for (int p = 0; p < partitionCount; p++) {
            fixes[p] = new Fixes();
        }
    }

    void flush(int partition) {
        fixes[partition].durable = fixes[partition].entries.size();
    }

    void flushControl() {
        controlDurable = control.size();
    }

    /** The owner is gone, or fenced; of what was not durable any prefix stays. */
    void change(int partition, int owner) {
        Fixes log = fixes[partition];
        truncate(log.entries, log.durable);
        log.durable = log.entries.size();
        log.owner = owner;
        log.reign++;
        if (partition == 0) {
            truncate(control, controlDurable);
            controlDurable = control.size();
        }
    }

    private void truncate(List<?> entries, int durable) {
        int kept = durable + below(entries.size() - durable + 1);
        entries.subList(kept, entries.size()).clear();
    }

    int below(int bound) {
        return CounterRandom.below(bound, seed, 0, draws++, 0);
    }
}
