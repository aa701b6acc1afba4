package leanvit.vit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import leanvit.reducers.LayerTokens;
import leanvit.reducers.ModelShape;
import leanvit.reducers.Need;
import leanvit.reducers.Reducers;
import leanvit.reducers.TensorFiles.Tensor;
import leanvit.reducers.TokenMap;
import leanvit.reducers.TokenReducer;
import leanvit.vit.TestWeights.Feature;
import leanvit.vit.weights.VitConfig.Pooling;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What holds for every model and reducer: the same bits whatever the batch and the threads, and no surprise at the
 * edges.
 */
@Timeout(600)
class InferenceTest {

    /** More images than fit a group of a block's pass, whose 400 rows are 19 images of 21 tokens. */
    private static final int MANY = 45;

    private static ExecutorService pool;
    private static VisionTransformer model;
    private static float[] pixels;

    @BeforeAll
    static void load() throws IOException {
        pool = Executors.newFixedThreadPool(3);
        model = model(Pooling.TOKEN, false);
        pixels = TestWeights.images(model.config(), MANY, 1);
    }

    @AfterAll
    static void close() {
        pool.shutdown();
    }

    private static VisionTransformer model(Pooling pooling, boolean distilled, Feature... features) throws IOException {
        TestWeights weights = TestWeights.of(TestWeights.config(pooling, distilled), 11, features);
        return VisionTransformer.of(weights.config(), weights);
    }

    static List<String> specs() {
        return List.of("none", "tome:r=3", "tome:r=6,inflect=-1", "tome:r=5,prop=off", "tome:r=0/4/0", "tome:r=0/0/5",
                "ltmp:merge=0.3,prune=0.035", "ltmp:merge=0.2", "ltmp:prune=0.04", "etps:keep=0.6,layers=0/2",
                "dtps:keep=0.7,layers=0/1/2,predictors=3", "dtps:keep=0.5,layers=2,predictors=1",
                "evit:keep=0.7,layers=0/2",
                "evit:keep=0.7,layers=1,fuse=off", "topk:r=3", "topk:keep=0.7,layers=1/2", "pomt:r=7,layer=1",
                "pomt:r=7,layer=2");
    }

    /** The specs of reducers whose settings say that nothing is to go. */
    static List<String> idleSpecs() {
        return List.of("tome:r=0", "tome:r=0/0", "ltmp:merge=1,prune=0", "ltmp:merge=1", "ltmp:prune=0",
                "etps:keep=1,layers=0/1/2", "dtps:keep=1,layers=0/1/2,predictors=3", "evit:keep=1,layers=0/1/2",
                "evit:keep=1,layers=0/1/2,fuse=off", "topk:r=0", "topk:keep=1,layers=0/1/2", "pomt:r=0,layer=1",
                "pomt:r=0,layer=1,upstream=on");
    }

    static TokenReducer reducer(String spec) throws IOException {
        int width = TestWeights.config(Pooling.TOKEN, false).width();
        return Reducers.parse(spec, file -> predictors(width, Integer.parseInt(file)));
    }

    private static Map<String, Tensor> predictors(int width, int stages) {
        Map<String, Tensor> tensors = new HashMap<>();
        SplittableRandom random = new SplittableRandom(4);
        for (int stage = 0; stage < stages; stage++) {
            String name = "predictor." + stage + ".";
            put(tensors, random, name + "in_conv.0.weight", width);
            put(tensors, random, name + "in_conv.0.bias", width);
            linear(tensors, random, name + "in_conv.1", width, width);
            linear(tensors, random, name + "out_conv.0", width / 2, width);
            linear(tensors, random, name + "out_conv.2", width / 4, width / 2);
            linear(tensors, random, name + "out_conv.4", 2, width / 4);
        }
        return tensors;
    }

    private static void linear(Map<String, Tensor> tensors, SplittableRandom random, String name, int out, int in) {
        put(tensors, random, name + ".weight", out, in);
        put(tensors, random, name + ".bias", out);
    }

