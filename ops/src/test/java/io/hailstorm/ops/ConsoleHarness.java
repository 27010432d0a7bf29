package io.hailstorm.ops;

import io.hailstorm.geo.Cells;
import io.hailstorm.geo.City;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.RiderId;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.kernel.TripId;
import io.hailstorm.protocol.v1.*;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Serves the console over a made-up city, for work on the console alone: {@code ConsoleHarness PORT VEHICLES}. What it
 * writes has the shape of a real log and no deeper truth.
 */
final class ConsoleHarness {
    private static final long SEED = 7;
    private static final double METERS_PER_DEGREE = 111_195;
    private static final int PARTITIONS = 4;

    private final TimeSource time = new SystemTimeSource();
    private final TestNode node = new TestNode(time, PARTITIONS);
    private final Cells cells = Cells.create();
    private final ListLog log = new ListLog(PARTITIONS);
    private final FixView fix = new FixView().wrap(new UnsafeBuffer(new byte[64]), 0);
    private final List<Vehicle> vehicles = new ArrayList<>();
    private final List<Ride> rides = new ArrayList<>();
    private long step;
    private long rider;
    private long round;
    private long priceVersion;

    private static final class Vehicle {
        final long id;
        double lat;
        double lon;
        double heading;
        long seq;
        DriverState state = DriverState.IDLE;

        Vehicle(long id, GeoPoint at) {
            this.id = id;
            lat = at.latDegrees();
            lon = at.lonDegrees();
        }
    }

    private static final class Ride {
        final String trip;
        final int partition;
        final long createdStep;
        Vehicle vehicle;
        int phase;
        long dueStep;

        Ride(String trip, int partition, long step, Vehicle vehicle) {
            this.trip = trip;
            this.partition = partition;
            createdStep = step;
            this.vehicle = vehicle;
        }
    }

    private double uniform(long entity, int stream) {
        return CounterRandom.uniform(SEED, entity, step, stream);
    }

    private GeoPoint somewhere(long entity) {
        City city = node.city;
        for (int attempt = 0; ; attempt++) {
            var spot = city.hotSpots()
                    .get((int) (uniform(entity, 40 + attempt) * city.hotSpots().size()));
            double sigma = 1800 / METERS_PER_DEGREE;
            GeoPoint point = GeoPoint.ofDegrees(
                    spot.center().latDegrees() + sigma * CounterRandom.gaussian(SEED, entity, step, 60 + attempt),
                    spot.center().lonDegrees()
                            + 1.25 * sigma * CounterRandom.gaussian(SEED, entity, step, 80 + attempt));
            if (city.region().contains(point) || attempt > 15) {
                return point;
            }
        }
    }

    private void tick() {
        step++;
        long nowMs = time.epochMs();
        for (Vehicle vehicle : vehicles) {
            if ((vehicle.id + step) % 5 == 0) {
                drive(vehicle, nowMs);
            }
        }
        if (uniform(1, 1) < 0.35) {
            request(nowMs);
        }
        rides.forEach(ride -> advance(ride, nowMs));
        for (Iterator<Ride> it = rides.iterator(); it.hasNext(); ) {
            if (it.next().phase == 9) {
                it.remove();
            }
        }
        if (step % 10 == 0) {
            long open = rides.stream().filter(ride -> ride.phase < 2).count();
            log.addEvent(
                    StreamName.TRIPS,
                    0,
                    Event.newBuilder()
                            .setRoundCompleted(RoundCompleted.newBuilder()
                                    .setRound(++round)
                                    .setRiderCount((int) open)
                                    .setDriverCount(vehicles.size() / 2)
                                    .setEdgeCount((int) open * 16)
                                    .setOfferCount((int) open)
                                    .setPolicy("batch")),
                    nowMs);
        }
        if (step % 15 == 1) {
            publish(nowMs);
        }
    }

