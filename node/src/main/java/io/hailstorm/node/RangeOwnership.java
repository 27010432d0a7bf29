package io.hailstorm.node;

import io.hailstorm.geo.Cells;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.ingest.RangeAdmission;
import io.hailstorm.ingest.SchemaVersion;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.RegionId;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.Log;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.migration.ControlOutcome;
import io.hailstorm.migration.ControlRecord;
import io.hailstorm.migration.MovePlan;
import io.hailstorm.migration.OwnershipTable;
import io.hailstorm.migration.PartitionJournal;
import io.hailstorm.migration.RangeEntry;
import io.hailstorm.migration.RangeGuard;
import io.hailstorm.migration.RangeMove;
import io.hailstorm.migration.RangeMoves;
import io.hailstorm.migration.RangeRecord;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.Migration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ownership at work in a node: reads the control stream into the table, resumes and runs range moves, and says what the edge
 * may append. Region agent's thread, but for {@link #map} and {@link #migrations}, which any thread may read.
 *
 * <p>An OPEN brings the target nothing it lacks: within a process a driver's session, with the numbers it has seen and its
 * authority, is one object whatever the partition, so there is no dedupe state to merge. The copy is made and hashed all
 * the same; it is what a target in another process would start from, and the OPEN's proof that the source was read to its
 * seal.
 */
final class RangeOwnership implements RangeAdmission {
    private static final Logger LOG = LoggerFactory.getLogger(RangeOwnership.class);
    private static final int ENDED_KEPT = 100;
    private static final int CONTROL_PARTITION = 0;

    /** How a move went, in the node's time. */
    private static final class Progress {
        private long sealedMs;
        private int pauseMs;
        private boolean done;
        private String outcome = "";
    }

    private final Log log;
    private final EventWriter writer;
    private final ServedPartitions served;
    private final LogHolds holds;
    private final OwnershipTable table = new OwnershipTable();
    private final Map<String, Progress> progress = new LinkedHashMap<>();
    private final Map<String, MovePlan> plans = new HashMap<>();
    private final RangeMoves moves;
    private RangeGuard guard = new RangeGuard(table);
    private BooleanSupplier flushFixes = () -> true;
    private long controlOffset;
    private boolean firstProposed;
    private long nowMs;
    private volatile PartitionMap map = PartitionMap.of(0, 1, Map.of());
    private volatile List<Migration> migrations = List.of();

    RangeOwnership(Log log, EventWriter writer, ServedPartitions served, Cells cells) {
        this.log = log;
        this.writer = writer;
        holds = new LogHolds(log);
        this.served = served;
        moves = new RangeMoves(table, this::propose, new FixesJournal(), new LogRangeStore(log, cells), this::onEnded);
    }

    /**
     * Folds the durable control stream. When it is empty, whoever owns it writes the first map, and everybody waits for it.
     *
     * @return false when the log must do some work before this is asked again
     */
    boolean tryRecover(RegionId region, Supplier<PartitionMap> first, int partitionCount, long timeMs) {
        nowMs = timeMs;
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
        guard = new RangeGuard(table);
        if (!served.isShared()) {
            resume();
        }
        publish();
        return true;
    }

    /** Goes on with the moves that were under way when this node, or the one that decided before it, stopped. */
    void resume() {
        for (MovePlan plan : table.movesInFlight()) {
            if (plans.containsKey(plan.migrationId())) {
                continue;
            }
            recoverRangeRecords(plan);
            start(plan);
            LOG.info(
                    "resuming migration {} of {} cells",
                    plan.migrationId(),
                    plan.cells().size());
        }
        publish();
    }

    /** Whether everything durable in the control stream was applied. */
    boolean isCaughtUp() {
        return controlOffset
                >= log.partition(StreamName.CONTROL, CONTROL_PARTITION).durableOffset();
    }

    private void recoverRangeRecords(MovePlan plan) {
        for (int partition : new int[] {plan.sourcePartition(), plan.targetPartition()}) {
            PartitionLog fixes = log.partition(StreamName.FIXES, partition);
            HistoryChecker.readAll(fixes, (offset, hlc, type, buffer, index, length) -> {
                if (type == RecordType.EVENT) {
                    RangeCodec.range(EventReader.read(buffer, index, length))
                            .filter(record -> record.migrationId().equals(plan.migrationId()))
                            .ifPresent(guard::onRangeRecord);
                }
                return true;
            });
        }
    }

    /** What must be appended before a range record, so that it comes after every fix admitted before it. */
    void beforeRangeRecord(BooleanSupplier flush) {
        flushFixes = flush;
    }

    /** One turn: what the control stream says, then a step of every move. */
    int doWork(long timeMs) {
        nowMs = timeMs;
        int work = readControl();
        if (moves.active().isEmpty()) {
            return work;
        }
        work += moves.doWork(timeMs);
        moves.active().forEach(this::noteSeal);
        publish();
        return work;
    }