    private static void put(Map<String, Tensor> tensors, SplittableRandom random, String name, int... shape) {
        float[] values = new float[Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextDouble(-1, 1);
        }
        tensors.put(name, new Tensor(shape, values));
    }

    private static float[] image(int image) {
        int each = pixels.length / MANY;
        return Arrays.copyOfRange(pixels, image * each, (image + 1) * each);
    }

    /** Returns a batch of the listed images. */
    private static float[] batch(int... images) {
        int each = pixels.length / MANY;
        float[] batch = new float[images.length * each];
        for (int i = 0; i < images.length; i++) {
            System.arraycopy(pixels, images[i] * each, batch, i * each, each);
        }
        return batch;
    }

    /** Each image's logits from a fresh runner that sees nothing else. */
    private static float[][] alone(VisionTransformer model, TokenReducer reducer) {
        float[][] logits = new float[MANY][];
        for (int image = 0; image < MANY; image++) {
            logits[image] = model.inference().with(reducer).logits(image(image), 1);
        }
        return logits;
    }

    private static void assertRows(float[] got, float[][] alone, int[] images, String what) {
        int each = alone[0].length;
        assertThat(got).as(what).hasSize(images.length * each);
        for (int i = 0; i < images.length; i++) {
            assertThat(Arrays.copyOfRange(got, i * each, (i + 1) * each)).as("%s, place %d", what, i)
                    .containsExactly(alone[images[i]]);
        }
    }

    /** For long arrays, which a message could not show whole. */
    private static void assertSame(float[] got, float[] want, String what) {
        assertThat(got.length).as(what).isEqualTo(want.length);
        int different = Arrays.mismatch(got, want);
        assertThat(different).as("%s: first logit that differs", what).isEqualTo(-1);
    }

