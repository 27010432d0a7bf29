package io.hailstorm.node;

import io.hailstorm.geo.City;
import io.hailstorm.geo.Region;
import io.hailstorm.geo.Regions;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.log.AckLevel;
import io.hailstorm.log.GeoLogConfig;
import io.hailstorm.log.GeoMember;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a node is one region of several.
 *
 * @param areas the regions in the deployment's order; region <i>i</i> is the home of the <i>i</i>-th run of partitions
 * @param geo how its log copies and is copied
 * @param place where it listens for the others, and where they listen
 */
record RegionsConfig(List<Region> areas, GeoLogConfig geo, RegionTransport.Place place) {
    /** What the witness is called on the network between regions. */
    static final String WITNESS = "witness";

    private static final int PARTITIONS_MAX = 64;

    RegionsConfig {
        areas = List.copyOf(areas);
    }

    /**
     * Empty for a deployment of one region.
     *
     * @param endpoint where phones reach this node
     * @param partitionCountEach of every region
     * @throws HailstormException {@code INVALID_ARGUMENT} naming the setting that is missing or wrong
     */
    static Optional<RegionsConfig> of(Settings settings, City city, String endpoint, int partitionCountEach) {
        List<String> names = names(settings);
        if (names.isEmpty()) {
            for (Setting needless : List.of(Setting.REGION, Setting.PEERS, Setting.WITNESS, Setting.REGIONS_FILE)) {
                if (!settings.text(needless).isBlank()) {
                    throw invalid(settings, needless, "nothing without --regions NAME,NAME");
                }
            }
            return Optional.empty();
        }
        String self = settings.text(Setting.REGION);
        if (!names.contains(self)) {
            throw invalid(settings, Setting.REGION, "one of " + String.join(", ", names));
        }
        if (endpoint.isEmpty()) {
            throw invalid(
                    settings, Setting.ADVERTISE, "HOST:PORT, or a fixed --grpc-port: other regions send phones here");
        }
        Map<String, String> endpoints = addresses(settings, Setting.ENDPOINTS, names);
        endpoints.put(self, endpoint);
        names.forEach(name -> required(settings, Setting.ENDPOINTS, endpoints, name));
        if (settings.text(Setting.WITNESS).isBlank()) {
            throw invalid(settings, Setting.WITNESS, "HOST:PORT of a running 'hailstorm witness'");
        }
        return Optional.of(
                within(settings, city, self, endpoints, partitionCountEach).withPlace(place(settings, names, self)));
    }

    /** The names of the regions, checked; empty for one without a name. */
    static List<String> names(Settings settings) {
        List<String> names = list(settings.text(Setting.REGIONS));
        if (!names.isEmpty()
                && (names.size() < 2 || new HashSet<>(names).size() < names.size() || names.contains(WITNESS))) {
            throw invalid(settings, Setting.REGIONS, "two or more different names, none of them \"" + WITNESS + "\"");
        }
        return names;
    }

    /**
     * One of several regions that reach each other within this process.
     *
     * @param endpoints where phones reach each region
     */
    static RegionsConfig within(
            Settings settings, City city, String self, Map<String, String> endpoints, int partitionCountEach) {
        List<String> names = names(settings);
        if (names.size() * partitionCountEach > PARTITIONS_MAX) {
            throw invalid(
                    settings,
                    Setting.PARTITIONS,
                    "at most " + PARTITIONS_MAX + " in all, which is " + PARTITIONS_MAX / names.size() + " for each of "
                            + names.size() + " regions");
        }
        List<GeoMember> members = new ArrayList<>();
        for (String name : names) {
            members.add(new GeoMember(
                    name, endpoints.getOrDefault(name, ""), members.size() * partitionCountEach, partitionCountEach));
        }
        GeoLogConfig geo = GeoLogConfig.defaults(self, members, WITNESS)
                .withAckLevel(AckLevel.valueOf(settings.oneOf(Setting.REGION_ACK, "GEO", "DISK")))
                .withHandBackWhenCaughtUp(settings.flag(Setting.REGION_RETURN))
                .withTimings(timings(settings.integer(Setting.REGION_SUSPECT_MS, 300, 60_000)));
        return new RegionsConfig(
                areas(settings, city, names), geo, new RegionTransport.Place(self, "", 0, Map.of(), false));
    }

