package leanvit.spring;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.concurrent.TimeUnit;
import leanvit.vit.CallListener;
import leanvit.vit.CallReport;
import leanvit.vit.RefusedException;
import org.springframework.beans.factory.ObjectProvider;

/**
 * Micrometer's meters of a classifier's calls, with the tags {@code model} and {@code reducer}: counters
 * {@code leanvit.pictures}, {@code leanvit.pictures.broken}, {@code leanvit.tokens} (with the tag {@code at}, input or
 * output: tokens before the first and after the last block) and {@code leanvit.refused} (with the tag {@code reason}
 * alone); timers per batch {@code leanvit.wait}, {@code leanvit.decode}, {@code leanvit.resize}, {@code leanvit.model}.
 * Thread-safe.
 */
class LeanvitMeters implements CallListener {

    private final ObjectProvider<MeterRegistry> registries;

    LeanvitMeters(ObjectProvider<MeterRegistry> registries) {
        this.registries = registries;
    }

    @Override
    public void answered(CallReport call) {
        Tags tags = Tags.of("model", call.model(), "reducer", call.reducer());
        registries.ifAvailable(registry -> {
            registry.counter("leanvit.pictures", tags).increment(call.pictures());
            registry.counter("leanvit.pictures.broken", tags).increment(call.broken());
            registry.counter("leanvit.tokens", tags.and("at", "input")).increment(call.tokens()[0]);
            registry.counter("leanvit.tokens", tags.and("at", "output"))
                    .increment(call.tokens()[call.tokens().length - 1]);
            registry.timer("leanvit.wait", tags).record(call.waitNanos(), TimeUnit.NANOSECONDS);
            registry.timer("leanvit.decode", tags).record(call.decodeNanos(), TimeUnit.NANOSECONDS);
            registry.timer("leanvit.resize", tags).record(call.resizeNanos(), TimeUnit.NANOSECONDS);
            registry.timer("leanvit.model", tags).record(call.modelNanos(), TimeUnit.NANOSECONDS);
        });
    }

    @Override
    public void refused(RefusedException refusal) {
        registries.ifAvailable(registry ->
                registry.counter("leanvit.refused", "reason", refusal.reason().name()).increment());
    }
}