    private void drive(Vehicle vehicle, long nowMs) {
        if (uniform(vehicle.id, 2) < 0.15) {
            vehicle.heading = Math.floorMod((long) vehicle.heading + (uniform(vehicle.id, 3) < 0.5 ? 90 : 270), 360L);
        }
        double meters = vehicle.state == DriverState.IDLE ? 5 : 11;
        double lat = vehicle.lat + meters / METERS_PER_DEGREE * Math.cos(Math.toRadians(vehicle.heading));
        double lon = vehicle.lon + meters / METERS_PER_DEGREE / 0.79 * Math.sin(Math.toRadians(vehicle.heading));
        if (node.city.region().contains(GeoPoint.ofDegrees(lat, lon))) {
            vehicle.lat = lat;
            vehicle.lon = lon;
        } else {
            vehicle.heading = (vehicle.heading + 180) % 360;
        }
        GeoPoint at = GeoPoint.ofDegrees(vehicle.lat, vehicle.lon);
        long cell = cells.cellOf(at.latE7(), at.lonE7(), Cells.DRIVER_RESOLUTION);
        fix.driver(vehicle.id)
                .session(1)
                .seq(++vehicle.seq)
                .deviceMs(nowMs)
                .cell(cell)
                .position(at.latE7(), at.lonE7())
                .headingCentidegrees((int) (vehicle.heading * 100))
                .speedCmPerS((int) (meters * 100))
                .state(vehicle.state.code());
        int partition = node.map.partitionOf(cell);
        log.addFix(partition == PartitionMap.NO_PARTITION ? 0 : partition, fix, nowMs);
    }

    private void request(long nowMs) {
        GeoPoint from = somewhere(1000 + ++rider);
        GeoPoint to = somewhere(500_000 + rider);
        long home = cells.cellOf(from.latE7(), from.lonE7(), Cells.ROUTING_RESOLUTION);
        int partition = Math.max(0, node.map.partitionOf(home));
        Point pickup = point(from);
        String trip = TripId.of(home, new RiderId(rider), "r" + rider).toString();
        log.addEvent(
                StreamName.TRIPS,
                partition,
                Event.newBuilder()
                        .setQuoteIssued(QuoteIssued.newBuilder().setRider(rider).setPickup(pickup)),
                nowMs);
        if (uniform(rider, 4) < 0.3) {
            return;
        }
        log.addEvent(
                StreamName.TRIPS,
                partition,
                Event.newBuilder()
                        .setTripRequested(TripRequested.newBuilder()
                                .setTrip(trip)
                                .setRider(rider)
                                .setPickup(pickup)
                                .setDropoff(point(to))
                                .setFareMinorUnits(900 + rider * 37 % 2200)
                                .setMultiplierMilli(1000)),
                nowMs);
        Ride ride = new Ride(trip, partition, step, vehicles.getFirst());
        ride.dueStep = step + 2 + (long) (uniform(rider, 5) * 20);
        rides.add(ride);
        emit(
                ride,
                Event.newBuilder()
                        .setMatchingStarted(MatchingStarted.newBuilder().setTrip(trip)),
                nowMs);
    }

