package io.hailstorm.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Timestamp;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The house's reading of Google's API improvement proposals 126, 141, 142, 191 and 216. */
class ProtocolStyleTest {
    private static final Set<String> UNITS =
            Set.of("ms", "s", "seconds", "meters", "km", "e7", "dm", "milli", "centidegrees", "units", "count");

    @Test
    void knowsEveryProtoFile() throws Exception {
        try (var files = Files.list(Path.of("src/main/proto/hailstorm/v1"))) {
            assertThat(files.map(path -> "hailstorm/v1/" + path.getFileName()))
                    .containsExactlyInAnyOrderElementsOf(DescriptorSets.FILES.stream()
                            .map(FileDescriptor::getFullName)
                            .toList());
        }
    }

    @Test
    void beginsEveryEnumWithItsUnspecifiedZero() {
        for (EnumDescriptor type : enums()) {
            assertThat(type.getValues().getFirst().getNumber())
                    .as(type.getFullName())
                    .isZero();
            assertThat(type.getValues().getFirst().getName())
                    .as(type.getFullName())
                    .isEqualTo(upperSnake(type.getName()) + "_UNSPECIFIED");
        }
    }

    @Test
    void writesFieldNamesInSnakeCase() {
        for (FieldDescriptor field : fields()) {
            assertThat(field.getName()).as(field.getFullName()).matches("[a-z][a-z0-9]*(_[a-z0-9]+)*");
        }
    }

    @Test
    void putsUnitsLast() {
        for (FieldDescriptor field : fields()) {
            List<String> words = List.of(field.getName().split("_"));
            for (String word : words.subList(0, words.size() - 1)) {
                assertThat(UNITS.contains(word) && !word.equals(words.getLast()))
                        .as("unit \"%s\" before the end of %s", word, field.getFullName())
                        .isFalse();
            }
        }
    }

    @Test
    void endsTheNamesOfTimestampsInTime() {
        for (FieldDescriptor field : fields()) {
            boolean isTimestamp = field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
                    && field.getMessageType().equals(Timestamp.getDescriptor());
            assertThat(field.getName().endsWith("_time"))
                    .as(field.getFullName())
                    .isEqualTo(isTimestamp);
        }
    }

    @Test
    void saysStateAndNeverStatus() {
        for (EnumDescriptor type : enums()) {
            assertThat(type.getName()).as(type.getFullName()).doesNotContain("Status");
        }
    }

    @Test
    void givesEveryMethodItsOwnRequest() {
        for (FileDescriptor file : DescriptorSets.FILES) {
            file.getServices().forEach(service -> service.getMethods().forEach(ProtocolStyleTest::namesItsRequest));
        }
    }

    private static void namesItsRequest(MethodDescriptor method) {
        assertThat(method.getInputType().getName()).as(method.getFullName()).isEqualTo(method.getName() + "Request");
    }

    private static List<Descriptor> messages() {
        List<Descriptor> all = new ArrayList<>();
        DescriptorSets.FILES.forEach(file -> file.getMessageTypes().forEach(message -> collect(message, all)));
        return all;
    }

    private static void collect(Descriptor message, List<Descriptor> into) {
        into.add(message);
        message.getNestedTypes().forEach(nested -> collect(nested, into));
    }

    private static List<FieldDescriptor> fields() {
        return messages().stream()
                .flatMap(message -> message.getFields().stream())
                .toList();
    }

    private static List<EnumDescriptor> enums() {
        List<EnumDescriptor> all = new ArrayList<>();
        DescriptorSets.FILES.forEach(file -> all.addAll(file.getEnumTypes()));
        messages().forEach(message -> all.addAll(message.getEnumTypes()));
        return all;
    }

    private static String upperSnake(String camelCase) {
        return camelCase.replaceAll("(?<=[a-z0-9])(?=[A-Z])", "_").toUpperCase(Locale.ROOT);
    }
}
