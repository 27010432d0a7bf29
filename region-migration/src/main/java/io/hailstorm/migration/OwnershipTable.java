package io.hailstorm.migration;

import static io.hailstorm.migration.RangeEntry.NULL_OFFSET;
import static io.hailstorm.migration.RangeEntry.NULL_PARTITION;

import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.Invariants;
import io.hailstorm.migration.ControlOutcome.Applied;
import io.hailstorm.migration.ControlOutcome.Voided;
import io.hailstorm.migration.ControlRecord.GroupBegun;
import io.hailstorm.migration.ControlRecord.GroupEnded;
import io.hailstorm.migration.ControlRecord.MapInitialized;
import io.hailstorm.migration.ControlRecord.Proposal;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Who owns which routing cell: the fold of the {@code control} stream. Applying the same records in the same order
 * gives every reader the same table, which makes a proposal a linearizable compare-and-set on whatever engine carries
 * the log. One thread; {@link #map} may be handed to others.
 *
 * <pre>
 *   from              to               what it needs
 *   ACTIVE(e)         COPYING(e)       parent is the owner, another target, a migrationId never used
 *   COPYING(e)        SEALING(e)       same migration and cells
 *   COPYING(e)        ACTIVE(e)        given up: owner stays the source
 *   SEALING(e)        ABORTING(e)      is to be given up: the source writes an ABORT, and no SEAL counts any more
 *   SEALING(e)        ACTIVE(e)        given up: an ABORT came before the SEAL
 *   ABORTING(e)       ACTIVE(e)        given up: the ABORT is durable
 *   SEALING(e)        SEALED(e)        the SEAL is durable at parentSealOffset; no way back to this epoch from here
 *   SEALED(e)         ACTIVE(e+1)      same parentSealOffset; the OPEN is durable in the target at startOffset
 *   SEALED(e)         ACTIVE(e+2)      taken back: owner is the source, same parentSealOffset; its OPEN is to come at or after
 *                                      startOffset, and until then nobody accepts
 *   ACTIVE(e)         ACTIVE(e)        landed: same owner, parent and migration; the OPEN is durable at startOffset, where the
 *                                      table had another offset
 * </pre>
 *
 * Anything else is void, and says why: a proposal of somebody who no longer decides fits only if it is what whoever decides now would
 * propose too. Cells move together only when they are at the same epoch. Beside the ranges the table keeps the groups of moves
 * that are under way ({@link ControlRecord.GroupBegun}).
 */
public final class OwnershipTable {
    /** Ids remembered of moves that ended; only a proposal older than that many moves could be mistaken for new. */
    public static final int ENDED_MAX = 4_096;

    private static final long FIRST_EPOCH = 1;

    private @Nullable PartitionMap map;
    private final Long2ObjectHashMap<RangeEntry> entryByCell = new Long2ObjectHashMap<>();
    /** Of cells in a move: what they go back to when it is given up. */
    private final Long2ObjectHashMap<RangeEntry> restingByCell = new Long2ObjectHashMap<>();

    private final NavigableMap<String, MovePlan> moves = new TreeMap<>();
    private final Map<String, Long> copyOffsetByMigration = new HashMap<>();
    private final Bounded<MoveOutcome> endedMoves = new Bounded<>();
    private final NavigableMap<String, MoveGroup> groups = new TreeMap<>();
    private final Bounded<String> endedGroups = new Bounded<>();
    private long nextOffset;

    /** What is remembered of the last {@link #ENDED_MAX} ended ones. */
    private static final class Bounded<V> extends LinkedHashMap<String, V> {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, V> eldest) {
            return size() > ENDED_MAX;
        }
    }

    /**
     * Applies the record at an offset of the control stream. A record already applied is void.
     *
     * @param offset grows from call to call
     */
    public ControlOutcome apply(long offset, ControlRecord record) {
        String refusal = offset < nextOffset
                ? "offset " + offset + " was applied before: next is " + nextOffset
                : switch (record) {
                    case MapInitialized initialized -> initialize(initialized);
                    case Proposal proposal -> propose(proposal);
                    case GroupBegun begun -> begin(begun.group());
                    case GroupEnded ended -> end(ended);
                };
        nextOffset = Math.max(nextOffset, offset + 1);
        return refusal.isEmpty() ? new Applied(offset, record) : new Voided(offset, record, refusal);
    }

    public boolean isInitialized() {
        return map != null;
    }

    /**
     * Owners now; changes when a move becomes ACTIVE.
     *
     * @throws HailstormException {@code FAILED_PRECONDITION} before the first {@link MapInitialized}
     */
    public PartitionMap map() {
        PartitionMap current = map;
        if (current == null) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION, "no partition map yet: the control stream is not initialized");
        }
        return current;
    }

    /** What the table holds of a routing cell; empty outside the region. */
    public Optional<RangeEntry> entry(long routingCell) {
        return Optional.ofNullable(entryByCell.get(routingCell));
    }

    /** As {@link #entry}, for the hot path: no allocation. */
    @Nullable
    RangeEntry entryOrNull(long routingCell) {
        return entryByCell.get(routingCell);
    }

    /** Moves under way, in order of id; a coordinator that starts resumes these. */
    public List<MovePlan> movesInFlight() {
        return List.copyOf(moves.values());
    }

    /** How many; 0 in steady state. */
    public int moveCount() {
        return moves.size();
    }

    /** Whether a move of this id ended, done or given up. */
    public boolean hasEnded(String migrationId) {
        return endedMoves.containsKey(migrationId);
    }

    /** How a move of this id ended; empty for one under way, unknown, or ended long ago. */
    public Optional<MoveOutcome> outcome(String migrationId) {
        return Optional.ofNullable(endedMoves.get(migrationId));
    }

    /** From where the source of a move under way is copied; {@link RangeEntry#NULL_OFFSET} for the start of its log. */
    public long copyOffset(String migrationId) {
        return copyOffsetByMigration.getOrDefault(migrationId, NULL_OFFSET);
    }

    /** Groups of moves under way, in order of id. */
    public List<MoveGroup> groups() {
        return List.copyOf(groups.values());
    }

    /** Whether a group of this id was begun, under way or ended. */
    public boolean knowsGroup(String groupId) {
        return groups.containsKey(groupId) || endedGroups.containsKey(groupId);
    }

    /** The offset of the control stream to apply next. */
    public long nextOffset() {
        return nextOffset;
    }

    /**
     * A move of cells to a partition, from how things stand.
     *
     * @throws HailstormException {@code INVALID_ARGUMENT} for no cells or no such partition; {@code NOT_FOUND} for a cell
     *     outside the region; {@code FAILED_PRECONDITION} when the cells are not of one owner and epoch, are moving, or are
     *     there already
     */
    public MovePlan plan(String migrationId, Set<Long> cells, int targetPartition) {
        if (cells.isEmpty() || targetPartition < 0 || targetPartition >= map().partitionCount()) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "cannot move " + cells.size() + " cells to partition " + targetPartition + ": partitions are 0.."
                            + (map().partitionCount() - 1) + ", and at least one cell is needed");
        }
        NavigableSet<Long> sorted = ControlRecord.sorted(cells);
        RangeEntry first = require(sorted.first());
        for (long cell : sorted) {
            RangeEntry entry = require(cell);
            if (entry.state() != RangeState.ACTIVE
                    || entry.epoch() != first.epoch()
                    || entry.ownerPartition() != first.ownerPartition()) {
                throw new HailstormException(
                        ErrorCode.FAILED_PRECONDITION,
                        "cells cannot move together: " + name(cell) + " is " + describe(entry) + ", "
                                + name(sorted.first()) + " is " + describe(first) + "; move them one by one");
            }
        }
        if (first.ownerPartition() == targetPartition) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION, "partition " + targetPartition + " owns these cells already");
        }
        return new MovePlan(migrationId, sorted, first.ownerPartition(), targetPartition, first.epoch());
    }

    private RangeEntry require(long cell) {
        RangeEntry entry = entryByCell.get(cell);
        if (entry == null) {
            throw new HailstormException(
                    ErrorCode.NOT_FOUND, "cell " + name(cell) + " is not a routing cell of this region");
        }
        return entry;
    }

    /** Empty when applied, else why not. */
    private String initialize(MapInitialized record) {
        if (map != null) {
            return "the partition map is initialized already";
        }
        map = PartitionMap.of(FIRST_EPOCH, record.partitionCount(), record.partitionByCell());
        for (Map.Entry<Long, Integer> owner : record.partitionByCell().entrySet()) {
            entryByCell.put(
                    owner.getKey().longValue(),
                    new RangeEntry(
                            FIRST_EPOCH,
                            RangeState.ACTIVE,
                            owner.getValue(),
                            owner.getValue(),
                            "",
                            Collections.emptyNavigableSet(),
                            NULL_PARTITION,
                            NULL_OFFSET,
                            NULL_OFFSET));
        }
        return "";
    }

    /** Empty when applied, else why not. */
    private String propose(Proposal proposal) {
        for (long cell : proposal.cells()) {
            RangeEntry entry = entryByCell.get(cell);
            if (entry == null) {
                return "cell " + name(cell) + " is not in this region";
            }
            if (entry.epoch() != proposal.expectedEpoch() || entry.state() != proposal.expectedState()) {
                return "stale: cell " + name(cell) + " is " + describe(entry) + ", expected " + proposal.expectedState()
                        + "(" + proposal.expectedEpoch() + ")";
            }
        }
        MovePlan move = moves.get(proposal.migrationId());
        if (proposal.expectedState() == RangeState.ACTIVE) {
            return proposal.state() == RangeState.ACTIVE ? land(proposal) : start(proposal);
        }
        // Expected states matched, so each cell is in some move; it must be this one, and the whole of it.
        if (move == null || !move.cells().equals(proposal.cells())) {
            return "cells are in another migration than " + proposal.migrationId();
        }
        if (proposal.parentPartition() != move.sourcePartition()) {
            return "parent is " + move.sourcePartition() + ", got " + proposal.parentPartition();
        }
        return switch (proposal.state()) {
            case COPYING -> "no way back to COPYING";
            case SEALING, SEALED, ABORTING -> goOn(proposal, move);
            case ACTIVE ->
                proposal.epoch() == move.epoch()
                        ? giveUp(proposal, move)
                        : proposal.epoch() == move.epoch() + 1 ? activate(proposal, move) : takeBack(proposal, move);
        };
    }

    private String begin(MoveGroup group) {
        if (knowsGroup(group.groupId())) {
            return "group " + group.groupId() + " was begun before";
        }
        for (MovePlan move : group.moves()) {
            if (!group.isNamedAfter(move.migrationId())) {
                return "migration " + move.migrationId() + " is not named after its group " + group.groupId();
            }
        }
        if (group.moves().isEmpty()) {
            return "group " + group.groupId() + " has no moves";
        }
        groups.put(group.groupId(), group);
        return "";
    }

    private String end(GroupEnded ended) {
        if (groups.remove(ended.groupId()) == null) {
            return "group " + ended.groupId() + " is not under way";
        }
        endedGroups.put(ended.groupId(), ended.outcome());
        return "";
    }

    private String start(Proposal proposal) {
        RangeEntry first = require(proposal.cells().first());
        int source = first.ownerPartition();
        if (proposal.state() != RangeState.COPYING || proposal.epoch() != first.epoch()) {
            return "a move starts with COPYING(" + first.epoch() + "), got " + proposal.state() + "(" + proposal.epoch()
                    + ")";
        }
        if (moves.containsKey(proposal.migrationId()) || hasEnded(proposal.migrationId())) {
            return "migration " + proposal.migrationId() + " was used before";
        }
        int target = proposal.ownerPartition();
        if (target == source || target < 0 || target >= map().partitionCount()) {
            return "no such target for cells of partition " + source + ": " + target;
        }
        for (long cell : proposal.cells()) {
            int owner = require(cell).ownerPartition();
            if (owner != proposal.parentPartition()) {
                return "cell " + name(cell) + " is owned by " + owner + ", not " + proposal.parentPartition();
            }
        }
        for (long cell : proposal.cells()) {
            restingByCell.put(cell, require(cell));
        }
        MovePlan move = new MovePlan(proposal.migrationId(), proposal.cells(), source, target, first.epoch());
        moves.put(move.migrationId(), move);
        copyOffsetByMigration.put(move.migrationId(), proposal.startOffset());
        put(proposal, move, source, target);
        return "";
    }

    private String goOn(Proposal proposal, MovePlan move) {
        RangeState from = proposal.expectedState();
        boolean inOrder =
                switch (proposal.state()) {
                    case SEALING -> from == RangeState.COPYING;
                    case SEALED -> from == RangeState.SEALING && proposal.parentSealOffset() >= 0;
                    case ABORTING -> from == RangeState.SEALING;
                    case ACTIVE, COPYING -> false;
                };
        if (!inOrder || proposal.epoch() != move.epoch() || proposal.ownerPartition() != move.targetPartition()) {
            return "not a step of " + move.migrationId() + ": " + from + " to " + proposal;
        }
        put(proposal, move, move.sourcePartition(), move.targetPartition());
        return "";
    }

    private String giveUp(Proposal proposal, MovePlan move) {
        if (proposal.expectedState() == RangeState.SEALED || proposal.ownerPartition() != move.sourcePartition()) {
            return "cannot give up " + move.migrationId() + " from " + proposal.expectedState() + " to partition "
                    + proposal.ownerPartition();
        }
        for (long cell : move.cells()) {
            RangeEntry resting = restingByCell.remove(cell);
            Invariants.require(resting != null, "a moving cell without its resting entry");
            entryByCell.put(cell, resting);
        }
        end(move, MoveOutcome.GIVEN_UP);
        return "";
    }

    private String activate(Proposal proposal, MovePlan move) {
        if (!isAfterSeal(proposal, move, move.targetPartition())) {
            return "not the end of " + move.migrationId() + ": " + proposal;
        }
        put(proposal, move, move.targetPartition(), move.targetPartition());
        move.cells().forEach(cell -> restingByCell.remove(cell.longValue()));
        map = map().withOwner(move.cells(), move.targetPartition(), map().epoch() + 1);
        end(move, MoveOutcome.DONE);
        return "";
    }

    private String takeBack(Proposal proposal, MovePlan move) {
        if (proposal.epoch() != move.epoch() + 2 || !isAfterSeal(proposal, move, move.sourcePartition())) {
            return "not the taking back of " + move.migrationId() + ": " + proposal;
        }
        put(proposal, move, move.sourcePartition(), move.sourcePartition());
        move.cells().forEach(cell -> restingByCell.remove(cell.longValue()));
        end(move, MoveOutcome.TAKEN_BACK);
        return "";
    }

    private boolean isAfterSeal(Proposal proposal, MovePlan move, int owner) {
        return proposal.expectedState() == RangeState.SEALED
                && proposal.ownerPartition() == owner
                && proposal.parentSealOffset() == require(move.cells().first()).parentSealOffset()
                && proposal.startOffset() >= 0;
    }

    /** Every cell matched epoch and state; only where the OPEN is may change. */
    private String land(Proposal proposal) {
        RangeEntry entry = require(proposal.cells().first());
        boolean isSame = entry.cells().equals(proposal.cells())
                && entry.migrationId().equals(proposal.migrationId())
                && entry.epoch() == proposal.epoch()
                && entry.ownerPartition() == proposal.ownerPartition()
                && entry.parentPartition() == proposal.parentPartition()
                && entry.parentSealOffset() == proposal.parentSealOffset();
        boolean isTogether =
                proposal.cells().stream().allMatch(cell -> require(cell).equals(entry));
        if (!isSame || !isTogether || proposal.startOffset() < 0 || proposal.startOffset() == entry.startOffset()) {
            return "not where " + proposal.migrationId() + " landed: " + proposal + " of " + describe(entry);
        }
        RangeEntry landed = entry.startingAt(proposal.startOffset());
        proposal.cells().forEach(cell -> entryByCell.put(cell.longValue(), landed));
        return "";
    }

    private void put(Proposal proposal, MovePlan move, int owner, int target) {
        RangeEntry entry = new RangeEntry(
                proposal.epoch(),
                proposal.state(),
                owner,
                target,
                move.migrationId(),
                move.cells(),
                move.sourcePartition(),
                proposal.parentSealOffset(),
                proposal.startOffset());
        for (long cell : move.cells()) {
            entryByCell.put(cell, entry);
        }
    }

    private void end(MovePlan move, MoveOutcome outcome) {
        moves.remove(move.migrationId());
        copyOffsetByMigration.remove(move.migrationId());
        endedMoves.put(move.migrationId(), outcome);
    }

    /** Every cell's entry in ascending order: what two readers of the same records must agree on. */
    public NavigableMap<Long, RangeEntry> entries() {
        NavigableMap<Long, RangeEntry> sorted = new TreeMap<>();
        entryByCell.forEachLong(sorted::put);
        return sorted;
    }

    private static String describe(RangeEntry entry) {
        return entry.state() + "(" + entry.epoch() + ") of partition " + entry.ownerPartition();
    }

    private static String name(long cell) {
        return Long.toHexString(cell);
    }
}
