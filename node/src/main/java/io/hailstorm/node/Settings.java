package io.hailstorm.node;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The settings of a node after layering: flags over environment over file over defaults, each with its origin. */
final class Settings {
    /** A value and where it came from: {@code flag --x}, {@code env HAILSTORM_X}, {@code file F}, {@code default}. */
    record Value(String text, String origin) {}

    private final Map<Setting, Value> values;

    private Settings(Map<Setting, Value> values) {
        this.values = values;
    }

    /**
     * Resolves every setting.
     *
     * @throws HailstormException with {@code INVALID_ARGUMENT} for an unreadable file or an unknown key in it
     */
    static Settings resolve(Map<Setting, String> flags, Map<String, String> environment, @Nullable Path file) {
        Map<String, Object> fromFile = file == null ? Map.of() : read(file);
        Map<Setting, Value> values = new EnumMap<>(Setting.class);
        for (Setting setting : Setting.values()) {
            String flag = flags.get(setting);
            String env = environment.get(setting.environmentName());
            Object yaml = fromFile.get(setting.text());
            if (flag != null) {
                values.put(setting, new Value(flag, "flag --" + setting.text()));
            } else if (env != null && !env.isEmpty()) {
                values.put(setting, new Value(env, "env " + setting.environmentName()));
            } else if (yaml != null) {
                values.put(setting, new Value(String.valueOf(yaml), "file " + file));
            } else {
                values.put(setting, new Value(setting.defaultValue(), "default"));
            }
        }
        return new Settings(values);
    }

    private static Map<String, Object> read(Path file) {
        Map<String, Object> read;
        try {
            read = new YAMLMapper().readValue(file.toFile(), new TypeReference<>() {});
        } catch (IOException e) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT, "cannot read configuration " + file + ": " + e.getMessage(), e);
        }
        if (read == null) {
            return Map.of();
        }
        List<String> known = Arrays.stream(Setting.values()).map(Setting::text).toList();
        for (String key : read.keySet()) {
            if (!known.contains(key)) {
                throw new HailstormException(
                        ErrorCode.INVALID_ARGUMENT,
                        "unknown key \"" + key + "\" in " + file + ": expected one of " + String.join(", ", known));
            }
        }
        return read;
    }

    Value value(Setting setting) {
        Value value = values.get(setting);
        if (value == null) {
            throw new IllegalStateException("unresolved setting " + setting);
        }
        return value;
    }

    String text(Setting setting) {
        return value(setting).text();
    }

    int integer(Setting setting, int min, int max) {
        String text = text(setting);
        try {
            int number = Integer.parseInt(text.trim());
            if (number >= min && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw invalid(setting, "a whole number from " + min + " to " + max, e);
        }
        throw invalid(setting, "a whole number from " + min + " to " + max, null);
    }

    boolean flag(Setting setting) {
        return switch (text(setting).toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw invalid(setting, "true or false", null);
        };
    }

    String oneOf(Setting setting, String... allowed) {
        String text = text(setting);
        if (Arrays.asList(allowed).contains(text)) {
            return text;
        }
        throw invalid(setting, "one of " + String.join(", ", allowed), null);
    }

    private HailstormException invalid(Setting setting, String expected, @Nullable Throwable cause) {
        Value value = value(setting);
        return new HailstormException(
                ErrorCode.INVALID_ARGUMENT,
                setting.text() + ": expected " + expected + ", got \"" + value.text() + "\" (" + value.origin() + ")",
                cause);
    }
}
