package io.hailstorm.node;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** What a history checker found wrong: how often, by kind, and the first few in words. One thread. */
final class HistoryFindings {
    static final int EXAMPLES_MAX = 20;

    /** Which promise is broken; docs/ordered-migration.md numbers them. */
    enum Kind {
        /** I1: two partitions accepted a driver, or a range, under one epoch. */
        ACCEPTOR,
        /** I2: a fix where its range was not open. */
        EPOCH,
        /** I3. */
        ORDER,
        /** I4. */
        LOST,
        /** I5. */
        DUPLICATE,
        /** I6: a move or a hand-over whose records do not name each other. */
        LINEAGE,
        /** I7. */
        OFFER,
        /** Copies of one log that differ where they were written in the same term. */
        COPY
    }

    private final Map<Kind, Long> counts = new EnumMap<>(Kind.class);
    private final List<String> examples = new ArrayList<>();

    void add(Kind kind, Supplier<String> text) {
        counts.merge(kind, 1L, Long::sum);
        if (examples.size() < EXAMPLES_MAX) {
            examples.add(text.get());
        }
    }

    long count(Kind kind) {
        return counts.getOrDefault(kind, 0L);
    }

    List<String> examples() {
        return List.copyOf(examples);
    }
}
