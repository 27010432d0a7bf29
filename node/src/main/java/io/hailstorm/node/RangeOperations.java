package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.migration.ControlRecord;
import io.hailstorm.migration.MoveGroup;
import io.hailstorm.migration.MovePlan;
import io.hailstorm.migration.OwnershipTable;
import io.hailstorm.migration.RangeMove;
import io.hailstorm.migration.RangeMoves;
import io.hailstorm.migration.RangePlanner;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * What an operator, or the balancer, may start and stop, on the node that decides. Asked for twice under one name, it is done once.
 * Region agent's thread.
 */
final class RangeOperations {
    /** Groups asked for and not in the table yet; more are refused. */
    private static final int ASKED_MAX = 64;

    /**
     * What was begun.
     *
     * @param id of the move, or of the group
     * @param migrations the moves
     */
    record Begun(String id, List<String> migrations) {
        static Begun of(MoveGroup group) {
            return new Begun(
                    group.groupId(),
                    group.moves().stream().map(MovePlan::migrationId).toList());
        }
    }

    private final OwnershipTable table;
    private final RangeMoves moves;
    private final Function<OwnershipTable, RangePlanner> planner;
    private final Consumer<ControlRecord> control;
    private final Consumer<MovePlan> onStarted;
    private final Predicate<Integer> isServed;
    private final Map<String, MoveGroup> asked = new HashMap<>();

    /**
     * @param onStarted told of a move that stands for itself
     * @param isServed whether some node serves a partition
     */
    RangeOperations(
            OwnershipTable table,
            RangeMoves moves,
            Function<OwnershipTable, RangePlanner> planner,
            Consumer<ControlRecord> control,
            Consumer<MovePlan> onStarted,
            Predicate<Integer> isServed) {
        this.table = table;
        this.moves = moves;
        this.planner = planner;
        this.control = control;
        this.onStarted = onStarted;
        this.isServed = isServed;
    }

    /** As one move named {@code id} where the cells can move together, else as a group. */
    Begun move(String id, Set<Long> cells, int target) {
        if (moves.find(id).isPresent() || table.hasEnded(id)) {
            return new Begun(id, List.of(id));
        }
        return begin(id, true, planning -> planning.move(id, cells, target));
    }

    Begun split(String id, int partition) {
        return begin(id, false, planning -> planning.split(id, partition));
    }

    Begun merge(String id, int from, int into) {
        return begin(id, false, planning -> planning.merge(id, from, into));
    }

    Begun evacuate(String id, String region) {
        return begin(id, false, planning -> planning.evacuate(id, region));
    }

    /** @param isAlone whether a single move stands for itself, under the name asked for */
    private Begun begin(String id, boolean isAlone, Function<RangePlanner, MoveGroup> plan) {
        MoveGroup known = asked.get(id);
        if (known == null) {
            known = table.groups().stream()
                    .filter(group -> group.groupId().equals(id))
                    .findFirst()
                    .orElse(null);
        }
        if (known != null) {
            return Begun.of(known);
        }
        if (table.knowsGroup(id)) {
            return new Begun(id, List.of());
        }
        asked.keySet().removeIf(table::knowsGroup);
        if (asked.size() >= ASKED_MAX) {
            throw new HailstormException(
                    ErrorCode.RESOURCE_EXHAUSTED, "too many groups of moves asked for at once: at most " + ASKED_MAX);
        }
        MoveGroup group = plan.apply(planner.apply(table));
        if (group.moves().size() == 1 && isAlone) {
            MovePlan only = group.moves().getFirst();
            MovePlan named =
                    new MovePlan(id, only.cells(), only.sourcePartition(), only.targetPartition(), only.epoch());
            moves.start(named);
            onStarted.accept(named);
            return new Begun(id, List.of(id));
        }
        asked.put(id, group);
        control.accept(new ControlRecord.GroupBegun(group));
        return Begun.of(group);
    }

    /**
     * Leaves a range with its source: for free until it is sealed, by taking it back after that, when its target is served nowhere, or
     * {@code force}d. Of a group, ends it and all of its moves that are not sealed.
     *
     * @return the moves concerned
     */
    List<String> abort(String id, boolean force) {
        for (MoveGroup group : table.groups()) {
            if (group.groupId().equals(id)) {
                return abort(group);
            }
        }
        RangeMove move = moves.find(id).orElseThrow(() -> notUnderWay(id));
        abort(move, force);
        return List.of(id);
    }

    private HailstormException notUnderWay(String id) {
        return table.outcome(id)
                .map(outcome -> new HailstormException(
                        ErrorCode.FAILED_PRECONDITION, "migration " + id + " has ended: " + outcome))
                .orElseGet(() -> new HailstormException(
                        ErrorCode.NOT_FOUND,
                        "no migration or group " + id + " is under way; 'hailstorm regions show' lists them"));
    }

    private List<String> abort(MoveGroup group) {
        control.accept(new ControlRecord.GroupEnded(group.groupId(), "ABORTED"));
        List<String> givenUp = new ArrayList<>();
        for (RangeMove move : moves.active()) {
            if (group.isNamedAfter(move.plan().migrationId()) && move.phase() != RangeMove.Phase.SEALED) {
                move.giveUp();
                givenUp.add(move.plan().migrationId());
            }
        }
        return givenUp;
    }

    private void abort(RangeMove move, boolean force) {
        if (move.phase() != RangeMove.Phase.SEALED) {
            move.giveUp();
            return;
        }
        if (!force && isServed.test(move.plan().targetPartition())) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "migration " + move.plan().migrationId() + " is sealed and partition "
                            + move.plan().targetPartition()
                            + " is served: it ends by itself; --force takes the range back all the same");
        }
        move.takeBack();
    }
}
