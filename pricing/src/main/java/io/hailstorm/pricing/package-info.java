/**
 * Surge prices and quotes. Pure: no log, no network, no clock.
 *
 * <p>{@link io.hailstorm.pricing.PricingEngine} reads durable fixes (supply: idle drivers per cell) and durable quotes
 * (demand: what riders ask for, counted before the price can put them off). Every tick of 30 s it runs one chain over
 * the region's resolution-8 cells, in log prices:
 *
 * <ol>
 *   <li>rate: λ ← e^(−Δ/180 s)·λ + (1−e^(−Δ/180 s))·n/Δ ({@code DemandWindow}, {@code SupplyFold});
 *   <li>pooling over the grid disk of radius 2 with ring weights 1, ½, ¼: λ̃, S̃;
 *   <li>ratio x = ln((λ̃·h + c)/(S̃ + c)), target g = clamp(β·max(0, x−x₀), 0, ln m_max);
 *   <li>smoothing y += a(g−y), a = 1−e^(−Δ/τ), faster up (90 s) than down (240 s);
 *   <li>dead band of 0.03 and slew of at most ×1.25 up, ÷1.15 down a minute: p;
 *   <li>neighbours: P_i = max_j(p_j − ln 1.3·distance(i,j)), an upper envelope of functions that each keep cap and slew,
 *       so it keeps them too;
 *   <li>rounding to a step; cells that changed go out as one {@link io.hailstorm.pricing.PriceUpdate} with the next version.
 * </ol>
 *
 * <p>{@link io.hailstorm.pricing.PriceBook} folds updates into the prices in force;
 * {@link io.hailstorm.pricing.QuoteIssuer} turns one into a signed {@link io.hailstorm.pricing.Quote} that keeps its price
 * until it expires, whatever is published meanwhile.
 */
@NullMarked
package io.hailstorm.pricing;

import org.jspecify.annotations.NullMarked;
