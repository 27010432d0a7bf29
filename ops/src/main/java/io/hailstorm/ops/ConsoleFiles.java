package io.hailstorm.ops;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * The console's files, from {@code /console} on the class path. Files under {@code assets/} carry a hash of their
 * content in their name, so they never change and may be kept for ever; the page that names them is always asked for.
 */
final class ConsoleFiles {
    private static final String ROOT = "/console/";
    private static final Pattern NAME = Pattern.compile("(assets/)?[A-Za-z0-9_][A-Za-z0-9._-]*");
    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "json", "application/json",
            "svg", "image/svg+xml",
            "png", "image/png",
            "wasm", "application/wasm",
            "woff2", "font/woff2");

    /** Bounded by what is on the class path: only files that were found are kept. */
    private final Map<String, byte[]> files = new ConcurrentHashMap<>();

    void serve(String path, ServerResponse response) {
        String name = path.equals("/") ? "index.html" : path.substring(1);
        byte[] bytes = find(name).orElseThrow(() -> missing(name));
        String extension = name.substring(name.lastIndexOf('.') + 1);
        response.header(HeaderNames.CONTENT_TYPE, TYPES.getOrDefault(extension, "application/octet-stream"));
        response.header(
                HeaderNames.CACHE_CONTROL,
                name.startsWith("assets/") ? "public, max-age=31536000, immutable" : "no-cache");
        response.send(bytes);
    }

    private Optional<byte[]> find(String name) {
        if (!NAME.matcher(name).matches()) {
            return Optional.empty();
        }
        byte[] known = files.get(name);
        if (known != null) {
            return Optional.of(known);
        }
        try (InputStream in = ConsoleFiles.class.getResourceAsStream(ROOT + name)) {
            if (in == null) {
                return Optional.empty();
            }
            byte[] bytes = in.readAllBytes();
            files.put(name, bytes);
            return Optional.of(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static HailstormException missing(String name) {
        return new HailstormException(
                ErrorCode.NOT_FOUND,
                name.equals("index.html")
                        ? "the console is not in this build; build with npm on the path, or use /api"
                        : "nothing at /" + name);
    }
}