    /** Begins moving cells to a partition. */
    MovePlan move(String migrationId, Set<Long> cells, int targetPartition) {
        MovePlan known = plans.get(migrationId);
        if (known != null) {
            return known;
        }
        if (served.isShared()) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "ranges do not move while several nodes share the log; move them with one node running alone");
        }
        MovePlan plan = table.plan(migrationId, cells, targetPartition);
        start(plan);
        publish();
        return plan;
    }

    private void start(MovePlan plan) {
        plans.put(plan.migrationId(), plan);
        progress.put(plan.migrationId(), new Progress());
        if (progress.size() > ENDED_KEPT) {
            String eldest = progress.keySet().iterator().next();
            progress.remove(eldest);
            plans.remove(eldest);
        }
        holds.onMoveStarted(plan);
        moves.start(plan);
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

    private void apply(long offset, ControlRecord record) {
        ControlOutcome outcome = table.apply(offset, record);
        guard.onControl(outcome);
        moves.onControl(outcome);
        if (outcome instanceof ControlOutcome.Voided voided) {
            LOG.info("void control record at {}: {}", offset, voided.reason());
        }
    }

    private void noteSeal(RangeMove move) {
        Progress of = progress.get(move.plan().migrationId());
        if (of != null && of.sealedMs == 0 && move.phase() == RangeMove.Phase.SEALED) {
            of.sealedMs = nowMs;
        }
    }

    private void onEnded(RangeMove move) {
        holds.onMoveEnded(move.plan().migrationId());
        Progress of = progress.get(move.plan().migrationId());
        if (of == null) {
            return;
        }
        of.done = true;
        of.pauseMs = of.sealedMs == 0 ? 0 : (int) (nowMs - of.sealedMs);
        of.outcome = move.phase().name() + (move.refusal().isEmpty() ? "" : ": " + move.refusal());
    }

    /**
     * Holds the fixes of a range between its SEAL and the target's first acceptance. A driver whose authority lies with
     * another partition than its cell's owner (it only strayed across) is not held: its records stay in its own log.
     */
    @Override
    public int admit(int partition, long routingCell) {
        if (guard.cellsInFlightCount() == 0) {
            return ADMIT;
        }
        return switch (guard.admit(partition, routingCell)) {
            case RangeGuard.ADMITTED -> ADMIT;
            case RangeGuard.BUFFER -> HOLD;
            default -> isMovingFrom(partition, routingCell) ? HOLD : ADMIT;
        };
    }

    private boolean isMovingFrom(int partition, long routingCell) {
        RangeEntry entry = table.entry(routingCell).orElse(null);
        return entry != null && entry.ownerPartition() == partition && entry.targetPartition() != partition;
    }

    PartitionMap map() {
        return map;
    }

    List<Migration> migrations() {
        return migrations;
    }

    private void publish() {
        List<Migration> published = new ArrayList<>();
        progress.forEach((id, of) -> {
            MovePlan plan = plans.get(id);
            if (plan == null) {
                return;
            }
            Migration.Builder migration = Migration.newBuilder()
                    .setMigration(id)
                    .setEpoch(plan.epoch())
                    .setSourcePartition(plan.sourcePartition())
                    .setTargetPartition(plan.targetPartition())
                    .setPauseMs(of.pauseMs)
                    .setDone(of.done)
                    .setOutcome(of.outcome);
            plan.cells().forEach(cell -> migration.addCells(Long.toHexString(cell)));
            table.entry(plan.cells().first()).ifPresent(entry -> migration.setState(RangeCodec.state(entry.state())));
            published.add(migration.build());
        });
        migrations = List.copyOf(published);
    }

    private final class FixesJournal implements PartitionJournal {
        @Override
        public long append(int partition, RangeRecord record) {
            if (!flushFixes.getAsBoolean()) {
                return RangeEntry.NULL_OFFSET;
            }
            Event.Builder event = writer.begin(nowMs);
            RangeCodec.encode(record, event);
            event.setSchemaVersion(SchemaVersion.current(event.getPayloadCase()));
            byte[] bytes = event.build().toByteArray();
            long offset = writer.append(StreamName.FIXES, partition, bytes);
            if (offset < 0) {
                return RangeEntry.NULL_OFFSET;
            }
            guard.onRangeRecord(record);
            return offset;
        }

        @Override
        public long durableOffset(int partition) {
            return log.partition(StreamName.FIXES, partition).durableOffset();
        }

        @Override
        public long find(int partition, long fromOffset, RangeRecord wanted) {
            PartitionLog fixes = log.partition(StreamName.FIXES, partition);
            long[] found = {RangeEntry.NULL_OFFSET};
            long offset = Math.max(fromOffset, fixes.startOffset());
            while (found[0] == RangeEntry.NULL_OFFSET) {
                long next = fixes.read(offset, 4096, (at, hlc, type, buffer, index, length) -> {
                    if (type == RecordType.EVENT
                            && RangeCodec.range(EventReader.read(buffer, index, length))
                                    .filter(record -> isSame(record, wanted))
                                    .isPresent()) {
                        found[0] = at;
                        return false;
                    }
                    return true;
                });
                if (next == offset) {
                    break;
                }
                offset = next;
            }
            return found[0];
        }

        private static boolean isSame(RangeRecord record, RangeRecord wanted) {
            return record.getClass() == wanted.getClass()
                    && record.migrationId().equals(wanted.migrationId())
                    && record.epoch() == wanted.epoch();
        }
    }
}
