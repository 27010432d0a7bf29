package io.hailstorm.node;

import io.hailstorm.kernel.RegionId;
import io.hailstorm.migration.ControlRecord;
import io.hailstorm.migration.MoveGroup;
import io.hailstorm.migration.MovePlan;
import io.hailstorm.migration.RangeRecord;
import io.hailstorm.migration.RangeRecord.DriverPosition;
import io.hailstorm.migration.RangeState;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.Migration;
import io.hailstorm.protocol.v1.MoveGroupBegun;
import io.hailstorm.protocol.v1.PartitionMapInitialized;
import io.hailstorm.protocol.v1.PlannedMove;
import io.hailstorm.protocol.v1.RangeDriver;
import io.hailstorm.protocol.v1.RangeOpened;
import io.hailstorm.protocol.v1.RangeProposal;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/** Ownership's words and the wire's, both ways. Stateless. */
final class RangeCodec {
    private RangeCodec() {}

    static void encode(ControlRecord record, Event.Builder out) {
        switch (record) {
            case ControlRecord.MapInitialized map -> {
                PartitionMapInitialized.Builder init = out.getPartitionMapInitializedBuilder()
                        .setRegion(map.region().value())
                        .setPartitionCount(map.partitionCount());
                for (Map.Entry<Long, Integer> owner : map.partitionByCell().entrySet()) {
                    init.addCells(owner.getKey()).addPartitions(owner.getValue());
                }
                out.setAggregateId(map.region().value());
            }
            case ControlRecord.Proposal proposal -> {
                out.setAggregateId(proposal.migrationId());
                out.getRangeProposalBuilder()
                        .setMigration(proposal.migrationId())
                        .addAllCells(proposal.cells())
                        .setExpectedEpoch(proposal.expectedEpoch())
                        .setExpectedState(state(proposal.expectedState()))
                        .setEpoch(proposal.epoch())
                        .setState(state(proposal.state()))
                        .setOwnerPartition(proposal.ownerPartition())
                        .setParentPartition(proposal.parentPartition())
                        .setParentSealOffset(proposal.parentSealOffset())
                        .setStartOffset(proposal.startOffset());
            }
            case ControlRecord.GroupBegun begun -> encode(begun.group(), out);
            case ControlRecord.GroupEnded ended ->
                out.setAggregateId(ended.groupId())
                        .getMoveGroupEndedBuilder()
                        .setGroup(ended.groupId())
                        .setOutcome(ended.outcome());
        }
    }

    private static void encode(MoveGroup group, Event.Builder out) {
        MoveGroupBegun.Builder begun = out.setAggregateId(group.groupId())
                .getMoveGroupBegunBuilder()
                .setGroup(group.groupId())
                .setIntent(group.intent())
                .setParallelMax(group.parallelMax());
        for (MovePlan move : group.moves()) {
            begun.addMoves(PlannedMove.newBuilder()
                    .setMigration(move.migrationId())
                    .addAllCells(move.cells())
                    .setSourcePartition(move.sourcePartition())
                    .setTargetPartition(move.targetPartition())
                    .setEpoch(move.epoch()));
        }
    }

    private static MoveGroup group(MoveGroupBegun begun) {
        return new MoveGroup(
                begun.getGroup(),
                begun.getIntent(),
                Math.max(1, begun.getParallelMax()),
                begun.getMovesList().stream()
                        .map(move -> new MovePlan(
                                move.getMigration(),
                                new TreeSet<>(move.getCellsList()),
                                move.getSourcePartition(),
                                move.getTargetPartition(),
                                move.getEpoch()))
                        .toList());
    }

    /** The control record in an event; empty when the event is something else. */
    static Optional<ControlRecord> control(Event event) {
        return switch (event.getPayloadCase()) {
            case PARTITION_MAP_INITIALIZED -> {
                PartitionMapInitialized map = event.getPartitionMapInitialized();
                TreeMap<Long, Integer> owners = new TreeMap<>();
                for (int i = 0; i < map.getCellsCount(); i++) {
                    owners.put(map.getCells(i), map.getPartitions(i));
                }
                yield Optional.of(new ControlRecord.MapInitialized(
                        new RegionId(map.getRegion()), map.getPartitionCount(), owners));
            }
            case RANGE_PROPOSAL -> {
                RangeProposal proposal = event.getRangeProposal();
                yield Optional.of(new ControlRecord.Proposal(
                        proposal.getMigration(),
                        new TreeSet<>(proposal.getCellsList()),
                        proposal.getExpectedEpoch(),
                        state(proposal.getExpectedState()),
                        proposal.getEpoch(),
                        state(proposal.getState()),
                        proposal.getOwnerPartition(),
                        proposal.getParentPartition(),
                        proposal.getParentSealOffset(),
                        proposal.getStartOffset()));
            }
            case MOVE_GROUP_BEGUN -> Optional.of(new ControlRecord.GroupBegun(group(event.getMoveGroupBegun())));
            case MOVE_GROUP_ENDED ->
                Optional.of(new ControlRecord.GroupEnded(
                        event.getMoveGroupEnded().getGroup(),
                        event.getMoveGroupEnded().getOutcome()));
            default -> Optional.empty();
        };
    }