    @ParameterizedTest
    @MethodSource("idleSpecs")
    void aReducerThatNeverReducesChangesNoBits(String spec) throws IOException {
        for (VisionTransformer each
                : new VisionTransformer[] {model, model(Pooling.TOKEN, true), model(Pooling.AVERAGE, false)}) {
            Inference idle = each.inference().with(reducer(spec));
            float[] dense = each.inference().logits(pixels, MANY);
            assertSame(idle.logits(pixels, MANY), dense, spec);
            assertSame(each.inference().with(reducer(spec)).with(pool, 2).logits(pixels, MANY), dense,
                    spec + ", 2 threads");
            for (int layer = 0; layer < 3; layer++) {
                assertThat(idle.tokens(layer, MANY - 1)).isEqualTo(each.shape().tokens());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("specs")
    void threadsAndBatchesChangeNoBits(String spec) throws IOException {
        TokenReducer reducer = reducer(spec);
        float[][] alone = alone(model, reducer);
        int[] all = new int[MANY];
        Arrays.setAll(all, i -> i);
        for (int threads = 1; threads <= 4; threads++) {
            Inference run = model.inference().with(reducer).with(pool, threads);
            SplittableRandom random = new SplittableRandom(threads);
            assertRows(run.logits(pixels, MANY), alone, all, threads + " threads, all images");
            for (int pass = 0; pass < 12; pass++) {
                // Up and down, so that a smaller batch finds a larger one's leftovers.
                int[] images = random.ints(random.nextInt(0, pass % 3 == 0 ? MANY : 5), 0, MANY).toArray();
                String what = threads + " threads, pass " + pass + ", images " + Arrays.toString(images);
                assertRows(run.logits(batch(images), images.length), alone, images, what);
                if (pass % 4 == 0) {
                    assertRows(run.trace(batch(images), images.length, new ArrayList<>(), pass % 8 == 0), alone, images,
                            what + ", traced");
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("specs")
    void otherArchitecturesToo(String spec) throws IOException {
        List<VisionTransformer> models = List.of(model(Pooling.TOKEN, true), model(Pooling.AVERAGE, false),
                model(Pooling.AVERAGE, false, Feature.FC_NORM, Feature.REGISTERS, Feature.QK_NORM, Feature.LAYER_SCALE),
                model(Pooling.TOKEN, false, Feature.NORM_PRE, Feature.NO_QKV_BIAS, Feature.NO_EMBED_CLASS));
        int[] images = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4, 6, 2, 6};
        for (VisionTransformer each : models) {
            float[][] alone = alone(each, reducer(spec));
            for (int threads = 1; threads <= 3; threads++) {
                Inference run = each.inference().with(pool, threads).with(reducer(spec));
                assertRows(run.logits(batch(images), images.length), alone, images,
                        each.config() + ", " + threads + " threads");
                assertRows(run.trace(batch(images), images.length, new ArrayList<>(), true), alone, images, "traced");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("specs")
    void featuresAreThoseOfAnImageAlone(String spec) throws IOException {
        Inference run = model.inference().with(reducer(spec)).with(pool, 3);
        float[] features = run.features(pixels, MANY);
        int width = model.config().width();
        assertThat(features).hasSize(MANY * width);
        for (int image = 0; image < MANY; image += 7) {
            assertThat(Arrays.copyOfRange(features, image * width, (image + 1) * width)).as("image %d", image)
                    .containsExactly(model.inference().with(reducer(spec)).features(image(image), 1));
        }
    }

    @ParameterizedTest
    @MethodSource("specs")
    void tokensAndMacsAreThoseOfAnImageAlone(String spec) throws IOException {
        Inference batch = model.inference().with(reducer(spec));
        batch.logits(pixels, MANY);
        for (int image = 0; image < MANY; image += 5) {
            Inference one = model.inference().with(reducer(spec));
            List<BlockTrace> trace = new ArrayList<>();
            one.trace(image(image), 1, trace, false);
            assertThat(batch.macs(image)).as("image %d", image).isEqualTo(one.macs(0));
            for (int layer = 0; layer < 3; layer++) {
                assertThat(batch.tokens(layer, image)).isEqualTo(one.tokens(layer, 0))
                        .isEqualTo(trace.get(layer).tokens()[0]);
                assertThat(trace.get(layer).rows()).isNull();
                assertThat(trace.get(layer).sizes()).isNull();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("specs")
    void sizesAndAssignmentsAddUp(String spec) throws IOException {
        TokenReducer reducer = reducer(spec);
        List<BlockTrace> trace = new ArrayList<>();
        model.inference().with(reducer).trace(pixels, 9, trace, true);
        for (BlockTrace block : trace) {
            int start = 0;
            for (int image = 0; image < 9; image++) {
                int[] members = new int[block.tokens()[image]];
                for (int token : block.assignment()[image]) {
                    if (token >= 0) {
                        members[token]++;
                    }
                }
                assertThat(members).as("block %d image %d: every token stands for some", block.layer(), image)
                        .doesNotContain(0);
                if (block.sizes() != null) {
                    for (int i = 0; i < members.length; i++) {
                        assertThat(block.sizes()[start + i]).as("block %d image %d token %d", block.layer(), image, i)
                                .isEqualTo(members[i]);
                    }
                }
                start += members.length;
            }
            assertThat(block.rows()).hasSize(start * model.config().width());
            assertThat(block.sizes() != null).isEqualTo(reducer.tracksSize());
        }
    }

    @ParameterizedTest
    @MethodSource("specs")
    void nanInOneImageStaysThere(String spec) throws IOException {
        float[][] alone = alone(model, reducer(spec));
        int[] images = {0, 1, 2, 3, 4, 5, 6};
        float[] spoilt = batch(images);
        int each = spoilt.length / images.length;
        spoilt[3 * each + 100] = Float.NaN;
        for (int threads = 1; threads <= 3; threads += 2) {
            float[] logits = model.inference().with(reducer(spec)).with(pool, threads).logits(spoilt, images.length);
            for (int image : images) {
                float[] got = Arrays.copyOfRange(logits, image * 11, (image + 1) * 11);
                if (image == 3) {
                    assertThat(got).as("%s", spec).containsOnly(Float.NaN);
                } else {
                    assertThat(got).as("%s image %d", spec, image).containsExactly(alone[image]);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("specs")
    void aBatchOfNoneHasNoLogits(String spec) throws IOException {
        for (int threads = 1; threads <= 2; threads++) {
            Inference run = model.inference().with(reducer(spec)).with(pool, threads);
            List<BlockTrace> trace = new ArrayList<>();
            assertThat(run.logits(new float[0], 0)).isEmpty();
            assertThat(run.features(new float[0], 0)).isEmpty();
            assertThat(run.trace(pixels, 0, trace, true)).isEmpty();
            assertThat(trace).hasSize(3).allSatisfy(block -> {
                assertThat(block.tokens()).isEmpty();
                assertThat(block.assignment()).isEmpty();
                assertThat(block.rows()).isEmpty();
            });
            assertThat(run.logits(pixels, 1)).containsExactly(model.inference().with(reducer(spec)).logits(pixels, 1));
        }
    }

    @Test
    void pixelsThatAreTooFewAreRefused() {
        Inference run = model.inference();
        int each = 3 * 24 * 30;
        for (int[] call
                : new int[][] {{each - 1, 1}, {0, 1}, {3 * each - 1, 3}, {each, Integer.MAX_VALUE}, {each, -1}}) {
            assertThatThrownBy(() -> run.logits(new float[call[0]], call[1]))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("pixels has " + call[0] + " values, expected " + call[1] + " images of 3 x 24 x 30");
        }
        assertThatThrownBy(() -> run.trace(pixels, 1, null, true)).isInstanceOf(NullPointerException.class)
                .hasMessage("trace");
        assertThatCode(() -> run.logits(pixels, 1)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ltmp:prune=1", "ltmp:merge=1,prune=1", "ltmp:merge=-1,prune=1", "tome:r=99", "topk:r=99",
        "evit:keep=0.01,layers=0/1/2", "evit:keep=0.01,layers=0/1/2,fuse=off", "etps:keep=0.01,layers=0/1/2",
        "dtps:keep=0.01,layers=0/1/2,predictors=3", "pomt:r=99,layer=0", "pomt:r=18,layer=0", "pomt:r=19,layer=0"})
    void anImageDownToItsPrefixTokensIsDefined(String spec) throws IOException {
        for (VisionTransformer each
                : new VisionTransformer[] {model, model(Pooling.TOKEN, true), model(Pooling.AVERAGE, false),
            model(Pooling.AVERAGE, false, Feature.FC_NORM, Feature.NO_CLASS_TOKEN)}) {
            boolean classAttention = spec.startsWith("e") || spec.startsWith("topk");
            if (classAttention && each.shape().prefix() == 0) {
                continue;
            }
            Inference run = each.inference().with(reducer(spec)).with(pool, 2);
            float[] logits = run.logits(pixels, MANY);
            for (float logit : logits) {
                assertThat(logit).as("%s", each.config()).isFinite();
            }
            List<BlockTrace> trace = new ArrayList<>();
            assertSame(run.trace(pixels, MANY, trace, true), logits, spec);
            int least = spec.contains("prune=1") ? each.shape().prefix() : 0;
            if (least > 0) {
                assertThat(trace.get(2).tokens()).containsOnly(least);
            }
        }
    }

    @Test
    void executorsThatDoNotHelpDoNotHinder() {
        float[] want = model.inference().logits(pixels, MANY);
        ExecutorService closed = Executors.newFixedThreadPool(1);
        closed.shutdown();
        assertSame(model.inference().with(closed, 3).logits(pixels, MANY), want, "rejects");
        assertSame(model.inference().with(task -> { }, 3).logits(pixels, MANY), want, "never runs");
        assertSame(model.inference().with(Runnable::run, 3).logits(pixels, MANY), want, "runs on the caller's thread");
        assertSame(model.inference().with(task -> {
            throw new RejectedExecutionException();
        }, 2).logits(pixels, MANY), want, "always rejects");
        assertThatThrownBy(() -> model.inference().with(pool, 0)).hasMessage("threads is 0, expected 1 or more");
        assertThatThrownBy(() -> model.inference().with(null, 2)).hasMessage("executor");
    }

    @Test
    void threadsMayShareAModelAReducerAndAnExecutor() throws Exception {
        List<String> specs = specs();
        float[][] want = new float[specs.size()][];
        List<TokenReducer> reducers = new ArrayList<>();
        Inference base = model.inference().with(pool, 2);
        List<List<Inference>> runs = new ArrayList<>();
        for (int i = 0; i < want.length; i++) {
            reducers.add(reducer(specs.get(i)));
            want[i] = model.inference().with(reducers.get(i)).logits(pixels, 5);
        }
        for (int thread = 0; thread < 4; thread++) {
            List<Inference> own = new ArrayList<>();
            for (TokenReducer reducer : reducers) {
                own.add(base.with(reducer));
            }
            runs.add(own);
        }
        ExecutorService callers = Executors.newFixedThreadPool(4);
        try {
            List<Callable<Boolean>> tasks = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                int first = thread * 5;
                List<Inference> own = runs.get(thread);
                tasks.add(() -> {
                    boolean same = true;
                    for (int pass = 0; pass < 3 * want.length; pass++) {
                        int i = (first + pass) % want.length;
                        same &= Arrays.equals(own.get(i).logits(pixels, 5), want[i]);
                    }
                    return same;
                });
            }
            for (Future<Boolean> same : callers.invokeAll(tasks)) {
                assertThat(same.get()).isTrue();
            }
        } finally {
            callers.shutdown();
        }
    }

    /** A user's reducer that does in each block what a test wants. */
    private record Own(Position position, Set<Need> needs, boolean tracksSize, boolean proportionalAttention,
            Decision decision)
            implements TokenReducer {

        interface Decision {
            void decide(LayerTokens tokens, TokenMap map);
        }

        static Own before(Decision decision) {
            return new Own(Position.BEFORE_BLOCK, Set.of(), false, false, decision);
        }

        static Own inside(Decision decision) {
            return new Own(Position.AFTER_ATTENTION, Set.of(Need.values()), true, true, decision);
        }

        @Override
        public String spec() {
            return "own";
        }

        @Override
        public boolean readsRows() {
            return needs.size() != 1;
        }

        @Override
        public boolean reducesAt(ModelShape model, int layer) {
            return true;
        }

        @Override
        public void reduce(LayerTokens tokens, TokenMap map) {
            decision.decide(tokens, map);
        }
    }

    @Test
    void aReducerSeesTokensAndScoresOfItsBlock() {
        int[] calls = new int[3];
        model.inference().with(Own.inside((tokens, map) -> {
            int n = tokens.count();
            calls[tokens.layer()]++;
            assertThat(n).isEqualTo(21);
            assertThat(tokens.prefix()).isEqualTo(1);
            assertThat(sum(tokens.classAttention(), n)).isBetween(1 - 1e-5, 1 + 1e-5);
            assertThat(sum(tokens.columnAttention(), n)).isBetween(1 - 1e-5, 1 + 1e-5);
            assertThat(sum(tokens.headMaxAttention(), n)).isBetween(0.5 * 20, 3 * 20.0);
            assertThat(tokens.headMaxAttention()[0]).isZero();
            assertThat(Arrays.copyOf(tokens.sizes(), n)).containsOnly(1f);
            map.identity(n);
        })).logits(pixels, 2);
        assertThat(calls).containsExactly(2, 2, 2);
    }

    private static double sum(float[] values, int count) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += values[i];
        }
        return sum;
    }

    /** A traced pass computes all rows of the last block, an ordinary one those that the classifier reads. */
    @ParameterizedTest
    @ValueSource(strings = {"none", "tome:r=3", "tome:r=3,prop=off", "evit:keep=0.7,layers=1/2", "topk:r=2",
            "topk:keep=0.5,layers=2",
            "ltmp:merge=0.5,prune=0.01", "etps:keep=0.5,layers=2", "pomt:r=5,layer=2"})
    void theLastBlockForTheClassifierAloneHasTheBitsOfAllOfIt(String spec) {
        Inference run = model.inference().with(Reducers.parse(spec));
        List<BlockTrace> trace = new ArrayList<>();
        float[] whole = run.trace(pixels, 2, trace, false);
        long macs = run.macs(1);
        assertThat(run.logits(pixels, 2)).isEqualTo(whole);
        assertThat(run.macs(1)).isEqualTo(macs);
        for (int image = 0; image < 2; image++) {
            assertThat(run.tokens(2, image)).as("tokens of image %d", image).isEqualTo(trace.get(2).tokens()[image]);
        }
    }

    @Test
    void aReducerThatMergesIntoTheClassTokenIsNotCutShort() {
        TokenReducer greedy =
                new Own(TokenReducer.Position.AFTER_ATTENTION, Set.of(Need.MEAN_KEY), true, true, (tokens, map) -> {
            map.reset(tokens.count());
            map.keep(0);
            map.merge(1, 0, 1f);
            map.keepRange(2, tokens.count());
            map.weightBySize(tokens.sizes(), 0);
        });
        Inference run = model.inference().with(greedy);
        float[] whole = run.trace(pixels, 2, new ArrayList<>(), false);
        assertThat(run.logits(pixels, 2)).isEqualTo(whole);
    }

    @Test
    void droppingEveryPatchBeforeBlock0LeavesThePrefix() throws IOException {
        Own prefixOnly = Own.before((tokens, map) -> {
            map.keepRange(0, tokens.prefix());
            for (int i = tokens.prefix(); i < tokens.count(); i++) {
                map.drop(i);
            }
        });
        Inference run = model.inference().with(prefixOnly);
        float[] logits = run.logits(pixels, 3);
        assertThat(Arrays.copyOfRange(logits, 11, 22)).as("nothing of the image is left")
                .containsExactly(Arrays.copyOf(logits, 11));
        assertThat(run.tokens(0, 2)).isEqualTo(1);
        float[] average = model(Pooling.AVERAGE, false).inference().with(prefixOnly).features(pixels, 1);
        assertThat(average).as("the mean of no patches").containsOnly(0f);
    }

    @Test
    void theOrderOfPatchesDoesNotMatterToTheClassToken() {
        float[] dense = model.inference().logits(pixels, 5);
        Own reversed = Own.before((tokens, map) -> {
            map.keepRange(0, tokens.prefix());
            for (int i = tokens.count() - 1; i >= tokens.prefix(); i--) {
                map.keep(i);
            }
        });
        float[] logits = model.inference().with(reversed).with(pool, 2).logits(pixels, 5);
        assertThat(logits).usingComparatorWithPrecision(1e-4f).containsExactly(dense);
    }

    @Test
    void imagesOfOneBatchMayKeepVeryDifferentNumbers() {
        // Keeps as many patches as a hash of the first patch says, from none to all, in every block.
        for (TokenReducer.Position position : TokenReducer.Position.values()) {
            Own.Decision decision = (tokens, map) -> {
                int left = tokens.count() - tokens.prefix();
                int hash = Float.floatToIntBits(tokens.rows()[tokens.rowOffset(tokens.count() - 1)]) >>> 8;
                int keep = left == 0 ? 0 : hash % (left + 1);
                map.keepRange(0, tokens.prefix() + keep);
                for (int i = tokens.prefix() + keep; i < tokens.count(); i++) {
                    map.drop(i);
                }
            };
            boolean before = position == TokenReducer.Position.BEFORE_BLOCK;
            Own own = before ? Own.before(decision) : Own.inside(decision);
            float[][] alone = alone(model, own);
            int[] all = new int[MANY];
            Arrays.setAll(all, i -> i);
            for (int threads = 1; threads <= 3; threads++) {
                Inference run = model.inference().with(own).with(pool, threads);
                assertRows(run.logits(pixels, MANY), alone, all, position + " " + threads);
                assertRows(run.logits(batch(7, 7, 1), 3), alone, new int[] {7, 7, 1}, position + " " + threads);
                assertRows(run.logits(pixels, MANY), alone, all, position + " " + threads);
            }
        }
    }

    @Test
    void aReducerThatFailsSpoilsItsOwnPassAlone() {
        for (int threads = 1; threads <= 3; threads++) {
            boolean[] fail = {true};
            Own own = Own.inside((tokens, map) -> {
                if (fail[0] && tokens.layer() == 1) {
                    throw new IllegalStateException("no decision");
                }
                map.identity(tokens.count());
            });
            Inference run = model.inference().with(own).with(pool, threads);
            for (int i = 0; i < 20; i++) {
                fail[0] = true;
                assertThatThrownBy(() -> run.logits(pixels, MANY)).isInstanceOf(IllegalStateException.class)
                        .hasMessage("no decision");
                fail[0] = false;
                assertThat(run.logits(pixels, 3)).containsExactly(model.inference().logits(pixels, 3));
            }
        }
    }

    @Test
    void aMapThatIsNotCompleteIsRefused() {
        Own forgets = Own.inside((tokens, map) -> map.keepRange(0, 5));
        assertThatThrownBy(() -> model.inference().with(forgets).logits(pixels, 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("own left token 5 of 21 undecided");
    }

    @Test
    void aReducerThatAsksForWhatIsNotThereIsRefused() {
        TokenReducer scoresBefore =
                new Own(TokenReducer.Position.BEFORE_BLOCK, Set.of(Need.CLASS_ATTENTION), false, false, null);
        assertThatThrownBy(() -> model.inference().with(scoresBefore)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("own").hasMessageContaining("CLASS_ATTENTION")
                .hasMessageContaining("BEFORE_BLOCK");
        TokenReducer sizeless = new Own(TokenReducer.Position.AFTER_ATTENTION, Set.of(), false, true, null);
        assertThatThrownBy(() -> model.inference().with(sizeless)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("own").hasMessageContaining("tracksSize");
    }

    @Test
    void settersLeaveTheRunnerAsItWas() throws IOException {
        Inference dense = model.inference();
        Inference reduced = dense.with(reducer("tome:r=4"));
        assertThat(dense.reducer().spec()).isEqualTo("none");
        assertThat(reduced.reducer().spec()).isEqualTo("tome:r=4");
        assertThat(reduced.with(pool, 2).reducer().spec()).isEqualTo("tome:r=4");
        assertThat(reduced.model()).isSameAs(model);
        assertThatThrownBy(() -> dense.with(Reducers.parse("etps:keep=0.5,layers=3/6/9")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("9");
    }

    @ParameterizedTest
    @ValueSource(strings = {"TOKEN", "AVERAGE"})
    void labelAndEmbeddingComeFromOnePass(String pooling) throws IOException {
        for (boolean distilled : new boolean[] {false, pooling.equals("TOKEN")}) {
            VisionTransformer pooled = model(Pooling.valueOf(pooling), distilled);
            Inference inference = pooled.inference().with(Reducers.parse("tome:r=2"));
            float[] features = inference.features(pixels, 3);
            float[] logits = inference.logits(pixels, 3);
            int width = pooled.config().width();
            for (int image = 0; image < 3; image++) {
                assertThat(inference.embedding(image))
                        .isEqualTo(Arrays.copyOfRange(features, image * width, (image + 1) * width));
            }
            assertThat(inference.logits(pixels, 3)).isEqualTo(logits);
            assertThatThrownBy(() -> inference.embedding(3)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void aPassThatEndsBetweenBlocksLeavesTheRunnerWhole() {
        Inference inference = model.inference().with(pool, 3);
        float[] expected = inference.logits(pixels, 2);
        int[] blocks = {0};
        inference.beforeEachBlock(() -> {
            if (++blocks[0] == 2) {
                throw new IllegalStateException("enough");
            }
        });
        assertThatThrownBy(() -> inference.logits(pixels, 2)).isInstanceOf(IllegalStateException.class)
                .hasMessage("enough");
        assertThatThrownBy(() -> inference.tokens(0, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(inference.logits(pixels, 2)).isEqualTo(expected);
        assertThat(blocks[0]).isEqualTo(2 + model.config().depth());
    }
}
