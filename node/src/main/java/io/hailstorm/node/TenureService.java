package io.hailstorm.node;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.log.GeoStatus;
import io.hailstorm.protocol.v1.CopyLag;
import io.hailstorm.protocol.v1.HomeRegion;
import io.hailstorm.protocol.v1.LogGap;
import io.hailstorm.protocol.v1.ReturnRegionRequest;
import io.hailstorm.protocol.v1.ReturnRegionResponse;
import io.hailstorm.protocol.v1.ShowTenuresRequest;
import io.hailstorm.protocol.v1.ShowTenuresResponse;
import io.hailstorm.protocol.v1.TenureServiceGrpc;

/** Who writes for which region, for an operator. Waits for nobody. */
final class TenureService extends TenureServiceGrpc.TenureServiceImplBase {
    private final RegionLog log;
    private final GeoView view;

    TenureService(RegionLog log, GeoView view) {
        this.log = log;
        this.view = view;
    }

    @Override
    public void showTenures(ShowTenuresRequest request, StreamObserver<ShowTenuresResponse> response) {
        GeoStatus status = view.latest().orElse(null);
        if (status == null) {
            response.onError(noRegions());
            return;
        }
        GeoStatus.Counters counters = status.counters();
        ShowTenuresResponse.Builder out = ShowTenuresResponse.newBuilder()
                .setRegion(status.self())
                .setTakeoverCount(counters.takeoverCount())
                .setReturnCount(counters.handBackCount())
                .setResentBatchCount(counters.resentBatchCount());
        status.regions().forEach(region -> out.addHomes(home(region)));
        for (GeoStatus.Gap gap : status.gaps()) {
            out.addGaps(LogGap.newBuilder()
                    .setStream(gap.stream().text())
                    .setPartition(gap.partition())
                    .setFromOffset(gap.from())
                    .setToOffset(gap.to())
                    .setTerm(gap.term())
                    .setAckLevel(gap.level().name())
                    .setExact(gap.exact()));
        }
        response.onNext(out.build());
        response.onCompleted();
    }

    private static HomeRegion home(GeoStatus.Region region) {
        HomeRegion.Builder out = HomeRegion.newBuilder()
                .setRegion(region.tenure().region())
                .setTerm(region.tenure().term())
                .setPrimary(region.tenure().primary())
                .addAllCopies(region.tenure().copies())
                .setRole(region.role().name());
        for (GeoStatus.CopyLag lag : region.lags()) {
            out.addLags(CopyLag.newBuilder()
                    .setRegion(lag.member())
                    .setStream(lag.stream().text())
                    .setPartition(lag.partition())
                    .setRecordCount(lag.records())
                    .setLagBytes(lag.bytes()));
        }
        return out.build();
    }

    @Override
    public void returnRegion(ReturnRegionRequest request, StreamObserver<ReturnRegionResponse> response) {
        GeoStatus status = view.latest().orElse(null);
        if (status == null) {
            response.onError(noRegions());
            return;
        }
        String primary = status.regions().stream()
                .map(GeoStatus.Region::tenure)
                .filter(tenure -> tenure.region().equals(request.getRegion()))
                .map(tenure -> tenure.primary())
                .findFirst()
                .orElse("");
        if (!primary.isEmpty() && !primary.equals(status.self())) {
            response.onError(Status.FAILED_PRECONDITION
                    .withDescription("ask " + primary + ", which writes for " + request.getRegion() + " now")
                    .asRuntimeException());
            return;
        }
        try {
            log.geo().orElseThrow().handBack(request.getRegion());
        } catch (HailstormException e) {
            response.onError(Status.NOT_FOUND.withDescription(e.getMessage()).asRuntimeException());
            return;
        }
        response.onNext(ReturnRegionResponse.newBuilder().setPrimary(primary).build());
        response.onCompleted();
    }

    private static RuntimeException noRegions() {
        return Status.FAILED_PRECONDITION
                .withDescription("this node is not one of several regions, or has not heard of them yet")
                .asRuntimeException();
    }
}