    private static List<Region> areas(Settings settings, City city, List<String> names) {
        String file = settings.text(Setting.REGIONS_FILE);
        Regions known = file.isBlank()
                ? city.parts()
                        .orElseThrow(() -> invalid(
                                settings,
                                Setting.REGIONS,
                                "no regions, since " + city.name() + " has no built-in ones: give --regions-file"))
                : parse(settings, Path.of(file));
        List<String> there = known.all().stream().map(Region::name).toList();
        return names.stream()
                .map(name -> known.named(name)
                        .orElseThrow(
                                () -> invalid(settings, Setting.REGIONS, "names from " + String.join(", ", there))))
                .toList();
    }

    private static Regions parse(Settings settings, Path file) {
        try {
            return Regions.parse(Files.readString(file));
        } catch (IOException e) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT, "regions-file: cannot read " + file + ": " + e.getMessage(), e);
        } catch (HailstormException e) {
            throw invalid(settings, Setting.REGIONS_FILE, "GeoJSON with regions; " + e.getMessage());
        }
    }

    /** The default's proportions, for everybody who must agree on when a region is dead. */
    static GeoLogConfig.Timings timings(long suspectMs) {
        GeoLogConfig.Timings usual = GeoLogConfig.Timings.DEFAULT;
        return new GeoLogConfig.Timings(
                Math.max(1, usual.heartbeatMs() * suspectMs / usual.suspectAfterMs()),
                suspectMs,
                usual.leaseMs() * suspectMs / usual.suspectAfterMs(),
                usual.resendMs(),
                Math.max(usual.stallAfterMs(), suspectMs));
    }

    private static RegionTransport.Place place(Settings settings, List<String> names, String self) {
        Map<String, String> peers = addresses(settings, Setting.PEERS, names);
        peers.remove(self);
        for (String name : names) {
            if (!name.equals(self)) {
                required(settings, Setting.PEERS, peers, name);
            }
        }
        String witness = settings.text(Setting.WITNESS);
        requireAddress(settings, Setting.WITNESS, witness);
        peers.put(WITNESS, witness);
        return new RegionTransport.Place(
                self,
                settings.text(Setting.REGION_HOST),
                settings.integer(Setting.REGION_PORT, 0, 65_535),
                peers,
                false);
    }

    private static Map<String, String> addresses(Settings settings, Setting setting, List<String> names) {
        Map<String, String> addresses = new HashMap<>();
        for (String pair : list(settings.text(setting))) {
            int equals = pair.indexOf('=');
            String name = equals < 0 ? pair : pair.substring(0, equals);
            if (equals < 0 || !names.contains(name) || addresses.containsKey(name)) {
                throw invalid(settings, setting, "NAME=HOST:PORT by comma, once each of " + String.join(", ", names));
            }
            requireAddress(settings, setting, pair.substring(equals + 1));
            addresses.put(name, pair.substring(equals + 1));
        }
        return addresses;
    }

    private static void required(Settings settings, Setting setting, Map<String, String> addresses, String name) {
        if (!addresses.containsKey(name)) {
            throw invalid(settings, setting, name + "=HOST:PORT among them");
        }
    }

    private static void requireAddress(Settings settings, Setting setting, String address) {
        if (!address.matches("[^:\\s]+:\\d{1,5}")) {
            throw invalid(settings, setting, "HOST:PORT, not \"" + address + "\"");
        }
    }

    private static List<String> list(String text) {
        return Arrays.stream(text.split(",", -1))
                .map(String::strip)
                .filter(each -> !each.isEmpty())
                .toList();
    }

    private static HailstormException invalid(Settings settings, Setting setting, String expected) {
        Settings.Value value = settings.value(setting);
        return new HailstormException(
                ErrorCode.INVALID_ARGUMENT,
                setting.text() + ": expected " + expected + "; got \"" + value.text() + "\" (" + value.origin() + ")");
    }

    /** This node's place among the regions. */
    int selfIndex() {
        return areas.stream().map(Region::name).toList().indexOf(geo.self());
    }

    /** What {@code /info} shows. */
    Map<String, String> shown() {
        Map<String, String> shown = new LinkedHashMap<>();
        shown.put("regions", String.join(",", areas.stream().map(Region::name).toList()));
        shown.put("region", geo.self());
        shown.put("region-ack", geo.ackLevel().name());
        shown.put("witness", place.peers().getOrDefault(WITNESS, ""));
        return shown;
    }

    private RegionsConfig withPlace(RegionTransport.Place changed) {
        return new RegionsConfig(areas, geo, changed);
    }
}
