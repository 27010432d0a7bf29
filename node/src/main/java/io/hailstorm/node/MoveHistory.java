package io.hailstorm.node;

import static io.hailstorm.migration.RangeEntry.NULL_OFFSET;
import static io.hailstorm.migration.RangeEntry.NULL_PARTITION;

import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.AckLevel;
import io.hailstorm.log.GeoStatus;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.migration.ControlOutcome;
import io.hailstorm.migration.ControlRecord;
import io.hailstorm.migration.ControlRecord.MapInitialized;
import io.hailstorm.migration.ControlRecord.Proposal;
import io.hailstorm.migration.OwnershipTable;
import io.hailstorm.migration.RangeFold;
import io.hailstorm.migration.RangeRecord;
import io.hailstorm.migration.RangeState;
import io.hailstorm.node.HistoryFindings.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The range moves of a log: what the control stream says of each, and what of it was found in the fixes. In the end the two
 * must agree (I6): a SEALED and its SEAL, an ACTIVE and its OPEN, an OPEN and the SEAL of its parent, with the drivers that the
 * parent had there. One thread.
 */
final class MoveHistory {
    /** One move. What the fixes say is filled in while they are read. */
    static final class Move {
        final String id;
        final NavigableSet<Long> cells;
        final int source;
        final long copyOffset;
        /** Of its SEAL, by the table. */
        long sealOffset = NULL_OFFSET;

        boolean isGivenUp;
        int endOwner = NULL_PARTITION;
        long endEpoch;
        private long endHlc;
        /** Of its OPEN, by the table; nowhere yet after it was taken back. */
        long startOffset = NULL_OFFSET;

        /** Of the first SEAL in the source. */
        long sealFound = NULL_OFFSET;

        boolean isAbortedBeforeSeal;
        private boolean isFolded;
        private long driversHash;
        private final List<Long> opensFound = new ArrayList<>(1);

        private Move(Proposal begun) {
            id = begun.migrationId();
            cells = begun.cells();
            source = begun.parentPartition();
            copyOffset = begun.startOffset();
        }

        /** Whether the table has it SEALED, or had. */
        boolean isSealed() {
            return sealOffset != NULL_OFFSET;
        }

        /** Whether the range had its next owner at a moment of the hybrid clock. */
        boolean isOverAt(long hlc) {
            return endOwner != NULL_PARTITION && hlc > endHlc;
        }

        /** Whether its OPEN lies before an offset; one whose place is not known follows the seal. */
        boolean startsBefore(long offset) {
            return (startOffset == NULL_OFFSET ? sealOffset : startOffset) < offset;
        }

        /** The drivers of the range were read up to its seal. */
        void sealedAt(long hash) {
            isFolded = true;
            driversHash = hash;
        }
    }

    /** An OPEN that the table names. */
    private record Opened(Move move, int partition, long offset, RangeRecord.Open open, long hash) {}

    private final HistoryFindings findings;
    private final List<GeoStatus.Gap> gaps;
    private final OwnershipTable table = new OwnershipTable();
    private final Map<String, Move> moves = new LinkedHashMap<>();
    private final Map<Integer, Long> startOffsets = new HashMap<>();
    private final List<Opened> opened = new ArrayList<>();
    private Map<Long, Integer> firstOwners = Map.of();

    /** @param gaps offsets that a take-over cut off */
    MoveHistory(HistoryFindings findings, List<GeoStatus.Gap> gaps) {
        this.findings = findings;
        this.gaps = gaps;
    }

    /** Folds a control stream; before the fixes. */
    void read(PartitionReader control) {
        HistoryChecker.readAll(control, (offset, hlc, type, buffer, index, length) -> {
            if (type == RecordType.EVENT) {
                RangeCodec.control(EventReader.read(buffer, index, length)).ifPresent(record -> {
                    if (table.apply(offset, record) instanceof ControlOutcome.Applied) {
                        apply(hlc, record);
                    }
                });
            }
            return true;
        });
    }

    private void apply(long hlc, ControlRecord record) {
        switch (record) {
            case MapInitialized map -> firstOwners = map.partitionByCell();
            case Proposal proposal -> apply(hlc, proposal);
            case ControlRecord.GroupBegun _, ControlRecord.GroupEnded _ -> {}
        }
    }

