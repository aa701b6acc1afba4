package leanvit.vit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import leanvit.reducers.Reducers;
import leanvit.reducers.TokenReducer;
import leanvit.testdata.GoldenFile;
import leanvit.testdata.TestData;
import leanvit.vit.weights.Checkpoint;
import leanvit.vit.weights.RowConsumer;
import leanvit.vit.weights.TensorSource;
import leanvit.vit.weights.VitConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds of every reducer on every family, however its positions enter and its tokens are pooled. */
class FamilyReducersTest {

    private static final List<String> OTHERS =
            List.of("tome:r=3", "tome:r=2,prop=off", "ltmp:merge=0.2/0.2,prune=0.001/0.01", "pomt:r=4,layer=0");
    private static final List<String> BY_CLASS_TOKEN =
            List.of("etps:keep=0.6,layers=0", "evit:keep=0.6,layers=0/1", "topk:keep=0.5,layers=1");
    private static final List<String> THAT_DO_NOTHING =
            List.of("tome:r=0", "tome:r=0,prop=off", "ltmp:merge=1/1,prune=0/0");

    static List<Path> directories() throws IOException {
        return GoldenFamiliesTest.directories();
    }

    /** A family's model, and its images. */
    private record Family(VisionTransformer model, boolean classToken, float[] pixels, int images) {

        static Family read(Path directory) throws IOException {
            GoldenFile golden = GoldenFile.open(directory.resolve("golden.safetensors"));
            try (Checkpoint checkpoint = Checkpoint.open(directory)) {
                return new Family(VisionTransformer.of(checkpoint.config(), checkpoint), checkpoint.has("cls_token"),
                        golden.floats("pixels"), golden.shape("pixels")[0]);
            }
        }

        List<String> reducers() {
            List<String> specs = new ArrayList<>(OTHERS);
            specs.addAll(classToken ? BY_CLASS_TOKEN : List.of());
            return specs;
        }

        float[] image(int image) {
            int length = pixels.length / images;
            return Arrays.copyOfRange(pixels, image * length, (image + 1) * length);
        }
    }

    private static TokenReducer reducer(String spec) throws IOException {
        return Reducers.parse(spec);
    }

    @ParameterizedTest
    @MethodSource("directories")
    void whatRemovesNothingChangesNoBit(Path directory) throws IOException {
        Family family = Family.read(directory);
        float[] dense = family.model.inference().features(family.pixels, family.images);
        for (String spec : THAT_DO_NOTHING) {
            assertThat(family.model.inference().with(reducer(spec)).features(family.pixels, family.images))
                    .as(spec).containsExactly(dense);
        }
    }

    @ParameterizedTest
    @MethodSource("directories")
    void theDenseCostIsWhatAPassCounts(Path directory) throws IOException {
        Family family = Family.read(directory);
        Inference inference = family.model.inference();
        inference.features(family.pixels, family.images);
        assertThat(new Macs(family.model.config(), family.model.shape()).dense()).isEqualTo(inference.macs(0));
    }

