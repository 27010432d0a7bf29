package io.hailstorm.node;

import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The flags every command that runs a node shares; each overrides environment, file and default. */
final class NodeOptions {
    @Option(names = "--config", paramLabel = "FILE", description = "YAML file with settings (see 'config show')")
    @Nullable
    Path configFile;

    @Option(names = "--grpc-host", paramLabel = "HOST", description = "address of the gRPC port (0.0.0.0)")
    @Nullable
    String grpcHost;

    @Option(names = "--grpc-port", paramLabel = "PORT", description = "gRPC port for phones (7100)")
    @Nullable
    String grpcPort;

    @Option(names = "--http-host", paramLabel = "HOST", description = "address of the HTTP port (127.0.0.1)")
    @Nullable
    String httpHost;

    @Option(names = "--http-port", paramLabel = "PORT", description = "HTTP port of console and metrics (8100), 0 off")
    @Nullable
    String httpPort;

    @Option(names = "--data-dir", paramLabel = "DIR", description = "where log, directory and keys live")
    @Nullable
    String dataDir;

    @Option(names = "--keys-dir", paramLabel = "DIR", description = "the signing keys, when shared by several nodes")
    @Nullable
    String keysDir;

    @Option(names = "--log", paramLabel = "embedded|kafka", description = "what keeps the log (embedded)")
    @Nullable
    String log;

    @Option(names = "--bootstrap", paramLabel = "HOST:PORT", description = "Kafka brokers to ask first")
    @Nullable
    String bootstrap;

    @Option(names = "--kafka-prefix", paramLabel = "NAME", description = "prefix of the topics (hailstorm)")
    @Nullable
    String kafkaPrefix;

    @Option(names = "--kafka-replication", paramLabel = "N", description = "copies of every topic (3)")
    @Nullable
    String kafkaReplication;

    @Option(names = "--node-id", paramLabel = "NAME", description = "name among the nodes of one cluster")
    @Nullable
    String nodeId;

    @Option(names = "--advertise", paramLabel = "HOST:PORT", description = "where phones reach this node")
    @Nullable
    String advertise;

    @Option(names = "--regions", paramLabel = "NAME,NAME", description = "regions of the deployment (one)")
    @Nullable
    String regions;

    @Option(names = "--regions-file", paramLabel = "FILE", description = "GeoJSON with the regions' polygons")
    @Nullable
    String regionsFile;

    @Option(names = "--region", paramLabel = "NAME", description = "which of the regions this node is")
    @Nullable
    String region;

    @Option(names = "--peers", paramLabel = "NAME=HOST:PORT", description = "where other regions listen for regions")
    @Nullable
    String peers;

    @Option(names = "--endpoints", paramLabel = "NAME=HOST:PORT", description = "where phones reach other regions")
    @Nullable
    String endpoints;

    @Option(names = "--witness", paramLabel = "HOST:PORT", description = "who says which region takes over")
    @Nullable
    String witness;

    @Option(names = "--region-host", paramLabel = "HOST", description = "address for other regions (0.0.0.0)")
    @Nullable
    String regionHost;

    @Option(names = "--region-port", paramLabel = "PORT", description = "port for other regions (7200)")
    @Nullable
    String regionPort;

    @Option(names = "--region-ack", paramLabel = "GEO|DISK", description = "acknowledged in two regions, or one (GEO)")
    @Nullable
    String regionAck;

    @Option(names = "--region-return", paramLabel = "true|false", description = "give partitions back unasked (false)")
    @Nullable
    String regionReturn;

    @Option(names = "--region-suspect-ms", paramLabel = "MS", description = "silence that means death (1500)")
    @Nullable
    String regionSuspectMs;

    @Option(names = "--city", paramLabel = "sf|nyc", description = "built-in region (sf)")
    @Nullable
    String city;

    @Option(names = "--partitions", paramLabel = "N", description = "partitions of the log (4)")
    @Nullable
    String partitions;

    @Option(names = "--balance", paramLabel = "true|false", description = "even measured load out (false)")
    @Nullable
    String balance;

