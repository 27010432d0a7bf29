package io.hailstorm.migration;

import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * The moves one node coordinates: those started here, and every move the table shows in flight, whoever started it, so
 * that none is left without a coordinator. The writer thread.
 */
public final class RangeMoves {
    private final OwnershipTable table;
    private final ControlJournal control;
    private final PartitionJournal journal;
    private final RangeStore store;
    private final Consumer<RangeMove> onEnded;
    private final NavigableMap<String, RangeMove> moveById = new TreeMap<>();

    /** @param onEnded told once of each move that is DONE, GIVEN_UP or REFUSED */
    public RangeMoves(
            OwnershipTable table,
            ControlJournal control,
            PartitionJournal journal,
            RangeStore store,
            Consumer<RangeMove> onEnded) {
        this.table = table;
        this.control = control;
        this.journal = journal;
        this.store = store;
        this.onEnded = onEnded;
    }

    /** Starts a move made by {@link OwnershipTable#plan}; the same id again gives the same move. */
    public RangeMove start(MovePlan plan) {
        return moveById.computeIfAbsent(plan.migrationId(), _ -> new RangeMove(plan, table, control, journal, store));
    }

    /** Moves under way, in order of id. */
    public List<RangeMove> active() {
        return List.copyOf(moveById.values());
    }

    /** After the table applied a record. */
    public void onControl(ControlOutcome outcome) {
        moveById.values().forEach(move -> move.onControl(outcome));
    }

    /** Takes up moves nobody coordinates, advances each, lets go of those that ended. */
    public int doWork(long nowMs) {
        if (table.moveCount() == 0 && moveById.isEmpty()) {
            return 0;
        }
        table.movesInFlight().forEach(this::start);
        int workCount = 0;
        for (RangeMove move : active()) {
            workCount += move.doWork(nowMs);
            if (move.isOver()) {
                // Once more, so that it lets go of its staged copy.
                move.doWork(nowMs);
                moveById.remove(move.plan().migrationId());
                onEnded.accept(move);
            }
        }
        return workCount;
    }
}
