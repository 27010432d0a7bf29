package io.hailstorm.node;

import io.hailstorm.migration.ControlOutcome;
import io.hailstorm.migration.ControlRecord;
import io.hailstorm.migration.OwnershipTable;
import io.hailstorm.migration.RangeEntry;
import io.hailstorm.migration.RangeFold;
import io.hailstorm.migration.RangeRecord;
import io.hailstorm.migration.RangeState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What the durable logs say of ranges, and whether they agree: a range's fixes are in the log of its owner between OPEN and SEAL
 * (I2), what the control stream says of seals and opens is in the fixes (I6), and an OPEN names the positions that its parent had at
 * the seal.
 */
final class WorldRanges {
    /** A driver's first fixes across a border stay where its earlier ones are. */
    private static final int STRAYS_MAX = 2;

    /** A fix, or an OPEN, as far as a copy of its range depends on it. */
    private record Entry(long cell, long driver, int de, long session, long seq, RangeRecord.Open open) {}

    private static final RangeRecord.Open NO_OPEN =
            new RangeRecord.Open("", 0, new java.util.TreeSet<>(), -1, -1, 0, List.of());

    /** One partition's fixes. */
    private static final class Fixes {
        private final Map<Long, Entry> entryByOffset = new java.util.TreeMap<>();
        private final Set<Long> openCells = new HashSet<>();
        /** With a SEAL here whose move the table has not ended. */
        private final Map<Long, String> sealedCells = new HashMap<>();

        private final Map<String, Long> seals = new HashMap<>();
        private final Set<String> aborts = new HashSet<>();
        private final Map<String, RangeRecord.Open> opens = new HashMap<>();
        private final Map<String, Long> openOffsets = new HashMap<>();
        private final Map<Long, Long> lastCellByDriver = new HashMap<>();
        private final Map<Long, Integer> straysByDriver = new HashMap<>();
        /** Drivers that were in a range when it was sealed, and have no fix here since. */
        private final Map<Long, Long> sealedCellByDriver = new HashMap<>();
    }

    private final WorldVerdict verdict;
    private final boolean isStrict;
    private final Consumer<ControlRecord.Proposal> onStep;
    private final List<Fixes> partitions = new ArrayList<>();
    private final OwnershipTable table = new OwnershipTable();
    private long moveCount;

    /**
     * @param isStrict whether drivers leave a log soon after they left its ground, whatever happens elsewhere
     * @param onStep told of each step of a move
     */
    WorldRanges(WorldVerdict verdict, int partitionCount, boolean isStrict, Consumer<ControlRecord.Proposal> onStep) {
        this.verdict = verdict;
        this.onStep = onStep;
        this.isStrict = isStrict;
        for (int i = 0; i < partitionCount; i++) {
            partitions.add(new Fixes());
        }
    }

    OwnershipTable table() {
        return table;
    }

    /** Moves that ended with another owner. */
    long moveCount() {
        return moveCount;
    }

    /** A node began anew: it does not know any more who strays since when, nor whose ground a driver was on. */
    void onRestart() {
        for (Fixes fixes : partitions) {
            fixes.lastCellByDriver.clear();
            fixes.straysByDriver.clear();
            fixes.sealedCellByDriver.clear();
        }
    }

    void onFix(int partition, long offset, long cell, long driver, int de, long session, long seq) {
        Fixes fixes = partitions.get(partition);
        fixes.entryByOffset.put(offset, new Entry(cell, driver, de, session, seq, NO_OPEN));
        fixes.lastCellByDriver.put(driver, cell);
        String migration = fixes.sealedCells.get(cell);
        if (migration != null) {
            verdict.violated(
                    "I2",
                    "fixes/" + partition + "@" + offset + ": cell " + Long.toHexString(cell) + " is sealed by "
                            + migration + ", driver " + driver + " seq=" + seq);
            return;
        }
        if (fixes.openCells.contains(cell)) {
            fixes.straysByDriver.remove(driver);
            fixes.sealedCellByDriver.remove(driver);
            return;
        }
        int strays = fixes.straysByDriver.merge(driver, 1, Integer::sum);
        Long sealed = fixes.sealedCellByDriver.get(driver);
        if (isStrict && (strays > STRAYS_MAX || (sealed != null && sealed == cell))) {
            verdict.violated(
                    "I2",
                    "fixes/" + partition + "@" + offset + ": cell " + Long.toHexString(cell)
                            + " is not open here, driver " + driver + " seq=" + seq + ", " + strays + " in a row: "
                            + fixesOf(driver));
        }
    }

    private List<String> fixesOf(long driver) {
        List<String> all = new ArrayList<>();
        for (int partition = 0; partition < partitions.size(); partition++) {
            String at = partition + "@";
            partitions.get(partition).entryByOffset.forEach((offset, entry) -> {
                if (entry.driver() == driver) {
                    all.add(at + offset + " de=" + entry.de() + " " + entry.session() + "/" + entry.seq() + " in "
                            + Long.toHexString(entry.cell()));
                }
            });
        }
        return all;
    }

    void onRange(int partition, long offset, RangeRecord record) {
        Fixes fixes = partitions.get(partition);
        verdict.note("durable fixes/" + partition + "@" + offset + " "
                + record.getClass().getSimpleName() + " of " + record.migrationId());
        switch (record) {
            case RangeRecord.Staged _ -> {}
            case RangeRecord.Abort abort -> fixes.aborts.add(abort.migrationId());
            case RangeRecord.Seal seal -> onSeal(fixes, offset, seal);
            case RangeRecord.Open open -> onOpen(fixes, partition, offset, open);
        }
    }

