package leanvit.spring;

import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import leanvit.kernels.Provider;
import leanvit.reducers.Reducers;
import leanvit.vit.Batcher;
import leanvit.vit.CallListener;
import leanvit.vit.CallReport;
import leanvit.vit.Classifier;
import leanvit.vit.RefusedException;
import leanvit.vit.weights.Checkpoint;
import leanvit.vit.weights.ReducerFiles;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Makes a {@link Classifier} of the properties {@code leanvit.*}, warms it up before the application is ready, and,
 * where there are the libraries for it, a health indicator {@code leanvit} and meters {@code leanvit.*}. A Classifier,
 * Batcher or LeanvitWarmUp of the application's own takes the place of this one's.
 */
@AutoConfiguration
@ConditionalOnClass(Classifier.class)
@ConditionalOnProperty(prefix = "leanvit", name = "enabled", matchIfMissing = true)
@EnableConfigurationProperties(LeanvitProperties.class)
public class LeanvitAutoConfiguration {

    private static final System.Logger LOG = System.getLogger("leanvit.spring");

    /** Loads the model; every {@link CallListener} bean hears of its calls. */
    @Bean(destroyMethod = "close")
    @ConditionalOnMissingBean
    Classifier leanvitClassifier(LeanvitProperties properties, ObjectProvider<CallListener> listeners) {
        if (properties.model() == null) {
            throw new LeanvitStartException("leanvit.model is not set",
                    "Set leanvit.model to the directory of a model, with config.json and model.safetensors, "
                            + "or leanvit.enabled=false.", null);
        }
        if (Provider.vectorBits() == 0) {
            LOG.log(System.Logger.Level.WARNING, "The scalar kernels serve, four to five times slower than SIMD: "
                    + Provider.reason() + ". An executable jar cannot ask for the Vector API itself: start it as "
                    + "java --add-modules jdk.incubator.vector -jar APP.jar, a container with "
                    + "JDK_JAVA_OPTIONS=--add-modules=jdk.incubator.vector, and Maven with "
                    + "-Dspring-boot.run.jvmArguments=--add-modules=jdk.incubator.vector");
        }
        try {
            Classifier plain = load(properties.model(), properties.imageSize());
            Classifier classifier = plain.with(Reducers.parse(properties.reducer(), ReducerFiles.from(Path.of(""))))
                    .with(properties.calls().limits()).with(properties.pictures().limits());
            return classifier.with(new All(listeners));
        } catch (IOException | IllegalArgumentException | IllegalStateException e) {
            throw new LeanvitStartException(e.getMessage(), "Look at the properties leanvit.*: the model is "
                    + properties.model() + ", the reducer " + properties.reducer() + ".", e);
        }
    }

    private static Classifier load(Path model, int side) throws IOException {
        if (side == 0) {
            return Classifier.load(model);
        }
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            return Classifier.of(checkpoint, side, side);
        }
    }

    /** All listeners that the application has; asked for when the first call was answered. */
    private record All(ObjectProvider<CallListener> listeners) implements CallListener {

        @Override
        public void answered(CallReport call) {
            listeners.forEach(listener -> listener.answered(call));
        }

        @Override
        public void refused(RefusedException refusal) {
            listeners.forEach(listener -> listener.refused(refusal));
        }
    }

    @Bean
    @ConditionalOnMissingBean
    LeanvitWarmUp leanvitWarmUp(Classifier classifier, LeanvitProperties properties) {
        return new LeanvitWarmUp(classifier, properties.warmUp());
    }

    @Bean(destroyMethod = "close")
    @ConditionalOnMissingBean
    @ConditionalOnProperty(prefix = "leanvit.batcher", name = "enabled")
    Batcher leanvitBatcher(LeanvitProperties properties) {
        return new Batcher(properties.batcher().settings());
    }

    /** Meters, where the application has Micrometer. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(MeterRegistry.class)
    static class Meters {

        @Bean
        LeanvitMeters leanvitMeters(ObjectProvider<MeterRegistry> registries) {
            return new LeanvitMeters(registries);
        }
    }

    /** Health, where the application has the actuator of Boot 3. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(name = "org.springframework.boot.actuate.health.HealthIndicator")
    static class HealthOfBoot3 {

        @Bean
        @ConditionalOnMissingBean(name = "leanvitHealthIndicator")
        org.springframework.boot.actuate.health.HealthIndicator leanvitHealthIndicator(LeanvitWarmUp warmUp) {
            return () -> {
                var health = warmUp.isReady() ? org.springframework.boot.actuate.health.Health.up()
                        : org.springframework.boot.actuate.health.Health.outOfService();
                return health.withDetails(warmUp.details()).build();
            };
        }
    }

    /** Health, where the application has that of Boot 4. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(name = "org.springframework.boot.health.contributor.HealthIndicator")
    static class HealthOfBoot4 {

        @Bean
        @ConditionalOnMissingBean(name = "leanvitHealthIndicator")
        org.springframework.boot.health.contributor.HealthIndicator leanvitHealthIndicator(LeanvitWarmUp warmUp) {
            return () -> {
                var health = warmUp.isReady() ? org.springframework.boot.health.contributor.Health.up()
                        : org.springframework.boot.health.contributor.Health.outOfService();
                return health.withDetails(warmUp.details()).build();
            };
        }
    }
}
