package io.hailstorm.simulator;

/** Tells whether a point can be served; sampled places outside are drawn again. Pure. */
@FunctionalInterface
public interface ServiceArea {
    ServiceArea EVERYWHERE = (latE7, lonE7) -> true;

    boolean contains(int latE7, int lonE7);
}
