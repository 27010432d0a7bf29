package io.hailstorm.node;

import io.hailstorm.geo.Cells;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.ingest.RangeAdmission;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.RegionId;
import io.hailstorm.kernel.Safeguard;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.Log;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.migration.ControlJournal;
import io.hailstorm.migration.ControlOutcome;
import io.hailstorm.migration.ControlRecord;
import io.hailstorm.migration.MoveGroup;
import io.hailstorm.migration.MovePlan;
import io.hailstorm.migration.OwnershipTable;
import io.hailstorm.migration.RangeEntry;
import io.hailstorm.migration.RangeGuard;
import io.hailstorm.migration.RangeMemory;
import io.hailstorm.migration.RangeMove;
import io.hailstorm.migration.RangeMoves;
import io.hailstorm.migration.RangeRecord;
import io.hailstorm.migration.RangeRecords;
import io.hailstorm.migration.RangeState;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.Migration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ownership at work in a node: reads the control stream into the table, does this node's part in every range move, and says what the
 * edge may append. What the part is follows from the partitions served just now ({@link RangeMove}); the other nodes' parts show in
 * the durable records of their partitions, which the region agent reads and hands to {@link #onRangeRecord}. Region agent's
 * thread, but for {@link #map}, {@link #migrations}, {@link #summary} and the counters, which any thread may read.
 */
final class RangeOwnership implements RangeAdmission {
    private static final Logger LOG = LoggerFactory.getLogger(RangeOwnership.class);
    private static final int CONTROL_PARTITION = 0;
    private static final int VOIDED_KEPT = 20;
    private static final long PUBLISH_EVERY_MS = 100;

    private final Log log;
    private final EventWriter writer;
    private final ServedPartitions served;
    private final Safeguards safeguards;
    private final boolean servesBeforeActive;
    private final LogHolds holds;
    private final OwnershipTable table = new OwnershipTable();
    private final RangeRecords read = new RangeRecords();
    private final MigrationLedger ledger = new MigrationLedger();
    private final FixesJournal journal;
    private final LogRangeStore store;
    private final RangeMoves moves;
    private final RangeMemory memory = new RangeMemory();
    private final RangeReader reader;
    private final RangeBalance balance;
    private final RangeOperations operations;
    private final Deque<RangesView.VoidRecord> lastVoided = new ArrayDeque<>();
    private RangeGuard guard;
    private Consumer<RangeRecord.Open> onOpened = open -> {};
    private IntSupplier heldCount = () -> 0;
    private IntFunction<String> regionOf = _ -> "";
    private boolean isViewStale = true;
    private long viewMs;
    private long controlOffset;
    private boolean firstProposed;
    private long nowMs;
    private long publishedMs;
    private int publishedCount;
    private volatile PartitionMap map = PartitionMap.of(0, 1, Map.of());
    private volatile RangesView view = new RangesView(map, new TreeMap<>(), List.of(), Set.of(), List.of(), 0, _ -> "");
    private volatile long voidedCount;
    private volatile long hashMismatchCount;

    /** @param copyPortionRecords of a moving range's source, read in one turn */
    RangeOwnership(
            Log log,
            EventWriter writer,
            ServedPartitions served,
            Cells cells,
            int copyPortionRecords,
            Safeguards safeguards) {
        this.log = log;
        reader = new RangeReader(log, this::onRangeRecord);
        balance = new RangeBalance(cells);
        this.writer = writer;
        this.served = served;
        this.safeguards = safeguards;
        servesBeforeActive = !safeguards.has(Safeguard.SERVE_AFTER_ACTIVE);
        holds = new LogHolds(log);
        guard = new RangeGuard(table, safeguards);
        journal = new FixesJournal(log, writer, served, this::onAppended);
        store = new LogRangeStore(log, cells, copyPortionRecords, safeguards);
        moves = new RangeMoves(table, guard, new Control(), journal, store, read, safeguards, this::onEnded);
        operations = new RangeOperations(
                table,
                moves,
                of -> balance.planner(of, regionOf),
                this::propose,
                this::started,
                this::isServedSomewhere);
    }

    /**
     * Folds the durable control stream. When it is empty, whoever owns it writes the first map, and everybody waits for it.
     *
     * @return false when the log must do some work before this is asked again
     */
    boolean tryRecover(RegionId region, Supplier<PartitionMap> first, int partitionCount, long timeMs) {
        tick(timeMs);
        readControl();
        if (!table.isInitialized()) {
            if (!firstProposed && log.owns(CONTROL_PARTITION)) {
                PartitionMap initial = first.get();
                Map<Long, Integer> owners = new HashMap<>();
                initial.cells().forEach(cell -> owners.put(cell, initial.partitionOf(cell)));
                propose(ControlRecord.MapInitialized.of(region, partitionCount, owners));
                firstProposed = true;
            }
            return false;
        }
        if (table.map().partitionCount() != partitionCount) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "the log has " + table.map().partitionCount() + " partitions, asked for " + partitionCount
                            + "; the number is fixed once the log exists");
        }
        newGuard();
        recoverRangeRecords();
        publish();
        return true;
    }

    /** What the logs say of moves under way, and of ranges whose OPEN the guard waits for. */
    private void recoverRangeRecords() {
        for (MovePlan plan : table.movesInFlight()) {
            RangeEntry entry = table.entry(plan.cells().first()).orElseThrow();
            long sealFrom = entry.parentSealOffset() < 0 ? entry.startOffset() : entry.parentSealOffset();
            reader.read(plan.sourcePartition(), sealFrom, plan.migrationId());
            reader.read(plan.targetPartition(), entry.startOffset(), plan.migrationId());
            LOG.info(
                    "migration {} of {} cells is under way, {}",
                    plan.migrationId(),
                    plan.cells().size(),
                    entry.state());
        }
        for (RangeEntry entry : guard.awaitingOpen()) {
            reader.read(entry.ownerPartition(), entry.startOffset(), entry.migrationId());
        }
    }

    /** Whether everything durable in the control stream was applied. */
    boolean isCaughtUp() {
        return controlOffset
                >= log.partition(StreamName.CONTROL, CONTROL_PARTITION).durableOffset();
    }

    /** What must be appended before a range record, so that it comes after every fix admitted before it. */
    void beforeRangeRecord(BooleanSupplier flush) {
        journal.beforeAppend(flush);
    }

    /** Who is told of every OPEN, appended here or durable and read, before a fix of its range is admitted. */
    void onOpened(Consumer<RangeRecord.Open> hook) {
        onOpened = hook;
    }

    /** How many fixes wait at the edge, for the figures. */
    void heldCount(IntSupplier count) {
        heldCount = count;
    }

    /**
     * A range record that is durable in the fixes of any partition. Called for each, in the order of its partition, while recovering
     * and while running; some may be handed over twice.
     */
    void onRangeRecord(int partition, long offset, RangeRecord record, long writtenMs) {
        read.onDurable(offset, record);
        memory.onDurable(partition, record);
        know(record, writtenMs);
    }

    private void onAppended(RangeRecord record, int partition) {
        memory.onAppended(partition, record);
        know(record, nowMs);
        LOG.info("{} of migration {} in partition {}", name(record), record.migrationId(), partition);
    }

    private void know(RangeRecord record, long writtenMs) {
        guard.onRangeRecord(record);
        ledger.onRangeRecord(record, writtenMs, nowMs);
        if (record instanceof RangeRecord.Open open) {
            onOpened.accept(open);
        }
    }

    private static String name(RangeRecord record) {
        return switch (record) {
            case RangeRecord.Staged _ -> "STAGED";
            case RangeRecord.Seal _ -> "SEAL";
            case RangeRecord.Abort _ -> "ABORT";
            case RangeRecord.Open _ -> "OPEN";
        };
    }

    /** Another node serves the partition from now on: what was appended here and is not durable was never written. */
    void lose(int partition) {
        moves.onLost(partition);
        memory.onLost(partition);
        newGuard();
    }

    private void newGuard() {
        guard = new RangeGuard(table, safeguards);
        guard.tick(nowMs);
        moves.guard(guard);
        table.entries().values().stream()
                .filter(RangeEntry::isMoved)
                .distinct()
                .filter(entry -> !reader.isOpenWhereSaid(entry))
                .forEach(moves::awaitOpen);
        memory.tell(guard);
    }

    /** One turn: what the control stream says, then a step of every move. */
    int doWork(long timeMs) {
        tick(timeMs);
        int work = readControl();
        if (decides() && moves.isIdle()) {
            balance.balance(map, operations, timeMs);
        }
        if (moves.isIdle()) {
            if (isViewStale) {
                publish();
            }
            return work;
        }
        work += moves.doWork(timeMs);
        int held = heldCount.getAsInt();
        boolean isNews = moves.active().size() != publishedCount || timeMs - publishedMs >= PUBLISH_EVERY_MS;
        for (RangeMove move : moves.active()) {
            MovePlan plan = move.plan();
            if (!ledger.knows(plan.migrationId())) {
                started(plan);
            }
            isNews |= ledger.look(move, store.stagedBytes(plan), journal.durableOffset(plan.sourcePartition()), held);
        }
        hashMismatchCount = moves.hashMismatchCount();
        if (isNews) {
            publish();
        }
        return work;
    }

    private void tick(long timeMs) {
        nowMs = timeMs;
        balance.tick(timeMs);
        journal.tick(timeMs);
        guard.tick(timeMs);
    }

    /**
     * What may be started and stopped.
     *
     * @throws HailstormException {@code FAILED_PRECONDITION} where it is not decided
     */
    RangeOperations operations() {
        if (!decides()) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "another node decides, the one that serves partition 0: ask " + dispatcherEndpoint());
        }
        return operations;
    }

    /** Whether changes of ownership are proposed here. */
    boolean decides() {
        return served.dispatches();
    }

    /** {@code host:port} of the node that decides; empty when that is this one, or nobody knows. */
    String dispatcherEndpoint() {
        return served.endpoint(ServedPartitions.DISPATCH_PARTITION);
    }

    /** A durable fix, of whatever partition: load of its cell. */
    void onFix(long cell) {
        balance.onFix(cell);
    }

    /** Whether to even load out without being asked. */
    void balance(boolean isOn) {
        balance.turn(isOn);
    }

    /** Homes of the partitions, where there are several regions. */
    void regions(IntFunction<String> homes) {
        regionOf = homes;
    }

    private boolean isServedSomewhere(int partition) {
        return served.serves(partition) || !served.endpoint(partition).isEmpty();
    }

    private void started(MovePlan plan) {
        ledger.onStarted(plan);
        RangeEntry entry = table.entry(plan.cells().first()).orElseThrow();
        long copyOffset = table.copyOffset(plan.migrationId());
        holds.onMoveStarted(
                plan,
                copyOffset < 0 ? journal.copyOffset(plan.sourcePartition()) : copyOffset,
                entry.state() == RangeState.SEALED
                        ? entry.startOffset()
                        : journal.durableOffset(plan.targetPartition()));
        publish();
        // What was read of it before anybody knew its plan.
        memory.of(plan.migrationId()).forEach(record -> ledger.onRangeRecord(record, nowMs, nowMs));
    }

    private void propose(ControlRecord record) {
        Event.Builder event = writer.begin(nowMs);
        RangeCodec.encode(record, event);
        writer.write(StreamName.CONTROL, CONTROL_PARTITION, event.build());
    }

    private int readControl() {
        PartitionLog control = log.partition(StreamName.CONTROL, CONTROL_PARTITION);
        long from = controlOffset;
        if (from >= control.durableOffset()) {
            return 0;
        }
        controlOffset = control.read(from, Integer.MAX_VALUE, (offset, hlc, type, buffer, index, length) -> {
            writer.follow(hlc);
            if (type == RecordType.EVENT) {
                RangeCodec.control(EventReader.read(buffer, index, length)).ifPresent(record -> apply(offset, record));
            }
            return true;
        });
        if (table.isInitialized()) {
            map = table.map();
        }
        return (int) (controlOffset - from);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes, the others only read
    private void apply(long offset, ControlRecord record) {
        ControlOutcome outcome = table.apply(offset, record);
        isViewStale = true;
        guard.onControl(outcome);
        moves.onControl(outcome);
        if (record instanceof ControlRecord.Proposal proposal
                && table.hasEnded(proposal.migrationId())
                && moves.find(proposal.migrationId()).isEmpty()) {
            memory.forget(proposal.migrationId());
        }
        if (outcome instanceof ControlOutcome.Voided of) {
            LOG.info("void control record at {}: {}", offset, of.reason());
            lastVoided.add(new RangesView.VoidRecord(offset, RangeCodec.describe(record), of.reason()));
            if (lastVoided.size() > VOIDED_KEPT) {
                lastVoided.removeFirst();
            }
            voidedCount = voidedCount + 1;
        }
    }

    private void onEnded(RangeMove move) {
        String id = move.plan().migrationId();
        holds.onMoveEnded(id);
        ledger.onEnded(move, nowMs);
        if (move.phase() == RangeMove.Phase.DONE) {
            balance.onMoved(move.plan().cells(), nowMs);
        }
        if (move.phase() != RangeMove.Phase.TAKEN_BACK) {
            memory.forget(id);
        }
        LOG.info("migration {}: {} {}", id, move.phase(), move.refusal());
    }

    /**
     * Holds the fixes of a range between its SEAL and the next owner's first acceptance.
     */
    @Override
    public int admit(int partition, long routingCell) {
        if (guard.cellsInFlightCount() == 0) {
            return ADMIT;
        }
        return switch (guard.admit(partition, routingCell)) {
            case RangeGuard.ADMITTED -> ADMIT;
            case RangeGuard.BUFFER -> HOLD;
            default -> isClosed(partition, routingCell) ? HOLD : ADMIT;
        };
    }

    /** A partition that does not own the cell, of a driver that strayed, is not the range's business. */
    private boolean isClosed(int partition, long routingCell) {
        RangeEntry entry = table.entry(routingCell).orElse(null);
        if (entry == null || entry.ownerPartition() != partition) {
            return false;
        }
        return !servesBeforeActive || guard.admit(entry.targetPartition(), routingCell) != RangeGuard.ADMITTED;
    }

    PartitionMap map() {
        return map;
    }

    /** Moves under way and those that ended lately, in the order in which they began. */
    List<Migration> migrations() {
        return ledger.views().stream().map(RangeCodec::migration).toList();
    }

    MigrationSummary summary() {
        return ledger.summary();
    }

    /** How ownership stands. */
    RangesView view() {
        return view;
    }

    /** Control records that changed nothing, since the start. */
    long voidedCount() {
        return voidedCount;
    }

    /** Copies and OPENs that differed from their source: none, unless something is broken. */
    long hashMismatchCount() {
        return hashMismatchCount;
    }

    private void publish() {
        if (isViewStale && (moves.isIdle() || nowMs - viewMs >= PUBLISH_EVERY_MS)) {
            isViewStale = false;
            viewMs = nowMs;
            view = newView();
        }
        publishedMs = nowMs;
        publishedCount = moves.active().size();
        ledger.publish(nowMs);
    }

    private RangesView newView() {
        List<MoveGroup> groups = table.groups();
        Set<String> ended = new HashSet<>();
        groups.forEach(group -> group.moves().stream()
                .map(MovePlan::migrationId)
                .filter(table::hasEnded)
                .forEach(ended::add));
        return new RangesView(map, table.entries(), groups, ended, List.copyOf(lastVoided), voidedCount, regionOf);
    }

    private final class Control implements ControlJournal {
        @Override
        public void propose(ControlRecord record) {
            RangeOwnership.this.propose(record);
        }

        @Override
        public boolean decides() {
            return served.dispatches();
        }
    }
}
