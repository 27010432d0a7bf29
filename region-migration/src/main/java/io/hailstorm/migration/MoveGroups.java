package io.hailstorm.migration;

import io.hailstorm.migration.ControlRecord.GroupEnded;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Carries groups of moves on, where it is decided: starts each group's next move when fewer than it allows are under way, and ends the
 * group after its last. Which moves are done the table knows; what is remembered here, the refused ones, a successor finds out
 * again. The writer thread.
 */
final class MoveGroups {
    private final OwnershipTable table;
    private final ControlJournal control;
    private final Map<String, Set<String>> refusedByGroup = new HashMap<>();
    private final Map<String, Long> endProposedMs = new HashMap<>();

    MoveGroups(OwnershipTable table, ControlJournal control) {
        this.table = table;
        this.control = control;
    }

    /** A move was refused by the table. */
    void onRefused(String migrationId) {
        for (MoveGroup group : table.groups()) {
            if (group.isNamedAfter(migrationId)) {
                refusedByGroup
                        .computeIfAbsent(group.groupId(), _ -> new HashSet<>())
                        .add(migrationId);
            }
        }
    }

    /** What is to start now; proposes the end of groups that have nothing left. */
    List<MovePlan> due(Set<String> underWay, long nowMs) {
        List<MovePlan> due = new ArrayList<>();
        for (MoveGroup group : table.groups()) {
            Set<String> refused = refusedByGroup.getOrDefault(group.groupId(), Set.of());
            int running = 0;
            int left = 0;
            for (MovePlan move : group.moves()) {
                String id = move.migrationId();
                if (underWay.contains(id)) {
                    running++;
                } else if (!table.hasEnded(id) && !refused.contains(id)) {
                    if (running < group.parallelMax()) {
                        due.add(move);
                        running++;
                    } else {
                        left++;
                    }
                }
            }
            if (running == 0 && left == 0) {
                end(group, refused.size(), nowMs);
            }
        }
        return due;
    }

    private void end(MoveGroup group, int refusedCount, long nowMs) {
        Long proposedMs = endProposedMs.get(group.groupId());
        if (proposedMs == null || nowMs - proposedMs >= RangeMove.REPEAT_AFTER_MS) {
            endProposedMs.put(group.groupId(), nowMs);
            String outcome = refusedCount == 0 ? "DONE" : "DONE, " + refusedCount + " moves refused";
            control.propose(new GroupEnded(group.groupId(), outcome));
        }
    }

    /** A group ended. */
    void forget(String groupId) {
        refusedByGroup.remove(groupId);
        endProposedMs.remove(groupId);
    }

    /** Somebody else decides now. */
    void clear() {
        refusedByGroup.clear();
        endProposedMs.clear();
    }
}
