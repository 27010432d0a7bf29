package io.hailstorm.node;

import io.hailstorm.protocol.v1.HomeRegion;
import io.hailstorm.protocol.v1.ReturnRegionRequest;
import io.hailstorm.protocol.v1.ShowTenuresRequest;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hailstorm regions return}. */
@Command(
        name = "return",
        description = {
            "Give a region its partitions back, once its copy has everything; ask the region that writes them now.",
            "Exit 1 when that has not come about in a minute; it still may."
        },
        mixinStandardHelpOptions = true)
final class RegionsReturn extends RegionsCommand.Asking {
    private static final long POLL_NS = 200_000_000;
    private static final int POLLS_MAX = 300;

    @Option(names = "--region", paramLabel = "REGION", required = true, description = "whose partitions to give back")
    private String region = "";

    @Override
    public Integer call() {
        ReturnRegionRequest request =
                ReturnRegionRequest.newBuilder().setRegion(region).build();
        connection.callTenures(stub -> stub.returnRegion(request));
        for (int poll = 0; poll < POLLS_MAX; poll++) {
            if (isHome()) {
                out().println(region + " writes its partitions");
                out().flush();
                return 0;
            }
            LockSupport.parkNanos(POLL_NS);
        }
        spec.commandLine().getErr().println("not yet; see 'hailstorm regions tenures'");
        return 1;
    }

    private boolean isHome() {
        return connection
                .callTenures(stub -> stub.showTenures(ShowTenuresRequest.getDefaultInstance()))
                .getHomesList()
                .stream()
                .filter(home -> home.getRegion().equals(region))
                .map(HomeRegion::getPrimary)
                .anyMatch(region::equals);
    }
}
