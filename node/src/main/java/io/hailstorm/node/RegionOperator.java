package io.hailstorm.node;

import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.hailstorm.geo.Cells;
import io.hailstorm.geo.City;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.protocol.v1.Migration;
import io.hailstorm.protocol.v1.ReturnRegionRequest;
import io.hailstorm.protocol.v1.ReturnRegionResponse;
import io.hailstorm.protocol.v1.TenureServiceGrpc;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Whoever operates the regions of a rig, at random: moves ranges within and between regions, splits and merges partitions, one
 * after another, where cars are, and has regions that were taken over returned. What it asks for depends on the seed and on what it sees. The thread
 * that steps the rig.
 */
final class RegionOperator {
    private static final long ASK_EVERY_NS = 250_000_000;
    /** A move that nobody knows of by then was asked of somebody who died. */
    private static final long FORGET_NS = TimeUnit.SECONDS.toNanos(15);

    private static final long CALL_S = 5;
    private static final int CELLS_MAX = 4;
    private static final int RETURN_ONE_IN = 4;

    private static final int STREAM_KIND = 401;
    private static final int STREAM_CELL = 402;

    private final RegionRig rig;
    private final MoveDesk desk;
    private final City city;
    private final long seed;
    private final RandomChanges changes;
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong returns = new AtomicLong();
    private long draws;
    private long askedNs;
    private long askedCount;
    private @Nullable AskedChange current;

    RegionOperator(RegionRig rig, City city, long seed) {
        this.rig = rig;
        this.city = city;
        this.seed = seed;
        desk = rig.demo().moves();
        changes = new RandomChanges(desk, Cells.create(), seed, CELLS_MAX);
    }

    /** Takes notice of the move under way, and does the next thing when it is time. */
    void doWork() {
        if (rig.wall().monotonicNs() - askedNs < ASK_EVERY_NS || isUnderWay()) {
            return;
        }
        askedNs = rig.wall().monotonicNs();
        draws++;
        if (draw(RETURN_ONE_IN, STREAM_KIND) == 0) {
            returnOne();
        } else {
            change();
        }
    }

    private int draw(int bound, int stream) {
        return CounterRandom.below(bound, seed, draws, 0, stream);
    }

    private boolean isUnderWay() {
        AskedChange change = current;
        if (change == null) {
            return false;
        }
        for (Migration migration : desk.migrations()) {
            if (change.isOf(migration) && migration.getDone()) {
                change.ended(migration);
            }
        }
        if (change.isRefused()) {
            refused.incrementAndGet();
        }
        if (change.isOver() || rig.wall().monotonicNs() - change.askedNs() > FORGET_NS) {
            current = null;
        }
        return current != null;
    }

    private void change() {
        PartitionMap map = desk.map();
        if (map.cells().isEmpty()) {
            return; // nobody has answered yet
        }
        current = changes.ask("chaos-" + seed + "-" + draws, draws, busyCell(map), askedNs)
                .orElse(null);
        askedCount += current == null ? 0 : 1;
    }

    /** A cell as likely as it is busy. */
    private long busyCell(PartitionMap map) {
        List<Long> all = new ArrayList<>(new TreeSet<>(map.cells()));
        double total = all.stream().mapToDouble(city::demandWeight).sum();
        double left = CounterRandom.uniform(seed, draws, 0, STREAM_CELL) * total;
        for (long cell : all) {
            left -= city.demandWeight(cell);
            if (left <= 0) {
                return cell;
            }
        }
        return all.getLast();
    }

    private void returnOne() {
        for (int home = 0; home < rig.count(); home++) {
            if (rig.processes().primaryOf(home) != home && rig.isServing(home)) {
                askToReturn(home);
                return;
            }
        }
    }

    /** Asks whoever writes for a region to give it back. */
    void askToReturn(int home) {
        Metadata headers = new Metadata();
        headers.put(AdminGate.AUTHORIZATION, AdminGate.SCHEME + rig.demo().operatorToken());
        TenureServiceGrpc.newStub(rig.demo().channel(rig.processes().primaryOf(home)))
                .withDeadlineAfter(CALL_S, TimeUnit.SECONDS)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                .returnRegion(
                        ReturnRegionRequest.newBuilder()
                                .setRegion(rig.name(home))
                                .build(),
                        new StreamObserver<ReturnRegionResponse>() {
                            @Override
                            public void onNext(ReturnRegionResponse response) {
                                returns.incrementAndGet();
                            }

                            @Override
                            public void onError(Throwable failure) {
                                refused.incrementAndGet();
                            }

                            @Override
                            public void onCompleted() {}
                        });
    }

    /** Whether every region writes its own partitions; asks for those that do not. */
    boolean areAllHome() {
        boolean isAllHome = true;
        for (int home = 0; home < rig.count(); home++) {
            if (rig.processes().primaryOf(home) != home) {
                isAllHome = false;
                if (rig.wall().monotonicNs() - askedNs >= ASK_EVERY_NS) {
                    askedNs = rig.wall().monotonicNs();
                    askToReturn(home);
                }
            }
        }
        return isAllHome;
    }

    /** Whether the one that decides knows of no move under way. */
    boolean areMovesOver() {
        List<Migration> known = desk.migrations();
        return known.stream().allMatch(Migration::getDone);
    }

    /** Moves asked for. */
    long askedCount() {
        return askedCount;
    }

    /** Requests that were refused, or never answered. */
    long refusedCount() {
        return refused.get();
    }

    /** Returns that were taken on. */
    long returnCount() {
        return returns.get();
    }
}
