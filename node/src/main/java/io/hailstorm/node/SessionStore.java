package io.hailstorm.node;

import io.hailstorm.ingest.SessionSnapshot;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Where drivers' sessions are checkpointed, so that a restart need not fold the whole log. A cache: without it the log gives
 * the same answer. One writing thread.
 */
interface SessionStore {
    void put(SessionSnapshot snapshot);

    /** Hands out every session, in no particular order. */
    void forEach(Consumer<SessionSnapshot> consumer);

    /** Declares that the entries hold everything below these offsets; stream name to offset per partition. */
    void commitOffsets(Map<String, List<Long>> offsets);

    /** The offsets of the last checkpoint; empty when there was none, and the log must be read from its start. */
    Map<String, List<Long>> offsets();
}
