package io.hailstorm.migration;

import io.hailstorm.kernel.Safeguard;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.migration.RangeRecord.DriverPosition;
import io.hailstorm.migration.SimulatedLogs.Entry;
import io.hailstorm.migration.SimulatedLogs.Fix;
import io.hailstorm.migration.SimulatedLogs.Fixes;
import io.hailstorm.migration.SimulatedLogs.Marker;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * One of the nodes that share the logs, with the production classes of this module: it reads every partition at its own pace, and writes
 * those it owns. All of it is lost in a crash but the logs.
 */
final class SimulatedNode {
    private static final int SESSION = 1;

    final int id;
    final OwnershipTable table = new OwnershipTable();
    final RangeRecords read = new RangeRecords();
    final RangeMoves moves;
    RangeGuard guard;
    private final SimulatedLogs logs;
    private final Safeguards safeguards;
    private final boolean[] serves;
    private final int[] reigns;
    private final int[] fixesRead;
    private int controlRead;
    private final List<Map<Long, Long>> lastSeqByDriver = new ArrayList<>();
    private final RangeMemory memory = new RangeMemory();
    private final Map<String, Copy> copies = new HashMap<>();

    private static final class Copy {
        private final RangeFold fold;
        private final List<Long> hashes = new ArrayList<>();

        Copy(MovePlan plan) {
            fold = new RangeFold(plan.cells());
        }
    }

    SimulatedNode(int id, SimulatedLogs logs, Safeguards safeguards, Consumer<RangeMove> onEnded) {
        this.id = id;
        this.logs = logs;
        this.safeguards = safeguards;
        serves = new boolean[logs.fixes.length];
        reigns = new int[logs.fixes.length];
        fixesRead = new int[logs.fixes.length];
        for (int p = 0; p < logs.fixes.length; p++) {
            lastSeqByDriver.add(new HashMap<>());
        }
        for (; controlRead < logs.controlDurable; controlRead++) {
            table.apply(controlRead, logs.control.get(controlRead));
        }
        guard = new RangeGuard(table, safeguards);
        moves = new RangeMoves(table, guard, new Control(), new Journal(), new Store(), read, safeguards, move -> {
            if (move.phase() != RangeMove.Phase.TAKEN_BACK) {
                memory.forget(move.plan().migrationId());
            }
            onEnded.accept(move);
        });
        newGuard();
    }

    /** Whether this node owns the partition and has read it to its end. */
    boolean serves(int partition) {
        return serves[partition];
    }

    boolean decides() {
        return serves[0];
    }

    /** Notices which partitions are its own now. */
    void followOwnership() {
        for (int p = 0; p < serves.length; p++) {
            boolean owns = logs.fixes[p].owner == id;
            if (serves[p] && !owns(p)) {
                serves[p] = false;
                moves.onLost(p);
                memory.onLost(p);
                newGuard();
                lastSeqByDriver.get(p).clear();
                foldDurable(p);
            }
            if (!serves[p] && owns && isCaughtUp(p)) {
                serves[p] = true;
                reigns[p] = logs.fixes[p].reign;
            }
        }
    }

    /** A node that has not noticed yet that it was replaced is fenced. */
    private boolean owns(int partition) {
        return logs.fixes[partition].owner == id && logs.fixes[partition].reign == reigns[partition];
    }

    private boolean isCaughtUp(int partition) {
        return fixesRead[partition] >= logs.fixes[partition].durable && controlRead >= logs.controlDurable;
    }

    private void foldDurable(int partition) {
        for (Entry entry : logs.fixes[partition].entries.subList(0, fixesRead[partition])) {
            install(partition, entry);
        }
    }

    private void newGuard() {
        guard = new RangeGuard(table, safeguards);
        moves.guard(guard);
        for (RangeEntry entry : table.entries().values()) {
            if (entry.isMoved() && !isOpenAt(entry)) {
                moves.awaitOpen(entry);
            }
        }
        memory.tell(guard);
    }

    private boolean isOpenAt(RangeEntry entry) {
        Fixes log = logs.fixes[entry.ownerPartition()];
        return entry.startOffset() < log.durable
                && log.entries.get((int) entry.startOffset()) instanceof Marker(RangeRecord.Open open)
                && open.migrationId().equals(entry.migrationId())
                && open.epoch() == entry.epoch();
    }

    /** Reads some of the durable records of a partition. */
    void readFixes(int partition, int countMax) {
        Fixes log = logs.fixes[partition];
        int end = Math.min(log.durable, fixesRead[partition] + countMax);
        for (; fixesRead[partition] < end; fixesRead[partition]++) {
            Entry entry = log.entries.get(fixesRead[partition]);
            if (!serves[partition]) {
                install(partition, entry);
            }
            if (entry instanceof Marker(RangeRecord record)) {
                read.onDurable(fixesRead[partition], record);
                memory.onDurable(partition, record);
                guard.onRangeRecord(record);
            }
        }
    }

    void readControl(int countMax) {
        int end = Math.min(logs.controlDurable, controlRead + countMax);
        for (; controlRead < end; controlRead++) {
            ControlOutcome outcome = table.apply(controlRead, logs.control.get(controlRead));
            guard.onControl(outcome);
            moves.onControl(outcome);
        }
    }

