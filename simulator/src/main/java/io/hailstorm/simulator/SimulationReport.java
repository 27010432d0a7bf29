package io.hailstorm.simulator;

import java.util.SortedMap;

/**
 * What the clients saw: the part of a run report that the simulator knows.
 *
 * @param malformed recorded rows that could not be read
 */
public record SimulationReport(
        Fixes fixes,
        long malformed,
        Trips trips,
        Percentiles waitSeconds,
        Percentiles pickupEtaSeconds,
        Vehicles vehicles,
        Latency requestToOffer,
        Latency fixToAck,
        Phones phones) {

    /**
     * Once drained, {@code accepted + duplicate + late + rejected = sent}, whatever streams broke in between:
     * {@code sent} counts every fix message whose outcome this side can know. A message sent on a stream that broke
     * before its answer is counted when it is sent again and answered, or when the next Welcome says it is durable.
     *
     * @param accepted includes {@code resumed}
     * @param resumed settled while a stream was down, learnt from Welcome; counted as accepted, for want of the detail
     * @param rejected by reason, in the reason's name in lower case; by name order
     * @param unanswered sent on a live stream and still without an answer
     * @param unacked numbered by a phone and not acknowledged, sent or not
     */
    public record Fixes(
            long sent,
            long accepted,
            long duplicate,
            long late,
            long resumed,
            SortedMap<String, Long> rejected,
            long unanswered,
            long unacked) {
        public long rejectedTotal() {
            return rejected.values().stream().mapToLong(Long::longValue).sum();
        }

        /** Every fix sent has exactly one outcome. */
        public boolean isAccounted() {
            return sent == accepted + duplicate + late + rejectedTotal();
        }
    }

    /**
     * Riders' view. {@code requested = completed + cancelled + expired + open}.
     *
     * @param requested trips the server took
     * @param matched trips that a driver accepted, at least once
     * @param priceDeclined quotes not taken because of their price
     * @param failed quotes and requests that the server refused, or never answered
     */
    public record Trips(
            long requested,
            long matched,
            long completed,
            long cancelled,
            long expired,
            long open,
            long priceDeclined,
            long failed) {}

    /** Zeros when {@code count} is 0. */
    public record Percentiles(long count, double p50, double p95) {}

    /** Milliseconds of the handed-in monotonic clock. Zeros when {@code count} is 0. */
    public record Latency(long count, double p50Ms, double p99Ms) {}

    /**
     * @param used carried at least one rider
     * @param emptyKm driven without a rider, by road
     * @param occupiedKm driven with a rider, by road
     */
    public record Vehicles(int fleet, int used, double emptyKm, double occupiedKm) {}

    /**
     * What the phones went through.
     *
     * @param skippedFixes not taken because the phone's buffer was full
     * @param redirects times a phone was told another endpoint
     * @param endpointSwitches times a phone went to another endpoint: told to, or because its own failed
     * @param bounces redirects back to where the phone had just been sent from
     * @param unansweredStreams given up because the server said nothing
     * @param riderSwitches times a rider went to another endpoint because one failed
     */
    public record Phones(
            long streamsOpened,
            long streamsLost,
            long resumes,
            long restarts,
            long superseded,
            long skippedFixes,
            long redirects,
            long endpointSwitches,
            long bounces,
            long unansweredStreams,
            long riderSwitches) {}
}