    static void encode(RangeRecord record, Event.Builder out) {
        out.setAggregateId(record.migrationId());
        switch (record) {
            case RangeRecord.Staged staged ->
                out.getRangeStagedBuilder()
                        .setMigration(staged.migrationId())
                        .setEpoch(staged.epoch())
                        .setStagedOffset(staged.stagedOffset());
            case RangeRecord.Seal seal ->
                out.getRangeSealedBuilder()
                        .setMigration(seal.migrationId())
                        .setEpoch(seal.epoch())
                        .addAllCells(seal.cells())
                        .setHashedOffset(seal.hashedOffset())
                        .setStateHash(seal.stateHash());
            case RangeRecord.Abort abort ->
                out.getRangeAbortedBuilder().setMigration(abort.migrationId()).setEpoch(abort.epoch());
            case RangeRecord.Open open -> {
                RangeOpened.Builder opened = out.getRangeOpenedBuilder()
                        .setMigration(open.migrationId())
                        .setEpoch(open.epoch())
                        .addAllCells(open.cells())
                        .setParentPartition(open.parentPartition())
                        .setParentSealOffset(open.parentSealOffset())
                        .setStateHash(open.stateHash());
                for (DriverPosition position : open.drivers()) {
                    opened.addDrivers(RangeDriver.newBuilder()
                            .setDriver(position.driver())
                            .setDe(position.de())
                            .setSession(position.session())
                            .setLastSeq(position.lastSeq()));
                }
            }
        }
    }

    /** The range record in an event; empty when the event is something else. */
    static Optional<RangeRecord> range(Event event) {
        return switch (event.getPayloadCase()) {
            case RANGE_STAGED -> {
                var staged = event.getRangeStaged();
                yield Optional.of(
                        new RangeRecord.Staged(staged.getMigration(), staged.getEpoch(), staged.getStagedOffset()));
            }
            case RANGE_SEALED -> {
                var seal = event.getRangeSealed();
                yield Optional.of(new RangeRecord.Seal(
                        seal.getMigration(),
                        seal.getEpoch(),
                        new TreeSet<>(seal.getCellsList()),
                        seal.getHashedOffset(),
                        seal.getStateHash()));
            }
            case RANGE_ABORTED ->
                Optional.of(new RangeRecord.Abort(
                        event.getRangeAborted().getMigration(),
                        event.getRangeAborted().getEpoch()));
            case RANGE_OPENED -> {
                RangeOpened open = event.getRangeOpened();
                yield Optional.of(new RangeRecord.Open(
                        open.getMigration(),
                        open.getEpoch(),
                        new TreeSet<>(open.getCellsList()),
                        open.getParentPartition(),
                        open.getParentSealOffset(),
                        open.getStateHash(),
                        open.getDriversList().stream()
                                .map(driver -> new DriverPosition(
                                        driver.getDriver(), driver.getDe(), driver.getSession(), driver.getLastSeq()))
                                .toList()));
            }
            default -> Optional.empty();
        };
    }

    /** A move as an operator sees it. */
    static Migration migration(MigrationLedger.View view) {
        MovePlan plan = view.plan();
        Migration.Builder migration = Migration.newBuilder()
                .setMigration(plan.migrationId())
                .setEpoch(plan.epoch())
                .setSourcePartition(plan.sourcePartition())
                .setTargetPartition(plan.targetPartition())
                .setPauseMs((int) view.pauseMs())
                .setStep(view.phase())
                .setStagedBytes(view.stagedBytes())
                .setLagRecords(view.lagRecords())
                .setBufferedCount(view.buffered())
                .setDone(view.ended())
                .setOutcome(view.ended() ? view.phase() + (view.reason().isEmpty() ? "" : ": " + view.reason()) : "")
                .setState(
                        switch (view.phase()) {
                            case "COPYING" -> io.hailstorm.protocol.v1.RangeState.COPYING;
                            case "SEALING" -> io.hailstorm.protocol.v1.RangeState.SEALING;
                            case "ABORTING" -> io.hailstorm.protocol.v1.RangeState.ABORTING;
                            case "SEALED" -> io.hailstorm.protocol.v1.RangeState.SEALED;
                            default -> io.hailstorm.protocol.v1.RangeState.ACTIVE;
                        });
        plan.cells().forEach(cell -> migration.addCells(Long.toHexString(cell)));
        return migration.build();
    }

    /** A control record in a few words. */
    static String describe(ControlRecord record) {
        return switch (record) {
            case ControlRecord.MapInitialized map ->
                "first map of " + map.region().value();
            case ControlRecord.Proposal proposal ->
                "migration " + proposal.migrationId() + ": " + proposal.expectedState() + "(" + proposal.expectedEpoch()
                        + ") to " + proposal.state() + "(" + proposal.epoch() + ")";
            case ControlRecord.GroupBegun begun ->
                "begin of group " + begun.group().groupId();
            case ControlRecord.GroupEnded ended -> "end of group " + ended.groupId();
        };
    }

    static io.hailstorm.protocol.v1.RangeState state(RangeState state) {
        return switch (state) {
            case ACTIVE -> io.hailstorm.protocol.v1.RangeState.ACTIVE;
            case COPYING -> io.hailstorm.protocol.v1.RangeState.COPYING;
            case SEALING -> io.hailstorm.protocol.v1.RangeState.SEALING;
            case SEALED -> io.hailstorm.protocol.v1.RangeState.SEALED;
            case ABORTING -> io.hailstorm.protocol.v1.RangeState.ABORTING;
        };
    }

    private static RangeState state(io.hailstorm.protocol.v1.RangeState state) {
        return switch (state) {
            case ACTIVE -> RangeState.ACTIVE;
            case COPYING -> RangeState.COPYING;
            case SEALING -> RangeState.SEALING;
            case SEALED -> RangeState.SEALED;
            case ABORTING -> RangeState.ABORTING;
            case RANGE_STATE_UNSPECIFIED, UNRECOGNIZED ->
                throw new io.hailstorm.kernel.HailstormException(
                        io.hailstorm.kernel.ErrorCode.DATA_LOSS, "unknown range state in the control stream: " + state);
        };
    }
}
