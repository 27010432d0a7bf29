package io.hailstorm.migration;

import static io.hailstorm.migration.RangeEntry.NULL_OFFSET;

import io.hailstorm.kernel.Safeguards;
import io.hailstorm.migration.ControlOutcome.Applied;
import io.hailstorm.migration.ControlRecord.GroupEnded;
import io.hailstorm.migration.ControlRecord.Proposal;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * One node's part in all moves: in those started here and every one the table shows, whoever started it, so that none is left
 * without hands; in the groups they belong to; and in ranges whose OPEN is missing. The writer thread.
 *
 * <p>A range's OPEN is missing after the source took it back, and after the target's server died for good with the OPEN in no copy
 * of its log. Then whoever serves the range's owner appends one, and whoever decides enters where it is. Until it is appended the
 * {@link RangeGuard} keeps the range closed.
 */
public final class RangeMoves {
    /** Serves the partition whose server decides. */
    private static final int DECIDING_PARTITION = 0;

    private final OwnershipTable table;
    private final ControlJournal control;
    private final PartitionJournal journal;
    private final RangeStore store;
    private final RangeRecords read;
    private final Safeguards safeguards;
    private final Consumer<RangeMove> onEnded;
    private final NavigableMap<String, RangeMove> moveById = new TreeMap<>();
    private final MoveGroups groups;
    private final Map<String, MovePlan> landingByMigration = new HashMap<>();
    private final Set<String> openedAgain = new HashSet<>();
    private final Map<String, Long> landedProposedMs = new HashMap<>();
    private RangeGuard guard;
    private long hashMismatchCount;

    /**
     * @param read the durable range records of all partitions; the caller goes on filling it
     * @param onEnded told once of each move that is DONE, GIVEN_UP, TAKEN_BACK or REFUSED
     */
    public RangeMoves(
            OwnershipTable table,
            RangeGuard guard,
            ControlJournal control,
            PartitionJournal journal,
            RangeStore store,
            RangeRecords read,
            Safeguards safeguards,
            Consumer<RangeMove> onEnded) {
        this.table = table;
        this.guard = guard;
        this.control = control;
        this.journal = journal;
        this.store = store;
        this.read = read;
        this.safeguards = safeguards;
        this.onEnded = onEnded;
        groups = new MoveGroups(table, control);
    }

    /** A new guard, after one that knew records which were lost. */
    public void guard(RangeGuard replacement) {
        guard = replacement;
    }

    /** The log does not hold the range's OPEN where the table has it. */
    public void awaitOpen(RangeEntry entry) {
        guard.awaitOpen(entry.cells());
        landing(entry);
    }

    private MovePlan landing(RangeEntry entry) {
        String id = entry.migrationId();
        return landingByMigration.computeIfAbsent(
                id,
                _ -> new MovePlan(
                        id, entry.cells(), entry.parentPartition(), entry.ownerPartition(), entry.epoch() - 1));
    }

    /** Starts a move made by {@link OwnershipTable#plan}; the same id again gives the same move. */
    public RangeMove start(MovePlan plan) {
        return moveById.computeIfAbsent(
                plan.migrationId(), _ -> new RangeMove(plan, table, control, journal, store, read, safeguards));
    }

    /** Moves under way, in order of id. */
    public List<RangeMove> active() {
        return List.copyOf(moveById.values());
    }

    public Optional<RangeMove> find(String migrationId) {
        return Optional.ofNullable(moveById.get(migrationId));
    }

    /** Whether there is nothing to do for this module. */
    public boolean isIdle() {
        return moveById.isEmpty()
                && table.moveCount() == 0
                && guard.cellsInFlightCount() == 0
                && table.groups().isEmpty()
                && landingByMigration.isEmpty();
    }

    /** Copies, and OPENs read here, that differed from the source since the start: none, unless something is broken. */
    public long hashMismatchCount() {
        return hashMismatchCount
                + moveById.values().stream()
                        .mapToLong(RangeMove::hashMismatchCount)
                        .sum();
    }

    /** After the table, and then the guard, applied a record. */
    public void onControl(ControlOutcome outcome) {
        moveById.values().forEach(move -> move.onControl(outcome));
        if (outcome instanceof Applied applied) {
            switch (applied.record()) {
                case GroupEnded ended -> groups.forget(ended.groupId());
                case Proposal proposal -> landedProposedMs.remove(proposal.migrationId());
                case ControlRecord.MapInitialized _, ControlRecord.GroupBegun _ -> {}
            }
        }
    }

