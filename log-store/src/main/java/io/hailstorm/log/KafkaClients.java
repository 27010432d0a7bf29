package io.hailstorm.log;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;

/**
 * How this engine sets up Kafka's clients. Requests give up after two seconds, so that a dead broker is noticed; what is
 * retried, is retried for much longer than any broker takes to be replaced.
 */
final class KafkaClients {
    /** A batch with its header. Also the topics' {@code max.message.bytes}, with room for Kafka's own headers. */
    static final int FRAME_BYTES_MAX = 4 << 20;

    static final int MESSAGE_BYTES_MAX = FRAME_BYTES_MAX + (64 << 10);
    /** Unacknowledged bytes at which no more is given to the producer: well below its own bound, where it would block. */
    static final int IN_FLIGHT_BYTES_MAX = 40 << 20;

    private static final int BUFFER_BYTES = 64 << 20;
    private static final int REQUEST_TIMEOUT_MS = 2_000;
    /** For metadata, asked for again and again: the thread that waits serves every partition. */
    private static final long MAX_BLOCK_MS = 50;

    /** A year: a silent topic is not forgotten. Kafka adds it to the clock, so it may not be the largest number. */
    private static final long METADATA_IDLE_MS = 365L * 24 * 60 * 60 * 1000;

    private static final int DELIVERY_TIMEOUT_MS = 60_000;
    private static final int MAX_POLL_INTERVAL_MS = 10_000;

    private KafkaClients() {}

    static Map<String, Object> common(KafkaLogConfig config) {
        Map<String, Object> settings = new HashMap<>();
        settings.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, config.bootstrap());
        settings.put(CommonClientConfigs.REQUEST_TIMEOUT_MS_CONFIG, REQUEST_TIMEOUT_MS);
        settings.put(CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG, 30_000);
        settings.put(CommonClientConfigs.RECONNECT_BACKOFF_MS_CONFIG, 50);
        settings.put(CommonClientConfigs.RECONNECT_BACKOFF_MAX_MS_CONFIG, 500);
        settings.put(CommonClientConfigs.RETRY_BACKOFF_MS_CONFIG, 50);
        settings.put(CommonClientConfigs.RETRY_BACKOFF_MAX_MS_CONFIG, 500);
        settings.put(CommonClientConfigs.SOCKET_CONNECTION_SETUP_TIMEOUT_MS_CONFIG, 1_000);
        settings.put(CommonClientConfigs.SOCKET_CONNECTION_SETUP_TIMEOUT_MAX_MS_CONFIG, 2_000);
        settings.put(CommonClientConfigs.CLIENT_ID_CONFIG, "hailstorm-" + config.nodeId());
        settings.put(CommonClientConfigs.ENABLE_METRICS_PUSH_CONFIG, false);
        return settings;
    }

    static Map<String, Object> producer(KafkaLogConfig config) {
        Map<String, Object> settings = common(config);
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
        settings.put(ProducerConfig.LINGER_MS_CONFIG, 1);
        settings.put(ProducerConfig.BATCH_SIZE_CONFIG, 256 << 10);
        settings.put(ProducerConfig.BUFFER_MEMORY_CONFIG, (long) BUFFER_BYTES);
        settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, MESSAGE_BYTES_MAX);
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, MAX_BLOCK_MS);
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, DELIVERY_TIMEOUT_MS);
        settings.put(ProducerConfig.METADATA_MAX_IDLE_CONFIG, METADATA_IDLE_MS);
        return settings;
    }

    static Map<String, Object> tail(KafkaLogConfig config) {
        Map<String, Object> settings = common(config);
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        settings.put(ConsumerConfig.FETCH_MIN_BYTES_CONFIG, 1);
        settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 500);
        settings.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, MESSAGE_BYTES_MAX);
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1_000);
        return settings;
    }

    static Map<String, Object> member(KafkaLogConfig config) {
        Map<String, Object> settings = common(config);
        settings.put(ConsumerConfig.GROUP_ID_CONFIG, config.topicPrefix() + ".nodes");
        settings.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "consumer");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest");
        settings.put(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, MAX_POLL_INTERVAL_MS);
        return settings;
    }
}
