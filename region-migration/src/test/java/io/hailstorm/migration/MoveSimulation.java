package io.hailstorm.migration;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.RegionId;
import io.hailstorm.migration.ControlOutcome.Applied;
import io.hailstorm.migration.ControlRecord.MapInitialized;
import io.hailstorm.migration.ControlRecord.Proposal;
import io.hailstorm.migration.RangeRecord.DriverPosition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * One node with logs in memory, phones that send and send again, and the production classes of this module. One thread;
 * everything random comes from the seed. {@link #step} does one thing; {@link #check} throws when an invariant is broken.
 */
final class MoveSimulation {
    static final int PARTITION_COUNT = 3;
    private static final int DRIVER_COUNT = 6;
    private static final int MOVES_MAX = 4;
    private static final int SESSION = 1;

    /** A protection taken away; the invariants must notice. */
    enum Mutation {
        NONE,
        SERVING_BEFORE_ACTIVE,
        REPORTING_AN_UNDURABLE_SEAL,
        OPEN_BEFORE_DRAINED,
        OPEN_WITHOUT_STATE,
        ACKNOWLEDGING_BEFORE_DURABLE,
        NO_DEDUPE,
        A_TIMER_THAT_UNSEALS
    }

    static final class Violation extends AssertionError {
        private static final long serialVersionUID = 1L;

        Violation(String message) {
            super(message);
        }
    }

    /** What a partition's fixes hold: a fix, or a record of a move. */
    private sealed interface Entry {}

    private record Fix(long cell, long driver, long seq, long epoch) implements Entry {}

    private record Marker(RangeRecord record) implements Entry {}

    private static final class PartitionLog {
        private final List<Entry> entries = new ArrayList<>();
        private int durable;
    }

    private record Segment(int partition, long epoch, long startOffset, long endOffsetExclusive) {}

    final List<Long> cells = new ArrayList<>();
    private final long seed;
    private final Mutation mutation;
    private long draws;
    private long nowMs;

    // Survives a crash, up to the durable mark.
    private final PartitionLog[] logs = new PartitionLog[PARTITION_COUNT];
    private final List<ControlRecord> control = new ArrayList<>();
    private int controlDurable;

    // Lost in a crash.
    OwnershipTable table = new OwnershipTable();
    RangeGuard guard = new RangeGuard(table);
    private int controlRead;
    private final List<Map<Long, Long>> lastSeqByDriver = new ArrayList<>();
    /** Usually one; two when a predecessor was given up too early. */
    private final List<RangeMoves> coordinators = new ArrayList<>();

    private final Map<String, RangeFold> stagedByMigration = new HashMap<>();
    private final Map<String, Long> stagedUntil = new HashMap<>();

    // The phones' own.
    private final long[] ackedSeq = new long[DRIVER_COUNT];
    private final long[] sentSeq = new long[DRIVER_COUNT];

    int moveCount;
    int doneCount;
    int refusedCount;
    int givenUpCount;

    MoveSimulation(long seed, Mutation mutation) {
        this.seed = seed;
        this.mutation = mutation;
        Cells geometry = Cells.create();
        GeoPoint place = GeoPoint.ofDegrees(37.77, -122.43);
        long[] disk = new long[7];
        geometry.gridDisk(geometry.cellOf(place.latE7(), place.lonE7(), Cells.ROUTING_RESOLUTION), 1, disk);
        NavigableMap<Long, Integer> owners = new TreeMap<>();
        for (int i = 0; i < 4; i++) {
            cells.add(disk[i]);
            owners.put(disk[i], Math.max(0, i - 1));
        }
        for (int p = 0; p < PARTITION_COUNT; p++) {
            logs[p] = new PartitionLog();
            lastSeqByDriver.add(new HashMap<>());
        }
        control.add(MapInitialized.of(new RegionId("sf"), PARTITION_COUNT, owners));
        controlDurable = 1;
        crashNode();
    }

    private final ControlJournal controlJournal = control::add;

    private final PartitionJournal journal = new PartitionJournal() {
        @Override
        public long append(int partition, RangeRecord record) {
            return appendEntry(partition, new Marker(record));
        }

        @Override
        public long durableOffset(int partition) {
            return mutation == Mutation.REPORTING_AN_UNDURABLE_SEAL
                    ? logs[partition].entries.size()
                    : logs[partition].durable;
        }

        @Override
        public long find(int partition, long fromOffset, RangeRecord wanted) {
            for (long offset = fromOffset; offset < durableOffset(partition); offset++) {
                if (logs[partition].entries.get((int) offset) instanceof Marker(RangeRecord found)
                        && found.getClass() == wanted.getClass()
                        && found.migrationId().equals(wanted.migrationId())
                        && found.epoch() == wanted.epoch()) {
                    return offset;
                }
            }
            return RangeEntry.NULL_OFFSET;
        }
    };

    private final RangeStore store = new RangeStore() {
        @Override
        public long stage(String migrationId, NavigableSet<Long> range, int sourcePartition, long endOffsetExclusive) {
            RangeFold fold = stagedByMigration.computeIfAbsent(migrationId, _ -> new RangeFold(range));
            if (mutation == Mutation.OPEN_BEFORE_DRAINED) {
                return endOffsetExclusive;
            }
            long from = stagedUntil.getOrDefault(migrationId, 0L);
            // A few at a time, so that moves are caught half copied.
            long until = Math.min(from + 5, Math.min(endOffsetExclusive, logs[sourcePartition].durable));
            until = Math.max(from, until);
            fold(fold, sourcePartition, from, until);
            stagedUntil.put(migrationId, until);
            return until;
        }

        @Override
        public RangeFold staged(String migrationId) {
            return mutation == Mutation.OPEN_WITHOUT_STATE
                    ? new RangeFold(Set.copyOf(cells))
                    : stagedByMigration.getOrDefault(migrationId, new RangeFold(Set.of()));
        }

        @Override
        public long sourceHash(int sourcePartition, NavigableSet<Long> range, long sealOffset) {
            if (mutation == Mutation.OPEN_WITHOUT_STATE || mutation == Mutation.OPEN_BEFORE_DRAINED) {
                return RangeFold.hash(List.of());
            }
            RangeFold fold = new RangeFold(range);
            fold(fold, sourcePartition, 0, sealOffset);
            return fold.hash();
        }

        @Override
        public void forget(String migrationId) {
            stagedByMigration.remove(migrationId);
            stagedUntil.remove(migrationId);
        }
    };

    private void fold(RangeFold fold, int partition, long from, long until) {
        for (Entry entry : logs[partition].entries.subList((int) from, (int) until)) {
            switch (entry) {
                case Fix fix -> fold.onFix(fix.cell, fix.driver, 0, SESSION, fix.seq);
                case Marker(RangeRecord.Open open) -> fold.onOpen(open);
                case Marker _ -> {}
            }
        }
    }

    // ---- what can happen ----------------------------------------------------------------------------------

    /** One thing happens, at random. */
    void step() {
        nowMs += below(400);
        switch (below(24)) {
            case 0, 1, 2, 3, 4, 5 -> phoneSends(below(DRIVER_COUNT));
            case 6, 7, 8 -> flush(below(PARTITION_COUNT));
            case 9, 10 -> controlDurable = control.size();
            case 11, 12 -> readControl();
            case 13, 14, 15, 16 -> coordinate();
            case 17, 18 -> acknowledge();
            case 19 -> crashCoordinator();
            case 20 -> {
                if (below(2) == 0) {
                    crashNode();
                }
            }
            case 21 -> startMoves();
            case 22 -> control.add(control.get(below(control.size())));
            default -> {
                if (below(2) == 0) {
                    giveUpOne();
                }
            }
        }
    }

    /** Phones, disk, control stream and coordinator in turn, without failures. */
    void quietStep(int step) {
        nowMs += 10;
        switch (step % 6) {
            case 0 -> phoneSends(below(DRIVER_COUNT));
            case 1 -> coordinate();
            case 2 -> flush(step % PARTITION_COUNT);
            case 3 -> controlDurable = control.size();
            case 4 -> readControl();
            default -> {
                for (int p = 0; p < PARTITION_COUNT; p++) {
                    flush(p);
                }
                acknowledge();
            }
        }
    }

    /** No more failures: everything gets its turn until nothing is in flight, and every fix sent is acknowledged. */
    void settle() {
        for (int round = 0; round < 400; round++) {
            nowMs += 300;
            for (int p = 0; p < PARTITION_COUNT; p++) {
                flush(p);
            }
            controlDurable = control.size();
            readControl();
            coordinators.forEach(coordinator -> coordinator.doWork(nowMs));
            for (int driver = 0; driver < DRIVER_COUNT; driver++) {
                deliver(driver, Math.min(ackedSeq[driver] + 1, Math.max(1, sentSeq[driver])));
            }
            acknowledge();
            check();
        }
        require(table.movesInFlight().isEmpty(), "L1: still in flight: " + table.movesInFlight());
        require(coordinators.stream().allMatch(c -> c.active().isEmpty()), "a coordinator does not end");
        require(guard.cellsInFlightCount() == 0, "the guard still holds cells");
        for (int driver = 0; driver < DRIVER_COUNT; driver++) {
            require(ackedSeq[driver] >= sentSeq[driver], "driver " + driver + " waits for its acknowledgement");
        }
    }

    private void phoneSends(int driver) {
        // New ones, and now and then one sent before: the acknowledgement may have been lost on the way.
        long seq = Math.max(1, ackedSeq[driver] + 2L - below(4));
        sentSeq[driver] = Math.max(sentSeq[driver], seq);
        deliver(driver, seq);
    }

    private void deliver(int driver, long seq) {
        long cell = cells.get(driver % cells.size());
        for (int partition = 0; partition < PARTITION_COUNT; partition++) {
            if (admit(partition, cell) != RangeGuard.ADMITTED) {
                continue;
            }
            long last = lastSeqByDriver.get(partition).getOrDefault((long) driver, 0L);
            boolean isNext = seq == last + 1;
            if (isNext || (mutation == Mutation.NO_DEDUPE && seq <= last)) {
                RangeEntry entry = table.entry(cell).orElseThrow();
                long epoch = partition == entry.ownerPartition() ? entry.epoch() : entry.epoch() + 1;
                checkAcceptor(partition, cell);
                appendEntry(partition, new Fix(cell, driver, seq, epoch));
            }
        }
    }

    private int admit(int partition, long cell) {
        int verdict = guard.admit(partition, cell);
        RangeEntry entry = table.entry(cell).orElseThrow();
        if (mutation == Mutation.SERVING_BEFORE_ACTIVE
                && verdict == RangeGuard.BUFFER
                && logs[partition].entries.stream()
                        .anyMatch(e -> e instanceof Marker(RangeRecord.Open open)
                                && open.migrationId().equals(entry.migrationId()))) {
            return RangeGuard.ADMITTED;
        }
        if (mutation == Mutation.A_TIMER_THAT_UNSEALS && partition == entry.ownerPartition() && nowMs % 5_000 < 500) {
            return RangeGuard.ADMITTED;
        }
        return verdict;
    }

    private long appendEntry(int partition, Entry entry) {
        PartitionLog log = logs[partition];
        log.entries.add(entry);
        install(partition, entry);
        if (mutation == Mutation.ACKNOWLEDGING_BEFORE_DURABLE && entry instanceof Fix fix) {
            ackedSeq[(int) fix.driver] = Math.max(ackedSeq[(int) fix.driver], fix.seq);
        }
        return log.entries.size() - 1L;
    }

    /** What the writer keeps of a record, now or when it recovers. */
    private void install(int partition, Entry entry) {
        Map<Long, Long> lastSeq = lastSeqByDriver.get(partition);
        switch (entry) {
            case Fix fix -> lastSeq.merge(fix.driver, fix.seq, Math::max);
            case Marker(RangeRecord record) -> {
                guard.onRangeRecord(record);
                if (record instanceof RangeRecord.Open open) {
                    for (DriverPosition position : open.drivers()) {
                        lastSeq.merge(position.driver(), position.lastSeq(), Math::max);
                    }
                }
            }
        }
    }

    private void flush(int partition) {
        logs[partition].durable = logs[partition].entries.size();
    }

    void readControl() {
        while (controlRead < controlDurable) {
            ControlOutcome outcome = table.apply(controlRead, control.get(controlRead));
            controlRead++;
            guard.onControl(outcome);
            coordinators.forEach(coordinator -> coordinator.onControl(outcome));
        }
    }

    private void acknowledge() {
        for (PartitionLog log : logs) {
            for (Entry entry : log.entries.subList(0, log.durable)) {
                if (entry instanceof Fix fix) {
                    ackedSeq[(int) fix.driver] = Math.max(ackedSeq[(int) fix.driver], fix.seq);
                }
            }
        }
    }

    private void coordinate() {
        coordinators.get(below(coordinators.size())).doWork(nowMs);
    }

    private void onEnded(RangeMove move) {
        switch (move.phase()) {
            case DONE -> doneCount++;
            case GIVEN_UP -> givenUpCount++;
            case REFUSED -> refusedCount++;
            case STARTING, COPYING, SEALING, SEALED -> throw new AssertionError("ended while " + move.phase());
        }
    }

    private void giveUpOne() {
        List<RangeMove> moves = coordinators.getLast().active();
        if (!moves.isEmpty()) {
            moves.get(below(moves.size())).giveUp();
        }
    }

    /** Starts a move of one or two cells; sometimes two that want the same cell at once. */
    private void startMoves() {
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

    void startMove(Set<Long> range, int target) {
        if (moveCount >= MOVES_MAX) {
            return;
        }
        try {
            coordinators.getLast().start(table.plan("m" + moveCount, range, target));
            moveCount++;
        } catch (HailstormException _) {
            // Not possible as things stand; an operator would be told.
        }
    }

    /** A successor takes over from the table; now and then the predecessor is not dead after all. */
    void crashCoordinator() {
        if (below(3) != 0 || coordinators.size() == 2) {
            coordinators.clear();
        }
        stagedByMigration.clear();
        stagedUntil.clear();
        coordinators.add(new RangeMoves(table, controlJournal, journal, store, this::onEnded));
    }

    /** Keeps every durable record, and of the others any prefix. */
    void crashNode() {
        for (PartitionLog log : logs) {
            truncate(log.entries, log.durable);
            log.durable = log.entries.size();
        }
        truncate(control, controlDurable);
        controlDurable = control.size();
        table = new OwnershipTable();
        controlRead = 0;
        coordinators.clear();
        while (controlRead < controlDurable) {
            table.apply(controlRead, control.get(controlRead));
            controlRead++;
        }
        guard = new RangeGuard(table);
        for (int p = 0; p < PARTITION_COUNT; p++) {
            lastSeqByDriver.get(p).clear();
            for (Entry entry : logs[p].entries) {
                install(p, entry);
            }
        }
        crashCoordinator();
    }

    private void truncate(List<?> entries, int durable) {
        int kept = durable + below(entries.size() - durable + 1);
        entries.subList(kept, entries.size()).clear();
    }

    int below(int bound) {
        return CounterRandom.below(bound, seed, 0, draws++, 0);
    }

    // ---- what must hold -----------------------------------------------------------------------------------

    /** I1, I2, I3, I4, I5 of the design, from the durable logs alone. */
    void check() {
        OwnershipTable truth = new OwnershipTable();
        Map<Long, List<Segment>> lineage = new HashMap<>();
        Map<Long, Long> startOffsetByCell = new HashMap<>();
        for (int offset = 0; offset < controlDurable; offset++) {
            ControlRecord record = control.get(offset);
            if (truth.apply(offset, record) instanceof Applied
                    && record instanceof Proposal proposal
                    && proposal.expectedState() == RangeState.SEALED) {
                for (long cell : proposal.cells()) {
                    lineage.computeIfAbsent(cell, _ -> new ArrayList<>())
                            .add(new Segment(
                                    proposal.parentPartition(),
                                    proposal.expectedEpoch(),
                                    startOffsetByCell.getOrDefault(cell, 0L),
                                    proposal.parentSealOffset()));
                    startOffsetByCell.put(cell, proposal.startOffset());
                }
            }
        }
        for (long cell : cells) {
            int acceptors = 0;
            for (int p = 0; p < PARTITION_COUNT; p++) {
                acceptors += admit(p, cell) == RangeGuard.ADMITTED ? 1 : 0;
            }
            require(acceptors <= 1, "I1: " + acceptors + " partitions accept " + Long.toHexString(cell));
            RangeEntry entry = truth.entry(cell).orElseThrow();
            long start = startOffsetByCell.getOrDefault(cell, 0L);
            long end = entry.state() == RangeState.SEALED ? entry.parentSealOffset() : Long.MAX_VALUE;
            List<Segment> segments = new ArrayList<>(lineage.getOrDefault(cell, List.of()));
            segments.add(new Segment(entry.ownerPartition(), entry.epoch(), start, end));
            checkLineage(cell, segments);
        }
    }

    private void checkLineage(long cell, List<Segment> segments) {
        Map<Long, Long> lastSeq = new HashMap<>();
        Map<Long, NavigableSet<Long>> visible = new HashMap<>();
        for (Segment segment : segments) {
            PartitionLog log = logs[segment.partition];
            long end = Math.min(segment.endOffsetExclusive, log.durable);
            for (long offset = segment.startOffset; offset < end; offset++) {
                if (!(log.entries.get((int) offset) instanceof Fix fix) || fix.cell != cell) {
                    continue;
                }
                require(fix.epoch == segment.epoch, "I2: " + fix + " in epoch " + segment.epoch);
                long last = lastSeq.getOrDefault(fix.driver, 0L);
                require(fix.seq > last, "I3, I5: " + fix + " after seq " + last + " in " + segments);
                lastSeq.put(fix.driver, fix.seq);
                visible.computeIfAbsent(fix.driver, _ -> new TreeSet<>()).add(fix.seq);
            }
        }
        for (int driver = 0; driver < DRIVER_COUNT; driver++) {
            if (cells.get(driver % cells.size()) == cell) {
                int count = visible.getOrDefault((long) driver, new TreeSet<>())
                        .headSet(ackedSeq[driver], true)
                        .size();
                require(
                        count == ackedSeq[driver],
                        "I4: driver " + driver + " has " + ackedSeq[driver] + " acknowledged, " + count + " in "
                                + segments);
            }
        }
    }

    /** I1 and I2 at the moment of appending: only the active owner, by the durable control stream, accepts. */
    private void checkAcceptor(int partition, long cell) {
        OwnershipTable truth = new OwnershipTable();
        for (int offset = 0; offset < controlDurable; offset++) {
            truth.apply(offset, control.get(offset));
        }
        RangeEntry entry = truth.entry(cell).orElseThrow();
        require(
                entry.ownerPartition() == partition && entry.state() != RangeState.SEALED,
                "I1, I2: partition " + partition + " accepts while the table says " + entry);
    }

    private void require(boolean condition, String message) {
        if (!condition) {
            throw new Violation(message + "; seed=" + seed);
        }
    }
}
