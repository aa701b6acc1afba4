package leanvit.vit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import leanvit.reducers.Reducers;
import leanvit.testdata.TestData;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.Preprocessor;
import leanvit.vit.image.RgbImage;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.Checkpoint;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClassifierTest {

    private static final Path DEMO = TestData.path("demo");
    private static final Path CUP = DEMO.resolve("pictures/cup.png");

    @Test
    void theLikeliestClassesComeFirst() throws IOException {
        Classifier loaded = Classifier.load(DEMO.resolve("model"));
        List<Prediction> top = loaded.classify(CUP, 5);
        assertThat(top).hasSize(5);
        assertThat(top.get(0).label()).isEqualTo("cup");
        assertThat(top.get(0).index()).isEqualTo(4);
        assertThat(top).isSortedAccordingTo((a, b) -> Double.compare(b.probability(), a.probability()));
        assertThat(loaded.labels()).hasSize(16).contains("umbrella");
        assertThat(loaded.preprocessing().height()).isEqualTo(96);
    }

    @Test
    void probabilitiesAreTheSoftmaxOfTheLogits() throws IOException {
        Classifier classifier = Classifier.load(DEMO.resolve("model"));
        List<Prediction> all = classifier.classify(CUP, Integer.MAX_VALUE);
        assertThat(all).hasSize(16);
        assertThat(all.stream().mapToDouble(Prediction::probability).sum()).isCloseTo(1, within(1e-12));
        float[] pixels = new float[3 * 96 * 96];
        new Preprocessor(classifier.preprocessing()).apply(Pictures.read(CUP), pixels, 0);
        float[] logits = classifier.model().inference().logits(pixels, 1);
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit);
        }
        for (Prediction prediction : all) {
            assertThat(prediction.probability()).isCloseTo(Math.exp(logits[prediction.index()]) / sum, within(1e-12));
        }
    }

    @Test
    void picturesInMemoryGiveTheSame() throws IOException {
        Classifier classifier = Classifier.load(DEMO.resolve("model"));
        RgbImage picture = Pictures.read(CUP);
        BufferedImage buffered = new BufferedImage(picture.width(), picture.height(), BufferedImage.TYPE_INT_ARGB);
        for (int y = 0; y < picture.height(); y++) {
            for (int x = 0; x < picture.width(); x++) {
                buffered.setRGB(x, y, 0xff << 24 | picture.pixel(x, y));
            }
        }
        assertThat(classifier.classify(buffered, 3)).isEqualTo(classifier.classify(CUP, 3))
                .isEqualTo(classifier.classify(picture, 3));
        assertThat(classifier.embed(buffered)).hasSize(96).isEqualTo(classifier.embed(CUP))
                .isEqualTo(classifier.embed(picture));
    }

    @ParameterizedTest
    @CsvSource({"none, 145", "tome:r=16, 49", "'pomt:r=40,layer=2', 105"})
    void aRunTellsTokensAndWork(String spec, int tokensOut) throws IOException {
        Classifier classifier = Classifier.load(DEMO.resolve("model")).with(Reducers.parse(spec));
        Classification run = classifier.run(Pictures.read(CUP), 2);
        assertThat(run.tokens()).hasSize(6).endsWith(tokensOut);
        assertThat(classifier.reducer().spec()).isEqualTo(spec);
        Inference inference = classifier.model().inference().with(Reducers.parse(spec));
        inference.logits(new float[3 * 96 * 96], 1);
        assertThat(run.macs()).isEqualTo(inference.macs(0));
        PictureTrace trace = classifier.trace(Pictures.read(CUP), 2);
        assertThat(trace.classification().predictions()).isEqualTo(run.predictions());
        assertThat(trace.classification().tokens()).isEqualTo(run.tokens());
        assertThat(trace.classification().macs()).isEqualTo(run.macs());
        assertThat(trace.blocks()).hasSize(6);
        assertThat(trace.input().width()).isEqualTo(96);
    }

    @Test
    void manyThreadsShareOneClassifier() throws Exception {
        Classifier classifier = Classifier.load(DEMO.resolve("model")).with(Reducers.parse("tome:r=8"));
        List<RgbImage> pictures = List.of(Pictures.read(CUP), Pictures.read(DEMO.resolve("pictures/car.png")));
        List<List<Prediction>> expected = List.of(classifier.classify(pictures.get(0), 16),
                classifier.classify(pictures.get(1), 16));
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try {
            List<Callable<List<Prediction>>> calls = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                RgbImage picture = pictures.get(i % 2);
                calls.add(() -> classifier.classify(picture, 16));
            }
            List<Future<List<Prediction>>> answers = pool.invokeAll(calls);
            for (int i = 0; i < 32; i++) {
                assertThat(answers.get(i).get()).as("call %d", i).isEqualTo(expected.get(i % 2));
            }
            assertThat(classifier.with(pool, 3).classify(pictures.get(0), 16)).isEqualTo(expected.get(0));
        } finally {
            pool.shutdown();
        }
    }

    @Test
    void anotherImageSizeResizesThePositions() throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(DEMO.resolve("model"))) {
            Classifier wide = Classifier.of(checkpoint, 96, 128);
            assertThat(wide.run(Pictures.read(CUP), 1).tokens()).startsWith(1 + 12 * 16);
            assertThat(wide.classify(CUP, 1).get(0).label()).isEqualTo("cup");
            assertThat(wide.preprocessing().width()).isEqualTo(128);
            assertThatThrownBy(() -> Classifier.of(checkpoint, 96, 100)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("image of 96 x 100 pixels, expected multiples of the patch, 8");
        }
    }

    @Test
    void tokensAndMacsBeyondTheLastBatchAreRefused() throws IOException {
        Inference inference = Classifier.load(DEMO.resolve("model")).model().inference();
        inference.logits(new float[2 * 3 * 96 * 96], 2);
        inference.logits(new float[3 * 96 * 96], 1);
        assertThat(inference.tokens(0, 0)).isEqualTo(145);
        assertThatThrownBy(() -> inference.tokens(0, 1)).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessage("image 1, but the last pass had 1 images");
        assertThatThrownBy(() -> inference.macs(1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void whatCannotBeIsRefused() throws IOException {
        Classifier classifier = Classifier.load(DEMO.resolve("model"));
        assertThatThrownBy(() -> classifier.classify(CUP, 0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("top is 0, expected 1 or more");
        assertThatThrownBy(() -> classifier.classify(Path.of("none.png"), 1)).isInstanceOf(InvalidInputException.class)
                .hasMessage("none.png: no such file");
        assertThatThrownBy(() -> classifier.with(Reducers.parse("pomt:r=8,layer=6")))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("no block 6");
        assertThatThrownBy(() -> Classifier.load(Path.of("none"))).isInstanceOf(InvalidInputException.class)
                .hasMessage("none: no such directory");
        // A failed call gives its runner back in working order.
        assertThat(classifier.classify(CUP, 1)).hasSize(1);
    }

    @Test
    void aPictureOfOnePixelIsAnswered() throws IOException {
        List<Prediction> pixel = Classifier.load(DEMO.resolve("model")).classify(RgbImage.black(1, 1), 16);
        assertThat(pixel).hasSize(16).allMatch(prediction -> prediction.probability() >= 0);
        assertThat(Collections.max(pixel, (a, b) -> Double.compare(a.probability(), b.probability())))
                .isEqualTo(pixel.get(0));
    }
}
