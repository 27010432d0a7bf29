package io.hailstorm.node;

import io.hailstorm.geo.Cells;
import io.hailstorm.geo.City;
import io.hailstorm.geo.Region;
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
import java.util.List;
import java.util.Optional;

/**
 * What a node is made of, checked.
 *
 * @param balance whether ranges move by themselves where load is uneven
 * @param keysDir what signs tokens and quotes
 * @param partitionCount of the log: of all regions together
 * @param kafka the cluster that keeps the log; empty when this node does
 * @param regions how this node is one region of several; empty for one region
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
        Optional<RegionsConfig> regions,
        long checkpointMs,
        int driversMax,
        boolean balance) {
    private static final long NS_PER_MS = 1_000_000;
    private static final long MS_PER_HOUR = 3_600_000;
    /** In virtual time, where a step is a tenth of a second, a shorter interval would be a commit in every step. */
    private static final long VIRTUAL_COMMIT_INTERVAL_NS = 60_000 * NS_PER_MS;

    /** @throws HailstormException with {@code INVALID_ARGUMENT} for a value out of range, naming it and its origin */
    static NodeConfig of(Settings settings) {
        return of(
                settings, RegionsConfig.of(settings, city(settings), endpoint(settings), partitionCountEach(settings)));
    }

    /** With regions that were put together elsewhere. */
    static NodeConfig of(Settings settings, Optional<RegionsConfig> regions) {
        Optional<KafkaLogConfig> kafka = kafkaConfig(settings);
        if (kafka.isPresent() && regions.isPresent()) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "regions have logs of their own: give --regions or --log kafka, not both");
        }
        int partitionCount =
                regions.map(several -> several.geo().partitionCount()).orElseGet(() -> partitionCountEach(settings));
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
                city(settings),
                partitionCount,
                settings.oneOf(Setting.POLICY, "batch", "greedy", "fcfs"),
                ingest,
                settings.text(Setting.HTTP_HOST),
                settings.integer(Setting.HTTP_PORT, 0, 65_535),
                logConfig(settings, partitionCount),
                kafka,
                regions,
                settings.integer(Setting.CHECKPOINT_S, 1, 3_600) * 1_000L,
                settings.integer(Setting.DRIVERS_MAX, 1, 10_000_000),
                settings.flag(Setting.BALANCE));
    }

    /** What of it concerns the region itself. */
    CoreConfig core() {
        List<Region> areas = regions.map(RegionsConfig::areas).orElseGet(() -> List.of(city.region()));
        return new CoreConfig(
                city,
                areas,
                Cells.create(),
                partitionCount,
                policy,
                ingest,
                checkpointMs,
                LogRangeStore.PORTION_RECORDS,
                balance);
    }

    static City city(Settings settings) {
        String name = settings.oneOf(Setting.CITY, "sf", "nyc");
        return City.named(name)
                .orElseThrow(() -> new HailstormException(ErrorCode.INVALID_ARGUMENT, "unknown city " + name));
    }

    /** Of one region. */
    static int partitionCountEach(Settings settings) {
        return settings.integer(Setting.PARTITIONS, 1, 64);
    }

    /** Where other nodes send phones that belong here; empty when nobody said and the port is not known. */
    private static String endpoint(Settings settings) {
        String advertised = settings.text(Setting.ADVERTISE);
        if (!advertised.isBlank()) {
            return advertised;
        }
        String host = settings.text(Setting.GRPC_HOST);
        int port = settings.integer(Setting.GRPC_PORT, 0, 65_535);
        return port == 0 ? "" : (host.equals("0.0.0.0") ? "127.0.0.1" : host) + ":" + port;
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
        String endpoint = endpoint(settings);
        if (endpoint.isEmpty()) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "log kafka needs --advertise HOST:PORT or a fixed --grpc-port: other nodes send phones here");
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

    /** When a fix counts as acknowledged. */
    AckLevel fixesAckLevel() {
        return regions.map(several -> several.geo().ackLevel())
                .orElseGet(() -> log.stream(StreamName.FIXES).ackLevel());
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
                regions,
                checkpointMs,
                driversMax,
                balance);
    }

    /** The same for a node of its own among several of one run: where it keeps things, and where it listens. */
    NodeConfig at(Path itsDataDir, Path sharedKeysDir, int itsGrpcPort, int itsHttpPort) {
        return new NodeConfig(
                itsDataDir,
                sharedKeysDir,
                city,
                partitionCount,
                policy,
                ingest.withPort(ingest.host(), itsGrpcPort),
                httpHost,
                itsHttpPort,
                log,
                kafka,
                regions,
                checkpointMs,
                driversMax,
                balance);
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
                regions,
                checkpointMs,
                driversMax,
                balance);
    }
}
