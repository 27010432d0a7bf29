package io.hailstorm.node;

import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.log.LogReader;
import io.hailstorm.protocol.v1.DriveResponse;
import io.hailstorm.protocol.v1.RiderServiceGrpc.RiderServiceImplBase;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The production code of a whole deployment in one thread: regions' nodes, their disks, phones, an operator, and everything that
 * can go wrong, each step chosen by the seed's dice. The same plan gives the same world, step by step. After every step the
 * durable logs are held against the invariants ({@link WorldHistory}).
 */
final class World {
    private static final long START_MS = 1_767_801_600_000L;
    private static final int SETTLE_ROUNDS = 900;
    private static final int SETTLE_ROUND_MS = 40;
    private static final int STACK_LINES = 8;

    /** What a seed's world came to. */
    record Outcome(
            long seed,
            int steps,
            int crashes,
            long moves,
            long handovers,
            long digest,
            WorldVerdict.@Nullable Violation violation) {}

    private final WorldPlan plan;
    private final SplittableRandom random;
    private final VirtualTime time = new VirtualTime(START_MS);
    private final WorldVerdict verdict;
    private final WorldHistory history;
    private final List<WorldNode> nodes = new ArrayList<>();
    private final List<WorldPhone> phones = new ArrayList<>();
    private final WorldFaults faults;
    private final WorldNetwork network;
    private final WorldWitness witness;
    private final WorldMoments moments;
    private final WorldOperators operators;
    private final WorldRiders riders;
    private int step;
    private int crashCount;

    World(WorldPlan plan) {
        this.plan = plan;
        random = new SplittableRandom(CounterRandom.mix(plan.seed() + 1));
        verdict = new WorldVerdict(plan.seed());
        moments = new WorldMoments(plan, random.split());
        history = new WorldHistory(verdict, WorldPlace.INSTANCE.cells, plan, moments::onProposal);
        operators = new WorldOperators(plan, random.split(), history.ranges().table(), verdict);
        network = new WorldNetwork(time, random.split(), verdict);
        witness = new WorldWitness(network, time);
        faults = new WorldFaults(plan, random.split(), time, network, verdict);
        for (int i = 0; i < plan.regionCount(); i++) {
            int index = i;
            nodes.add(new WorldNode(i, plan, network, time, faults::onSync, () -> moments.onAppended(index)));
        }
        for (int i = 0; i < plan.phoneCount(); i++) {
            phones.add(new WorldPhone(i + 1, this, random.split(), random.nextInt(nodes.size())));
        }
        riders = new WorldRiders(this, plan.shape().riderCount(), random.split());
    }

    static Outcome run(WorldPlan plan) {
        return new World(plan).run();
    }

    private Outcome run() {
        try {
            for (; step < plan.stepCount() && !verdict.isViolated(); step++) {
                verdict.at(step, time.epochMs() - START_MS);
                step();
            }
            if (!verdict.isViolated()) {
                settle();
            }
            if (!verdict.isViolated()) {
                checkHistory();
            }
        } catch (RuntimeException e) {
            verdict.violated("EXCEPTION", describe(e));
        }
        return new Outcome(
                plan.seed(),
                step,
                crashCount,
                history.ranges().moveCount(),
                history.passages().takenCount(),
                CounterRandom.mix(history.digest() ^ time.monotonicNs() ^ crashCount),
                verdict.violation());
    }

    private void step() {
        time.advanceMs(random.nextInt(plan.shape().paceMs()));
        WorldMoments.Moment moment = moments.next(step);
        if (moment != null) {
            strike(moment);
        }
        WorldNode node = nodes.get(random.nextInt(nodes.size()));
        if (nodes.size() > 1 && random.nextInt(6) == 0) {
            witnessTurn();
            return;
        }
        int dice = random.nextInt(100);
        if (dice < 32) {
            regionTurn(node);
        } else if (dice < 56) {
            logTurn(node);
        } else if (dice < 90) {
            phones.get(random.nextInt(phones.size())).act(time.epochMs(), true);
        } else if (dice < 93) {
            guarded(node, () -> maintenanceTurn(node));
        } else if (dice < 96) {
            riders.act(time.epochMs());
            operate(operators::act);
        } else if (dice < 98) {
            WorldPhone phone = phones.get(random.nextInt(phones.size()));
            if (plan.has(WorldPlan.Fault.BREAK) && random.nextInt(3) == 0) {
                phone.breakOff();
            } else if (plan.has(WorldPlan.Fault.RESTART) && random.nextInt(6) == 0) {
                phone.restart();
            }
        } else {
            fault(node);
        }
    }

