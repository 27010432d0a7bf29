package io.hailstorm.migration;

import io.hailstorm.kernel.Safeguard;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.migration.ControlOutcome.Applied;
import io.hailstorm.migration.ControlRecord.GroupBegun;
import io.hailstorm.migration.ControlRecord.GroupEnded;
import io.hailstorm.migration.ControlRecord.MapInitialized;
import io.hailstorm.migration.ControlRecord.Proposal;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Says whether a partition's writer may append a fix of a cell now. Derived from log records alone: the table of the
 * control stream, and the SEAL, ABORT and OPEN records of the fixes; no flag, no timer.
 *
 * <pre>
 *   the partition is                    and                                        admit
 *   owner, no SEAL in its log           the table does not say SEALED              ADMITTED
 *   owner, SEAL in its log, or SEALED   until the table ends the move              MOVED
 *   owner by a move, or again           until its OPEN is seen                     BUFFER
 *   target                              until ACTIVE in the table and OPEN seen    BUFFER
 *   neither                             -                                          MOVED
 * </pre>
 *
 * A SEAL whose migration has an earlier ABORT in the same log, or ended in the table, is void. An OPEN counts only at the epoch
 * at which the table has its partition as the owner; one that comes late, of a range taken back meanwhile, changes nothing. The
 * guard is right on every node, whichever partitions that serves: it is told the records that the node appends, and all others once
 * they are durable and read. The writer thread. Steady state: no allocation, and one map look-up while nothing moves.
 */
public final class RangeGuard {
    /** Append it. */
    public static final int ADMITTED = 0;
    /** Not this partition's, or no longer: ask the map again, or the target of the move. */
    public static final int MOVED = 1;
    /** Will be this partition's soon: hold it, or let the phone send it again. */
    public static final int BUFFER = 2;

    private static final long NONE = -1;
    /** After how long a seal would be forgotten, were there no {@link Safeguard#NO_TIMER_REOPENS}. */
    private static final long UNGUARDED_SEAL_MS = 500;

    /** What the fixes' logs said about one cell of a move. */
    private static final class Flight {
        /** Of SEALs that count; a log can be read ahead of the table, so there may be those of several moves. */
        private final Map<String, Long> sealEpochByMigration = new HashMap<>();
        /** The highest of them. */
        private long sealEpoch = NONE;

        private long sealedMs;
        private long openEpoch = NONE;

        void seal(String migrationId, long epoch, long nowMs) {
            sealEpochByMigration.put(migrationId, epoch);
            if (sealEpoch < epoch) {
                sealEpoch = epoch;
                sealedMs = nowMs;
            }
        }

        void unseal(String migrationId) {
            sealEpochByMigration.remove(migrationId);
            sealEpoch = NONE;
            sealEpochByMigration.values().forEach(epoch -> sealEpoch = Math.max(sealEpoch, epoch));
        }
    }

    private final OwnershipTable table;
    private final boolean timerReopens;
    private final boolean servesBeforeActive;
    private final boolean reactivatesBlindly;
    private long nowMs;
    private final Long2ObjectHashMap<Flight> flightByCell = new Long2ObjectHashMap<>();
    /** Migrations with an ABORT in the source's log that the table has not ended yet. */
    private final Set<String> abortedMigrations = new HashSet<>();

    /**
     * Starts from a table that is caught up with the durable control stream. The caller then hands over the durable
     * {@link RangeRecord}s of source and target of every move in flight, from the table's {@code startOffset} on, and says by
     * {@link RangeMoves#awaitOpen} which ranges have no OPEN where the table has it.
     */
    public RangeGuard(OwnershipTable table, Safeguards safeguards) {
        this.table = table;
        timerReopens = !safeguards.has(Safeguard.NO_TIMER_REOPENS);
        servesBeforeActive = !safeguards.has(Safeguard.SERVE_AFTER_ACTIVE);
        reactivatesBlindly = !safeguards.has(Safeguard.REACTIVATE_BY_CONTROL);
        for (MovePlan move : table.movesInFlight()) {
            track(move.cells());
        }
    }

    /** The log does not hold the OPEN of these cells where the table has it: nobody accepts until one is seen. */
    void awaitOpen(NavigableSet<Long> cells) {
        track(cells);
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
            if (partition != entry.targetPartition()) {
                return MOVED;
            }
            return servesBeforeActive && flight != null && flight.openEpoch == entry.epoch() + 1 ? ADMITTED : BUFFER;
        }
        if (flight == null) {
            return ADMITTED;
        }
        if (flight.sealEpoch == entry.epoch() || entry.state() == RangeState.SEALED) {
            return isReopenedAgainstTheRules(entry, flight) ? ADMITTED : MOVED;
        }
        return isAwaitingOpen(entry, flight) ? BUFFER : ADMITTED;
    }

    private boolean isReopenedAgainstTheRules(RangeEntry entry, Flight flight) {
        return (timerReopens && flight.sealEpoch == entry.epoch() && nowMs - flight.sealedMs > UNGUARDED_SEAL_MS)
                || (reactivatesBlindly && flight.openEpoch == entry.epoch() + 2);
    }

    /** Time passes. Changes nothing while every safeguard is in force. */
    public void tick(long timeMs) {
        nowMs = timeMs;
    }

    /** Ranges whose owner has them by a move, or again, and whose OPEN was not seen: in order, each once. */
    public List<RangeEntry> awaitingOpen() {
        if (flightByCell.isEmpty()) {
            return List.of();
        }
        NavigableMap<Long, RangeEntry> byFirstCell = new TreeMap<>();
        flightByCell.forEachLong((cell, flight) -> {
            RangeEntry entry = table.entryOrNull(cell);
            if (entry != null && isAwaitingOpen(entry, flight)) {
                byFirstCell.put(entry.cells().first(), entry);
            }
        });
        return List.copyOf(byFirstCell.values());
    }

    /** Cells some move holds; 0 in steady state. */
    public int cellsInFlightCount() {
        return flightByCell.size();
    }

    /** A record of a partition's fixes: when appending it, and again when reading it, durable, here or from another node. */
    public void onRangeRecord(RangeRecord record) {
        switch (record) {
            case RangeRecord.Staged _ -> {}
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
            case MapInitialized _, GroupBegun _, GroupEnded _ -> {}
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
                flight(cell).seal(seal.migrationId(), seal.epoch(), nowMs);
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
        boolean givenUp = proposal.epoch() == proposal.expectedEpoch() && proposal.expectedState() != RangeState.ACTIVE;
        for (long cell : proposal.cells()) {
            Flight flight = flightByCell.get(cell);
            if (givenUp && flight != null) {
                // What was read of a later move stays. The range had its OPEN, or no move would have begun.
                flight.unseal(proposal.migrationId());
                flight.openEpoch = Math.max(flight.openEpoch, proposal.epoch());
            }
            dropIfLanded(cell);
        }
    }

    private void dropIfLanded(long cell) {
        Flight flight = flightByCell.get(cell);
        RangeEntry entry = table.entryOrNull(cell);
        if (flight != null
                && entry != null
                && entry.state() == RangeState.ACTIVE
                && flight.openEpoch == entry.epoch()
                && flight.sealEpoch < entry.epoch()) {
            flightByCell.remove(cell);
        }
    }

    /** A range that came by a move whose OPEN this writer has not seen. */
    private static boolean isAwaitingOpen(RangeEntry entry, Flight flight) {
        return entry.isMoved() && flight.openEpoch < entry.epoch();
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
