package io.hailstorm.ops;

import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.RegionId;
import java.util.List;
import java.util.Map;

/**
 * What the node tells its operator that is not in the log. Implemented by the composition root. Every method is
 * called from any thread, often, and must not block.
 */
public interface NodeStatus {
    /** {@link #solveMs} of a round whose solve time is not known. */
    double UNKNOWN_SOLVE_MS = -1;

    /** Release, such as {@code 0.1.0}. */
    String version();

    /** Commit or build stamp; empty when unknown. */
    String build();

    RegionId region();

    /** Now by the node's own clock, which a simulation may run faster than the wall's; epoch milliseconds. */
    long nowMs();

    /** Milliseconds since the process began serving, by the wall's clock. */
    long uptimeMs();

    /** Effective settings, in the order to show them; the node leaves secrets out. */
    Map<String, String> config();

    /** Who owns which routing cell now. */
    PartitionMap partitionMap();

    /** The polygons the region was built from. */
    List<RegionOutline> outlines();

    /** How long the assignment of a round took; {@link #UNKNOWN_SOLVE_MS} when not known (any more). */
    double solveMs(long round);

    /** Further figures for {@code /api/summary}, such as the log's bytes on disk; name with its unit, then value. */
    Map<String, Double> figures();

    /** The process works; not being so means it should be restarted. */
    Health live();

    /** New clients may come. */
    Health ready();

    /** Recovery is over. */
    Health started();

    /**
     * Answer of a probe.
     *
     * @param reason why not, for the operator; empty when {@code ok}
     */
    record Health(boolean ok, String reason) {
        public static final Health OK = new Health(true, "");

        public static Health failing(String reason) {
            return new Health(false, reason);
        }
    }

    /**
     * A region's polygon.
     *
     * @param rings the outer ring, then holes; corners in order, closed or not
     */
    record RegionOutline(RegionId region, List<List<GeoPoint>> rings) {
        public RegionOutline {
            rings = rings.stream().map(List::copyOf).toList();
        }
    }
}
