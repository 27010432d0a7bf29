package io.hailstorm.ingest;

/**
 * Port to range ownership: whether a partition may accept a record of a routing cell now. While a range is sealed on
 * its way to another partition its fixes are held, bounded, in their drivers' buffers, and are asked about again at
 * every turn of the agent. Called on the region agent's thread only, once a fix whose cell changed and once a turn
 * for every driver with held fixes; must not allocate.
 */
@FunctionalInterface
public interface RangeAdmission {
    int ADMIT = 0;
    int HOLD = 1;

    /** Admits everything. */
    RangeAdmission ALWAYS = (partition, routingCell) -> ADMIT;

    /** {@link #ADMIT} or {@link #HOLD}. */
    int admit(int partition, long routingCell);
}
