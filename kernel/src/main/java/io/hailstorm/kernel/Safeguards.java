package io.hailstorm.kernel;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** Which {@link Safeguard}s are in force: all of them, but in a test of a test. Immutable. */
public final class Safeguards {
    /** What every real node runs with. */
    public static final Safeguards ALL = new Safeguards(EnumSet.noneOf(Safeguard.class));

    private final Set<Safeguard> removed;

    private Safeguards(EnumSet<Safeguard> removed) {
        this.removed = removed;
    }

    /** All but one. */
    public static Safeguards without(Safeguard safeguard) {
        return new Safeguards(EnumSet.of(safeguard));
    }

    /** Whether the protection is in force. */
    public boolean has(Safeguard safeguard) {
        return !removed.contains(safeguard);
    }

    /** Those that are not in force. */
    public Set<Safeguard> missing() {
        return Collections.unmodifiableSet(removed);
    }

    @Override
    public String toString() {
        return removed.isEmpty() ? "all safeguards" : "without " + removed;
    }
}
