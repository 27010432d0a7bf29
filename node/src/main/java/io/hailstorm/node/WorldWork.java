package io.hailstorm.node;

import io.hailstorm.protocol.v1.DriveRequest;
import io.hailstorm.protocol.v1.Offer;
import io.hailstorm.protocol.v1.OfferReply;
import io.hailstorm.protocol.v1.TripProgress;
import io.hailstorm.protocol.v1.TripState;
import io.hailstorm.protocol.v1.TripUpdate;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** What a driver in a simulated world does about offers and trips: takes most, lets some time out, and drives on step by step. */
final class WorldWork {
    private static final long STEP_MS_MAX = 800;

    private final SplittableRandom random;
    private @Nullable Offer offer;
    private String trip = "";
    private TripProgress.Step step = TripProgress.Step.ARRIVE;
    private long nextMs;

    WorldWork(SplittableRandom random) {
        this.random = random;
    }

    void onOffer(Offer made, long nowMs) {
        offer = made;
        nextMs = nowMs + random.nextLong(STEP_MS_MAX);
    }

    void onTrip(long driver, TripUpdate update, long nowMs) {
        if (update.getState() == TripState.ACCEPTED && update.getDriver() == driver) {
            if (!trip.equals(update.getTrip())) {
                trip = update.getTrip();
                step = TripProgress.Step.ARRIVE;
                nextMs = nowMs + random.nextLong(STEP_MS_MAX);
            }
        } else if (trip.equals(update.getTrip())
                && (update.getState() == TripState.COMPLETED || update.getState() == TripState.CANCELLED)) {
            trip = "";
        }
    }

    /** What the driver taps now; null for nothing. */
    @Nullable
    DriveRequest next(long nowMs) {
        if (nowMs < nextMs || (offer == null && trip.isEmpty())) {
            return null;
        }
        nextMs = nowMs + random.nextLong(STEP_MS_MAX);
        Offer made = offer;
        if (made != null) {
            offer = null;
            return random.nextInt(6) == 0 ? null : reply(made);
        }
        DriveRequest report = DriveRequest.newBuilder()
                .setTripProgress(TripProgress.newBuilder().setTrip(trip).setStep(step))
                .build();
        step = switch (step) {
            case ARRIVE -> TripProgress.Step.START;
            case START -> TripProgress.Step.COMPLETE;
            // Again, until it is told that it is over: the tap may have been lost.
            case COMPLETE, CANCEL, NO_SHOW, STEP_UNSPECIFIED, UNRECOGNIZED -> TripProgress.Step.ARRIVE;
        };
        return report;
    }

    private DriveRequest reply(Offer made) {
        boolean accepts = random.nextInt(4) > 0;
        return DriveRequest.newBuilder()
                .setOfferReply(OfferReply.newBuilder()
                        .setTrip(made.getTrip())
                        .setOffer(made.getOffer())
                        .setAnswer(accepts ? OfferReply.Answer.ACCEPT : OfferReply.Answer.DECLINE))
                .build();
    }
}
