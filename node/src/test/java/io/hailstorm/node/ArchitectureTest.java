package io.hailstorm.node;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The module graph of {@code docs/architecture.md}, and what the pure modules do without. */
class ArchitectureTest {
    /** What each module may import of the others. */
    private static final Map<String, Set<String>> MAY_IMPORT = Map.of(
            "kernel", Set.of(),
            "protocol", Set.of(),
            "geo", Set.of("kernel"),
            "log", Set.of("kernel"),
            "ingest", Set.of("kernel", "protocol", "geo", "log"),
            "matching", Set.of("kernel", "geo"),
            "pricing", Set.of("kernel", "geo"),
            "migration", Set.of("kernel", "geo", "log"),
            "simulator", Set.of("kernel", "protocol", "geo"),
            "ops", Set.of("kernel", "protocol", "geo", "log"));

    private static final String[] PURE = {
        "io.hailstorm.matching..", "io.hailstorm.pricing..", "io.hailstorm.migration..", "io.hailstorm.geo.."
    };

    private static final Set<String> CLOCK_METHODS = Set.of(
            "java.lang.System.currentTimeMillis",
            "java.lang.System.nanoTime",
            "java.lang.Math.random",
            "java.lang.StrictMath.random",
            "java.util.UUID.randomUUID");

    private static final DescribedPredicate<JavaClass> OUTSIDE_WORLD = DescribedPredicate.describe(
            "the clock, randomness, threads, files or the network", ArchitectureTest::isOutsideWorld);

    private static final JavaClasses HAILSTORM = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.hailstorm");

    static Set<String> modules() {
        return MAY_IMPORT.keySet();
    }

    @ParameterizedTest
    @MethodSource("modules")
    void importsOnlyTheModulesBelow(String module) {
        graphRule(module, MAY_IMPORT.getOrDefault(module, Set.of())).check(HAILSTORM);
    }

    @ParameterizedTest
    @MethodSource("modules")
    void seesTheClassesOfEveryModule(String module) {
        assertThat(HAILSTORM.stream()
                        .anyMatch(type -> resideInAPackage(packageOf(module)).test(type)))
                .as("classes of %s on the class path", module)
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"com.uber.h3core..", "org.locationtech.jts.."})
    void keepsGeographyLibrariesBehindGeo(String library) {
        noClasses()
                .that()
                .resideOutsideOfPackage(packageOf("geo"))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library)
                .check(HAILSTORM);
    }

    @Test
    void keepsTimeRandomnessThreadsAndFilesOutOfThePureModules() {
        typeRule(PURE).check(HAILSTORM);
        callRule(PURE).check(HAILSTORM);
    }

    @Test
    void noticesAnImportThatIsNotAllowed() {
        assertThatThrownBy(() -> graphRule("geo", Set.of()).check(HAILSTORM))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("io.hailstorm.kernel.GeoPoint");
    }

    @Test
    void noticesAClockARandomNumberAThreadAndAFile() {
        JavaClasses impure = new ClassFileImporter().importClasses(Impure.class);
        String[] here = {"io.hailstorm.node.."};
        assertThatThrownBy(() -> typeRule(here).check(impure))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("java.util.Random")
                .hasMessageContaining("java.lang.Thread")
                .hasMessageContaining("java.nio.file.Files")
                .hasMessageContaining("java.time.Clock");
        assertThatThrownBy(() -> callRule(here).check(impure))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("nanoTime")
                .hasMessageContaining("Instant.now");
    }

    private static ArchRule graphRule(String module, Set<String> allowed) {
        List<String> forbidden = new ArrayList<>(List.of("io.hailstorm.node..", "io.hailstorm.loadtest.."));
        MAY_IMPORT.keySet().stream()
                .filter(other -> !other.equals(module) && !allowed.contains(other))
                .map(ArchitectureTest::packageOf)
                .forEach(forbidden::add);
        return noClasses()
                .that()
                .resideInAPackage(packageOf(module))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(forbidden.toArray(String[]::new));
    }

    private static ArchRule typeRule(String... packages) {
        return noClasses().that().resideInAnyPackage(packages).should().dependOnClassesThat(OUTSIDE_WORLD);
    }

    private static ArchRule callRule(String... packages) {
        return noClasses()
                .that()
                .resideInAnyPackage(packages)
                .should()
                .callMethodWhere(
                        DescribedPredicate.describe("it reads a clock or draws randomness", ArchitectureTest::reads));
    }

    private static boolean reads(JavaCall<?> call) {
        String method = call.getTargetOwner().getName() + "." + call.getName();
        return CLOCK_METHODS.contains(method)
                || call.getTargetOwner().getPackageName().equals("java.time")
                        && call.getName().equals("now");
    }

    private static boolean isOutsideWorld(JavaClass type) {
        String name = type.getName();
        String packageName = type.getPackageName();
        boolean random = name.equals("java.util.SplittableRandom")
                || name.equals("java.util.Timer")
                || name.startsWith("java.util.random.")
                || type.isAssignableTo(java.util.Random.class);
        boolean clock =
                type.isAssignableTo(java.time.Clock.class) || type.isAssignableTo(io.hailstorm.kernel.TimeSource.class);
        boolean thread = type.isAssignableTo(Thread.class)
                || name.equals("java.util.concurrent.Executors")
                || name.equals("java.util.concurrent.CompletableFuture")
                || type.isAssignableTo(java.util.concurrent.Executor.class);
        boolean file = name.startsWith("java.io.File")
                || name.startsWith("java.io.RandomAccessFile")
                || packageName.startsWith("java.nio.file")
                || packageName.startsWith("java.nio.channels");
        return random || clock || thread || file || packageName.startsWith("java.net");
    }

    private static String packageOf(String module) {
        return "io.hailstorm." + module + "..";
    }

    /** Does everything a pure module must not, so that the rules are known to notice. */
    @SuppressWarnings({"unused", "JavaInstantGetSecondsGetNano"})
    static final class Impure {
        private final java.util.Random random = new java.util.Random(7);
        private final java.time.Clock clock = java.time.Clock.systemUTC();

        long drawEverything() throws Exception {
            Thread thread = Thread.currentThread();
            long size = java.nio.file.Files.size(java.nio.file.Path.of("."));
            return System.nanoTime()
                    + java.time.Instant.now().toEpochMilli()
                    + random.nextLong()
                    + clock.millis()
                    + size
                    + Arrays.hashCode(thread.getStackTrace());
        }
    }
}
