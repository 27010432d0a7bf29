package io.hailstorm.log;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Sends frames through an idempotent producer, which it replaces as a whole after a failure. Syncer thread; Kafka's own
 * thread reports outcomes.
 */
final class KafkaSender implements AutoCloseable {
    private final KafkaLogConfig config;
    private final AtomicLong inFlightBytes = new AtomicLong();
    private final List<String> topics;
    private final Deque<String> unknown = new ArrayDeque<>();
    private KafkaProducer<byte[], byte[]> producer;
    private volatile int number = 1;
    private volatile @Nullable Exception failure;

    /** What of one Kafka partition is on its way. */
    static final class Flight {
        private final AtomicInteger count = new AtomicInteger();
        private final AtomicLong lastAcked = new AtomicLong(-1);

        /**
         * Whether everything sent was acknowledged, all below a Kafka offset: what was not found there is not in the log.
         */
        boolean isAllBelow(long kafkaOffset) {
            return count.get() == 0 && lastAcked.get() >= 0 && lastAcked.get() < kafkaOffset;
        }
    }

    KafkaSender(KafkaLogConfig config, Collection<String> topics) {
        this.config = config;
        this.topics = List.copyOf(topics);
        unknown.addAll(topics);
        producer = newProducer();
    }

    private KafkaProducer<byte[], byte[]> newProducer() {
        return new KafkaProducer<>(KafkaClients.producer(config), new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** Whether the producer knows every topic, so that {@link #send} need not wait. Waits a moment itself. */
    boolean isReady() {
        try {
            for (String next = unknown.peek(); next != null; next = unknown.peek()) {
                var _ = producer.partitionsFor(next);
                unknown.remove();
            }
            return true;
        } catch (TimeoutException e) {
            return false;
        }
    }

    /** Grows with every new producer. */
    int number() {
        return number;
    }

    boolean hasRoomFor(int bytes) {
        long flying = inFlightBytes.get();
        return flying == 0 || flying + bytes <= KafkaClients.IN_FLIGHT_BYTES_MAX;
    }

    void send(TopicPartition to, byte[] frame, Flight flight) {
        int sentBy = number;
        inFlightBytes.addAndGet(frame.length);
        flight.count.incrementAndGet();
        var _ = producer.send(new ProducerRecord<>(to.topic(), to.partition(), null, frame), (metadata, e) -> {
            inFlightBytes.addAndGet(-frame.length);
            if (e == null) {
                flight.lastAcked.accumulateAndGet(metadata.offset(), Math::max);
            } else if (sentBy == number) {
                failure = e;
            }
            flight.count.decrementAndGet();
        });
    }

    /** Why the current producer is of no more use; null while it is. */
    @Nullable
    Exception failure() {
        return failure;
    }

    /** Goes on with a new producer. What the old one had on its way may still arrive in the log. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread counts; Kafka's only reads
    void renew() {
        number++;
        producer.close(Duration.ZERO);
        failure = null;
        unknown.clear();
        unknown.addAll(topics);
        producer = newProducer();
    }

    @Override
    public void close() {
        producer.close(Duration.ofMillis(500));
    }
}
