package io.hailstorm.node;

import java.util.Locale;

/** Every setting of a node: its name on the command line and in YAML, its default, and what it means. */
enum Setting {
    GRPC_HOST("grpc-host", "0.0.0.0", "address the phones' gRPC port listens on"),
    GRPC_PORT("grpc-port", "7100", "port the phones connect to"),
    HTTP_HOST("http-host", "127.0.0.1", "address of console, metrics and health"),
    HTTP_PORT("http-port", "8100", "port of console, metrics and health; 0 turns it off"),
    DATA_DIR("data-dir", "hailstorm-data", "where the log, the driver directory and the keys live"),
    KEYS_DIR(
            "keys-dir",
            "",
            "where the signing keys live, shared by nodes of one cluster; keys/ in data-dir when empty"),
    LOG("log", "embedded", "what keeps the log: embedded (files in data-dir) or kafka (a cluster, see bootstrap)"),
    BOOTSTRAP("bootstrap", "", "brokers to ask first, HOST:PORT[,HOST:PORT]; for log kafka"),
    KAFKA_PREFIX("kafka-prefix", "hailstorm", "topics are named PREFIX.STREAM; nodes that share it share the region"),
    KAFKA_REPLICATION("kafka-replication", "3", "copies of every topic; a write counts when all but one have it"),
    NODE_ID("node-id", "", "name of this node among those that share a log; its advertised address when empty"),
    ADVERTISE("advertise", "", "HOST:PORT where phones reach this node, for the other nodes to send them here"),
    REGIONS(
            "regions",
            "",
            "regions of the deployment, by comma and in the same order everywhere, such as sf-north,sf-south; one when"
                    + " empty"),
    REGIONS_FILE(
            "regions-file", "", "GeoJSON with the polygons of the regions; the built-in ones of the city when empty"),
    REGION("region", "", "which of the regions this node is"),
    PEERS("peers", "", "where the other regions listen for regions, NAME=HOST:PORT by comma"),
    ENDPOINTS("endpoints", "", "where phones reach each other region, NAME=HOST:PORT by comma"),
    WITNESS("witness", "", "HOST:PORT of the witness, which says who takes over; regions need one"),
    REGION_HOST("region-host", "0.0.0.0", "address this node listens on for other regions"),
    REGION_PORT("region-port", "7200", "port this node listens on for other regions"),
    REGION_ACK("region-ack", "GEO", "when a record is acknowledged: GEO (in two regions) or DISK (copied afterwards)"),
    REGION_RETURN(
            "region-return",
            "false",
            "whether a region gets its partitions back by itself once its copy is complete: true or false"),
    REGION_SUSPECT_MS("region-suspect-ms", "1500", "a region silent for so long is taken for dead"),
    CITY("city", "sf", "built-in city whose polygon is the region: sf or nyc"),
    PARTITIONS("partitions", "4", "partitions of each region, 1 to 64 in all; fixed once the log exists"),
    BALANCE("balance", "false", "move ranges where load is measured to be uneven, without being asked: true or false"),
    POLICY("policy", "batch", "matching policy: batch, greedy or fcfs"),
    FIXES_ACK("fixes-ack", "DISK", "when a fix is acknowledged: DISK (after fsync) or MEMORY"),
    FIXES_COMMIT_MS("fixes-commit-ms", "5", "group commit interval of the fixes stream"),
    TRIPS_COMMIT_MS("trips-commit-ms", "2", "group commit interval of the trips stream"),
    FIXES_RETENTION_HOURS("fixes-retention-hours", "6", "how long raw fixes are kept"),
    FIXES_COMPACT_HOURS(
            "fixes-compact-hours",
            "0",
            "after how long only the latest fix a driver is kept, where fixes are kept longer; 0 never"),
    LOG_COMPRESSION("log-compression", "NONE", "how new batches of the log are compressed: NONE, LZ4 or ZSTD"),
    LOG_KEYSET("log-keyset", "", "Tink JSON keyset that encrypts the log; not encrypted when empty"),
    CHECKPOINT_S("checkpoint-s", "10", "seconds between checkpoints of the driver directory"),
    DRIVERS_MAX("drivers-max", "200000", "drivers the directory and the index hold; more are refused"),
    RATE_LIMITS("rate-limits", "true", "limit requests a principal: true or false"),
    EVENT_LOOPS("event-loops", "1", "threads that serve the phones' connections");

    private final String text;
    private final String defaultValue;
    private final String meaning;

    Setting(String text, String defaultValue, String meaning) {
        this.text = text;
        this.defaultValue = defaultValue;
        this.meaning = meaning;
    }

    String text() {
        return text;
    }

    String defaultValue() {
        return defaultValue;
    }

    String meaning() {
        return meaning;
    }

    /** Name of the environment variable, such as {@code HAILSTORM_GRPC_PORT}. */
    String environmentName() {
        return "HAILSTORM_" + name().toUpperCase(Locale.ROOT);
    }
}
