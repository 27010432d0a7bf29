/**
 * The operator's view of a node: what the log says, live, over HTTP.
 *
 * <p>{@link io.hailstorm.ops.LiveProjection} tails the log's durable records like any other reader and folds them
 * into vehicles, trips, prices, rates and lag; it writes nothing and decides nothing, so it can fall behind or be
 * switched off without consequence. {@link io.hailstorm.ops.OpsServer} serves that projection: JSON under {@code
 * /api}, Prometheus text at {@code /metrics}, probes under {@code /health}, and at {@code /live} a stream of binary
 * frames ({@link io.hailstorm.ops.LiveFrameDescriptor}) that the console at {@code /} draws. What is not in the log
 * (solve times, configuration, ownership) comes from the node through {@link io.hailstorm.ops.NodeStatus}.
 */
@NullMarked
package io.hailstorm.ops;

import org.jspecify.annotations.NullMarked;