    private void onSeal(Fixes fixes, long offset, RangeRecord.Seal seal) {
        if (fixes.aborts.contains(seal.migrationId()) || table.hasEnded(seal.migrationId())) {
            return;
        }
        fixes.seals.putIfAbsent(seal.migrationId(), offset);
        for (long cell : seal.cells()) {
            fixes.sealedCells.put(cell, seal.migrationId());
            if (fixes.openCells.remove(cell)) {
                fixes.lastCellByDriver.forEach((driver, last) -> {
                    if (last == cell) {
                        fixes.sealedCellByDriver.put(driver, cell);
                    }
                });
            }
        }
    }

    private void onOpen(Fixes fixes, int partition, long offset, RangeRecord.Open open) {
        fixes.entryByOffset.put(offset, new Entry(0, 0, 0, 0, 0, open));
        fixes.opens.put(key(open.migrationId(), open.epoch()), open);
        fixes.openOffsets.put(key(open.migrationId(), open.epoch()), offset);
        Fixes parent = partitions.get(open.parentPartition());
        Long sealOffset = parent.seals.get(open.migrationId());
        if (sealOffset == null || sealOffset != open.parentSealOffset()) {
            verdict.violated(
                    "I6",
                    "OPEN of " + open.migrationId() + " at fixes/" + partition + "@" + offset + " names a seal at "
                            + open.parentPartition() + "@" + open.parentSealOffset() + ", there is one at "
                            + sealOffset);
            return;
        }
        RangeFold fold = new RangeFold(open.cells());
        for (Map.Entry<Long, Entry> each : parent.entryByOffset.entrySet()) {
            if (each.getKey() >= sealOffset) {
                break;
            }
            Entry entry = each.getValue();
            if (entry.open().equals(NO_OPEN)) {
                fold.onFix(entry.cell(), entry.driver(), entry.de(), entry.session(), entry.seq());
            } else {
                fold.onOpen(entry.open());
            }
        }
        if (!fold.drivers().equals(open.drivers())) {
            verdict.violated(
                    "OPEN",
                    "OPEN of " + open.migrationId() + " at fixes/" + partition + "@" + offset + " names "
                            + open.drivers() + ", its parent had " + fold.drivers());
        }
        openWhereActive(partition, open);
    }

    private void openWhereActive(int partition, RangeRecord.Open open) {
        for (long cell : open.cells()) {
            RangeEntry entry = table.entry(cell).orElseThrow();
            if (entry.state() == RangeState.ACTIVE
                    && entry.epoch() == open.epoch()
                    && entry.ownerPartition() == partition) {
                partitions.get(partition).openCells.add(cell);
            }
        }
    }

    void onControl(long offset, ControlRecord record) {
        ControlOutcome outcome = table.apply(offset, record);
        if (!(outcome instanceof ControlOutcome.Applied)) {
            return;
        }
        switch (record) {
            case ControlRecord.MapInitialized map ->
                map.partitionByCell()
                        .forEach((cell, partition) ->
                                partitions.get(partition).openCells.add(cell));
            case ControlRecord.Proposal proposal -> onProposal(offset, proposal);
            case ControlRecord.GroupBegun _, ControlRecord.GroupEnded _ -> {}
        }
    }

    private void onProposal(long offset, ControlRecord.Proposal proposal) {
        verdict.note("durable control@" + offset + " " + proposal.state() + "(" + proposal.epoch() + ") of "
                + proposal.migrationId() + ": fixes/" + proposal.parentPartition() + " -> "
                + proposal.ownerPartition());
        onStep.accept(proposal);
        Fixes parent = partitions.get(proposal.parentPartition());
        if (proposal.state() == RangeState.SEALED || proposal.parentSealOffset() != RangeEntry.NULL_OFFSET) {
            Long seal = parent.seals.get(proposal.migrationId());
            if (seal == null || seal != proposal.parentSealOffset()) {
                verdict.violated(
                        "I6",
                        proposal.state() + " of " + proposal.migrationId() + " at control@" + offset
                                + " names a seal at fixes/" + proposal.parentPartition() + "@"
                                + proposal.parentSealOffset() + ", there is one at " + seal);
            }
        }
        if (proposal.state() != RangeState.ACTIVE) {
            return;
        }
        parent.sealedCells.values().removeIf(proposal.migrationId()::equals);
        Fixes owner = partitions.get(proposal.ownerPartition());
        if (proposal.epoch() == proposal.expectedEpoch()) {
            owner.openCells.addAll(proposal.cells());
            return;
        }
        moveCount++;
        RangeRecord.Open open = owner.opens.get(key(proposal.migrationId(), proposal.epoch()));
        boolean isTakenBack = proposal.ownerPartition() == proposal.parentPartition();
        if (open == null) {
            if (!isTakenBack) {
                verdict.violated(
                        "I6",
                        "ACTIVE(" + proposal.epoch() + ") of " + proposal.migrationId() + " at control@" + offset
                                + ", but no OPEN in fixes/" + proposal.ownerPartition());
            }
            return;
        }
        openWhereActive(proposal.ownerPartition(), open);
    }

    private static String key(String migration, long epoch) {
        return migration + "/" + epoch;
    }
}