    private void apply(long hlc, Proposal proposal) {
        Move move = moves.computeIfAbsent(proposal.migrationId(), _ -> new Move(proposal));
        if (proposal.state() == RangeState.SEALED) {
            move.sealOffset = proposal.parentSealOffset();
        } else if (proposal.state() == RangeState.ACTIVE) {
            boolean isLanded = proposal.expectedState() == RangeState.ACTIVE;
            if (isLanded) {
                move.startOffset = proposal.startOffset();
            } else if (proposal.epoch() == proposal.expectedEpoch()) {
                move.isGivenUp = true;
            } else {
                move.endOwner = proposal.ownerPartition();
                move.endEpoch = proposal.epoch();
                move.endHlc = hlc;
                move.startOffset = move.endOwner == move.source ? NULL_OFFSET : proposal.startOffset();
            }
        }
    }

    /** Whether there is a first map, and so something to judge by. */
    boolean isInitialized() {
        return table.isInitialized();
    }

    Map<Long, Integer> firstOwners() {
        return Collections.unmodifiableMap(firstOwners);
    }

    /** In the order in which they began. */
    Collection<Move> all() {
        return Collections.unmodifiableCollection(moves.values());
    }

    @Nullable
    Move find(String migrationId) {
        return moves.get(migrationId);
    }

    /** The fixes of a partition are about to be read. */
    void begin(PartitionReader fixes) {
        startOffsets.put(fixes.partition(), fixes.startOffset());
    }

    /** An OPEN that the table names. */
    void onOpen(Move move, int partition, long offset, RangeRecord.Open open) {
        move.opensFound.add(offset);
        opened.add(new Opened(move, partition, offset, open, RangeFold.hash(open.drivers())));
    }

    /** After all fixes. */
    void finish() {
        for (Move move : moves.values()) {
            checkSeal(move);
            checkStart(move);
        }
        opened.forEach(this::checkOpen);
    }

    private void checkSeal(Move move) {
        if (move.isSealed() && move.sealFound != move.sealOffset && isKept(move.source, move.sealOffset)) {
            findings.add(
                    Kind.LINEAGE,
                    () -> "SEALED of " + move.id + " names a SEAL at fixes/" + move.source + " offset "
                            + move.sealOffset + ", there is " + found(move.sealFound));
        }
    }

    private void checkStart(Move move) {
        if (move.startOffset != NULL_OFFSET
                && !move.opensFound.contains(move.startOffset)
                && isKept(move.endOwner, move.startOffset)) {
            findings.add(
                    Kind.LINEAGE,
                    () -> "ACTIVE(" + move.endEpoch + ") of " + move.id + " names an OPEN at fixes/" + move.endOwner
                            + " offset " + move.startOffset + ", there is "
                            + found(move.opensFound.isEmpty() ? NULL_OFFSET : move.opensFound.getFirst()));
        }
    }

    private static String found(long offset) {
        return offset == NULL_OFFSET ? "none" : "one at " + offset;
    }

    private void checkOpen(Opened each) {
        RangeRecord.Open open = each.open;
        Move move = each.move;
        boolean isParentNamed = open.parentPartition() == move.source
                && open.parentSealOffset() == move.sealOffset
                && open.cells().equals(move.cells);
        if (!isParentNamed) {
            findings.add(
                    Kind.LINEAGE,
                    () -> "OPEN of " + move.id + " at fixes/" + each.partition + " offset " + each.offset
                            + " names a SEAL of " + open.cells().size() + " cells at fixes/" + open.parentPartition()
                            + " offset " + open.parentSealOffset() + "; the table, one of " + move.cells.size()
                            + " cells at fixes/" + move.source + " offset " + move.sealOffset);
        } else if (move.isFolded && move.driversHash != each.hash) {
            findings.add(
                    Kind.LINEAGE,
                    () -> "OPEN of " + move.id + " at fixes/" + each.partition + " offset " + each.offset + " names "
                            + open.drivers().size() + " drivers that are not where fixes/" + move.source
                            + " had them at offset " + move.sealOffset);
        }
    }

    /** Neither gone by retention, nor cut off by a take-over after somebody could have acted on it. */
    private boolean isKept(int partition, long offset) {
        return offset >= startOffsets.getOrDefault(partition, 0L)
                && gaps.stream().noneMatch(gap -> isLostIn(gap, partition, offset));
    }

    private static boolean isLostIn(GeoStatus.Gap gap, int partition, long offset) {
        return gap.stream() == StreamName.FIXES
                && gap.partition() == partition
                && gap.level() == AckLevel.DISK
                && offset >= gap.from()
                && (offset < gap.to() || !gap.exact());
    }

    /** Partitions of which a take-over cut off what may have been acted on. */
    Set<Integer> partitionsWithGaps() {
        Set<Integer> partitions = new HashSet<>();
        for (GeoStatus.Gap gap : gaps) {
            if (gap.stream() == StreamName.FIXES && gap.level() == AckLevel.DISK) {
                partitions.add(gap.partition());
            }
        }
        return partitions;
    }
}
