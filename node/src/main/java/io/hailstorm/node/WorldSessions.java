package io.hailstorm.node;

import io.hailstorm.ingest.SessionSnapshot;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Checkpoints of a simulated node's sessions, in memory; what survives a crash is the world's to say. */
final class WorldSessions implements SessionStore {
    private final Map<Long, SessionSnapshot> byDriver = new TreeMap<>();
    private Map<String, List<Long>> offsets = Map.of();

    @Override
    public void put(SessionSnapshot snapshot) {
        byDriver.put(snapshot.driver(), snapshot);
    }

    @Override
    public void forEach(Consumer<SessionSnapshot> consumer) {
        byDriver.values().forEach(consumer);
    }

    @Override
    public void commitOffsets(Map<String, List<Long>> newOffsets) {
        offsets = newOffsets;
    }

    @Override
    public Map<String, List<Long>> offsets() {
        return offsets;
    }
}