    void doWork(long nowMs) {
        guard.tick(nowMs);
        moves.doWork(nowMs);
    }

    /** Whether a fix may be appended here; what the phones' edge would ask. */
    boolean admits(int partition, long cell) {
        return serves[partition] && owns(partition) && guard.admit(partition, cell) == RangeGuard.ADMITTED;
    }

    /** Takes a fix into a partition; false for a number that is not next. */
    boolean accept(int partition, long cell, long driver, long seq) {
        long last = lastSeqByDriver.get(partition).getOrDefault(driver, 0L);
        boolean isNext = seq == last + 1;
        if (!isNext && (safeguards.has(Safeguard.DEDUPE) || seq > last)) {
            return false;
        }
        RangeEntry entry = table.entry(cell).orElseThrow();
        long epoch = partition == entry.ownerPartition() ? entry.epoch() : entry.epoch() + 1;
        append(partition, new Fix(cell, driver, seq, epoch));
        return true;
    }

    private long append(int partition, Entry entry) {
        Fixes log = logs.fixes[partition];
        log.entries.add(entry);
        install(partition, entry);
        return log.entries.size() - 1L;
    }

    /** What the writer keeps of a record, when it appends it and when it reads somebody else's. */
    private void install(int partition, Entry entry) {
        Map<Long, Long> lastSeq = lastSeqByDriver.get(partition);
        switch (entry) {
            case Fix fix -> lastSeq.merge(fix.driver(), fix.seq(), Math::max);
            case Marker(RangeRecord.Open open) -> {
                for (DriverPosition position : open.drivers()) {
                    lastSeq.merge(position.driver(), position.lastSeq(), Math::max);
                }
            }
            case Marker _ -> {}
        }
    }

    private final class Control implements ControlJournal {
        @Override
        public void propose(ControlRecord record) {
            if (owns(0)) {
                logs.control.add(record);
            }
        }

        @Override
        public boolean decides() {
            return serves[0];
        }
    }

    private final class Journal implements PartitionJournal {
        @Override
        public boolean serves(int partition) {
            return serves[partition];
        }

        @Override
        public long append(int partition, RangeRecord record) {
            if (!owns(partition)) {
                return RangeEntry.NULL_OFFSET;
            }
            long offset = SimulatedNode.this.append(partition, new Marker(record));
            memory.onAppended(partition, record);
            guard.onRangeRecord(record);
            return offset;
        }

        /** As far as this node's copy goes. */
        @Override
        public long durableOffset(int partition) {
            return fixesRead[partition];
        }

        @Override
        public long endOffset(int partition) {
            return owns(partition) ? logs.fixes[partition].entries.size() : durableOffset(partition);
        }

        @Override
        public long copyOffset(int partition) {
            return 0;
        }
    }

    private final class Store implements RangeStore {
        private static final int PORTION = 5;

        @Override
        public long stage(MovePlan plan, long fromOffset, long endOffsetExclusive) {
            Copy copy = copies.computeIfAbsent(plan.migrationId(), _ -> new Copy(plan));
            List<Entry> source = logs.fixes[plan.sourcePartition()].entries;
            // A few at a time, so that moves are caught half copied.
            int from = copy.hashes.size();
            int until = Math.max(from, (int) Math.min(Math.min(from + PORTION, endOffsetExclusive), source.size()));
            for (Entry entry : source.subList(Math.min(from, source.size()), Math.min(until, source.size()))) {
                copy.hashes.add(copy.fold.hash());
                switch (entry) {
                    case Fix fix -> copy.fold.onFix(fix.cell(), fix.driver(), 0, SESSION, fix.seq());
                    case Marker(RangeRecord.Open open) -> copy.fold.onOpen(open);
                    case Marker _ -> {}
                }
            }
            return copy.hashes.size();
        }

        @Override
        public RangeFold staged(MovePlan plan) {
            Copy copy = copies.get(plan.migrationId());
            return copy == null ? new RangeFold(plan.cells()) : copy.fold;
        }

        @Override
        public long hashedOffset(MovePlan plan) {
            Copy copy = copies.get(plan.migrationId());
            return copy == null ? RangeEntry.NULL_OFFSET : copy.hashes.size() - 1L;
        }

        @Override
        public long hash(MovePlan plan) {
            Copy copy = copies.get(plan.migrationId());
            return copy == null || copy.hashes.isEmpty() ? 0 : copy.hashes.getLast();
        }

        @Override
        public Comparison compare(MovePlan plan, long offset, long hash) {
            Copy copy = copies.get(plan.migrationId());
            if (copy == null || offset < 0 || offset >= copy.hashes.size()) {
                return Comparison.UNKNOWN;
            }
            return copy.hashes.get((int) offset) == hash ? Comparison.EQUAL : Comparison.DIFFERENT;
        }

        @Override
        public void restart(MovePlan plan) {
            copies.remove(plan.migrationId());
        }

        @Override
        public void forget(MovePlan plan) {
            copies.remove(plan.migrationId());
        }
    }
}
