package io.hailstorm.migration;

import io.hailstorm.migration.ControlOutcome.Applied;
import io.hailstorm.migration.ControlRecord.MapInitialized;
import io.hailstorm.migration.ControlRecord.Proposal;
import java.util.HashSet;
import java.util.NavigableSet;
import java.util.Set;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Says whether a partition's writer may append a fix of a cell now. Derived from log records alone: the table of the
 * control stream, and the SEAL, ABORT and OPEN records of the fixes; no flag, no timer.
 *
 * <pre>
 *   the partition is                    and                                        admit
 *   owner, no SEAL in its log           -                                          ADMITTED
 *   owner, SEAL in its log              until the table ends the move              MOVED
 *   target                              until ACTIVE in the table and OPEN seen    BUFFER
 *   neither                             -                                          MOVED
 * </pre>
 *
 * A SEAL whose migration has an earlier ABORT in the same log, or ended in the table, is void. The writer thread of
 * all partitions. Steady state: no allocation, and one map look-up while nothing moves.
 */
public final class RangeGuard {
    /** Append it. */
    public static final int ADMITTED = 0;
    /** Not this partition's, or no longer: ask the map again, or the target of the move. */
    public static final int MOVED = 1;
    /** Will be this partition's soon: hold it, or let the phone send it again. */
    public static final int BUFFER = 2;

    private static final long NONE = -1;

    /** What the fixes' logs said about one cell of a move. */
    private static final class Flight {
        private long sealEpoch = NONE;
        private long openEpoch = NONE;
    }

    private final OwnershipTable table;
    private final Long2ObjectHashMap<Flight> flightByCell = new Long2ObjectHashMap<>();
    /** Migrations with an ABORT in the source's log that the table has not ended yet. */
    private final Set<String> abortedMigrations = new HashSet<>();

    /**
     * Starts from a table that is caught up with the durable control stream. For every move in flight the caller then
     * hands over the {@link RangeRecord}s of source and target from the table's {@code startOffset} on.
     */
    public RangeGuard(OwnershipTable table) {
        this.table = table;
        for (MovePlan move : table.movesInFlight()) {
            track(move.cells());
        }
    }

    /** Whether a fix of the cell (resolution 7) may be appended to the partition's log. */
    public int admit(int partition, long routingCell) {
        if (flightByCell.isEmpty()) {
            return table.map().partitionOf(routingCell) == partition ? ADMITTED : MOVED;
        }
        Flight flight = flightByCell.get(routingCell);
        RangeEntry entry = table.entryOrNull(routingCell);
        if (entry == null) {
            return MOVED;
        }
        if (partition != entry.ownerPartition()) {
            return partition == entry.targetPartition() ? BUFFER : MOVED;
        }
        if (flight == null) {
            return ADMITTED;
        }
        if (flight.sealEpoch == entry.epoch()) {
            return MOVED;
        }
        return isAwaitingOpen(entry, flight) ? BUFFER : ADMITTED;
    }

    /** Cells some move holds; 0 in steady state. */
    public int cellsInFlightCount() {
        return flightByCell.size();
    }

    /** A record of a partition's fixes: when appending it, and again when recovering it from the log. */
    public void onRangeRecord(RangeRecord record) {
        switch (record) {
            case RangeRecord.Seal seal -> onSeal(seal);
            case RangeRecord.Abort abort -> {
                if (!table.hasEnded(abort.migrationId())) {
                    abortedMigrations.add(abort.migrationId());
                }
            }
            case RangeRecord.Open open -> onOpen(open);
        }
    }

    /** After the table applied a record. */
    public void onControl(ControlOutcome outcome) {
        if (!(outcome instanceof Applied applied)) {
            return;
        }
        switch (applied.record()) {
            case MapInitialized _ -> {}
            case Proposal proposal -> {
                if (proposal.state() == RangeState.ACTIVE) {
                    onEnd(proposal);
                } else {
                    track(proposal.cells());
                }
            }
        }
    }

    private void onSeal(RangeRecord.Seal seal) {
        if (abortedMigrations.contains(seal.migrationId()) || table.hasEnded(seal.migrationId())) {
            return;
        }
        for (long cell : seal.cells()) {
            RangeEntry entry = table.entryOrNull(cell);
            if (entry != null && entry.epoch() <= seal.epoch()) {
                Flight flight = flight(cell);
                flight.sealEpoch = Math.max(flight.sealEpoch, seal.epoch());
            }
        }
    }

    private void onOpen(RangeRecord.Open open) {
        for (long cell : open.cells()) {
            RangeEntry entry = table.entryOrNull(cell);
            if (entry == null || entry.epoch() > open.epoch()) {
                continue;
            }
            // A recovery reads one partition after the other, so an older OPEN may come after a newer one.
            Flight flight = flight(cell);
            flight.openEpoch = Math.max(flight.openEpoch, open.epoch());
            dropIfLanded(cell);
        }
    }

    private void onEnd(Proposal proposal) {
        abortedMigrations.remove(proposal.migrationId());
        boolean givenUp = proposal.epoch() == proposal.expectedEpoch();
        for (long cell : proposal.cells()) {
            if (givenUp) {
                flightByCell.remove(cell);
            } else {
                dropIfLanded(cell);
            }
        }
    }

    private void dropIfLanded(long cell) {
        Flight flight = flightByCell.get(cell);
        RangeEntry entry = table.entryOrNull(cell);
        if (flight != null
                && entry != null
                && entry.state() == RangeState.ACTIVE
                && flight.openEpoch == entry.epoch()) {
            flightByCell.remove(cell);
        }
    }

    /** A range that came by a move whose OPEN this writer has not seen. */
    private static boolean isAwaitingOpen(RangeEntry entry, Flight flight) {
        return entry.state() == RangeState.ACTIVE
                && entry.parentPartition() != RangeEntry.NULL_PARTITION
                && flight.openEpoch != entry.epoch();
    }

    private void track(NavigableSet<Long> cells) {
        for (long cell : cells) {
            flight(cell);
        }
    }

    private Flight flight(long cell) {
        @Nullable Flight flight = flightByCell.get(cell);
        if (flight == null) {
            flight = new Flight();
            flightByCell.put(cell, flight);
        }
        return flight;
    }
}