    @Option(names = "--policy", paramLabel = "batch|greedy|fcfs", description = "matching policy (batch)")
    @Nullable
    String policy;

    @Option(names = "--fixes-ack", paramLabel = "DISK|MEMORY", description = "when a fix is acknowledged (DISK)")
    @Nullable
    String fixesAck;

    @Option(names = "--fixes-commit-ms", paramLabel = "MS", description = "group commit interval of fixes (5)")
    @Nullable
    String fixesCommitMs;

    @Option(
            names = "--fixes-compact-hours",
            paramLabel = "H",
            description = "keep but each driver's latest after (0: never)")
    @Nullable
    String fixesCompactHours;

    @Option(names = "--log-compression", paramLabel = "NONE|LZ4|ZSTD", description = "of the log's batches (NONE)")
    @Nullable
    String logCompression;

    @Option(names = "--log-keyset", paramLabel = "FILE", description = "Tink keyset that encrypts the log")
    @Nullable
    String logKeyset;

    @Option(names = "--drivers-max", paramLabel = "N", description = "drivers the node holds (200000)")
    @Nullable
    String driversMax;

    @Option(names = "--rate-limits", paramLabel = "true|false", description = "limit requests a principal (true)")
    @Nullable
    String rateLimits;

    @Option(names = "--event-loops", paramLabel = "N", description = "threads serving connections (1)")
    @Nullable
    String eventLoops;

    Settings resolve(Map<String, String> environment) {
        Map<Setting, String> flags = flags();
        return Settings.resolve(flags, environment, configFile);
    }

    Map<Setting, String> flags() {
        Map<Setting, String> flags = new EnumMap<>(Setting.class);
        put(flags, Setting.GRPC_HOST, grpcHost);
        put(flags, Setting.GRPC_PORT, grpcPort);
        put(flags, Setting.HTTP_HOST, httpHost);
        put(flags, Setting.HTTP_PORT, httpPort);
        put(flags, Setting.DATA_DIR, dataDir);
        put(flags, Setting.KEYS_DIR, keysDir);
        put(flags, Setting.LOG, log);
        put(flags, Setting.BOOTSTRAP, bootstrap);
        put(flags, Setting.KAFKA_PREFIX, kafkaPrefix);
        put(flags, Setting.KAFKA_REPLICATION, kafkaReplication);
        put(flags, Setting.NODE_ID, nodeId);
        put(flags, Setting.ADVERTISE, advertise);
        put(flags, Setting.REGIONS, regions);
        put(flags, Setting.REGIONS_FILE, regionsFile);
        put(flags, Setting.REGION, region);
        put(flags, Setting.PEERS, peers);
        put(flags, Setting.ENDPOINTS, endpoints);
        put(flags, Setting.WITNESS, witness);
        put(flags, Setting.REGION_HOST, regionHost);
        put(flags, Setting.REGION_PORT, regionPort);
        put(flags, Setting.REGION_ACK, regionAck);
        put(flags, Setting.REGION_RETURN, regionReturn);
        put(flags, Setting.REGION_SUSPECT_MS, regionSuspectMs);
        put(flags, Setting.CITY, city);
        put(flags, Setting.PARTITIONS, partitions);
        put(flags, Setting.BALANCE, balance);
        put(flags, Setting.POLICY, policy);
        put(flags, Setting.FIXES_ACK, fixesAck);
        put(flags, Setting.FIXES_COMMIT_MS, fixesCommitMs);
        put(flags, Setting.FIXES_COMPACT_HOURS, fixesCompactHours);
        put(flags, Setting.LOG_COMPRESSION, logCompression);
        put(flags, Setting.LOG_KEYSET, logKeyset);
        put(flags, Setting.DRIVERS_MAX, driversMax);
        put(flags, Setting.RATE_LIMITS, rateLimits);
        put(flags, Setting.EVENT_LOOPS, eventLoops);
        return flags;
    }

    private static void put(Map<Setting, String> flags, Setting setting, @Nullable String value) {
        if (value != null) {
            flags.put(setting, value);
        }
    }
}