    /** Another node serves the partition from now on. */
    public void onLost(int partition) {
        openedAgain.clear();
        landedProposedMs.clear();
        for (RangeMove move : active()) {
            move.onLost(partition, DECIDING_PARTITION);
            if (partition == DECIDING_PARTITION) {
                move.drop("another node decides now: ask it again");
            }
        }
        if (partition == DECIDING_PARTITION) {
            groups.clear();
        }
    }

    /** Takes up moves nobody began here, advances each, lets go of those that ended. */
    public int doWork(long nowMs) {
        if (isIdle()) {
            return 0;
        }
        table.movesInFlight().forEach(this::start);
        if (control.decides()) {
            groups.due(moveById.keySet(), nowMs).forEach(this::start);
        }
        int workCount = 0;
        for (RangeMove move : active()) {
            if (isOpenMissing(move)) {
                continue;
            }
            workCount += move.doWork(nowMs);
            if (move.isOver()) {
                // Once more, so that what was opened is compared.
                move.doWork(nowMs);
                end(move);
            }
        }
        for (RangeEntry entry : guard.awaitingOpen()) {
            workCount += openAgain(entry);
        }
        return workCount + land(nowMs);
    }

    /**
     * Whether a move is to begin with a range that has not landed from its last one: the table would show it as moving, and so nobody
     * would wait for the OPEN any more.
     */
    private boolean isOpenMissing(RangeMove move) {
        if (move.phase() != RangeMove.Phase.STARTING || landingByMigration.isEmpty()) {
            return false;
        }
        for (long cell : move.plan().cells()) {
            RangeEntry entry = table.entryOrNull(cell);
            if (entry != null && entry.isMoved() && landingByMigration.containsKey(entry.migrationId())) {
                return true;
            }
        }
        return false;
    }

    private void end(RangeMove move) {
        MovePlan plan = move.plan();
        moveById.remove(plan.migrationId());
        hashMismatchCount += move.hashMismatchCount();
        if (move.phase() == RangeMove.Phase.REFUSED) {
            groups.onRefused(plan.migrationId());
        }
        store.forget(plan);
        if (move.phase() == RangeMove.Phase.TAKEN_BACK) {
            landingByMigration.put(plan.migrationId(), plan);
        } else {
            read.forget(plan.migrationId());
        }
        onEnded.accept(move);
    }

    /** Whoever serves the owner of a range without its OPEN has read all there is of that log: it is not there. */
    private int openAgain(RangeEntry entry) {
        String id = entry.migrationId();
        MovePlan plan = landing(entry);
        if (!journal.serves(entry.ownerPartition()) || openedAgain.contains(id)) {
            return 0;
        }
        int parent = entry.parentPartition();
        long end = Math.min(entry.parentSealOffset(), journal.durableOffset(parent));
        if (store.stage(plan, journal.copyOffset(parent), end) < end) {
            return 1;
        }
        RangeFold copy = store.staged(plan);
        var open = new RangeRecord.Open(
                id, entry.epoch(), entry.cells(), parent, entry.parentSealOffset(), copy.hash(), copy.drivers());
        if (journal.append(entry.ownerPartition(), open) != NULL_OFFSET) {
            openedAgain.add(id);
            store.forget(plan);
        }
        return 1;
    }

    /** Enters where an OPEN that came after all is. */
    private int land(long nowMs) {
        int workCount = 0;
        for (MovePlan plan : List.copyOf(landingByMigration.values())) {
            String id = plan.migrationId();
            RangeEntry entry = table.entryOrNull(plan.cells().first());
            if (entry == null || !entry.isMoved() || !entry.migrationId().equals(id)) {
                forgetLanding(plan);
                continue;
            }
            long openOffset = read.openOffset(id, entry.epoch());
            if (openOffset == NULL_OFFSET) {
                continue;
            }
            if (openOffset == entry.startOffset()) {
                forgetLanding(plan);
            } else if (control.decides()
                    && nowMs - landedProposedMs.getOrDefault(id, nowMs - RangeMove.REPEAT_AFTER_MS)
                            >= RangeMove.REPEAT_AFTER_MS) {
                landedProposedMs.put(id, nowMs);
                control.propose(landed(entry, openOffset));
                workCount++;
            }
        }
        return workCount;
    }

    private void forgetLanding(MovePlan plan) {
        landingByMigration.remove(plan.migrationId());
        landedProposedMs.remove(plan.migrationId());
        openedAgain.remove(plan.migrationId());
        store.forget(plan);
        read.forget(plan.migrationId());
    }

    private static Proposal landed(RangeEntry entry, long openOffset) {
        return new Proposal(
                entry.migrationId(),
                entry.cells(),
                entry.epoch(),
                RangeState.ACTIVE,
                entry.epoch(),
                RangeState.ACTIVE,
                entry.ownerPartition(),
                entry.parentPartition(),
                entry.parentSealOffset(),
                openOffset);
    }
}
