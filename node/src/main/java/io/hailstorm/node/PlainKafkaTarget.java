package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import org.agrona.concurrent.UnsafeBuffer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Kafka alone, with its idempotent producer and {@code acks=all}: what a chaos run is compared with, to tell Kafka's part
 * of a silence from ours. One Kafka record a batch, as the Kafka engine does.
 */
final class PlainKafkaTarget implements ChaosTarget {
    private static final String TOPIC = "chaos";
    private static final int REPLICAS_MAX = 3;
    private static final int REQUEST_TIMEOUT_MS = 2_000;
    private static final int RETRY_MS = 50;
    /** Under way a partition; more wait their turn. */
    private static final long BYTES_UNDER_WAY_MAX = 8 << 20;

    /** So much that what is under way always fits: a full buffer would block the run's thread. */
    private static final long BUFFER_BYTES = 256 << 20;

    private static final int EMPTY_POLLS_MAX = 20;

    private final String bootstrap;
    private final int partitionCount;
    private final KafkaProducer<byte[], byte[]> producer;
    private final AtomicLongArray acked;
    private final AtomicLongArray ackedBatches;
    private final long[] sentBatches;
    private final AtomicReference<RuntimeException> failure = new AtomicReference<>();

    PlainKafkaTarget(String bootstrap, int brokers, int partitionCount) {
        this.bootstrap = bootstrap;
        this.partitionCount = partitionCount;
        acked = new AtomicLongArray(partitionCount);
        ackedBatches = new AtomicLongArray(partitionCount);
        sentBatches = new long[partitionCount];
        createTopic(Math.min(brokers, REPLICAS_MAX));
        Map<String, Object> config = new HashMap<>();
        config.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        config.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
        config.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        config.put(ProducerConfig.BUFFER_MEMORY_CONFIG, BUFFER_BYTES);
        config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, REQUEST_TIMEOUT_MS);
        config.put(ProducerConfig.RETRY_BACKOFF_MS_CONFIG, RETRY_MS);
        config.put(ProducerConfig.RETRY_BACKOFF_MAX_MS_CONFIG, 2 * RETRY_MS);
        config.put(ProducerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 4 * RETRY_MS);
        config.put(ProducerConfig.SOCKET_CONNECTION_SETUP_TIMEOUT_MS_CONFIG, REQUEST_TIMEOUT_MS / 2);
        producer = new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
        producer.partitionsFor(TOPIC); // connects: the first answer takes long
    }

    private void createTopic(int replicas) {
        try (Admin admin = Admin.create(Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap))) {
            admin.createTopics(List.of(new NewTopic(TOPIC, partitionCount, (short) replicas)))
                    .all()
                    .get();
        } catch (ExecutionException e) {
            throw new HailstormException(ErrorCode.UNAVAILABLE, "cannot create topic " + TOPIC + ": " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HailstormException(ErrorCode.ABORTED, "interrupted", e);
        }
    }

    @Override
    public int partitionCount() {
        return partitionCount;
    }

    @Override
    public String topic() {
        return TOPIC;
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // the callback learns the same
    public boolean offer(int partition, long baseSeq, int count) {
        RuntimeException failed = failure.get();
        if (failed != null) {
            throw failed;
        }
        long underWay = (sentBatches[partition] - ackedBatches.get(partition)) * count * ChaosRecords.BYTES;
        if (underWay >= BYTES_UNDER_WAY_MAX) {
            return false;
        }
        UnsafeBuffer value = new UnsafeBuffer(new byte[count * ChaosRecords.BYTES]);
        for (int i = 0; i < count; i++) {
            ChaosRecords.put(value, i * ChaosRecords.BYTES, partition, baseSeq + i);
        }
        sentBatches[partition]++;
        producer.send(new ProducerRecord<>(TOPIC, partition, null, value.byteArray()), (metadata, refused) -> {
            if (refused != null) {
                failure.compareAndSet(
                        null,
                        new HailstormException(ErrorCode.UNAVAILABLE, "Kafka refused a record: " + refused, refused));
                return;
            }
            acked.set(partition, baseSeq + count); // in order a partition: the producer is idempotent
            ackedBatches.incrementAndGet(partition);
        });
        return true;
    }

    @Override
    public long acked(int partition) {
        return acked.get(partition);
    }

    @Override
    public Map<String, Long> counts() {
        return Map.of();
    }

    @Override
    public int work() {
        return 0;
    }

    @Override
    public void readBack(long[] promised, ChaosRecords check) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (int partition = 0; partition < partitionCount; partition++) {
            partitions.add(new TopicPartition(TOPIC, partition));
        }
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            int empty = 0;
            while (empty < EMPTY_POLLS_MAX && !isAtEnd(consumer, ends)) {
                var records = consumer.poll(Duration.ofMillis(500));
                empty = records.isEmpty() ? empty + 1 : 0;
                records.forEach(record -> check(record, check));
            }
        }
    }

    private static boolean isAtEnd(KafkaConsumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends) {
        return ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
    }

    private static void check(ConsumerRecord<byte[], byte[]> record, ChaosRecords check) {
        UnsafeBuffer value = new UnsafeBuffer(record.value());
        for (int index = 0; index < value.capacity(); index += ChaosRecords.BYTES) {
            check.onRecord(record.partition(), value, index, ChaosRecords.BYTES);
        }
    }

    @Override
    public void close() {
        producer.close(Duration.ZERO);
    }
}