    @ParameterizedTest
    @MethodSource("directories")
    void anImageHasItsAnswerInAnyBatchAndForAnyThreads(Path directory) throws IOException {
        Family family = Family.read(directory);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            for (String spec : family.reducers()) {
                Inference inference = family.model.inference().with(reducer(spec));
                float[] all = inference.features(family.pixels, family.images);
                assertThat(inference.with(threads, 3).features(family.pixels, family.images)).as(spec)
                        .containsExactly(all);
                int width = family.model.features();
                for (int image = 0; image < family.images; image++) {
                    assertThat(inference.features(family.image(image), 1)).as("%s, image %d", spec, image)
                            .containsExactly(Arrays.copyOfRange(all, image * width, (image + 1) * width));
                }
            }
        } finally {
            threads.shutdown();
        }
    }

    /** Prefix tokens stay first and alone; sizes add up to the tokens; features are numbers. */
    @ParameterizedTest
    @MethodSource("directories")
    void prefixTokensAreProtectedAndSizesAddUp(Path directory) throws IOException {
        Family family = Family.read(directory);
        int prefix = family.model.shape().prefix();
        int tokens = family.model.shape().tokens();
        for (String spec : family.reducers()) {
            Inference inference = family.model.inference().with(reducer(spec));
            List<BlockTrace> trace = new ArrayList<>();
            inference.trace(family.pixels, family.images, trace, true);
            BlockTrace last = trace.get(trace.size() - 1);
            int row = 0;
            for (int image = 0; image < family.images; image++) {
                int[] assignment = last.assignment()[image];
                assertThat(last.tokens()[image]).as(spec).isLessThan(tokens);
                for (int i = 0; i < tokens; i++) {
                    assertThat(assignment[i] < prefix && assignment[i] >= 0).as("%s, token %d", spec, i)
                            .isEqualTo(i < prefix);
                }
                assertThat(Arrays.copyOf(assignment, prefix)).isEqualTo(IntStream.range(0, prefix).toArray());
                if (spec.startsWith("tome")) {
                    double sum = 0;
                    for (int i = 0; i < last.tokens()[image]; i++) {
                        sum += last.sizes()[row + i];
                    }
                    assertThat(sum).as(spec).isEqualTo(tokens);
                }
                row += last.tokens()[image];
            }
            for (float feature : inference.features(family.pixels, family.images)) {
                assertThat(feature).as(spec).isFinite();
            }
        }
    }

    @Test
    void methodsByTheClassTokenSayThatThereIsNone() throws IOException {
        for (String directory : List.of("siglip_vision", "timm_so150m")) {
            Family family = Family.read(TestData.path("families/" + directory));
            for (String spec : BY_CLASS_TOKEN) {
                TokenReducer reducer = reducer(spec);
                assertThatThrownBy(() -> family.model.inference().with(reducer)).as(spec)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageStartingWith(reducer.spec() + " scores tokens by the class token's attention, but ")
                        .hasMessageEndingWith(" has no class token");
            }
        }
    }

    /**
     * Pictures of two kinds of patches, and no absolute positions: all tokens of a kind are equal, and merging equal
     * ones changes nothing, if attention and pooling count each token by its size. (The attention pool adds ln(size),
     * the mean is weighted.)
     */
    @Test
    void mergingEqualTokensChangesNoFeature() throws IOException {
        for (String directory : List.of("siglip_vision", "timm_siglip2_map_cls", "timm_so150m", "dinov2_cls")) {
            VisionTransformer model;
            try (Checkpoint checkpoint = Checkpoint.open(TestData.path("families/" + directory))) {
                model = VisionTransformer.of(checkpoint.config(), withoutPositions(checkpoint));
            }
            VitConfig config = model.config();
            float[] pixels = twoKinds(config);
            float[] dense = model.inference().features(pixels, 1);
            Inference merging = model.inference().with(reducer("tome:r=6"));
            float[] merged = merging.features(pixels, 1);
            assertThat(merging.tokens(config.depth() - 1, 0)).as(directory).isLessThan(model.shape().tokens());
            assertThat(merged).as(directory).usingComparatorWithPrecision(2e-5f).containsExactly(dense);
        }
    }

    /** One patch in four, not in a column or row, is of the second kind. */
    private static float[] twoKinds(VitConfig config) {
        int height = config.imageHeight();
        int width = config.imageWidth();
        float[] pixels = new float[3 * height * width];
        for (int i = 0; i < pixels.length; i++) {
            int x = i % width;
            int y = i / width % height;
            boolean second = (y / config.patch() * config.gridColumns() + x / config.patch()) % 5 == 2;
            int inPatch = y % config.patch() * config.patch() + x % config.patch();
            pixels[i] = (float) Math.sin(inPatch * (second ? 0.7 : 1.3) + i / (height * width));
        }
        return pixels;
    }

    private static TensorSource withoutPositions(Checkpoint checkpoint) {
        return new TensorSource() {
            @Override
            public boolean has(String name) {
                return checkpoint.has(name);
            }

            @Override
            public int[] shape(String name) throws IOException {
                return checkpoint.shape(name);
            }

            @Override
            public float[] tensor(String name, int... expected) throws IOException {
                return checkpoint.tensor(name, expected);
            }

            @Override
            public float[] positions(VitConfig trained, VitConfig wanted, int prefix, int registers)
                    throws IOException {
                return new float[checkpoint.positions(trained, wanted, prefix, registers).length];
            }

            @Override
            public void rows(String name, RowConsumer consumer, int... expected) throws IOException {
                checkpoint.rows(name, consumer, expected);
            }
        };
    }
}
