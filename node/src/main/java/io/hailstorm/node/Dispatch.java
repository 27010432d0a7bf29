package io.hailstorm.node;

import io.hailstorm.matching.Matcher;
import io.hailstorm.pricing.PricingEngine;

/**
 * What decides for a region. Every node has one and shows it every fix; only on the node that serves
 * {@link ServedPartitions#DISPATCH_PARTITION} has it read the trips and does it decide. A node that begins to dispatch
 * makes a new one and folds the log into it; a node that ends lets its own go.
 */
record Dispatch(Matcher matcher, PricingEngine pricing) {}
