package io.hailstorm.log;

import java.util.ArrayDeque;
import java.util.Deque;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * What one partition has to send: control frames first, then the batches of its {@link KafkaTenure}; and whether something
 * that was sent will never be read back, so that only a new sender can help. Under the log's lock.
 */
final class KafkaOutgoing {
    private final TopicPartition topicPartition;
    private final KafkaSender.Flight flight = new KafkaSender.Flight();
    private final Deque<byte[]> control = new ArrayDeque<>();
    private int sender;
    private boolean renewalWanted;

    KafkaOutgoing(TopicPartition topicPartition) {
        this.topicPartition = topicPartition;
    }

    void add(byte[] controlFrame) {
        control.add(controlFrame);
    }

    /**
     * Gives the sender what waits, as far as it has room.
     *
     * @param own null when this process does not own the partition
     */
    int sendTo(KafkaSender to, @Nullable KafkaTenure own) {
        sender = to.number();
        int count = 0;
        for (byte[] frame = control.poll(); frame != null; frame = control.poll()) {
            to.send(topicPartition, frame, flight);
            count++;
        }
        if (own == null) {
            return count;
        }
        KafkaTenure.Batch batch = own.peekUnsent();
        while (batch != null && to.hasRoomFor(batch.frame().length)) {
            KafkaFrame.setSender(batch.frame(), sender);
            own.onSent();
            to.send(topicPartition, batch.frame(), flight);
            count++;
            batch = own.peekUnsent();
        }
        return count;
    }

    /** A batch of this process was read behind a gap; if the present sender sent it, one before it did not arrive. */
    void onGapBefore(KafkaFrame.Data data) {
        renewalWanted |= data.sender() == sender;
    }

    /** A new sender took over. */
    void onRenewed() {
        renewalWanted = false;
    }

    /** Whether something was sent that is not among the frames below a Kafka offset, and will not come after them. */
    boolean wantsRenewal(@Nullable KafkaTenure own, long nextKafkaOffset) {
        boolean missing = own != null && !own.isEmpty() && own.isAllSent() && flight.isAllBelow(nextKafkaOffset);
        return renewalWanted || missing;
    }
}
