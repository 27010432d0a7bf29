package io.hailstorm.node;

import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.GeoTransport;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** The way between regions and to the witness: messages are late, lost, doubled and out of order; members are cut off from each other. */
final class WorldNetwork {
    private static final int MESSAGE_BYTES_MAX = 16 << 10;
    private static final int DELAY_USUAL_MS = 8;
    private static final int DELAY_MAX_MS = 250;

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Message(long atNs, long number, String from, byte[] bytes) {}

    private final TimeSource time;
    private final SplittableRandom random;
    private final WorldVerdict verdict;
    private final List<String> members = new ArrayList<>();
    private final Map<String, PriorityQueue<Message>> inboxes = new HashMap<>();
    private final Set<String> cuts = new HashSet<>();
    private boolean isLossy;
    private long sentCount;

    WorldNetwork(TimeSource time, SplittableRandom random, WorldVerdict verdict) {
        this.time = time;
        this.random = random;
        this.verdict = verdict;
    }

    /** @param onSend called before and after each message; may throw {@link WorldCrash} */
    GeoTransport join(String name, Runnable onSend) {
        if (!inboxes.containsKey(name)) {
            members.add(name);
            inboxes.put(
                    name,
                    new PriorityQueue<>(Comparator.comparingLong(Message::atNs).thenComparingLong(Message::number)));
        }
        return new Transport(name, onSend);
    }

    void lossy(boolean is) {
        isLossy = is;
    }

    /** Cuts somebody off from somebody, one way or both, or lets everybody talk again. */
    void cutOrHeal() {
        if (!cuts.isEmpty() && random.nextInt(3) > 0) {
            heal();
            return;
        }
        if (members.isEmpty()) {
            return;
        }
        String from = members.get(random.nextInt(members.size()));
        String to = members.get(random.nextInt(members.size()));
        if (!from.equals(to)) {
            boolean isBoth = random.nextBoolean();
            cuts.add(from + ">" + to);
            if (isBoth) {
                cuts.add(to + ">" + from);
            }
            verdict.note(from + (isBoth ? " and " : " can no longer reach ") + to + (isBoth ? " are cut off" : ""));
        }
    }

    void heal() {
        if (!cuts.isEmpty()) {
            verdict.note("everybody reaches everybody again");
        }
        cuts.clear();
    }

    private void send(String from, String to, DirectBuffer message, int index, int length) {
        PriorityQueue<Message> inbox = inboxes.get(to);
        if (inbox == null || cuts.contains(from + ">" + to) || (isLossy && random.nextInt(10) == 0)) {
            return;
        }
        byte[] bytes = new byte[length];
        message.getBytes(index, bytes);
        int copies = isLossy && random.nextInt(12) == 0 ? 2 : 1;
        for (int i = 0; i < copies; i++) {
            boolean isSlow = isLossy && random.nextInt(8) == 0;
            long delayMs = 1L + random.nextInt(isSlow ? DELAY_MAX_MS : DELAY_USUAL_MS);
            inbox.add(new Message(time.monotonicNs() + WorldTime.ns(delayMs), sentCount++, from, bytes));
        }
    }

    private final class Transport implements GeoTransport {
        private final String self;
        private final Runnable onSend;
        private final UnsafeBuffer view = new UnsafeBuffer(0, 0);

        Transport(String self, Runnable onSend) {
            this.self = self;
            this.onSend = onSend;
        }

        @Override
        public boolean send(String toMember, DirectBuffer message, int index, int length) {
            onSend.run();
            WorldNetwork.this.send(self, toMember, message, index, length);
            onSend.run();
            return true;
        }

        @Override
        public int poll(Receiver receiver, int maxMessages) {
            PriorityQueue<Message> inbox = inboxes.get(self);
            int count = 0;
            for (; inbox != null && count < maxMessages; count++) {
                Message next = inbox.peek();
                if (next == null || next.atNs() > time.monotonicNs()) {
                    break;
                }
                inbox.remove();
                view.wrap(next.bytes());
                receiver.onMessage(next.from(), view, 0, next.bytes().length);
            }
            return count;
        }

        @Override
        public int maxMessageBytes() {
            return MESSAGE_BYTES_MAX;
        }
    }
}
