package io.hailstorm.node;

import static io.hailstorm.migration.RangeEntry.NULL_OFFSET;

import io.hailstorm.kernel.FixView;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.migration.RangeFold;
import io.hailstorm.migration.RangeRecord;
import io.hailstorm.node.HistoryFindings.Kind;
import io.hailstorm.node.MoveHistory.Move;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Whether the fixes of each partition lie where their ranges were open there (I1, I2), and whether SEAL and OPEN name each
 * other as the control stream says they do (I6). Partition by partition; one thread.
 *
 * <p>A fix of a cell that is not open in its partition is legal as a <em>stray</em>: authority follows the driver, with
 * hysteresis, while an offer lives, and for as long as nobody serves the other side. It is illegal where the driver's epoch begins
 * with it and no hand-over brought the driver; and of a range whose SEAL stands before it, as long as the next owner was not
 * ACTIVE by the hybrid clock, since whoever knows of the SEAL holds everybody's fixes of the range until then. So it is, for the same
 * reason, between OPEN and ACTIVE.
 */
final class RangeHistory {
    private static final long CLOSED = 0;
    private static final long FIRST_EPOCH = 1;

    /** The newest fix of a driver in a cell. */
    private static final class Position {
        private int de;
        private long session;
        private long seq;
        private long offset;
    }

    /** A cell in the partition being read. */
    private static final class Ground {
        /** Of the range, while it is open here by table and log. */
        private long epoch = CLOSED;

        private long epochMax;
        private @Nullable Move openedBy;
        private @Nullable Move sealedBy;
        /** Of the range, while it is open here by this log alone. */
        private long epochByLog = CLOSED;

        private boolean isAcceptanceNoted;
        /** By driver; only of cells that move away. */
        private @Nullable Long2ObjectHashMap<Position> positions;

        void open(long newEpoch, @Nullable Move by) {
            epoch = newEpoch;
            epochMax = newEpoch;
            openedBy = by;
            sealedBy = null;
        }

        void openByLog(long newEpoch) {
            epochByLog = newEpoch;
            isAcceptanceNoted = false;
        }

        void close(Move by) {
            epoch = CLOSED;
            epochByLog = CLOSED;
            openedBy = null;
            sealedBy = by;
        }
    }

    private record OpenAt(long offset, RangeRecord.Open open) {}

    private record CellEpoch(long cell, long epoch) {}

    private final HistoryFindings findings;
    private final MoveHistory moves;
    private final Map<CellEpoch, Integer> acceptors = new HashMap<>();
    private final Long2ObjectHashMap<Ground> groundByCell = new Long2ObjectHashMap<>();
    private final List<OpenAt> opens = new ArrayList<>();
    private int partition;
    private long startOffset;
    private long strays;

    RangeHistory(HistoryFindings findings, MoveHistory moves) {
        this.findings = findings;
        this.moves = moves;
    }

    /** Fixes that lie with their driver's owner, off its ground. */
    long strays() {
        return strays;
    }

    /** The records of another partition follow. */
    void begin(PartitionReader reader) {
        partition = reader.partition();
        startOffset = reader.startOffset();
        groundByCell.clear();
        opens.clear();
        moves.firstOwners().forEach((cell, owner) -> {
            if (owner == partition) {
                ground(cell).open(FIRST_EPOCH, null);
                ground(cell).openByLog(FIRST_EPOCH);
            }
        });
        for (Move move : moves.all()) {
            beginWith(move);
        }
    }

    /** What retention took of a move, as the control stream has it; and which cells' drivers a seal will ask for. */
    private void beginWith(Move move) {
        boolean isSource = move.source == partition && move.isSealed();
        for (long cell : move.cells) {
            if (isSource && move.sealOffset < startOffset) {
                ground(cell).close(move);
            } else if (isSource) {
                Ground ground = ground(cell);
                ground.positions = ground.positions == null ? new Long2ObjectHashMap<>() : ground.positions;
            }
            if (move.endOwner == partition && move.startsBefore(startOffset)) {
                ground(cell).open(move.endEpoch, move);
                ground(cell).openByLog(move.endEpoch);
            }
        }
    }

    private Ground ground(long cell) {
        Ground ground = groundByCell.get(cell);
        if (ground == null) {
            ground = new Ground();
            groundByCell.put(cell, ground);
        }
        return ground;
    }

    /**
     * A visible fix, of a log with a first map.
     *
     * @param begins whether the driver's epoch begins with it, and no hand-over brought the driver
     */
    void onFix(FixView fix, long routingCell, long offset, long hlc, boolean begins) {
        Ground ground = groundByCell.get(routingCell);
        boolean isOpen = ground != null && ground.epoch != CLOSED;
        strays += isOpen ? 0 : 1;
        String wrong = ground == null ? "" : untimely(ground, hlc);
        if (wrong.isEmpty() && begins && !isOpen) {
            wrong = "a driver epoch begins where its cell is not open: ";
        }
        if (!wrong.isEmpty()) {
            String what = wrong;
            findings.add(
                    Kind.EPOCH,
                    () -> what + DriverHistory.describe(fix, partition, offset) + ", cell "
                            + Long.toHexString(routingCell));
        }
        if (ground == null) {
            return;
        }
        if (ground.epochByLog != CLOSED && !ground.isAcceptanceNoted) {
            noteAcceptance(fix, routingCell, offset, ground);
        }
        if (ground.positions != null) {
            note(ground.positions, fix, offset);
        }
    }

