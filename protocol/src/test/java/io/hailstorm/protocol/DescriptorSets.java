package io.hailstorm.protocol;

import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.FileDescriptor;
import io.hailstorm.protocol.v1.AdminServiceOuterClass;
import io.hailstorm.protocol.v1.Common;
import io.hailstorm.protocol.v1.DriverServiceOuterClass;
import io.hailstorm.protocol.v1.EventOuterClass;
import io.hailstorm.protocol.v1.FleetServiceOuterClass;
import io.hailstorm.protocol.v1.Regions;
import io.hailstorm.protocol.v1.RiderServiceOuterClass;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The descriptors as generated now, and as last released. */
final class DescriptorSets {
    /** In the order of the directory; {@code ProtocolStyleTest} fails when a file is missing here. */
    static final List<FileDescriptor> FILES = List.of(
            AdminServiceOuterClass.getDescriptor(),
            Common.getDescriptor(),
            DriverServiceOuterClass.getDescriptor(),
            EventOuterClass.getDescriptor(),
            FleetServiceOuterClass.getDescriptor(),
            Regions.getDescriptor(),
            RiderServiceOuterClass.getDescriptor());

    private static final String RELEASED = "released/hailstorm-v1.binpb";

    private DescriptorSets() {}

    static FileDescriptorSet current() {
        FileDescriptorSet.Builder set = FileDescriptorSet.newBuilder();
        FILES.forEach(file -> set.addFile(file.toProto()));
        return set.build();
    }

    static FileDescriptorSet released() throws IOException {
        try (InputStream in = DescriptorSets.class.getClassLoader().getResourceAsStream(RELEASED)) {
            if (in == null) {
                throw new IOException(RELEASED + " is missing; write it with -Dprotocol.release=true");
            }
            return FileDescriptorSet.parseFrom(in);
        }
    }

    /** Makes the current descriptors the released ones. Tests run in the module's directory. */
    static void release() throws IOException {
        Path target = Path.of("src/test/resources", RELEASED);
        Files.createDirectories(target.getParent());
        Files.write(target, current().toByteArray());
    }
}
