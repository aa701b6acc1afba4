package leanvit.vit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import leanvit.kernels.LayerNorm;
import leanvit.reducers.ModelShape;
import leanvit.reducers.TokenMap;
import leanvit.reducers.TokenReducer;
import leanvit.testdata.TestData;
import leanvit.vit.TestWeights.Feature;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.Checkpoint;
import leanvit.vit.weights.SafeTensors;
import leanvit.vit.weights.VitConfig.Pooling;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DenseFeaturesTest {

    private static final int BATCH = 3;

    static List<String> specs() {
        return InferenceTest.specs();
    }

    static List<String> idleSpecs() {
        return InferenceTest.idleSpecs();
    }

    private static List<TestWeights> models() {
        return List.of(TestWeights.of(TestWeights.config(Pooling.TOKEN, false), 21),
                TestWeights.of(TestWeights.config(Pooling.TOKEN, true), 22, Feature.REGISTERS),
                TestWeights.of(TestWeights.config(Pooling.AVERAGE, false), 23),
                TestWeights.of(TestWeights.config(Pooling.AVERAGE, false), 24, Feature.FC_NORM));
    }

    private static VisionTransformer model(TestWeights weights) throws IOException {
        return VisionTransformer.of(weights.config(), weights);
    }

    private static float[] image(float[] pixels, int image) {
        int each = pixels.length / BATCH;
        return Arrays.copyOfRange(pixels, image * each, (image + 1) * each);
    }

    /** The last norm of rows; models with a norm behind the pooling have none before it. */
    private static float[] normed(TestWeights weights, float[] rows) {
        int width = weights.config().width();
        if (weights.has("norm.weight")) {
            LayerNorm.rows(rows, 0, width, rows.length / width, width, weights.values("norm.weight"),
                    weights.values("norm.bias"), weights.config().epsilon(), rows, 0, width);
        }
        return rows;
    }

    @Test
    void withoutReducerTheyAreThePlainTokensOfThePatches() throws IOException {
        for (TestWeights weights : models()) {
            VisionTransformer model = model(weights);
            float[] pixels = TestWeights.images(weights.config(), BATCH, 31);
            DenseFeatures dense = model.inference().dense(pixels, BATCH);
            assertThat(dense.rows()).isEqualTo(4);
            assertThat(dense.columns()).isEqualTo(5);
            assertThat(dense.width()).isEqualTo(21);
            assertThat(dense.dropped()).containsOnly(false).hasSize(BATCH * 20);
            List<BlockTrace> trace = new ArrayList<>();
            model.inference().trace(pixels, BATCH, trace, true);
            float[] rows = normed(weights, trace.get(2).rows());
            ModelShape shape = model.shape();
            for (int image = 0; image < BATCH; image++) {
                int from = (image * shape.tokens() + shape.prefix()) * 21;
                assertThat(Arrays.copyOfRange(dense.values(), dense.offset(image, 0, 0), (image + 1) * 20 * 21))
                        .containsExactly(Arrays.copyOfRange(rows, from, from + 20 * 21));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("idleSpecs")
    void aReducerThatNeverReducesChangesNoBits(String spec) throws IOException {
        for (TestWeights weights : models()) {
            VisionTransformer model = model(weights);
            float[] pixels = TestWeights.images(weights.config(), BATCH, 31);
            assertThat(model.inference().with(InferenceTest.reducer(spec)).dense(pixels, BATCH).values())
                    .containsExactly(model.inference().dense(pixels, BATCH).values());
        }
    }

    /** Every patch has its last token's row; a dropped one the row that it had, as the reducer saw it. */
    @ParameterizedTest
    @MethodSource("specs")
    void everyPatchHasItsFinalTokensRow(String spec) throws IOException {
        TokenReducer reducer = InferenceTest.reducer(spec);
        for (TestWeights weights : models()) {
            VisionTransformer model = model(weights);
            ModelShape shape = model.shape();
            int width = shape.width();
            float[] pixels = image(TestWeights.images(weights.config(), BATCH, 32), 1);
            RecordingReducer recorder = new RecordingReducer(reducer, new ArrayList<>());
            List<BlockTrace> trace = new ArrayList<>();
            model.inference().with(recorder).trace(pixels, 1, trace, true);
            int[] token = new int[shape.tokens()];
            Arrays.setAll(token, i -> i);
            float[] expected = new float[shape.patches() * width];
            boolean[] dropped = new boolean[shape.patches()];
            for (RecordingReducer.Call call : recorder.calls()) {
                for (int patch = 0; patch < dropped.length; patch++) {
                    int now = token[shape.prefix() + patch];
                    if (now >= 0 && call.map().target(now) == TokenMap.DROPPED) {
                        dropped[patch] = true;
                        System.arraycopy(call.rows(), now * width, expected, patch * width, width);
                    }
                }
                call.map().trace(token, 0, token.length);
            }
            for (int patch = 0; patch < dropped.length; patch++) {
                if (!dropped[patch]) {
                    System.arraycopy(trace.get(2).rows(), token[shape.prefix() + patch] * width, expected,
                            patch * width, width);
                }
            }
            DenseFeatures dense = model.inference().with(reducer).dense(pixels, 1);
            assertThat(dense.dropped()).containsExactly(dropped);
            assertThat(dense.values()).containsExactly(normed(weights, expected));
            assertThat(dense.isDropped(0, 2, 3)).isEqualTo(dropped[13]);
        }
    }

    @ParameterizedTest
    @MethodSource("specs")
    void batchesAndThreadsChangeNoBitsAndTheEmbeddingIsTheSame(String spec) throws IOException {
        TestWeights weights = models().get(1);
        VisionTransformer model = model(weights);
        float[] pixels = TestWeights.images(weights.config(), BATCH, 33);
        Inference run = model.inference().with(InferenceTest.reducer(spec));
        DenseFeatures all = run.dense(pixels, BATCH);
        float[] embedding = run.embedding(2);
        assertThat(embedding).containsExactly(run.features(image(pixels, 2), 1));
        ExecutorService pool = Executors.newFixedThreadPool(2);
        try {
            assertThat(run.with(pool, 3).dense(pixels, BATCH)).usingRecursiveComparison().isEqualTo(all);
        } finally {
            pool.shutdown();
        }
        float[] alone = run.dense(image(pixels, 1), 1).values();
        assertThat(alone).containsExactly(Arrays.copyOfRange(all.values(), all.offset(1, 0, 0), all.offset(2, 0, 0)));
        assertThat(run.dense(pixels, 0).values()).isEmpty();
    }

    @Test
    void placesOutsideTheGridAreRefused() {
        DenseFeatures dense = new DenseFeatures(1, 2, 3, 4, new float[24], new boolean[6]);
        assertThat(dense.offset(0, 1, 2)).isEqualTo(20);
        assertThatThrownBy(() -> dense.offset(0, 2, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> dense.isDropped(0, 0, 3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> new DenseFeatures(1, 2, 3, 4, new float[23], new boolean[6]))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aClassifierHasThemForPictures() throws IOException {
        Path cup = TestData.path("demo/pictures/cup.png");
        try (Classifier classifier = Classifier.load(TestData.path("demo/model"))) {
            DenseFeatures dense = classifier.dense(Picture.of(cup));
            assertThat(dense.rows() * dense.columns()).isEqualTo(classifier.model().shape().patches());
            assertThat(dense.values()).doesNotContain(Float.NaN);
            assertThatThrownBy(() -> classifier.dense(Picture.of(cup.resolveSibling("none.png"))))
                    .isInstanceOf(InvalidInputException.class);
        }
    }

    /**
     * Against what transformers and timm return as the last hidden state. CLIP's is not normed there, ours is, as
     * timm's.
     */
    @Test
    void everyFamilysAreThoseOfItsLibrary() throws IOException {
        Path folder = TestData.shared("families");
        List<Path> families;
        try (Stream<Path> all = Files.list(folder)) {
            families = all.filter(family -> Files.exists(family.resolve("golden.safetensors"))
                    && !family.getFileName().toString().startsWith("clip")).sorted().toList();
        }
        int compared = 0;
        for (Path family : families) {
            try (Checkpoint checkpoint = Checkpoint.open(family);
                    SafeTensors golden = SafeTensors.open(family.resolve("golden.safetensors"))) {
                float[] pixels = golden.floats("pixels");
                int[] shape = golden.shape("last_hidden_state");
                float[] hidden = golden.floats("last_hidden_state");
                VisionTransformer model = VisionTransformer.of(checkpoint.config(), checkpoint);
                DenseFeatures dense = model.inference().dense(pixels, shape[0]);
                double largest = 0;
                double worst = 0;
                int prefix = model.shape().prefix();
                for (int image = 0; image < shape[0]; image++) {
                    for (int i = 0; i < model.shape().patches() * shape[2]; i++) {
                        float expected = hidden[(image * shape[1] + prefix) * shape[2] + i];
                        largest = Math.max(largest, Math.abs(expected));
                        worst = Math.max(worst, Math.abs(expected - dense.values()[dense.offset(image, 0, 0) + i]));
                    }
                }
                assertThat(worst).as("%s, of %s", family.getFileName(), largest).isLessThan(1e-4 * largest);
                compared++;
            } catch (InvalidInputException e) {
                assertThat(e).as("%s", family.getFileName()).hasMessageContaining("not supported");
            }
        }
        assertThat(compared).isGreaterThan(20);
    }
}
