package io.hailstorm.ingest;

import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.protocol.v1.DriverTakenIn;
import io.hailstorm.protocol.v1.Event;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Drivers who go to and fro over the border between two nodes that crash, whose disks are slow and whose copies of each other
 * stall. All of it follows from the seed.
 */
final class HandOverSimulation implements AutoCloseable {
    private static final int DRIVER_COUNT = 3;
    private static final int STEPS = 1_500;
    private static final int QUIET_STEPS = 400;

    final TwoNodes nodes;
    final List<RoamingPhone> phones = new ArrayList<>();
    int crashCount;
    private final long seed;
    private final long[] stalledUntilMs = new long[2];
    private long draws;

    HandOverSimulation(long seed, Safeguards safeguards) {
        this.seed = seed;
        nodes = new TwoNodes(safeguards);
        for (int i = 0; i < DRIVER_COUNT; i++) {
            phones.add(new RoamingPhone(100 + i, this));
        }
    }

    int below(int bound) {
        return CounterRandom.below(bound, seed, 0, draws++, 0);
    }

    /** @return what is wrong; empty when nothing is */
    String run() {
        for (int step = 0; step < STEPS; step++) {
            step();
            String wrong = twoAuthorities();
            if (!wrong.isEmpty()) {
                return "step " + step + ": " + wrong;
            }
        }
        for (int step = 0; step < QUIET_STEPS; step++) {
            nodes.time.advanceMs(200);
            nodes.settle();
            phones.forEach(RoamingPhone::rest);
        }
        String wrong = wrongInLogs();
        if (!wrong.isEmpty()) {
            return wrong;
        }
        for (RoamingPhone phone : phones) {
            if (!phone.isAllAcknowledged()) {
                return "driver " + phone.driver + " is served by nobody though nothing fails any more";
            }
        }
        return "";
    }

    private void step() {
        nodes.time.advanceMs(20 + below(400));
        TwoNodes.Node node = nodes.node(below(2));
        switch (below(10)) {
            case 0, 1, 2 -> node.turn();
            case 3, 4 -> node.sync(1 + below(6));
            case 5, 6 -> {
                if (nodes.time.epochMs() >= stalledUntilMs[node.own]) {
                    node.follow(1 + below(8));
                }
            }
            case 7 -> trouble(node);
            default -> phones.get(below(DRIVER_COUNT)).step();
        }
    }

    private void trouble(TwoNodes.Node node) {
        int kind = below(60);
        if (kind < 3) {
            crashCount++;
            node.crash();
            phones.forEach(phone -> phone.crashed(node));
        } else if (kind < 6) {
            stalledUntilMs[node.own] = nodes.time.epochMs() + below(30_000);
        } else if (kind < 8) {
            node.readAgain();
        }
    }

    private String twoAuthorities() {
        for (RoamingPhone phone : phones) {
            if (nodes.west.hasAuthority(phone.driver) && nodes.east.hasAuthority(phone.driver)) {
                return "two nodes have authority over driver " + phone.driver;
            }
        }
        return "";
    }

    private String wrongInLogs() {
        for (RoamingPhone phone : phones) {
            String wrong = wrongOf(phone);
            if (!wrong.isEmpty()) {
                return "driver " + phone.driver + ": " + wrong;
            }
        }
        return wrongTakings();
    }

    private String wrongOf(RoamingPhone phone) {
        Map<Integer, Integer> partitionByDe = new HashMap<>();
        TreeMap<Integer, List<Long>> lineage = new TreeMap<>();
        Set<Long> logged = new HashSet<>();
        FixView fix = new FixView();
        for (int partition = 0; partition < 2; partition++) {
            for (ManualLog.Entry entry : nodes.log.partition(StreamName.FIXES, partition).entries) {
                if (entry.type() != RecordType.FIX
                        || fix.wrap(new UnsafeBuffer(entry.bytes()), 0).driver() != phone.driver) {
                    continue;
                }
                if (!logged.add(fix.seq())) {
                    return "number " + fix.seq() + " is visible twice";
                }
                Integer other = partitionByDe.put(fix.de(), partition);
                if (other != null && other != partition) {
                    return "driver epoch " + fix.de() + " is of two partitions";
                }
                lineage.computeIfAbsent(fix.de(), de -> new ArrayList<>()).add(fix.seq());
            }
            for (ManualLog.Entry entry : nodes.log.partition(StreamName.LATE, partition).entries) {
                if (fix.wrap(new UnsafeBuffer(entry.bytes()), 0).driver() == phone.driver && !logged.add(fix.seq())) {
                    return "number " + fix.seq() + " is decided twice";
                }
            }
        }
        List<Long> inOrder = lineage.values().stream().flatMap(List::stream).toList();
        if (!inOrder.equals(inOrder.stream().sorted().toList())) {
            return "its record is out of order: " + lineage;
        }
        for (long seq = 1; seq <= phone.ackedSeq(); seq++) {
            if (!logged.contains(seq)) {
                return "number " + seq + " was acknowledged and is gone";
            }
        }
        return "";
    }

    private String wrongTakings() {
        Set<List<Long>> seen = new HashSet<>();
        for (int partition = 0; partition < 2; partition++) {
            for (Event event : nodes.node(partition).durable()) {
                DriverTakenIn taken = event.getDriverTakenIn();
                if (event.hasDriverTakenIn() && !seen.add(List.of(taken.getDriver(), (long) taken.getDe()))) {
                    return "driver " + taken.getDriver() + " was taken in twice under driver epoch " + taken.getDe();
                }
            }
        }
        return "";
    }

    /** How many records of a kind are on disk. */
    long count(Event.PayloadCase step) {
        return nodes.west.durable().stream()
                        .filter(event -> event.getPayloadCase() == step)
                        .count()
                + nodes.east.durable().stream()
                        .filter(event -> event.getPayloadCase() == step)
                        .count();
    }

    @Override
    public void close() {
        nodes.close();
    }
}
