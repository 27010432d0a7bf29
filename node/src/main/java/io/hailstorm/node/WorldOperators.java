package io.hailstorm.node;

import io.hailstorm.kernel.HailstormException;
import io.hailstorm.migration.MoveGroup;
import io.hailstorm.migration.MovePlan;
import io.hailstorm.migration.OwnershipTable;
import io.hailstorm.migration.RangeEntry;
import io.hailstorm.migration.RangeState;
import io.hailstorm.node.WorldPlan.Order;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;

/**
 * People who ask for moves, splits, merges and evacuations at random, and change their minds. They see what is durable in the control
 * stream, and ask the node that decides.
 */
final class WorldOperators {
    private final WorldPlan plan;
    private final SplittableRandom random;
    private final OwnershipTable table;
    private final WorldVerdict verdict;
    private int askedCount;

    WorldOperators(WorldPlan plan, SplittableRandom random, OwnershipTable table, WorldVerdict verdict) {
        this.plan = plan;
        this.random = random;
        this.table = table;
        this.verdict = verdict;
    }

    /** Asks for something. */
    void act(RangeOperations operations) {
        Order[] all = Order.values();
        // Moves are the ground of everything else.
        Order order = random.nextInt(3) == 0 ? Order.MOVE : all[random.nextInt(all.length)];
        if (!plan.has(order)) {
            return;
        }
        switch (order) {
            case MOVE -> move(operations);
            case SPLIT -> {
                int partition = partition();
                ask("split of fixes/" + partition, id -> operations.split(id, partition));
            }
            case MERGE -> {
                int from = partition();
                int into = partition();
                ask("merge of fixes/" + from + " into fixes/" + into, id -> operations.merge(id, from, into));
            }
            case EVACUATE -> {
                String region = WorldPlace.areaName(random.nextInt(plan.regionCount()));
                ask("evacuation of " + region, id -> operations.evacuate(id, region));
            }
            case ABORT -> abort(operations, false);
            case TAKE_BACK -> abort(operations, true);
        }
    }

    private interface Question {
        RangeOperations.Begun ask(String id);
    }

    private void ask(String what, Question question) {
        String id = "m" + askedCount++;
        try {
            question.ask(id);
            verdict.note(id + " asked for: " + what);
        } catch (HailstormException _) {
            // Not possible as things stand; an operator would be told.
        }
    }

    private int partition() {
        return random.nextInt(plan.partitionCount());
    }

    private void move(RangeOperations operations) {
        List<Long> cells = WorldPlace.INSTANCE.routingCells;
        Set<Long> range = new TreeSet<>();
        long first = cells.get(random.nextInt(cells.size()));
        int owner = owner(first);
        for (long cell : cells) {
            if (cell == first || (owner(cell) == owner && random.nextInt(3) == 0)) {
                range.add(cell);
            }
        }
        int target = partition();
        ask("move of " + range.size() + " cells to fixes/" + target, id -> operations.move(id, range, target));
    }

    private int owner(long cell) {
        return table.entry(cell).map(RangeEntry::ownerPartition).orElse(0);
    }

    /** Of something under way, whatever it is. */
    private void abort(RangeOperations operations, boolean force) {
        List<String> ids = new ArrayList<>();
        for (MovePlan move : table.movesInFlight()) {
            boolean isSealed = table.entry(move.cells().first())
                    .map(entry -> entry.state() == RangeState.SEALED)
                    .orElse(false);
            if (isSealed == force) {
                ids.add(move.migrationId());
            }
        }
        if (!force) {
            table.groups().stream().map(MoveGroup::groupId).forEach(ids::add);
        }
        if (!ids.isEmpty()) {
            abort(operations, ids.get(random.nextInt(ids.size())), force);
        }
    }

    /** @param force also of what is sealed */
    void abort(RangeOperations operations, String id, boolean force) {
        try {
            List<String> moves = operations.abort(id, force);
            verdict.note("abort of " + id + " asked for" + (force ? ", by force: " : ": ") + moves);
        } catch (HailstormException _) {
            // Over, or not known where it is asked.
        }
    }
}
