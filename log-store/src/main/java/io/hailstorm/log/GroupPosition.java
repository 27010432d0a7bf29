package io.hailstorm.log;

/**
 * Where a consumer group stands in one partition.
 *
 * @param generation of the last member that joined; commits of earlier ones are refused
 * @param nextOffset the next record the group has not yet dealt with
 */
public record GroupPosition(String group, long generation, long nextOffset) {}
