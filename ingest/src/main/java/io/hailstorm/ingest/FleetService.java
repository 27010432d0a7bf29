package io.hailstorm.ingest;

import io.grpc.stub.StreamObserver;
import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.protocol.v1.FleetServiceGrpc;
import io.hailstorm.protocol.v1.NearbyRequest;
import io.hailstorm.protocol.v1.NearbyResponse;
import io.hailstorm.protocol.v1.PriceUpdate;
import io.hailstorm.protocol.v1.WatchPricesRequest;
import org.agrona.collections.LongHashSet;

/** Checks arguments of fleet calls and hands them to the agent, which answers them. */
final class FleetService extends FleetServiceGrpc.FleetServiceImplBase {
    private static final int DEFAULT_RESULTS = 10;
    private static final int MAX_RESULTS = 100;
    private static final int DEFAULT_RADIUS_METERS = 3_000;
    private static final int MAX_RADIUS_METERS = 10_000;
    private static final int MAX_CELLS = 10_000;

    private final CallDesk desk;
    private final Cells cells;

    FleetService(CallDesk desk, Cells cells) {
        this.desk = desk;
        this.cells = cells;
    }

    @Override
    public void nearby(NearbyRequest request, StreamObserver<NearbyResponse> reply) {
        CallDesk.ignoreCancel(reply);
        desk.submit(
                reply,
                caller -> new RiderCommand.Nearby(
                        CallDesk.point("point", request.hasPoint(), request.getPoint()),
                        within("radius_meters", request.getRadiusMeters(), DEFAULT_RADIUS_METERS, MAX_RADIUS_METERS),
                        within("max_results", request.getMaxResults(), DEFAULT_RESULTS, MAX_RESULTS),
                        reply));
    }

    private static int within(String name, int value, int defaultValue, int max) {
        if (value < 0 || value > max) {
            throw new HailstormException(ErrorCode.INVALID_ARGUMENT, name + ": expected 0.." + max + ", got " + value);
        }
        return value == 0 ? defaultValue : value;
    }

    @Override
    public void watchPrices(WatchPricesRequest request, StreamObserver<PriceUpdate> reply) {
        Outbox<PriceUpdate> outbox = desk.outbox(reply);
        desk.submit(reply, caller -> {
            if (request.getCellsCount() > MAX_CELLS) {
                throw new HailstormException(
                        ErrorCode.INVALID_ARGUMENT,
                        "cells: at most " + MAX_CELLS + ", got " + request.getCellsCount()
                                + "; none at all means every cell");
            }
            LongHashSet wanted = new LongHashSet();
            for (String text : request.getCellsList()) {
                wanted.add(cell(text));
            }
            return new RiderCommand.WatchPrices(new RiderCommand.PriceWatch(wanted, outbox));
        });
    }

    private long cell(String text) {
        try {
            long cell = Long.parseUnsignedLong(text, 16);
            if (cells.isValid(cell)) {
                return cell;
            }
        } catch (NumberFormatException e) {
            throw new HailstormException(ErrorCode.INVALID_ARGUMENT, malformed(text), e);
        }
        throw new HailstormException(ErrorCode.INVALID_ARGUMENT, malformed(text));
    }

    private static String malformed(String text) {
        return "cells: expected H3 indexes in hexadecimal, got \"" + text + "\"";
    }
}
