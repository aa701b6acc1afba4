package leanvit.vit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import leanvit.reducers.LayerTokens;
import leanvit.reducers.ModelShape;
import leanvit.reducers.Need;
import leanvit.reducers.Reducers;
import leanvit.reducers.Schedule;
import leanvit.reducers.TensorFiles.Tensor;
import leanvit.reducers.TokenMap;
import leanvit.reducers.TokenPredictor;
import leanvit.reducers.TokenReducer;
import leanvit.vit.weights.RandomWeights;
import leanvit.vit.weights.VitConfig;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The multiply-accumulates that passes count are the "GFLOPs" that the papers print. */
class PublishedMacsTest {

    /** Models by architecture: four of them serve all the rows. */
    private static final Map<String, VisionTransformer> MODELS = new HashMap<>();

    @AfterAll
    static void forgetModels() {
        MODELS.clear();
    }

    @ParameterizedTest(name = "{0} {1}: {2}, published {3}")
    @CsvSource({
        "deit_tiny_patch16_224,  none,           1.254, 1.3",
        "deit_tiny_patch16_224,  tome:r=8,       0.924, 0.9",
        "deit_tiny_patch16_224,  tome:r=12,      0.769, 0.8",
        "deit_tiny_patch16_224,  tome:r=16,      0.622, 0.6",
        "deit_small_patch16_224, none,           4.599, 4.6",
        "deit_small_patch16_224, tome:r=8,       3.416, 3.4",
        "deit_small_patch16_224, tome:r=13,      2.703, 2.7",
        "deit_small_patch16_224, tome:r=16,      2.291, 2.3",
        "deit_small_patch16_224, evit:keep=0.9,  4.02,  4.0",
        "deit_small_patch16_224, evit:keep=0.8,  3.48,  3.5",
        "deit_small_patch16_224, evit:keep=0.7,  3.03,  3.0",
        "deit_small_patch16_224, evit:keep=0.6,  2.64,  2.6",
        "deit_small_patch16_224, evit:keep=0.5,  2.31,  2.3",
        "deit_small_patch16_224, etps:keep=0.7,  3.008, 3.0",
        "deit_small_patch16_224, 'dtps:keep=0.7,predictors=p', 2.992, 3.0"})
    void aPassCounts(String architecture, String spec, String ours, String published) throws IOException {
        assertPrintedAs(macs(model(architecture), reducer(spec)), ours, published);
    }

    /**
     * Base and Large would need gigabytes here; a narrow model of as many blocks and patches has their token counts.
     */
    @ParameterizedTest(name = "{0} {1}: {2}, published {3}")
    @CsvSource({
        "deit_base_patch16_224, none,     17.564, 17.6",
        "vit_large_patch16_224, none,     61.55,  61.6",
        "vit_large_patch16_224, tome:r=8, 30.96,  31.0"})
    void theTokensOfAPassCount(String architecture, String spec, String ours, String published) throws IOException {
        VitConfig config = RandomWeights.of(architecture, 1).config();
        VitConfig narrow = new VitConfig("narrow", config.imageHeight(), config.imageWidth(), config.patch(), 16,
                config.depth(), 1, 16, 2, config.pooling(), config.distilled(), config.epsilon());
        Inference run = VisionTransformer.of(narrow, RandomWeights.of(narrow, 1)).inference().with(reducer(spec));
        run.logits(image(narrow), 1);

        ModelShape shape = new ModelShape(config.depth(), config.width(), config.heads(), 1, config.patches());
        Macs macs = new Macs(config, shape);
        long sum = macs.embedding() + macs.head();
        int attended = shape.tokens();
        for (int layer = 0; layer < config.depth(); layer++) {
            sum += macs.block(attended, run.tokens(layer, 0));
            attended = run.tokens(layer, 0);
        }
        assertPrintedAs(sum, ours, published);
    }

