package io.hailstorm.log;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The fold over a Kafka partition: judges every frame in log order by nothing but the frames before it, so every reader
 * judges the same. Also what a snapshot in the topic and the positions file hold. One thread.
 *
 * <pre>
 *   frame      valid iff                                              then
 *   CLAIM      expectedEpoch = epoch, ownerEpoch = epoch + 1          epoch, owner := the claim's
 *   DATA       ownerEpoch = epoch, baseOffset = end, records whole    end += count
 *   GROUP      expectedVersion = the group's version                  the group := the frame's, version + 1
 *   SNAPSHOT   always: it only repeats                                a reader without state begins with it
 *   other      never
 * </pre>
 */
final class KafkaPartitionState {
    /** Snapshots in the topic whose place is remembered, for cutting the topic's head off. */
    private static final int ANCHORS_MAX = 512;

    private static final int VERSION = 1;

    private final long producerExpiryMs;
    private long nextKafkaOffset;
    private long endOffset;
    private long ownerEpoch;
    private long ownerProcess;
    private String ownerNode = "";
    private String ownerEndpoint = "";
    private ProducerTable producers;
    private final Map<String, GroupState> groups = new TreeMap<>();
    private final Deque<Anchor> anchors = new ArrayDeque<>();

    record GroupState(long version, long generation, long nextOffset) {}

    /** A snapshot in the topic that describes everything before a Kafka offset, where the log ended at {@code offset}. */
    record Anchor(long kafkaOffset, long offset) {}

    KafkaPartitionState(long producerExpiryMs) {
        this.producerExpiryMs = producerExpiryMs;
        producers = new ProducerTable(producerExpiryMs);
    }

    /** The Kafka offset of the next frame to judge. */
    long nextKafkaOffset() {
        return nextKafkaOffset;
    }

    void judgedBefore(long kafkaOffset) {
        nextKafkaOffset = kafkaOffset;
    }

    /** The offset the next valid batch begins with. */
    long endOffset() {
        return endOffset;
    }

    long ownerEpoch() {
        return ownerEpoch;
    }

    /** Drawn by the process that owns the partition; 0 when nobody ever did. */
    long ownerProcess() {
        return ownerProcess;
    }

    Owner owner() {
        return new Owner(ownerNode, ownerEndpoint, ownerEpoch);
    }

    Map<String, GroupState> groups() {
        return groups;
    }

    @Nullable
    GroupState group(String name) {
        return groups.get(name);
    }

    byte[] producerSnapshot() {
        return producers.snapshot();
    }

    boolean isValid(KafkaFrame.Data data) {
        return data.ownerEpoch() == ownerEpoch && data.baseOffset() == endOffset && data.isWhole();
    }

    /** After {@link #isValid} said so. */
    void apply(KafkaFrame.Data data) {
        producers.onBatch(
                data.bytes().getLong(KafkaFrame.PRODUCER_ID_OFFSET),
                data.bytes().getInt(KafkaFrame.PRODUCER_EPOCH_OFFSET),
                data.bytes().getLong(KafkaFrame.BASE_SEQ_OFFSET),
                data.count(),
                endOffset,
                data.bytes().getLong(KafkaFrame.HLC_FIRST_OFFSET));
        endOffset += data.count();
    }

    /** @return whether it is valid */
    boolean apply(KafkaFrame.Claim claim) {
        if (claim.expectedEpoch() != ownerEpoch || claim.ownerEpoch() != ownerEpoch + 1) {
            return false;
        }
        ownerEpoch = claim.ownerEpoch();
        ownerProcess = claim.processId();
        ownerNode = claim.nodeId();
        ownerEndpoint = claim.endpoint();
        return true;
    }

    /** @return whether it is valid */
    boolean apply(KafkaFrame.Group change) {
        GroupState last = groups.get(change.name());
        long version = last == null ? 0 : last.version();
        if (change.expectedVersion() != version || (last == null && groups.size() >= GroupFile.GROUPS_MAX)) {
            return false;
        }
        groups.put(change.name(), new GroupState(version + 1, change.generation(), change.nextOffset()));
        return true;
    }

    /** Remembers where a snapshot lies. */
    void onSnapshot(KafkaPartitionState described) {
        if (anchors.isEmpty() || described.nextKafkaOffset > anchors.getLast().kafkaOffset()) {
            if (anchors.size() == ANCHORS_MAX) {
                anchors.removeFirst();
            }
            anchors.addLast(new Anchor(described.nextKafkaOffset, described.endOffset));
        }
    }

    /** The Kafka offset before which nothing is needed by a reader from {@code startOffset} on; -1 when none is known. */
    long removableBefore(long startOffset) {
        long removable = -1;
        while (!anchors.isEmpty() && anchors.getFirst().offset() <= startOffset) {
            removable = anchors.removeFirst().kafkaOffset();
        }
        return removable;
    }

    byte[] encode() {
        byte[] node = ownerNode.getBytes(StandardCharsets.UTF_8);
        byte[] endpoint = ownerEndpoint.getBytes(StandardCharsets.UTF_8);
        byte[] table = producers.snapshot();
        int groupBytes = groups.keySet().stream()
                .mapToInt(name -> 28 + name.getBytes(StandardCharsets.UTF_8).length)
                .sum();
        ByteBuffer out = ByteBuffer.allocate(
                        60 + node.length + endpoint.length + table.length + groupBytes + 16 * anchors.size())
                .order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(VERSION);
        out.putLong(nextKafkaOffset).putLong(endOffset).putLong(ownerEpoch).putLong(ownerProcess);
        KafkaFrame.putText(out, node);
        KafkaFrame.putText(out, endpoint);
        out.putInt(table.length).put(table).putInt(groups.size());
        groups.forEach((name, group) -> {
            KafkaFrame.putText(out, name.getBytes(StandardCharsets.UTF_8));
            out.putLong(group.version()).putLong(group.generation()).putLong(group.nextOffset());
        });
        out.putInt(anchors.size());
        anchors.forEach(anchor -> out.putLong(anchor.kafkaOffset()).putLong(anchor.offset()));
        return java.util.Arrays.copyOf(out.array(), out.position());
    }

    /** @throws HailstormException {@code FAILED_PRECONDITION} for one that a newer Hailstorm wrote */
    static KafkaPartitionState decode(byte[] encoded, long producerExpiryMs) {
        ByteBuffer in = ByteBuffer.wrap(encoded).order(ByteOrder.LITTLE_ENDIAN);
        int version = in.getInt();
        if (version > VERSION) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "snapshot of a Kafka partition written by a newer Hailstorm: version=" + version
                            + ", understood up to " + VERSION);
        }
        KafkaPartitionState state = new KafkaPartitionState(producerExpiryMs);
        state.nextKafkaOffset = in.getLong();
        state.endOffset = in.getLong();
        state.ownerEpoch = in.getLong();
        state.ownerProcess = in.getLong();
        state.ownerNode = KafkaFrame.getText(in);
        state.ownerEndpoint = KafkaFrame.getText(in);
        byte[] table = new byte[in.getInt()];
        in.get(table);
        state.producers = ProducerTable.restore(table, producerExpiryMs);
        for (int i = in.getInt(); i > 0; i--) {
            state.groups.put(KafkaFrame.getText(in), new GroupState(in.getLong(), in.getLong(), in.getLong()));
        }
        for (int i = in.getInt(); i > 0; i--) {
            state.anchors.addLast(new Anchor(in.getLong(), in.getLong()));
        }
        return state;
    }

    long producerExpiryMs() {
        return producerExpiryMs;
    }
}
