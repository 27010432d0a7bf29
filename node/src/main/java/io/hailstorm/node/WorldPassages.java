package io.hailstorm.node;

import io.hailstorm.protocol.v1.DriverHandedOver;
import io.hailstorm.protocol.v1.DriverTakenIn;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.HandOverRefused;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What the durable logs say of drivers' hand-overs, and whether it hangs together (I6): a driver is taken in only where and under
 * the driver epoch at which it was handed over, once (I1), not where it was refused, and taken back only when it was refused.
 */
final class WorldPassages {
    private record Key(long driver, int de) {}

    private final WorldVerdict verdict;
    private final Map<Key, Integer> handedTo = new HashMap<>();
    private final Map<Key, Integer> takenBy = new HashMap<>();
    private final Set<Key> refused = new HashSet<>();
    private long takenCount;
    private long takenBackCount;

    WorldPassages(WorldVerdict verdict) {
        this.verdict = verdict;
    }

    /** Drivers taken in from elsewhere. */
    long takenCount() {
        return takenCount;
    }

    /** Drivers taken back. */
    long takenBackCount() {
        return takenBackCount;
    }

    /** A durable event of {@code fixes}; others than hand-overs do nothing. */
    void onEvent(int partition, long offset, Event event) {
        String at = " at fixes/" + partition + "@" + offset;
        switch (event.getPayloadCase()) {
            case DRIVER_HANDED_OVER -> {
                DriverHandedOver out = event.getDriverHandedOver();
                handedTo.putIfAbsent(new Key(out.getDriver(), out.getDe()), out.getToPartition());
                verdict.note("durable: driver " + out.getDriver() + " handed over to fixes/" + out.getToPartition()
                        + " de=" + out.getDe() + at);
            }
            case DRIVER_TAKEN_IN -> onTakenIn(partition, event.getDriverTakenIn(), at);
            case HAND_OVER_RECALLED ->
                verdict.note("durable: driver " + event.getHandOverRecalled().getDriver() + " recalled de="
                        + event.getHandOverRecalled().getDe() + at);
            case HAND_OVER_REFUSED -> onRefused(event.getHandOverRefused(), at);
            default -> {}
        }
    }

    private void onRefused(HandOverRefused no, String at) {
        Key key = new Key(no.getDriver(), no.getDe());
        verdict.note("durable: driver " + no.getDriver() + " refused de=" + no.getDe() + at);
        if (!takenBy.containsKey(key)) {
            refused.add(key);
        }
    }

    private void onTakenIn(int partition, DriverTakenIn in, String at) {
        Key key = new Key(in.getDriver(), in.getDe());
        String what =
                "driver " + in.getDriver() + " taken in de=" + in.getDe() + " from fixes/" + in.getFromPartition() + at;
        verdict.note("durable: " + what);
        takenCount++;
        Integer other = takenBy.putIfAbsent(key, partition);
        if (other != null && other != partition) {
            verdict.violated("I1", what + ", and under the same driver epoch in fixes/" + other);
        } else if (in.getFromPartition() == partition) {
            takenBackCount++;
            if (!refused.contains(new Key(in.getDriver(), in.getDe() - 1))) {
                verdict.violated("I6", what + ", back, but nobody refused de=" + (in.getDe() - 1));
            }
        } else if (refused.contains(key)) {
            verdict.violated("I6", what + ", but it was refused there before");
        } else if (handedTo.getOrDefault(key, -1) != partition) {
            verdict.violated("I6", what + ", but no log says that it was handed over so");
        }
    }
}
