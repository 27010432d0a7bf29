package io.hailstorm.log;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads every partition of every stream from its end on, in order. One thread at a time. */
final class KafkaTail implements AutoCloseable {
    private final KafkaConsumer<byte[], byte[]> consumer;

    /** What the tail hands its frames to. */
    interface Reader {
        /**
         * @return the Kafka offset to go on from: usually the next; the frame's own when it cannot be taken now
         */
        long onFrame(TopicPartition partition, long kafkaOffset, byte[] frame);

        /** Frames that were to come next are no longer kept: the first that is, is at {@code kafkaOffset}. */
        void onHeadGone(TopicPartition partition, long kafkaOffset);
    }

    KafkaTail(KafkaLogConfig config, Collection<TopicPartition> partitions) {
        consumer = new KafkaConsumer<>(
                KafkaClients.tail(config), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        consumer.assign(partitions);
    }

    Map<TopicPartition, Long> startOffsets() {
        return consumer.beginningOffsets(consumer.assignment());
    }

    Map<TopicPartition, Long> endOffsets() {
        return consumer.endOffsets(consumer.assignment());
    }

    void seek(TopicPartition partition, long kafkaOffset) {
        consumer.seek(partition, kafkaOffset);
    }

    /** Frames that are behind the newest that a fetch saw, over all partitions. */
    long lag() {
        return consumer.assignment().stream()
                .mapToLong(partition -> consumer.currentLag(partition).orElse(0))
                .sum();
    }

    int poll(Duration timeout, Reader reader) {
        try {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(timeout);
            for (TopicPartition partition : records.partitions()) {
                hand(partition, records.records(partition), reader);
            }
            return records.count();
        } catch (OffsetOutOfRangeException e) {
            onOutOfRange(e, reader);
            return 1;
        } catch (KafkaException e) {
            throw new HailstormException(ErrorCode.UNAVAILABLE, "Kafka: cannot read the log: " + e, e);
        }
    }

    private void hand(TopicPartition partition, List<ConsumerRecord<byte[], byte[]>> records, Reader reader) {
        for (ConsumerRecord<byte[], byte[]> each : records) {
            long next = reader.onFrame(partition, each.offset(), each.value() == null ? new byte[0] : each.value());
            if (next != each.offset() + 1) {
                consumer.seek(partition, next);
                return;
            }
        }
    }

    private void onOutOfRange(OffsetOutOfRangeException e, Reader reader) {
        Map<TopicPartition, Long> starts =
                consumer.beginningOffsets(e.offsetOutOfRangePartitions().keySet());
        e.offsetOutOfRangePartitions().forEach((partition, wanted) -> {
            long start = starts.getOrDefault(partition, 0L);
            if (wanted >= start) {
                throw new HailstormException(
                        ErrorCode.DATA_LOSS,
                        "Kafka lost records of " + partition + ": the next to read was " + wanted
                                + ", which is beyond its end; what was read before is in this node's cache");
            }
            consumer.seek(partition, start);
            reader.onHeadGone(partition, start);
        });
    }

    @Override
    public void close() {
        consumer.close(CloseOptions.timeout(Duration.ofMillis(500)));
    }
}
