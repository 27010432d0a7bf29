package io.hailstorm.node;

import io.hailstorm.ingest.Role;
import io.hailstorm.ingest.TokenIssuer;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.node.Converters.DurationConverter;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code hailstorm token}: development tokens, signed with a node's own keys. */
@Command(
        name = "token",
        description = "Print bearer tokens signed with a node's development keys.",
        mixinStandardHelpOptions = true)
final class TokenCommand implements Callable<Integer> {
    @Option(
            names = "--role",
            paramLabel = "driver|rider|admin",
            required = true,
            converter = RoleConverter.class,
            description = "what the bearer may do")
    private Role role = Role.RIDER;

    @Option(names = "--subject", paramLabel = "N", required = true, description = "id of the driver or rider, positive")
    private long subject;

    @Option(
            names = "--count",
            paramLabel = "N",
            defaultValue = "1",
            description = "print N tokens, one a line, for consecutive ids (1)")
    private int count = 1;

    @Option(
            names = "--ttl",
            paramLabel = "D",
            defaultValue = "24h",
            converter = DurationConverter.class,
            description = "time to live (24h)")
    private Duration ttl = Duration.ofHours(24);

    @Mixin
    private final KeyOptions keys = new KeyOptions();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    /** By the word in the token. */
    static final class RoleConverter implements ITypeConverter<Role> {
        @Override
        public Role convert(String text) {
            try {
                return Role.valueOf(text.toUpperCase(Locale.ROOT));
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException("expected driver, rider or admin, got \"" + text + "\"");
            }
        }
    }

    @Override
    public Integer call() {
        if (subject <= 0 || count < 1) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--subject and --count are positive, got " + subject + " and " + count);
        }
        TokenIssuer issuer = Tokens.issuer(keys.directory(), new SystemTimeSource());
        for (long id = subject; id < subject + count; id++) {
            spec.commandLine().getOut().println(issuer.issue(role, id, ttl));
        }
        return 0;
    }
}
