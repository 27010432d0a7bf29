package io.hailstorm.log;

/**
 * The process that writes a partition.
 *
 * @param nodeId its name, unique among those that share the log
 * @param endpoint {@code host:port} where it serves phones
 * @param epoch grows with every change of owner
 */
public record Owner(String nodeId, String endpoint, long epoch) {}
