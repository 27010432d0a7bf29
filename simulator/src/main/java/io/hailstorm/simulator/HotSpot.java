package io.hailstorm.simulator;

/**
 * A place that trips start from and go to.
 *
 * @param weight share of the city's demand, relative to the other spots
 * @param sigmaMeters spread of the points around the centre, a normal distribution on each axis
 */
public record HotSpot(String name, double lat, double lon, double weight, double sigmaMeters) {}
