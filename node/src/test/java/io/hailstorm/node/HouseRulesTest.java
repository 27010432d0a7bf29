package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** House rules that a compiler does not know, checked over the files of the checkout. */
class HouseRulesTest {
    private static final int LINES_MAX = 500;

    /** Files that may be longer, by path from the root, each with its reason. */
    private static final Set<String> LONGER_FILES = Set.of();

    private static final Set<String> NOT_OURS = Set.of(
            ".git", ".hailstorm", ".idea", "target", "node_modules", "dist", "test-results", "playwright-report");
    private static final Set<String> TEXT_ENDINGS = Set.of(
            "java", "proto", "md", "xml", "ts", "js", "mjs", "css", "html", "json", "sh", "yaml", "yml", "py", "run");

    // Split, so that this file does not find itself.
    private static final Pattern UNFINISHED = Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b");
    private static final Pattern MACHINE_PATH =
            Pattern.compile("(?<![\\w.$}])/(work|home/\\w+|Users/\\w+|tmp/h|ro" + "ot/\\.)(?=[/\\s\"'`)]|$)");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final Pattern MODULE = Pattern.compile("<module>([^<]+)</module>");

    private static final Path ROOT = root();
    private static final List<Path> FILES = textFiles();

    @Test
    void keepsJavaFilesShort() {
        assertThat(FILES.stream()
                        .filter(file -> file.toString().endsWith(".java"))
                        .filter(file -> !LONGER_FILES.contains(file.toString()))
                        .filter(file -> lines(file).size() > LINES_MAX))
                .as("Java files of more than %d lines; such a class holds two ideas", LINES_MAX)
                .isEmpty();
    }

    @Test
    void letsNoExceptionOutliveItsReason() {
        assertThat(LONGER_FILES)
                .as("files that are short again, or gone: take them off the list")
                .allMatch(file ->
                        Files.exists(ROOT.resolve(file)) && lines(Path.of(file)).size() > LINES_MAX);
    }

    @Test
    void describesEveryModule() throws IOException {
        Matcher module = MODULE.matcher(Files.readString(ROOT.resolve("pom.xml")));
        int modules = 0;
        while (module.find()) {
            modules++;
            String name = module.group(1);
            assertThat(ROOT.resolve(name).resolve("README.md")).exists();
            boolean hasSources =
                    !Files.readString(ROOT.resolve(name).resolve("pom.xml")).contains("<packaging>pom</packaging>");
            if (hasSources && !name.equals("protocol")) { // protocol's main sources are generated
                assertThat(FILES)
                        .as("a package-info.java in %s", name)
                        .anyMatch(file -> file.startsWith(name) && file.endsWith("package-info.java"));
            }
        }
        assertThat(modules).isGreaterThan(10);
    }

    @Test
    void describesEveryPackage() {
        assertThat(FILES.stream()
                        .filter(file -> file.toString().contains("src/main/java/"))
                        .map(Path::getParent)
                        .distinct()
                        .filter(directory ->
                                Files.notExists(ROOT.resolve(directory).resolve("package-info.java"))))
                .as("packages without a package-info.java")
                .isEmpty();
    }

    @Test
    void leavesNothingUnfinished() {
        assertThat(findings(UNFINISHED)).isEmpty();
    }

    @Test
    void namesNoPathOfAnyonesMachine() {
        assertThat(findings(MACHINE_PATH)).isEmpty();
    }

    @Test
    void linksOnlyToFilesThatExist() {
        List<String> broken = new ArrayList<>();
        for (Path page : FILES) {
            if (!page.toString().endsWith(".md")) {
                continue;
            }
            Matcher link = LINK.matcher(String.join("\n", lines(page)));
            while (link.find()) {
                String target = link.group(1).replaceFirst("#.*", "");
                boolean isElsewhere = target.matches("[a-z]+:.*");
                if (!target.isEmpty()
                        && !isElsewhere
                        && Files.notExists(ROOT.resolve(page).resolveSibling(target))) {
                    broken.add(page + " -> " + target);
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    @Test
    void recognisesWhatItLooksFor() {
        assertThat(UNFINISHED.matcher("// TO" + "DO later").find()).isTrue();
        assertThat(UNFINISHED.matcher("mastodon").find()).isFalse();
        assertThat(MACHINE_PATH.matcher("see /wo" + "rk/notes").find()).isTrue();
        assertThat(MACHINE_PATH.matcher("see /ho" + "me/ann/notes").find()).isTrue();
        assertThat(MACHINE_PATH.matcher("docs/work/notes").find()).isFalse();
        assertThat(LINK.matcher("[a](b/c.md)").find()).isTrue();
    }

    private static List<String> findings(Pattern pattern) {
        List<String> found = new ArrayList<>();
        for (Path file : FILES) {
            List<String> lines = lines(file);
            for (int i = 0; i < lines.size(); i++) {
                if (pattern.matcher(lines.get(i)).find()) {
                    found.add(file + ":" + (i + 1) + ": " + lines.get(i).strip());
                }
            }
        }
        return found;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(ROOT.resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    private static Path root() {
        Path directory = Path.of("").toAbsolutePath();
        while (Files.notExists(directory.resolve("hailstorm"))) {
            directory = java.util.Objects.requireNonNull(directory.getParent(), "no checkout above this directory");
        }
        return directory;
    }

    /** Paths from the root, in a fixed order. */
    private static List<Path> textFiles() {
        List<Path> files = new ArrayList<>();
        try {
            Files.walkFileTree(ROOT, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                    return NOT_OURS.contains(directory.getFileName().toString())
                            ? FileVisitResult.SKIP_SUBTREE
                            : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    String name = file.getFileName().toString();
                    if (TEXT_ENDINGS.contains(name.substring(name.lastIndexOf('.') + 1))
                            && !name.equals("package-lock.json")) {
                        files.add(ROOT.relativize(file));
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list the checkout", e);
        }
        return Stream.of(files).flatMap(List::stream).sorted().toList();
    }
}
