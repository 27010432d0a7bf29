package io.hailstorm.node;

import io.hailstorm.geo.City;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** How the regions of one run are laid out: a data directory each below the run's, keys for all, ports one after another. */
final class DemoRegions {
    private static final String HOST = "localhost";
    /** What differs between the nodes of a run. */
    private static final Set<Setting> OF_A_NODE = Set.of(
            Setting.GRPC_PORT,
            Setting.HTTP_PORT,
            Setting.DATA_DIR,
            Setting.KEYS_DIR,
            Setting.ADVERTISE,
            Setting.REGIONS);

    private DemoRegions() {}

    /** A node's configuration for every region of the settings, in their order; of one node where they name none. */
    static List<NodeConfig> configs(Settings settings) {
        List<String> names = RegionsConfig.names(settings);
        if (names.isEmpty()) {
            return List.of(NodeConfig.of(settings));
        }
        City city = NodeConfig.city(settings);
        int each = NodeConfig.partitionCountEach(settings);
        Map<String, String> endpoints = new LinkedHashMap<>();
        List<Integer> ports = ports(settings, Setting.GRPC_PORT, names.size());
        List<Integer> consoles = ports(settings, Setting.HTTP_PORT, names.size());
        for (String name : names) {
            endpoints.put(name, HOST + ":" + ports.get(endpoints.size()));
        }
        DataDirectory shared = new DataDirectory(root(settings));
        List<NodeConfig> configs = new ArrayList<>();
        for (String name : names) {
            RegionsConfig regions = RegionsConfig.within(settings, city, name, endpoints, each);
            configs.add(NodeConfig.of(settings, Optional.of(regions))
                    .at(
                            shared.root().resolve(name),
                            shared.keys(),
                            ports.get(configs.size()),
                            consoles.get(configs.size())));
        }
        return configs;
    }

    static Path root(Settings settings) {
        return Path.of(settings.text(Setting.DATA_DIR));
    }

    static Path witness(Settings settings) {
        return root(settings).resolve(RegionsConfig.WITNESS);
    }

    /** What the processes of the regions are started with. */
    static RegionProcesses.Layout layout(Settings settings, NodeOptions options, List<NodeConfig> configs) {
        List<String> flags = new ArrayList<>();
        if (options.configFile != null) {
            flags.addAll(List.of("--config", options.configFile.toString()));
        }
        Map<Setting, String> given = options.flags();
        given.keySet().removeAll(OF_A_NODE);
        given.put(Setting.RATE_LIMITS, settings.text(Setting.RATE_LIMITS));
        given.put(Setting.HTTP_PORT, "0");
        given.forEach((setting, text) -> flags.addAll(List.of("--" + setting.text(), text)));
        NodeConfig first = configs.getFirst();
        return new RegionProcesses.Layout(
                first.regions().orElseThrow().geo().members(),
                root(settings),
                first.keysDir(),
                flags,
                Optional.of(clockFile(root(settings))),
                RegionProcesses.HEAP);
    }

    /** A new clock for processes to share. */
    static ClockFile clock(Path directory, long originMs) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make " + directory, e);
        }
        return ClockFile.create(clockFile(directory), originMs);
    }

    private static Path clockFile(Path directory) {
        return directory.resolve("clock");
    }

    /** From the one that was set; free ones for a gRPC port 0, and none for an HTTP port 0. */
    private static List<Integer> ports(Settings settings, Setting setting, int count) {
        int first = settings.integer(setting, 0, 65_535 - count);
        List<Integer> ports = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ports.add(first != 0 ? first + i : setting == Setting.GRPC_PORT ? freePort() : 0);
        }
        return ports;
    }

    static int freePort() {
        try (ServerSocket any = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return any.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot ask for a free port", e);
        }
    }
}
