package io.hailstorm.migration;

import io.hailstorm.migration.ControlOutcome.Applied;
import io.hailstorm.migration.ControlRecord.Proposal;
import io.hailstorm.migration.SimulatedLogs.Fix;
import io.hailstorm.migration.SimulatedLogs.Fixes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;

/** I1 to I6 of the design, from the durable logs alone: what no node's opinion can excuse. */
final class MoveInvariants {
    static final class Violation extends AssertionError {
        private static final long serialVersionUID = 1L;

        Violation(String message) {
            super(message);
        }
    }

    private record Segment(int partition, long epoch, long startOffset, long endOffsetExclusive) {}

    /** What the durable control stream says. */
    final OwnershipTable truth = new OwnershipTable();

    private final SimulatedLogs logs;
    private final long seed;
    private final Map<Long, List<Segment>> lineageByCell = new HashMap<>();
    private final Map<Long, Long> startOffsetByCell = new HashMap<>();
    private int truthRead;

    MoveInvariants(SimulatedLogs logs, long seed) {
        this.logs = logs;
        this.seed = seed;
    }

    void readControl() {
        for (; truthRead < logs.controlDurable; truthRead++) {
            ControlRecord record = logs.control.get(truthRead);
            if (truth.apply(truthRead, record) instanceof Applied
                    && record instanceof Proposal proposal
                    && proposal.state() == RangeState.ACTIVE) {
                onActive(proposal);
            }
        }
    }

    private void onActive(Proposal proposal) {
        for (long cell : proposal.cells()) {
            if (proposal.expectedState() == RangeState.SEALED) {
                lineageByCell
                        .computeIfAbsent(cell, _ -> new ArrayList<>())
                        .add(new Segment(
                                proposal.parentPartition(),
                                proposal.expectedEpoch(),
                                startOffsetByCell.getOrDefault(cell, 0L),
                                proposal.parentSealOffset()));
            }
            if (proposal.startOffset() >= 0) {
                startOffsetByCell.put(cell, proposal.startOffset());
            }
        }
    }

    /** I1 and I2 at the moment of appending: only the active owner, by the durable control stream, accepts. */
    void checkAcceptor(int partition, long cell) {
        readControl();
        RangeEntry entry = truth.entry(cell).orElseThrow();
        require(
                entry.ownerPartition() == partition && entry.state() != RangeState.SEALED,
                "I1, I2: partition " + partition + " accepts while the table says " + entry);
    }

    void check(Iterable<SimulatedNode> nodes, List<Long> cells, long[] ackedSeq) {
        readControl();
        for (long cell : cells) {
            int acceptors = 0;
            for (SimulatedNode node : nodes) {
                for (int p = 0; p < logs.fixes.length; p++) {
                    acceptors += node.admits(p, cell) ? 1 : 0;
                }
            }
            require(acceptors <= 1, "I1: " + acceptors + " partitions accept " + Long.toHexString(cell));
            RangeEntry entry = truth.entry(cell).orElseThrow();
            long end = entry.state() == RangeState.SEALED ? entry.parentSealOffset() : Long.MAX_VALUE;
            List<Segment> lineage = new ArrayList<>(lineageByCell.getOrDefault(cell, List.of()));
            lineage.add(
                    new Segment(entry.ownerPartition(), entry.epoch(), startOffsetByCell.getOrDefault(cell, 0L), end));
            checkLineage(cell, lineage, cells, ackedSeq);
        }
        for (SimulatedNode node : nodes) {
            require(node.moves.hashMismatchCount() == 0, "a copy or an OPEN differs from its source");
        }
    }

    private void checkLineage(long cell, List<Segment> lineage, List<Long> cells, long[] ackedSeq) {
        Map<Long, Long> lastSeq = new HashMap<>();
        Map<Long, NavigableSet<Long>> visible = new HashMap<>();
        long epoch = 0;
        for (Segment segment : lineage) {
            require(segment.epoch > epoch, "I6: epoch " + segment.epoch + " after " + epoch + " in " + lineage);
            epoch = segment.epoch;
            Fixes log = logs.fixes[segment.partition];
            long end = Math.min(segment.endOffsetExclusive, log.durable);
            for (long offset = segment.startOffset; offset < end; offset++) {
                if (!(log.entries.get((int) offset) instanceof Fix fix) || fix.cell() != cell) {
                    continue;
                }
                require(fix.epoch() == segment.epoch, "I2: " + fix + " in epoch " + segment.epoch);
                long last = lastSeq.getOrDefault(fix.driver(), 0L);
                require(fix.seq() > last, "I3, I5: " + fix + " after seq " + last + " in " + lineage);
                lastSeq.put(fix.driver(), fix.seq());
                visible.computeIfAbsent(fix.driver(), _ -> new TreeSet<>()).add(fix.seq());
            }
        }
        for (int driver = 0; driver < ackedSeq.length; driver++) {
            if (cells.get(driver % cells.size()) == cell) {
                int count = visible.getOrDefault((long) driver, new TreeSet<>())
                        .headSet(ackedSeq[driver], true)
                        .size();
                require(
                        count == ackedSeq[driver],
                        "I4: driver " + driver + " has " + ackedSeq[driver] + " acknowledged, " + count + " in "
                                + lineage);
            }
        }
    }

    void require(boolean condition, String message) {
        if (!condition) {
            throw new Violation(message + "; seed=" + seed);
        }
    }
}
