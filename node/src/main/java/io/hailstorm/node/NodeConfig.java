package io.hailstorm.node;

import io.hailstorm.geo.City;
import io.hailstorm.ingest.IngestConfig;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.AckLevel;
import io.hailstorm.log.CompactionPolicy;
import io.hailstorm.log.Compression;
import io.hailstorm.log.KafkaLogConfig;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.StreamConfig;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a node is made of, checked.
 *
 * @param keysDir what signs tokens and quotes
 * @param kafka the cluster that keeps the log; empty when this node does
 * @param checkpointMs between checkpoints of the driver directory, by the node's own clock
 * @param driversMax drivers the directory, the sessions and the index hold
 */
record NodeConfig(
        Path dataDir,
        Path keysDir,
        City city,
        int partitionCount,
        String policy,
        IngestConfig ingest,
        String httpHost,
        int httpPort,
        LogConfig log,
        Optional<KafkaLogConfig> kafka,
        long checkpointMs,
        int driversMax) {
    private static final long NS_PER_MS = 1_000_000;
    private static final long MS_PER_HOUR = 3_600_000;
    /** In virtual time, where a step is a tenth of a second, a shorter interval would be a commit in every step. */
    private static final long VIRTUAL_COMMIT_INTERVAL_NS = 60_000 * NS_PER_MS;

    /** @throws HailstormException with {@code INVALID_ARGUMENT} for a value out of range, naming it and its origin */
    static NodeConfig of(Settings settings) {
        String cityName = settings.oneOf(Setting.CITY, "sf", "nyc");
        City city = City.named(cityName)
                .orElseThrow(() -> new HailstormException(ErrorCode.INVALID_ARGUMENT, "unknown city " + cityName));
        int partitionCount = settings.integer(Setting.PARTITIONS, 1, 64);
        IngestConfig ingest = IngestConfig.defaults()
                .withPort(settings.text(Setting.GRPC_HOST), settings.integer(Setting.GRPC_PORT, 0, 65_535))
                .withEventLoopCount(settings.integer(Setting.EVENT_LOOPS, 1, 64));
        if (!settings.flag(Setting.RATE_LIMITS)) {
            ingest = ingest.withoutRateLimits();
        }
        Path dataDir = Path.of(settings.text(Setting.DATA_DIR));
        return new NodeConfig(
                dataDir,
                settings.text(Setting.KEYS_DIR).isBlank()
                        ? new DataDirectory(dataDir).keys()
                        : Path.of(settings.text(Setting.KEYS_DIR)),
                city,
                partitionCount,
                settings.oneOf(Setting.POLICY, "batch", "greedy", "fcfs"),
                ingest,
                settings.text(Setting.HTTP_HOST),
                settings.integer(Setting.HTTP_PORT, 0, 65_535),
                logConfig(settings, partitionCount),
                kafkaConfig(settings),
                settings.integer(Setting.CHECKPOINT_S, 1, 3_600) * 1_000L,
                settings.integer(Setting.DRIVERS_MAX, 1, 10_000_000));
    }

    /** What of it concerns the region itself. */
    CoreConfig core() {
        return new CoreConfig(city, partitionCount, policy, ingest, checkpointMs);
    }

    private static Optional<KafkaLogConfig> kafkaConfig(Settings settings) {
        if (settings.oneOf(Setting.LOG, "embedded", "kafka").equals("embedded")) {
            return Optional.empty();
        }
        String bootstrap = settings.text(Setting.BOOTSTRAP);
        if (bootstrap.isBlank()) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT, "log kafka needs --bootstrap HOST:PORT, a broker of the cluster");
        }
        String endpoint = settings.text(Setting.ADVERTISE);
        if (endpoint.isBlank()) {
            String host = settings.text(Setting.GRPC_HOST);
            int port = settings.integer(Setting.GRPC_PORT, 0, 65_535);
            if (port == 0) {
                throw new HailstormException(
                        ErrorCode.INVALID_ARGUMENT,
                        "log kafka needs --advertise HOST:PORT or a fixed --grpc-port: other nodes send phones here");
            }
            endpoint = (host.equals("0.0.0.0") ? "127.0.0.1" : host) + ":" + port;
        }
        String nodeId = settings.text(Setting.NODE_ID);
        int replication = settings.integer(Setting.KAFKA_REPLICATION, 1, 16);
        return Optional.of(KafkaLogConfig.defaults(bootstrap, nodeId.isBlank() ? endpoint : nodeId, endpoint)
                .withTopicPrefix(settings.text(Setting.KAFKA_PREFIX))
                .withReplication(replication, Math.max(1, replication - 1)));
    }

    private static LogConfig logConfig(Settings settings, int partitionCount) {
        LogConfig log = LogConfig.defaults(partitionCount);
        StreamConfig fixes = log.stream(StreamName.FIXES)
                .withAckLevel(AckLevel.valueOf(settings.oneOf(Setting.FIXES_ACK, "DISK", "MEMORY")))
                .withCommit(
                        settings.integer(Setting.FIXES_COMMIT_MS, 0, 10_000) * NS_PER_MS,
                        log.stream(StreamName.FIXES).commitBytes())
                .withRetention(
                        settings.integer(Setting.FIXES_RETENTION_HOURS, 1, 1_000_000) * MS_PER_HOUR,
                        StreamConfig.UNLIMITED);
        StreamConfig trips = log.stream(StreamName.TRIPS)
                .withCommit(
                        settings.integer(Setting.TRIPS_COMMIT_MS, 0, 10_000) * NS_PER_MS,
                        log.stream(StreamName.TRIPS).commitBytes());
        int compactHours = settings.integer(Setting.FIXES_COMPACT_HOURS, 0, 1_000_000);
        if (compactHours > 0) {
            fixes = fixes.withCompaction(LogMeaning.policy(StreamName.FIXES), compactHours * MS_PER_HOUR);
        }
        Compression compression = Compression.valueOf(settings.oneOf(Setting.LOG_COMPRESSION, "NONE", "LZ4", "ZSTD"));
        String keyset = settings.text(Setting.LOG_KEYSET);
        log = log.withStream(StreamName.FIXES, fixes).withStream(StreamName.TRIPS, trips);
        for (StreamName stream : StreamName.values()) {
            log = log.withStream(stream, log.stream(stream).withCompression(compression));
        }
        return log.withKeyset(LogKeysets.readOrNone(keyset.isBlank() ? null : Path.of(keyset)));
    }

    /** Keeps every fix, so that a run's history can be checked whole. */
    NodeConfig keepingAllFixes() {
        LogConfig keeping = log;
        for (StreamName stream : new StreamName[] {StreamName.FIXES, StreamName.LATE, StreamName.PRICES}) {
            keeping = keeping.withStream(
                    stream,
                    log.stream(stream)
                            .withRetention(StreamConfig.UNLIMITED, StreamConfig.UNLIMITED)
                            .withCompaction(CompactionPolicy.NONE, StreamConfig.UNLIMITED));
        }
        return withLog(keeping);
    }

    /**
     * Acknowledges every stream from memory: for simulations in virtual time, where no power is ever cut. Nobody waits for
     * a sync then, so one a virtual minute is enough; more bytes than a commit's are synced earlier all the same.
     */
    NodeConfig inMemoryAcknowledged() {
        LogConfig memory = log;
        for (StreamName stream : StreamName.values()) {
            var config = memory.stream(stream);
            memory = memory.withStream(
                    stream,
                    config.withAckLevel(AckLevel.MEMORY).withCommit(VIRTUAL_COMMIT_INTERVAL_NS, config.commitBytes()));
        }
        return withLog(memory);
    }

    private NodeConfig withLog(LogConfig changed) {
        return new NodeConfig(
                dataDir,
                keysDir,
                city,
                partitionCount,
                policy,
                ingest,
                httpHost,
                httpPort,
                changed,
                kafka,
                checkpointMs,
                driversMax);
    }

    NodeConfig withIngest(IngestConfig changed) {
        return new NodeConfig(
                dataDir,
                keysDir,
                city,
                partitionCount,
                policy,
                changed,
                httpHost,
                httpPort,
                log,
                kafka,
                checkpointMs,
                driversMax);
    }
}
