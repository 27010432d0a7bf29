package io.hailstorm.node;

import io.hailstorm.kernel.Safeguards;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;

/**
 * What a seed's world is made of and what befalls it. Each seed draws its own mixture, so that rare combinations get worlds of
 * their own.
 *
 * @param faults what goes wrong
 * @param orders what operators ask for
 */
record WorldPlan(long seed, int stepCount, Shape shape, Set<Fault> faults, Set<Order> orders, Safeguards safeguards) {
    static final int STEPS_DEFAULT = 1_500;

    private static final int PACE_USUAL_MS = 12;
    private static final int PACE_SLOW_MS = 45;
    private static final int COMMIT_USUAL_MS = 5;

    /**
     * How large it is, and how fast.
     *
     * @param paceMs bound of the time between two steps
     * @param copyPortionRecords what a region reads of a moving range's source in one turn
     * @param commitMs between a log's syncs
     * @param handsBack whether a region gets its log back as soon as it has everything
     */
    record Shape(
            int regionCount,
            int partitionsPerRegion,
            int phoneCount,
            int riderCount,
            int paceMs,
            int copyPortionRecords,
            int commitMs,
            boolean handsBack) {}

    /** What can go wrong. */
    enum Fault {
        /** The machine dies: what was not synced is lost, in part. */
        CRASH,
        /** The process dies: what it wrote survives. */
        KILL,
        /** It dies within an append or a sync, rather than between turns. */
        CRASH_INSIDE,
        FAILING_SYNC,
        SLOW_SYNC,
        FULL_DISK,
        /** The wall clock is wrong, and jumps. */
        SKEW,
        /** Connections of phones break. */
        BREAK,
        /** Apps start anew, and number from one. */
        RESTART,
        /** Messages between regions are lost, doubled and late. */
        LOSS,
        /** Regions and witness are cut off from each other. */
        CUT,
        /** The witness dies. */
        WITNESS,
        /** Batches leave numbers out, which come later. */
        REORDER,
        /** Something of the above strikes in the middle of a move or a hand-over. */
        MIDDLE
    }

    /** What operators ask for. */
    enum Order {
        MOVE,
        SPLIT,
        MERGE,
        EVACUATE,
        /** Leave it where it is. */
        ABORT,
        /** The same of what is sealed. */
        TAKE_BACK
    }

    WorldPlan {
        faults = faults.isEmpty() ? Set.of() : Set.copyOf(faults);
        orders = orders.isEmpty() ? Set.of() : Set.copyOf(orders);
    }

    static WorldPlan draw(long seed, int stepCount, Safeguards safeguards) {
        SplittableRandom random = new SplittableRandom(seed);
        EnumSet<Fault> faults = EnumSet.noneOf(Fault.class);
        for (Fault fault : Fault.values()) {
            if (random.nextInt(100) < 60) {
                faults.add(fault);
            }
        }
        if (!faults.contains(Fault.CRASH) && !faults.contains(Fault.KILL)) {
            faults.add(random.nextBoolean() ? Fault.CRASH : Fault.KILL);
        }
        int regionCount = random.nextInt(100) < 45 ? 1 : random.nextInt(100) < 75 ? 2 : 3;
        int partitionsPerRegion = regionCount == 1 ? 2 + random.nextInt(2) : 1 + random.nextInt(2);
        int phoneCount = 3 + random.nextInt(5);
        boolean handsBack = random.nextBoolean();
        EnumSet<Order> orders = EnumSet.of(Order.MOVE);
        for (Order order : Order.values()) {
            if (random.nextInt(100) < 60) {
                orders.add(order);
            }
        }
        Shape shape = new Shape(
                regionCount,
                partitionsPerRegion,
                phoneCount,
                random.nextInt(2) * (1 + random.nextInt(2)),
                random.nextInt(3) > 0 ? PACE_USUAL_MS : PACE_SLOW_MS,
                random.nextInt(3) > 0 ? LogRangeStore.PORTION_RECORDS : 1 + random.nextInt(8),
                random.nextInt(3) > 0 ? COMMIT_USUAL_MS : 20 + random.nextInt(100),
                handsBack);
        return new WorldPlan(seed, stepCount, shape, faults, orders, safeguards);
    }

    boolean has(Fault fault) {
        return faults.contains(fault);
    }

    boolean has(Order order) {
        return orders.contains(order);
    }

    int regionCount() {
        return shape.regionCount();
    }

    int partitionsPerRegion() {
        return shape.partitionsPerRegion();
    }

    int phoneCount() {
        return shape.phoneCount();
    }

    int partitionCount() {
        return regionCount() * partitionsPerRegion();
    }

    WorldPlan withSteps(int count) {
        return new WorldPlan(seed, count, shape, faults, orders, safeguards);
    }

    WorldPlan without(Fault fault) {
        EnumSet<Fault> fewer = EnumSet.noneOf(Fault.class);
        fewer.addAll(faults);
        fewer.remove(fault);
        return new WorldPlan(seed, stepCount, shape, fewer, orders, safeguards);
    }

    WorldPlan without(Order order) {
        EnumSet<Order> fewer = EnumSet.noneOf(Order.class);
        fewer.addAll(orders);
        fewer.remove(order);
        return new WorldPlan(seed, stepCount, shape, faults, fewer, safeguards);
    }

    WorldPlan with(int phoneCount, int riderCount) {
        Shape fewer = new Shape(
                regionCount(),
                partitionsPerRegion(),
                phoneCount,
                riderCount,
                shape.paceMs(),
                shape.copyPortionRecords(),
                shape.commitMs(),
                shape.handsBack());
        return new WorldPlan(seed, stepCount, fewer, faults, orders, safeguards);
    }

    WorldPlan with(Safeguards others) {
        return new WorldPlan(seed, stepCount, shape, faults, orders, others);
    }

    /** For people. */
    String describe() {
        List<String> all = new ArrayList<>();
        all.add(regionCount() + " regions of " + partitionsPerRegion() + " partitions");
        all.add(phoneCount() + " phones");
        all.add(shape.riderCount() + " riders");
        all.add(stepCount + " steps of up to " + shape.paceMs() + " ms");
        all.add("copies " + shape.copyPortionRecords() + " records a turn");
        all.add("syncs every " + shape.commitMs() + " ms");
        all.add("faults " + new TreeSet<>(faults));
        all.add("orders " + new TreeSet<>(orders));
        all.add(safeguards.toString());
        return String.join(", ", all);
    }
}
