package io.hailstorm.node;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.JsonFormat;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.protocol.v1.Migration;
import io.hailstorm.protocol.v1.MigrationGroup;
import io.hailstorm.protocol.v1.OwnedRange;
import io.hailstorm.protocol.v1.PartitionRanges;
import io.hailstorm.protocol.v1.ShowRangesResponse;
import io.hailstorm.protocol.v1.VoidProposal;
import java.io.PrintWriter;
import java.util.Locale;

/** Ownership and moves, for people and as JSON. Stateless. */
final class RegionsPrinter {
    private RegionsPrinter() {}

    static void print(PrintWriter out, ShowRangesResponse ranges) {
        out.printf(Locale.ROOT, "region %s, map epoch %d%n", ranges.getRegion(), ranges.getMapEpoch());
        for (PartitionRanges partition : ranges.getPartitionsList()) {
            out.printf(
                    Locale.ROOT,
                    "  partition %-3d %,6d cells%s%n",
                    partition.getPartition(),
                    partition.getCellCount(),
                    partition.getRegion().isEmpty() ? "" : "  region " + partition.getRegion());
        }
        out.println("ranges");
        ranges.getRangesList().forEach(range -> print(out, range));
        if (!ranges.getGroupsList().isEmpty()) {
            out.println("groups");
        }
        for (MigrationGroup group : ranges.getGroupsList()) {
            out.printf(
                    Locale.ROOT,
                    "  %s: %s; %d of %d moves ended%n",
                    group.getGroup(),
                    group.getIntent(),
                    group.getEndedCount(),
                    group.getMoveCount());
        }
        if (!ranges.getMigrationsList().isEmpty()) {
            out.println("migrations");
        }
        ranges.getMigrationsList().forEach(migration -> print(out, migration));
        if (ranges.getVoidProposalCount() > 0) {
            out.printf(Locale.ROOT, "void proposals: %,d, the last of them%n", ranges.getVoidProposalCount());
        }
        for (VoidProposal each : ranges.getVoidProposalsList()) {
            out.printf(Locale.ROOT, "  @%d %s: %s%n", each.getOffset(), each.getProposal(), each.getReason());
        }
        out.flush();
    }

    private static void print(PrintWriter out, OwnedRange range) {
        String parent = range.getParentPartition() < 0
                ? "from the beginning"
                : "from partition " + range.getParentPartition()
                        + (range.getParentSealOffset() < 0 ? "" : " sealed at " + range.getParentSealOffset());
        out.printf(
                Locale.ROOT,
                "  partition %-3d %,6d cells  epoch %d  %s  %s%s%n",
                range.getPartition(),
                range.getCellCount(),
                range.getEpoch(),
                range.getState(),
                parent,
                range.getMigration().isEmpty() ? "" : "  migration " + range.getMigration());
    }

    static void print(PrintWriter out, Migration migration) {
        out.printf(
                Locale.ROOT,
                "  migration %s: %d cells, %d -> %d, %s",
                migration.getMigration(),
                migration.getCellsCount(),
                migration.getSourcePartition(),
                migration.getTargetPartition(),
                migration.getDone() ? migration.getOutcome() : migration.getStep());
        if (!migration.getDone()) {
            out.printf(
                    Locale.ROOT,
                    ", %,d bytes staged, %,d records behind",
                    migration.getStagedBytes(),
                    migration.getLagRecords());
        }
        if (migration.getPauseMs() > 0 || migration.getBufferedCount() > 0 || migration.getDone()) {
            out.printf(
                    Locale.ROOT,
                    ", paused %d ms, %,d fixes buffered",
                    migration.getPauseMs(),
                    migration.getBufferedCount());
        }
        out.println();
    }

    static String json(MessageOrBuilder message) {
        try {
            return JsonFormat.printer()
                    .omittingInsignificantWhitespace()
                    .preservingProtoFieldNames()
                    .print(message);
        } catch (InvalidProtocolBufferException e) {
            throw new HailstormException(ErrorCode.INTERNAL, "cannot print " + message.getClass(), e);
        }
    }
}
