package io.hailstorm.migration;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.RegionId;
import io.hailstorm.kernel.Safeguard;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.migration.ControlRecord.GroupBegun;
import io.hailstorm.migration.ControlRecord.MapInitialized;
import io.hailstorm.migration.RangeMove.Phase;
import io.hailstorm.migration.SimulatedLogs.Entry;
import io.hailstorm.migration.SimulatedLogs.Fix;
import io.hailstorm.migration.SimulatedLogs.Fixes;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Nodes that share logs in memory, phones that send and send again, and the production classes of this module. Partitions change
 * their servers, nodes crash, read late and notice late. One thread; everything random comes from the seed. {@link #step} does one
 * thing; {@link #check} throws when an invariant is broken.
 */
final class MoveSimulation {
    static final int PARTITION_COUNT = 3;
    private static final int DRIVER_COUNT = 6;
    private static final int MOVES_MAX = 5;
    private static final int ALL = Integer.MAX_VALUE / 2;

    final List<Long> cells = new ArrayList<>();
    final SimulatedLogs logs;
    final List<SimulatedNode> nodes = new ArrayList<>();
    private final MoveInvariants invariants;
    private final Safeguards safeguards;
    private long nowMs;

    // The phones' own.
    private final long[] ackedSeq = new long[DRIVER_COUNT];
    private final long[] sentSeq = new long[DRIVER_COUNT];

    int moveCount;
    int doneCount;
    int refusedCount;
    int givenUpCount;
    int takenBackCount;

    MoveSimulation(long seed, int nodeCount, Safeguards safeguards) {
        this.safeguards = safeguards;
        logs = new SimulatedLogs(PARTITION_COUNT, seed);
        invariants = new MoveInvariants(logs, seed);
        Cells geometry = Cells.create();
        GeoPoint place = GeoPoint.ofDegrees(37.77, -122.43);
        long[] disk = new long[7];
        geometry.gridDisk(geometry.cellOf(place.latE7(), place.lonE7(), Cells.ROUTING_RESOLUTION), 1, disk);
        NavigableMap<Long, Integer> owners = new TreeMap<>();
        for (int i = 0; i < 4; i++) {
            cells.add(disk[i]);
            owners.put(disk[i], Math.max(0, i - 1));
        }
        logs.control.add(MapInitialized.of(new RegionId("sf"), PARTITION_COUNT, owners));
        logs.flushControl();
        for (int id = 0; id < nodeCount; id++) {
            nodes.add(newNode(id));
        }
        for (int p = 0; p < PARTITION_COUNT; p++) {
            logs.change(p, p % nodeCount);
        }
        nodes.forEach(SimulatedNode::followOwnership);
    }

    private SimulatedNode newNode(int id) {
        // Every node notices the end of a move; one of them counts it.
        return new SimulatedNode(id, logs, safeguards, move -> onEnded(move, id));
    }

    // ---- what can happen ----------------------------------------------------------------------------------

    /** One thing happens, at random. */
    void step() {
        nowMs += below(400);
        SimulatedNode node = nodes.get(below(nodes.size()));
        switch (below(26)) {
            case 0, 1, 2, 3, 4, 5 -> phoneSends(below(DRIVER_COUNT));
            case 6, 7, 8 -> logs.flush(below(PARTITION_COUNT));
            case 9 -> logs.flushControl();
            case 10, 11, 12 -> node.readControl(1 + below(4));
            case 13, 14 -> node.readFixes(below(PARTITION_COUNT), 1 + below(20));
            case 15, 16, 17 -> turn(node);
            case 18 -> acknowledge();
            case 19 -> node.followOwnership();
            case 20 -> {
                if (below(3) == 0) {
                    crash(node.id);
                }
            }
            case 21 -> {
                if (below(3) == 0) {
                    logs.change(below(PARTITION_COUNT), below(nodes.size()));
                }
            }
            case 22 -> startMoves();
            case 23 -> propose(logs.control.get(below(logs.control.size())));
            case 24 -> {
                if (below(2) == 0) {
                    giveUpOne();
                }
            }
            default -> {
                if (below(2) == 0) {
                    takeBackOne();
                }
            }
        }
    }

    /** Reads everything and does what there is to do. */
    private void turn(SimulatedNode node) {
        node.readControl(ALL);
        for (int p = 0; p < PARTITION_COUNT; p++) {
            node.readFixes(p, ALL);
        }
        node.followOwnership();
        node.doWork(nowMs);
    }

    /** Phones, disk, control stream and nodes in turn, without failures. */
    void quietStep(int step) {
        nowMs += 10;
        switch (step % 4) {
            case 0 -> phoneSends(below(DRIVER_COUNT));
            case 1 -> turn(nodes.get(step / 4 % nodes.size()));
            case 2 -> logs.flush(step / 4 % PARTITION_COUNT);
            default -> {
                logs.flushControl();
                for (int p = 0; p < PARTITION_COUNT; p++) {
                    logs.flush(p);
                }
                acknowledge();
            }
        }
    }

    /** No more failures: everything gets its turn until nothing is in flight, and every fix sent is acknowledged. */
    void settle() {
        for (int p = 0; p < PARTITION_COUNT; p++) {
            if (logs.fixes[p].owner == SimulatedLogs.NOBODY) {
                logs.change(p, below(nodes.size()));
            }
        }
        for (int round = 0; round < 400 && !isSettled(); round++) {
            nowMs += 300;
            for (int p = 0; p < PARTITION_COUNT; p++) {
                logs.flush(p);
            }
            logs.flushControl();
            nodes.forEach(this::turn);
            for (int driver = 0; driver < DRIVER_COUNT; driver++) {
                deliver(driver, Math.min(ackedSeq[driver] + 1, Math.max(1, sentSeq[driver])));
            }
            acknowledge();
            check();
        }
        for (SimulatedNode node : nodes) {
            invariants.require(
                    node.table.movesInFlight().isEmpty(), "L1: still in flight: " + node.table.movesInFlight());
            invariants.require(node.moves.isIdle(), "node " + node.id + " has moves that do not end");
            invariants.require(node.guard.cellsInFlightCount() == 0, "the guard still holds cells");
            invariants.require(
                    node.table.entries().equals(invariants.truth.entries()), "node " + node.id + " has another table");
        }
        for (int driver = 0; driver < DRIVER_COUNT; driver++) {
            invariants.require(
                    ackedSeq[driver] >= sentSeq[driver], "driver " + driver + " waits for its acknowledgement");
        }
    }

    private boolean isSettled() {
        for (int driver = 0; driver < DRIVER_COUNT; driver++) {
            if (ackedSeq[driver] < sentSeq[driver]) {
                return false;
            }
        }
        return logs.controlDurable == logs.control.size()
                && nodes.stream()
                        .allMatch(node -> node.moves.isIdle() && node.table.nextOffset() == logs.controlDurable);
    }

    private void phoneSends(int driver) {
        // New ones, and now and then one sent before: the acknowledgement may have been lost on the way.
        long seq = Math.max(1, ackedSeq[driver] + 2L - below(4));
        sentSeq[driver] = Math.max(sentSeq[driver], seq);
        deliver(driver, seq);
    }

    private void deliver(int driver, long seq) {
        long cell = cells.get(driver % cells.size());
        for (SimulatedNode node : nodes) {
            for (int partition = 0; partition < PARTITION_COUNT; partition++) {
                if (node.admits(partition, cell)) {
                    int before = logs.fixes[partition].entries.size();
                    if (node.accept(partition, cell, driver, seq)) {
                        invariants.checkAcceptor(partition, cell);
                    }
                    acknowledgeUndurable(logs.fixes[partition], before);
                }
            }
        }
    }

    private void acknowledgeUndurable(Fixes log, int from) {
        if (!safeguards.has(Safeguard.ACK_AFTER_SYNC)) {
            log.entries.subList(from, log.entries.size()).forEach(this::acknowledge);
        }
    }

    private void acknowledge() {
        for (Fixes log : logs.fixes) {
            log.entries.subList(0, log.durable).forEach(this::acknowledge);
        }
    }

    private void acknowledge(Entry entry) {
        if (entry instanceof Fix fix) {
            ackedSeq[(int) fix.driver()] = Math.max(ackedSeq[(int) fix.driver()], fix.seq());
        }
    }

    private void onEnded(RangeMove move, int nodeId) {
        if (nodeId != logs.fixes[0].owner) {
            return;
        }
        switch (move.phase()) {
            case DONE -> doneCount++;
            case GIVEN_UP -> givenUpCount++;
            case TAKEN_BACK -> takenBackCount++;
            case REFUSED -> refusedCount++;
            case STARTING, COPYING, SEALING, ABORTING, SEALED ->
                throw new AssertionError("ended while " + move.phase());
        }
    }

    private Optional<SimulatedNode> decider() {
        return nodes.stream().filter(SimulatedNode::decides).findFirst();
    }

    private void propose(ControlRecord record) {
        logs.control.add(record);
    }

    private void giveUpOne() {
        List<RangeMove> moves = decider().map(node -> node.moves.active()).orElse(List.of());
        if (!moves.isEmpty()) {
            moves.get(below(moves.size())).giveUp();
        }
    }

    private void takeBackOne() {
        decider().map(node -> node.moves.active()).orElse(List.of()).stream()
                .filter(move -> move.phase() == Phase.SEALED)
                .findFirst()
                .ifPresent(RangeMove::takeBack);
    }

    /** Starts a move of one or two cells; sometimes two that want the same cell at once, sometimes a group. */
    private void startMoves() {
        if (below(4) == 0) {
            startGroup(below(PARTITION_COUNT));
            return;
        }
        Set<Long> range = new LinkedHashSet<>();
        range.add(cells.get(below(cells.size())));
        if (below(3) == 0) {
            range.add(cells.get(below(cells.size())));
        }
        startMove(range, below(PARTITION_COUNT));
        if (below(3) == 0) {
            startMove(range, below(PARTITION_COUNT));
        }
    }

    /** Every cell to one partition, each at its own epoch: a merge, or an evacuation. */
    void startGroup(int target) {
        SimulatedNode node = decider().orElse(null);
        if (node == null || moveCount >= MOVES_MAX) {
            return;
        }
        String group = "g" + moveCount;
        List<MovePlan> plans = new ArrayList<>();
        for (long cell : cells) {
            RangeEntry entry = node.table.entry(cell).orElseThrow();
            if (entry.ownerPartition() != target) {
                plans.add(new MovePlan(
                        group + "/" + plans.size(),
                        ControlRecord.sorted(Set.of(cell)),
                        entry.ownerPartition(),
                        target,
                        entry.epoch()));
            }
        }
        propose(new GroupBegun(new MoveGroup(group, "all to " + target, 2, plans)));
        moveCount++;
    }

    void startMove(Set<Long> range, int target) {
        SimulatedNode node = decider().orElse(null);
        if (node == null || moveCount >= MOVES_MAX) {
            return;
        }
        try {
            node.moves.start(node.table.plan("m" + moveCount, range, target));
            moveCount++;
        } catch (HailstormException _) {
            // Not possible as things stand; an operator would be told.
        }
    }

    /** A node dies and starts again at once; its partitions it keeps, or another takes them. */
    void crash(int id) {
        for (int p = 0; p < PARTITION_COUNT; p++) {
            if (logs.fixes[p].owner == id) {
                logs.change(p, below(3) == 0 ? below(nodes.size()) : id);
            }
        }
        nodes.set(id, newNode(id));
        for (int p = 0; p < PARTITION_COUNT; p++) {
            nodes.get(id).readFixes(p, ALL);
        }
    }

    /** A node dies, and others take its partitions. */
    void replace(int id) {
        for (int p = 0; p < PARTITION_COUNT; p++) {
            if (logs.fixes[p].owner == id) {
                logs.change(p, (id + 1) % nodes.size());
            }
        }
        nodes.set(id, newNode(id));
    }

    int below(int bound) {
        return logs.below(bound);
    }

    void check() {
        invariants.check(nodes, cells, ackedSeq);
    }
}
