package leanvit.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import leanvit.kernels.Provider;
import leanvit.testdata.TestData;
import leanvit.vit.Batcher;
import leanvit.vit.Classifier;
import leanvit.vit.Picture;
import leanvit.vit.image.PictureLimits;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringBootVersion;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** What properties make of it, on the Boot of this run. */
class LeanvitAutoConfigurationTest {

    static final Path DEMO = TestData.directory().resolve("demo/model");
    static final Path CUP = TestData.directory().resolve("demo/pictures/cup.png");

    private final ApplicationContextRunner boot = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(LeanvitAutoConfiguration.class))
            .withPropertyValues("leanvit.model=" + DEMO);

    @Test
    void runsOnTheBootThatIsMeant() {
        assertThat(SpringBootVersion.getVersion()).isEqualTo(System.getProperty("boot.version"));
    }

    @Test
    void aModelMakesAClassifier() throws IOException {
        float[] plain = Classifier.load(DEMO).embed(CUP);
        boot.run(context -> {
            assertThat(context).hasSingleBean(Classifier.class).doesNotHaveBean(Batcher.class);
            Classifier classifier = context.getBean(Classifier.class);
            assertThat(classifier.classify(CUP, 1).get(0).label()).isEqualTo("cup");
            assertThat(classifier.embed(CUP)).isEqualTo(plain);
            assertThat(classifier.pictureLimits()).isEqualTo(PictureLimits.DEFAULT);
        });
    }

    @Test
    void propertiesSetWhatTheyName() {
        boot.withPropertyValues("leanvit.reducer=tome:r=8", "leanvit.image-size=112", "leanvit.calls.concurrency=3",
                "leanvit.calls.patience=2s", "leanvit.calls.time=5s", "leanvit.calls.idle=10s", "leanvit.calls.batch=4",
                "leanvit.pictures.max-pixels=1000000", "leanvit.pictures.max-bytes=2MB", "leanvit.batcher.enabled=true",
                "leanvit.batcher.queue=7", "leanvit.batcher.max-batch=5", "leanvit.batcher.max-delay=3ms",
                "leanvit.batcher.workers=1", "leanvit.batcher.time=9s").run(context -> {
                    Classifier classifier = context.getBean(Classifier.class);
                    assertThat(classifier.reducer().spec()).isEqualTo("tome:r=8");
                    assertThat(classifier.model().config().imageHeight()).isEqualTo(112);
                    assertThat(classifier.callLimits().concurrency()).isEqualTo(3);
                    assertThat(classifier.callLimits().patience()).isEqualTo(Duration.ofSeconds(2));
                    assertThat(classifier.callLimits().time()).isEqualTo(Duration.ofSeconds(5));
                    assertThat(classifier.callLimits().idle()).isEqualTo(Duration.ofSeconds(10));
                    assertThat(classifier.callLimits().batch()).isEqualTo(4);
                    assertThat(classifier.pictureLimits().maxPixels()).isEqualTo(1_000_000);
                    assertThat(classifier.pictureLimits().maxBytes()).isEqualTo(2 << 20);
                    Batcher batcher = context.getBean(Batcher.class);
                    assertThat(batcher.settings())
                            .isEqualTo(new Batcher.Settings(7, 5, Duration.ofMillis(3), 1, Duration.ofSeconds(9)));
                    assertThat(batcher.submit(classifier, Picture.of(CUP), 1).join().predictions()).hasSize(1);
                });
    }

    @Test
    void itCanBeOffAndTheApplicationsOwnComesFirst() throws IOException {
        boot.withPropertyValues("leanvit.enabled=false")
                .run(context -> assertThat(context).doesNotHaveBean(Classifier.class));
        Classifier own = Classifier.load(DEMO);
        boot.withBean(Classifier.class, () -> own)
                .run(context -> assertThat(context.getBean(Classifier.class)).isSameAs(own));
    }

    @Test
    void whatCannotStartSaysWhy() {
        new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(LeanvitAutoConfiguration.class))
                .run(context -> assertFailure(context.getStartupFailure(), "leanvit.model is not set",
                        "leanvit.enabled=false"));
        boot.withPropertyValues("leanvit.model=/none/such").run(context ->
                assertFailure(context.getStartupFailure(), "/none/such: no such directory", "the model is /none/such"));
        boot.withPropertyValues("leanvit.reducer=tomme:r=8").run(context ->
                assertFailure(context.getStartupFailure(), "unknown reducer 'tomme'", "the reducer tomme:r=8"));
    }

    private static void assertFailure(Throwable failure, String problem, String action) {
        FailureAnalysis analysis = new LeanvitStartException.Analyzer().analyze(failure);
        assertThat(analysis.getDescription()).startsWith("LeanViT cannot start: ").contains(problem)
                .doesNotContain("\n");
        assertThat(analysis.getAction()).contains(action);
    }

    @Test
    void metersCountCalls() {
        boot.withBean(SimpleMeterRegistry.class).run(context -> {
            Classifier classifier = context.getBean(Classifier.class);
            List<Picture> pictures = List.of(Picture.of(CUP), Picture.of(new byte[] {1, 2, 3}), Picture.of(CUP));
            classifier.run(pictures, 1);
            MeterRegistry registry = context.getBean(MeterRegistry.class);
            assertThat(registry.get("leanvit.pictures").tag("model", "vit_demo_patch8_96").tag("reducer", "none")
                    .counter().count()).isEqualTo(2);
            assertThat(registry.get("leanvit.pictures.broken").counter().count()).isEqualTo(1);
            assertThat(registry.get("leanvit.tokens").tag("at", "output").counter().count()).isEqualTo(2 * 145);
            for (String timer : List.of("wait", "decode", "resize", "model")) {
                assertThat(registry.get("leanvit." + timer).timer().count()).as(timer).isPositive();
            }
        });
    }

    @Test
    void theWarmUpIsTheRunnersWork() {
        boot.run(context -> {
            LeanvitWarmUp warmUp = context.getBean(LeanvitWarmUp.class);
            assertThat(warmUp.isReady()).isFalse();
            assertThat(warmUp.details()).containsEntry("warmUp", "under way").containsEntry("reducer", "none")
                    .containsEntry("kernels", Provider.describe());
            warmUp.run(null);
            assertThat(warmUp.isReady()).isTrue();
            assertThat(warmUp.details().get("warmUp").toString()).contains("pictures in ");
        });
        boot.withPropertyValues("leanvit.warm-up.enabled=false").run(context ->
                assertThat(context.getBean(LeanvitWarmUp.class).isReady()).isTrue());
    }
}
