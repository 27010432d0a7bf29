package io.hailstorm.log;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Carries messages between members as badly as a network may: late, out of order, twice, not at all. One thread. */
final class SimulatedNetwork {
    private static final int MESSAGE_BYTES_MAX = 1 << 20;

    private final Random random;
    private final Map<String, ArrayDeque<Sent>> inboxes = new HashMap<>();
    private final PriorityQueue<Sent> underWay = new PriorityQueue<>();
    private final Set<String> cut = new HashSet<>();
    private double lossRate;
    private double doubleRate;
    private long delayNsMax = 2_000_000;
    private long nowNs;
    private long sentCount;

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Sent(long dueNs, long number, String from, String to, byte[] bytes) implements Comparable<Sent> {
        @Override
        public int compareTo(Sent other) {
            int byDue = Long.compare(dueNs, other.dueNs);
            return byDue != 0 ? byDue : Long.compare(number, other.number);
        }
    }

    SimulatedNetwork(Random random) {
        this.random = random;
    }

    void misbehave(double loss, double doubled, long delayNs) {
        lossRate = loss;
        doubleRate = doubled;
        delayNsMax = delayNs;
    }

    /** Nothing goes this way until {@link #heal}. */
    void cut(String from, String to) {
        cut.add(from + ">" + to);
    }

    void heal() {
        cut.clear();
        misbehave(0, 0, 2_000_000);
    }

    void advance(long toNs) {
        nowNs = toNs;
        while (!underWay.isEmpty() && underWay.peek().dueNs() <= nowNs) {
            Sent sent = underWay.poll();
            inboxes.computeIfAbsent(sent.to(), key -> new ArrayDeque<>()).add(sent);
        }
    }

    /** A member's end of it; a restarted member gets what was sent to the former one, too. */
    GeoTransport of(String member) {
        return new GeoTransport() {
            @Override
            public boolean send(String to, DirectBuffer message, int index, int length) {
                byte[] bytes = new byte[length];
                message.getBytes(index, bytes);
                int copies = random.nextDouble() < doubleRate ? 2 : 1;
                for (int i = 0; i < copies; i++) {
                    if (!cut.contains(member + ">" + to) && random.nextDouble() >= lossRate) {
                        long due = nowNs + 100_000 + (long) (random.nextDouble() * delayNsMax);
                        underWay.add(new Sent(due, sentCount++, member, to, bytes));
                    }
                }
                return true;
            }

            @Override
            public int poll(Receiver receiver, int maxMessages) {
                ArrayDeque<Sent> inbox = inboxes.computeIfAbsent(member, key -> new ArrayDeque<>());
                int polled = 0;
                for (; polled < maxMessages && !inbox.isEmpty(); polled++) {
                    Sent sent = inbox.poll();
                    receiver.onMessage(sent.from(), new UnsafeBuffer(sent.bytes()), 0, sent.bytes().length);
                }
                return polled;
            }

            @Override
            public int maxMessageBytes() {
                return MESSAGE_BYTES_MAX;
            }
        };
    }
}
