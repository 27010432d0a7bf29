package io.hailstorm.node;

import io.hailstorm.matching.Matcher;
import io.hailstorm.pricing.PricingEngine;

/**
 * What decides for a region. Every node has one and shows it every fix; only on the node that serves
 * {@link ServedPartitions#DISPATCH_PARTITION} has it read the trips and does it decide. A node that begins to
 * decide folds trips and prices into its own; one that ends makes a new one.
 */
record Dispatch(Matcher matcher, PricingEngine pricing) {}
