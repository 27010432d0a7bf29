package io.hailstorm.log;

import java.util.List;

/**
 * Who writes the partitions of a home region: what the witness's register says. Changed only by compare-and-set of the
 * {@code version}.
 *
 * @param region the home of the partitions
 * @param term grows with every new primary, and whenever a primary begins again after a restart
 * @param version grows with every change
 * @param primary the member that writes
 * @param copies the members that could go on without loss, sorted, the primary among them: what is durable at level
 *     {@link AckLevel#GEO} all of them have
 */
public record Tenure(String region, long term, long version, String primary, List<String> copies) {
    public Tenure {
        copies = copies.stream().sorted().distinct().toList();
    }

    /** Nobody has written yet. */
    static Tenure none(String region) {
        return new Tenure(region, 0, 0, "", List.of());
    }
}