    /** Why nobody may have appended a fix of the cell then; empty otherwise. */
    private static String untimely(Ground ground, long hlc) {
        Move sealedBy = ground.sealedBy;
        if (sealedBy != null && !sealedBy.isOverAt(hlc)) {
            return "behind the SEAL of " + sealedBy.id + ", before the range had its next owner: ";
        }
        Move openedBy = ground.openedBy;
        if (openedBy != null && !openedBy.isOverAt(hlc)) {
            return "between OPEN and ACTIVE of " + openedBy.id + ": ";
        }
        return "";
    }

    private void noteAcceptance(FixView fix, long cell, long offset, Ground ground) {
        ground.isAcceptanceNoted = true;
        Integer other = acceptors.putIfAbsent(new CellEpoch(cell, ground.epochByLog), partition);
        if (other != null && other != partition) {
            long epoch = ground.epochByLog;
            findings.add(
                    Kind.ACCEPTOR,
                    () -> "cell " + Long.toHexString(cell) + " is accepted at epoch " + epoch + " in partition " + other
                            + " too: " + DriverHistory.describe(fix, partition, offset));
        }
    }

    private static void note(Long2ObjectHashMap<Position> positions, FixView fix, long offset) {
        Position position = positions.get(fix.driver());
        if (position == null) {
            position = new Position();
            positions.put(fix.driver(), position);
        }
        position.de = fix.de();
        position.session = fix.session();
        position.seq = fix.seq();
        position.offset = offset;
    }

    void onRange(long offset, RangeRecord record) {
        Move move = moves.find(record.migrationId());
        switch (record) {
            case RangeRecord.Staged _ -> {}
            case RangeRecord.Abort _ -> {
                if (move != null && move.source == partition && move.sealFound == NULL_OFFSET) {
                    move.isAbortedBeforeSeal = true;
                }
            }
            case RangeRecord.Seal seal -> {
                if (move != null && move.source == partition && move.sealFound == NULL_OFFSET) {
                    onSeal(offset, seal, move);
                }
            }
            case RangeRecord.Open open -> onOpen(offset, open, move);
        }
    }

    private void onSeal(long offset, RangeRecord.Seal seal, Move move) {
        move.sealFound = offset;
        if (move.isGivenUp || (move.isAbortedBeforeSeal && !move.isSealed())) {
            return;
        }
        if (move.isSealed() && startOffset <= Math.max(0, move.copyOffset)) {
            fold(move);
        }
        Set<Long> notOpen = new HashSet<>();
        for (long cell : move.cells) {
            Ground ground = ground(cell);
            if (ground.epoch != seal.epoch()) {
                notOpen.add(cell);
            }
            ground.close(move);
        }
        if (!notOpen.isEmpty()) {
            findings.add(
                    Kind.LINEAGE,
                    () -> "SEAL(" + seal.epoch() + ") of " + move.id + " at fixes/" + partition + " offset " + offset
                            + " closes " + notOpen.size() + " cells that are not open there at that epoch");
        }
    }

    /** Where the range's drivers stand at its seal, as its OPEN must have it. */
    private void fold(Move move) {
        RangeFold fold = new RangeFold(move.cells);
        for (long cell : move.cells) {
            Long2ObjectHashMap<Position> positions = ground(cell).positions;
            if (positions != null) {
                positions.forEachLong((driver, at) -> {
                    if (at.offset >= move.copyOffset) {
                        fold.onFix(cell, driver, at.de, at.session, at.seq);
                    }
                });
            }
        }
        for (OpenAt each : opens) {
            if (each.offset >= move.copyOffset) {
                fold.onOpen(each.open);
            }
        }
        move.sealedAt(fold.hash());
    }

    private void onOpen(long offset, RangeRecord.Open open, @Nullable Move move) {
        opens.add(new OpenAt(offset, open));
        for (long cell : open.cells()) {
            Ground ground = ground(cell);
            if (ground.epochByLog < open.epoch() && ground.epochMax < open.epoch()) {
                ground.openByLog(open.epoch());
            }
        }
        if (move == null || move.endOwner != partition || move.endEpoch != open.epoch()) {
            return; // means nothing: the table does not name it
        }
        moves.onOpen(move, partition, offset, open);
        for (long cell : open.cells()) {
            Ground ground = ground(cell);
            if (ground.epochMax < open.epoch()) {
                ground.open(open.epoch(), move);
            }
        }
    }
}
