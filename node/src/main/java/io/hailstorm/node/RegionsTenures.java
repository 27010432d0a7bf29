package io.hailstorm.node;

import io.hailstorm.protocol.v1.CopyLag;
import io.hailstorm.protocol.v1.HomeRegion;
import io.hailstorm.protocol.v1.LogGap;
import io.hailstorm.protocol.v1.ShowTenuresRequest;
import io.hailstorm.protocol.v1.ShowTenuresResponse;
import java.io.PrintWriter;
import java.util.Locale;
import picocli.CommandLine.Command;

/** {@code hailstorm regions tenures}. */
@Command(
        name = "tenures",
        description = "Print which region writes whose partitions, who has copies of them, and gaps.",
        mixinStandardHelpOptions = true)
final class RegionsTenures extends RegionsCommand.Asking {
    @Override
    public Integer call() {
        ShowTenuresResponse tenures =
                connection.callTenures(stub -> stub.showTenures(ShowTenuresRequest.getDefaultInstance()));
        if (json) {
            out().println(RegionsPrinter.json(tenures));
        } else {
            print(out(), tenures);
        }
        out().flush();
        return 0;
    }

    private static void print(PrintWriter out, ShowTenuresResponse tenures) {
        out.printf(Locale.ROOT, "as %s has it%n", tenures.getRegion());
        for (HomeRegion home : tenures.getHomesList()) {
            out.printf(
                    Locale.ROOT,
                    "  partitions of %s: written by %s in term %d, copies %s; here %s%n",
                    home.getRegion(),
                    home.getPrimary(),
                    home.getTerm(),
                    String.join(", ", home.getCopiesList()),
                    home.getRole());
            for (CopyLag lag : home.getLagsList()) {
                out.printf(
                        Locale.ROOT,
                        "    %s lacks %,d records of %s/%d%n",
                        lag.getRegion(),
                        lag.getRecordCount(),
                        lag.getStream(),
                        lag.getPartition());
            }
        }
        for (LogGap gap : tenures.getGapsList()) {
            out.printf(
                    Locale.ROOT,
                    "  gap in %s/%d: offsets %d to %s%d of term %d, at %s%n",
                    gap.getStream(),
                    gap.getPartition(),
                    gap.getFromOffset(),
                    gap.getExact() ? "" : "at least ",
                    gap.getToOffset(),
                    gap.getTerm(),
                    gap.getAckLevel());
        }
    }
}
