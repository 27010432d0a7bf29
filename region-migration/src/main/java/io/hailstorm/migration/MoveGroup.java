package io.hailstorm.migration;

import io.hailstorm.kernel.Invariants;
import java.util.List;

/**
 * Moves that belong together: a split, a merge, an evacuation, or cells that cannot move as one.
 *
 * @param groupId unique for ever; each move's id is this, a slash, and a name of its own
 * @param intent what was asked for, for people
 * @param parallelMax moves under way at a time
 * @param moves in the order in which they begin
 */
public record MoveGroup(String groupId, String intent, int parallelMax, List<MovePlan> moves) {
    public MoveGroup {
        Invariants.require(parallelMax > 0, "a group of moves needs to run at least one at a time");
        moves = List.copyOf(moves);
    }

    /** Whether the id is one that a move of this group may have. */
    public boolean isNamedAfter(String migrationId) {
        return migrationId.startsWith(groupId + "/");
    }
}