    private void fault(WorldNode node) {
        switch (faults.draw(node)) {
            case NONE -> {}
            case CRASH -> die(node, true, "crash");
            case KILL -> die(node, false, "kill");
            case WITNESS -> witnessDies(faults.isMachine());
            case WITNESS_INSIDE -> witness.dieAfter(faults.insideMax());
        }
    }

    private void strike(WorldMoments.Moment moment) {
        switch (moment) {
            case WorldMoments.Death(int node, int within) -> nodes.get(node).dieAfter(within);
            case WorldMoments.Cut _ -> network.cutOrHeal();
            case WorldMoments.Abort(String id, boolean force) -> operate(ask -> operators.abort(ask, id, force));
        }
    }

    private void witnessTurn() {
        try {
            witness.turn();
        } catch (WorldCrash e) {
            witnessDies(faults.isMachine());
        }
    }

    private void witnessDies(boolean isMachine) {
        verdict.note("witness dies");
        crashCount++;
        witness.die(isMachine, random, faults.downMs());
    }

    private void regionTurn(WorldNode node) {
        guarded(node, () -> {
            WorldNode.Life running = process(node);
            if (running != null) {
                node.regionTurn(running);
                long differing = running.core().ranges().hashMismatchCount();
                if (differing > 0) {
                    verdict.violated("HASH", node.name() + ": copies or OPENs differ from their source: " + differing);
                }
            }
        });
    }

    private void logTurn(WorldNode node) {
        guarded(node, () -> {
            WorldNode.Life running = process(node);
            if (running != null) {
                node.logTurn(running);
                history.follow(running.log(), running.number());
            }
        });
    }

    private void maintenanceTurn(WorldNode node) {
        WorldNode.Life running = node.process();
        if (running != null) {
            node.maintenanceTurn(running);
        }
    }

    /** The node's process; started now where there is none, and held against what was durable before. */
    private WorldNode.@Nullable Life process(WorldNode node) {
        WorldNode.Life running = node.process();
        if (running == null && !node.isDown()) {
            running = node.open();
            verdict.note(node.name() + " starts");
            history.follow(running.log(), running.number());
        }
        return running;
    }

    /** Does something of a node that may die in the middle of it, or give up because its disk failed. */
    private void guarded(WorldNode node, Runnable work) {
        try {
            work.run();
        } catch (WorldCrash e) {
            die(node, faults.isMachine(), "dies inside");
        } catch (HailstormException e) {
            if (!node.isDiskFaulty()) {
                verdict.violated("EXCEPTION", node.name() + ": " + describe(e));
                return;
            }
            // The next process may find the page cache of a failed sync, which is not what is on the disk.
            die(node, node.isSyncFaulty() && faults.isMachine(), "gives up: " + e.getMessage());
        } catch (RuntimeException | StackOverflowError | AssertionError | Invariants.InvariantViolation e) {
            verdict.violated("EXCEPTION", node.name() + ": " + describe(e));
        }
    }

    private void die(WorldNode node, boolean isMachine, String why) {
        verdict.note(node.name() + " " + why + (isMachine ? ", its page cache lost" : ""));
        crashCount++;
        WorldNode.Life dying = node.process();
        if (dying != null) {
            // It may have told others of what became durable in its last moment.
            history.follow(dying.log(), dying.number());
        }
        node.die(isMachine, random);
        node.downFor(faults.downMs());
        faults.onDied(node);
        phones.forEach(phone -> phone.nodeDied(node.index()));
    }

    private static String describe(Throwable thrown) {
        StringBuilder text = new StringBuilder(thrown.toString());
        StackTraceElement[] stack = thrown.getStackTrace();
        for (int i = 0; i < Math.min(STACK_LINES, stack.length); i++) {
            text.append(" | ").append(stack[i]);
        }
        return text.toString();
    }

    /** At the node that decides, if there is one. */
    private void operate(Consumer<RangeOperations> asking) {
        for (WorldNode node : nodes) {
            WorldNode.Life running = node.process();
            if (running != null && node.isServing() && running.core().ranges().decides()) {
                guarded(node, () -> asking.accept(running.core().ranges().operations()));
                return;
            }
        }
    }