    private void advance(Ride ride, long nowMs) {
        if (step < ride.dueStep) {
            return;
        }
        Event.Builder event = Event.newBuilder();
        switch (ride.phase) {
            case 0 -> {
                ride.vehicle = vehicles.get((int) (uniform(ride.createdStep, 6) * vehicles.size()));
                if (ride.vehicle.state != DriverState.IDLE) {
                    ride.dueStep = step + 5;
                    return;
                }
                event.setOfferMade(OfferMade.newBuilder()
                        .setTrip(ride.trip)
                        .setOffer(ride.createdStep)
                        .setDriver(ride.vehicle.id)
                        .setPickupEtaMs(95_000)
                        .setRound(round));
                next(ride, 1, 8);
            }
            case 1 -> {
                if (uniform(ride.createdStep, 7) < 0.15) {
                    event.setOfferEnded(OfferEnded.newBuilder()
                            .setTrip(ride.trip)
                            .setDriver(ride.vehicle.id)
                            .setCause(OfferEnded.Cause.DECLINED));
                    next(ride, 0, 6);
                } else {
                    event.setTripAccepted(TripAccepted.newBuilder()
                            .setTrip(ride.trip)
                            .setDriver(ride.vehicle.id)
                            .setPickupEtaMs(95_000));
                    ride.vehicle.state = DriverState.EN_ROUTE;
                    next(ride, 2, 60 + (long) (uniform(ride.createdStep, 8) * 200));
                }
            }
            case 2 -> {
                event.setDriverArrived(
                        DriverArrived.newBuilder().setTrip(ride.trip).setDriver(ride.vehicle.id));
                next(ride, 3, 12);
            }
            case 3 -> {
                event.setTripStarted(TripStarted.newBuilder().setTrip(ride.trip).setDriver(ride.vehicle.id));
                ride.vehicle.state = DriverState.ON_TRIP;
                next(ride, 4, 150 + (long) (uniform(ride.createdStep, 9) * 400));
            }
            default -> {
                event.setTripCompleted(TripCompleted.newBuilder()
                        .setTrip(ride.trip)
                        .setDriver(ride.vehicle.id)
                        .setFareMinorUnits(1480));
                ride.vehicle.state = DriverState.IDLE;
                ride.phase = 9;
            }
        }
        emit(ride, event, nowMs);
    }

    private void next(Ride ride, int phase, long steps) {
        ride.phase = phase;
        ride.dueStep = step + steps;
    }

    private void emit(Ride ride, Event.Builder event, long nowMs) {
        log.addEvent(StreamName.TRIPS, ride.partition, event, nowMs);
    }

    private void publish(long nowMs) {
        var prices =
                PricesPublished.newBuilder().setPriceVersion(++priceVersion).setTickTimeMs(nowMs);
        var spots = node.city.hotSpots();
        long[] disk = new long[61];
        for (int i = 0; i < Math.min(5, spots.size()); i++) {
            GeoPoint at = spots.get(i % spots.size()).center();
            long middle = cells.cellOf(at.latE7(), at.lonE7(), Cells.PRICING_RESOLUTION);
            double peak = (1.5 + 0.4 * i) * (0.85 + 0.15 * Math.sin(step / 200.0 + i));
            int count = cells.gridDisk(middle, 4, disk);
            for (int c = 0; c < count; c++) {
                double m = Math.max(1, peak / Math.pow(1.22, cells.gridDistance(middle, disk[c])) + 0.2);
                prices.addCells(disk[c]).addMultiplierMilli((int) Math.round(m * 20) * 50);
            }
        }
        log.addEvent(StreamName.PRICES, 0, Event.newBuilder().setPricesPublished(prices), nowMs);
    }

    private static Point point(GeoPoint at) {
        return Point.newBuilder().setLatE7(at.latE7()).setLonE7(at.lonE7()).build();
    }

    public static void main(String[] args) {
        ConsoleHarness harness = new ConsoleHarness();
        int vehicleCount = Integer.parseInt(args[1]);
        for (int i = 1; i <= vehicleCount; i++) {
            Vehicle vehicle = new Vehicle(i, harness.somewhere(i));
            vehicle.heading = i * 90 % 360;
            vehicle.state = i % 40 == 0 ? DriverState.OFFLINE : DriverState.IDLE;
            harness.vehicles.add(vehicle);
        }
        var projection = new LiveProjection(
                harness.log, harness.cells, harness.node, OpsConfig.DEFAULT, UnaryOperator.identity());
        var metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        try (var server = new OpsServer(OpsConfig.DEFAULT, harness.node, projection, metrics, harness.time)) {
            System.err.println("READY http://127.0.0.1:" + server.start(Integer.parseInt(args[0])));
            long next = System.nanoTime();
            while (true) {
                harness.tick();
                projection.doWork(harness.time.epochMs());
                next += 200_000_000;
                LockSupport.parkNanos(Math.max(0, next - System.nanoTime()));
            }
        }
    }
}
