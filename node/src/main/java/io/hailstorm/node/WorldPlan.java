package io.hailstorm.node;

import io.hailstorm.kernel.Safeguards;
import java.util.EnumSet;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * What a seed's world is made of and what befalls it. Each seed draws its own mixture, so that rare combinations get worlds of
 * their own.
 */
record WorldPlan(
        long seed,
        int stepCount,
        int regionCount,
        int partitionsPerRegion,
        int phoneCount,
        Set<Fault> faults,
        boolean moves,
        boolean handsBack,
        Safeguards safeguards) {
    static final int STEPS_DEFAULT = 1_500;

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
        REORDER
    }

    WorldPlan {
        faults = faults.isEmpty() ? Set.of() : Set.copyOf(faults);
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
        return new WorldPlan(
                seed,
                stepCount,
                regionCount,
                regionCount == 1 ? 2 + random.nextInt(2) : 1 + random.nextInt(2),
                3 + random.nextInt(5),
                faults,
                true,
                random.nextBoolean(),
                safeguards);
    }

    boolean has(Fault fault) {
        return faults.contains(fault);
    }

    boolean reorders() {
        return has(Fault.REORDER);
    }

    int partitionCount() {
        return regionCount * partitionsPerRegion;
    }

    WorldPlan withSteps(int count) {
        return new WorldPlan(
                seed, count, regionCount, partitionsPerRegion, phoneCount, faults, moves, handsBack, safeguards);
    }

    WorldPlan without(Fault fault) {
        EnumSet<Fault> fewer = EnumSet.noneOf(Fault.class);
        fewer.addAll(faults);
        fewer.remove(fault);
        return new WorldPlan(
                seed, stepCount, regionCount, partitionsPerRegion, phoneCount, fewer, moves, handsBack, safeguards);
    }

    WorldPlan withPhones(int count) {
        return new WorldPlan(
                seed, stepCount, regionCount, partitionsPerRegion, count, faults, moves, handsBack, safeguards);
    }
}
