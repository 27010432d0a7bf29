package io.hailstorm.simulator;

import java.util.LinkedHashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * Where a rider's request and a driver's first offer for it meet, whichever is heard of first: the latency from request to
 * offer. Bounded: what never met is forgotten, oldest first.
 */
final class TripBook {
    static final int PENDING_MAX = 1 << 16;

    private final Map<String, Long> requestNs = new Bounded();
    private final Map<String, Long> firstOfferNs = new Bounded();
    private final Histogram requestToOfferUs;

    TripBook(Histogram requestToOfferUs) {
        this.requestToOfferUs = requestToOfferUs;
    }

    void requested(String trip, long atNs) {
        Long offered = firstOfferNs.remove(trip);
        if (offered == null) {
            requestNs.put(trip, atNs);
        } else {
            PhoneCounters.recordNs(requestToOfferUs, offered - atNs);
        }
    }

    /** Only the first offer of a trip counts. */
    void offered(String trip, long atNs) {
        Long requested = requestNs.remove(trip);
        if (requested != null) {
            PhoneCounters.recordNs(requestToOfferUs, atNs - requested);
        } else {
            firstOfferNs.putIfAbsent(trip, atNs);
        }
    }

    private static final class Bounded extends LinkedHashMap<String, Long> {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > PENDING_MAX;
        }
    }
}