    /** DynamicViT prints 2.9, which leaves its predictors out. */
    @Test
    void countsAUsersOwnMethod() throws IOException {
        VisionTransformer small = model("deit_small_patch16_224");
        TokenPredictor predictor = TokenPredictor.fromTensors(predictors(384), 0, "p");
        assertPrintedAs(macs(small, new DynamicVit(predictor)), "2.981", "3.0");
        assertPrintedAs(macs(small, new DynamicVit(null)), "2.878", "2.9");
    }

    /** DynamicViT's keep rates, before the blocks; which patches stay changes no count. */
    private record DynamicVit(TokenPredictor predictor) implements TokenReducer {

        private static final Schedule SCHEDULE = Schedule.keepOfInitial(List.of(0.7), List.of(3, 6, 9));

        @Override
        public String spec() {
            return "dynamicvit";
        }

        @Override
        public Position position() {
            return Position.BEFORE_BLOCK;
        }

        @Override
        public boolean reducesAt(ModelShape model, int layer) {
            return SCHEDULE.removesAt(model, layer);
        }

        @Override
        public Set<Need> needs() {
            return Set.of();
        }

        @Override
        public long macs(ModelShape model, int before, int after) {
            return predictor == null ? 0 : predictor.macs(before - model.prefix());
        }

        @Override
        public void reduce(LayerTokens tokens, TokenMap map) {
            int removed = SCHEDULE.removed(tokens.model(), tokens.layer(), tokens.count() - tokens.prefix());
            int left = tokens.count() - removed;
            map.keepRange(0, left);
            for (int i = left; i < tokens.count(); i++) {
                map.drop(i);
            }
        }
    }

    private static VisionTransformer model(String architecture) throws IOException {
        VisionTransformer model = MODELS.get(architecture);
        if (model == null) {
            RandomWeights weights = RandomWeights.of(architecture, 1);
            model = VisionTransformer.of(weights.config(), weights);
            MODELS.put(architecture, model);
        }
        return model;
    }

    private static TokenReducer reducer(String spec) throws IOException {
        return Reducers.parse(spec, file -> predictors(384));
    }

    private static Map<String, Tensor> predictors(int width) {
        Map<String, Tensor> tensors = new HashMap<>();
        for (int stage = 0; stage < 3; stage++) {
            String name = "predictor." + stage + ".";
            put(tensors, name + "in_conv.0.weight", width);
            put(tensors, name + "in_conv.0.bias", width);
            linear(tensors, name + "in_conv.1", width, width);
            linear(tensors, name + "out_conv.0", width / 2, width);
            linear(tensors, name + "out_conv.2", width / 4, width / 2);
            linear(tensors, name + "out_conv.4", 2, width / 4);
        }
        return tensors;
    }

    private static void linear(Map<String, Tensor> tensors, String name, int out, int in) {
        put(tensors, name + ".weight", out, in);
        put(tensors, name + ".bias", out);
    }

    private static void put(Map<String, Tensor> tensors, String name, int... shape) {
        tensors.put(name, new Tensor(shape, new float[shape[0] * (shape.length > 1 ? shape[1] : 1)]));
    }

    private static long macs(VisionTransformer model, TokenReducer reducer) {
        Inference run = model.inference().with(reducer);
        run.logits(image(model.config()), 1);
        return run.macs(0);
    }

    private static float[] image(VitConfig config) {
        float[] pixels = new float[3 * config.imageHeight() * config.imageWidth()];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) Math.sin(0.1 * i);
        }
        return pixels;
    }

    private static void assertPrintedAs(long macs, String ours, String published) {
        BigDecimal giga = BigDecimal.valueOf(macs, 9);
        assertThat(giga.setScale(new BigDecimal(ours).scale(), RoundingMode.HALF_UP)).isEqualTo(ours);
        assertThat(giga.setScale(new BigDecimal(published).scale(), RoundingMode.HALF_UP)).isEqualTo(published);
    }
}