    /** What riders call at a node; null when it cannot be reached. */
    @Nullable
    RiderServiceImplBase riderService(int nodeIndex) {
        WorldNode node = nodes.get(nodeIndex);
        WorldNode.Life running = node.process();
        return running == null || !node.isServing() ? null : running.riders();
    }

    /** A stream to a node; null when it cannot be reached. */
    @Nullable
    WorldStream connect(int nodeIndex, long driver, long session) {
        WorldNode node = nodes.get(nodeIndex);
        WorldNode.Life running = node.process();
        if (running == null || !node.isServing()) {
            return null;
        }
        return new WorldStream(running.drivers(), driver, response -> onResponse(node, driver, session, response));
    }

    private void onResponse(WorldNode node, long driver, long session, DriveResponse response) {
        switch (response.getMessageCase()) {
            case WELCOME ->
                history.drivers()
                        .onAcknowledged(
                                node.name(),
                                driver,
                                session,
                                response.getWelcome().getAckedSeq());
            case FIX_ACK ->
                history.drivers()
                        .onAcknowledged(
                                node.name(),
                                driver,
                                session,
                                response.getFixAck().getAckedSeq());
            case OFFER, TRIP_UPDATE, DIRECTIVE, MESSAGE_NOT_SET -> {}
        }
    }

    void note(String event) {
        verdict.note(event);
    }

    int nodeCount() {
        return nodes.size();
    }

    int nodeAt(String endpoint, int otherwise) {
        for (WorldNode node : nodes) {
            if (node.name().equals(endpoint)) {
                return node.index();
            }
        }
        return otherwise;
    }

    WorldPlan plan() {
        return plan;
    }

    /** No more faults: within a bound of virtual time everything is over and acknowledged (L1). */
    private void settle() {
        verdict.note("faults stop");
        nodes.forEach(faults::stop);
        nodes.forEach(node -> node.downFor(0));
        witness.startNow();
        for (int round = 0; round < SETTLE_ROUNDS && !verdict.isViolated(); round++) {
            if (round % 8 == 7 && isSettled()) {
                return;
            }
            time.advanceMs(SETTLE_ROUND_MS);
            verdict.at(step, time.epochMs() - START_MS);
            if (nodes.size() > 1) {
                witnessTurn();
            }
            for (WorldNode node : nodes) {
                regionTurn(node);
                logTurn(node);
            }
            phones.forEach(phone -> phone.act(time.epochMs(), false));
        }
        if (!verdict.isViolated()) {
            verdict.violated(
                    "L1",
                    "not over " + SETTLE_ROUNDS * SETTLE_ROUND_MS / 1_000 + " s after the last fault: " + unsettled());
        }
    }

    /** The checker of real runs must find nothing either. */
    private void checkHistory() {
        List<LogReader> logs = new ArrayList<>();
        try {
            nodes.forEach(node -> logs.add(node.reader()));
            HistoryChecker.Verdict found =
                    HistoryChecker.check(logs, history.drivers().promises());
            if (!found.ok()) {
                verdict.violated(found.doubleOffers() > 0 ? "I7" : "HISTORY", String.join("; ", found.examples()));
            }
        } finally {
            logs.forEach(LogReader::close);
        }
    }

    private static boolean isServed(WorldNode node, int partition) {
        WorldNode.Life running = node.process();
        return running != null && node.isServing() && running.core().served().serves(partition);
    }

    private boolean isSettled() {
        return unsettled().isEmpty();
    }

    private List<String> unsettled() {
        List<String> open = new ArrayList<>();
        for (WorldPhone phone : phones) {
            if (!phone.isSettled()) {
                open.add(phone + "; durable: " + history.drivers().visible(phone.driver()));
            }
        }
        history.ranges().table().movesInFlight().forEach(move -> open.add("under way: " + move.migrationId()));
        history.ranges().table().groups().forEach(group -> open.add("under way: " + group.groupId()));
        int served = 0;
        for (WorldNode node : nodes) {
            if (!node.isServing()) {
                open.add(node.name() + " does not serve");
            }
            for (int partition = 0; partition < plan.partitionCount(); partition++) {
                served += isServed(node, partition) ? 1 : 0;
            }
            WorldNode.Life running = node.process();
            if (running != null && node.isServing() && nodes.size() > 1) {
                String difference = history.difference(running.log());
                if (!difference.isEmpty()) {
                    open.add(node.name() + ": " + difference);
                }
            }
        }
        if (served != plan.partitionCount()) {
            open.add(served + " of " + plan.partitionCount() + " partitions are served");
        }
        return open;
    }
}
