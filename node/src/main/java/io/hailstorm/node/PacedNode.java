package io.hailstorm.node;

import java.util.List;

/** What drives time needs of a node, here or in another process. */
interface PacedNode {
    /** Turns its region has taken. */
    long regionTurns();

    boolean isHealthy();

    /** Asks the region for a turn soon, where it can be asked. */
    void nudge();

    /** One turn in the caller's thread, for a node that has no threads of its own; how much was done. */
    int turn();

    /** Waits until the region has taken two more turns, the first of which began after now. */
    static void awaitTurns(List<? extends PacedNode> nodes, Runnable pause) {
        long[] before = nodes.stream().mapToLong(PacedNode::regionTurns).toArray();
        for (int i = 0; i < before.length; i++) {
            PacedNode node = nodes.get(i);
            while (node.regionTurns() < before[i] + 2 && node.isHealthy()) {
                node.nudge();
                pause.run();
            }
        }
    }
}
