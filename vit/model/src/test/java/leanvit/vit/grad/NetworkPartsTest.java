package leanvit.vit.grad;

import static leanvit.testdata.Close.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.data.Offset.offset;

import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import leanvit.testdata.Exact;
import leanvit.testdata.GoldenFile;
import leanvit.testdata.TestData;
import leanvit.testdata.WorstErrors;
import leanvit.vit.VisionTransformer;
import leanvit.vit.grad.SmallVit.Optional;
import leanvit.vit.pass.Workers;
import leanvit.vit.weights.Checkpoint;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.Parameters;
import leanvit.vit.weights.Parts;
import leanvit.vit.weights.Parts.Activation;
import leanvit.vit.weights.Parts.Axes;
import leanvit.vit.weights.Parts.Branches;
import leanvit.vit.weights.Parts.Coordinates;
import leanvit.vit.weights.Parts.NormKind;
import leanvit.vit.weights.Parts.PositionFit;
import leanvit.vit.weights.Parts.PrefixPositions;
import leanvit.vit.weights.Parts.Rotary;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitConfig.Pooling;
import leanvit.vit.weights.VitParameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each part that a model may have is computed, forward as inference does and backward, or refused by its name. */
class NetworkPartsTest {

    private static final Parts PLAIN = Parts.PLAIN;
    /** Of float32 weights, exactly. */
    private static final float STEP = 0x1p-11f;
    /** A key's bias has no gradient but rounding. */
    private static final double FLOOR = 1e-2;

    private static Parts positions(PrefixPositions prefix, PositionFit fit) {
        return new Parts(Activation.GELU, false, Branches.PRE_NORM, NormKind.LAYER, prefix, fit, null, true, null);
    }

    private static SmallVit vit(Pooling pooling, boolean distilled, float epsilon, Parts parts,
                                Optional... optional) {
        return new SmallVit(SmallVit.config(pooling, distilled, epsilon, parts), optional);
    }

    private static Optional[] plainAnd(Optional... more) {
        return Stream.concat(Arrays.stream(SmallVit.PLAIN), Arrays.stream(more)).toArray(Optional[]::new);
    }

    /** Every optional tensor, prefix, place of the positions, pooling that is computed is in one of these. */
    static Stream<SmallVit> computed() {
        Optional registers = Optional.REGISTERS;
        return Stream.of(
                vit(Pooling.TOKEN, false, 1e-6f, PLAIN, SmallVit.PLAIN),
                vit(Pooling.TOKEN, true, 0.3f, PLAIN, plainAnd(registers, Optional.LAYER_SCALE)),
                vit(Pooling.TOKEN, true, 1e-6f, positions(PrefixPositions.NO_REGISTERS, PositionFit.BICUBIC),
                        plainAnd(registers, Optional.NORM_PRE)),
                vit(Pooling.TOKEN, false, 1e-6f, positions(PrefixPositions.NONE, PositionFit.ANTIALIASED),
                        Optional.CLASS_TOKEN, registers, Optional.LAYER_SCALE, Optional.FC_NORM),
                vit(Pooling.AVERAGE, false, 1e-6f, positions(PrefixPositions.ALL, PositionFit.BICUBIC),
                        plainAnd(registers, Optional.NORM_PRE, Optional.FC_NORM, Optional.LAYER_SCALE)),
                vit(Pooling.AVERAGE, false, 1e-2f, PLAIN, Optional.QKV_BIAS, Optional.MLP_BIAS),
                vit(Pooling.TOKEN, false, 1e-6f, PLAIN, plainAnd(Optional.QK_NORM)),
                vit(Pooling.TOKEN_AND_AVERAGE, false, 1e-6f, positions(PrefixPositions.NO_REGISTERS,
                        PositionFit.BICUBIC), plainAnd(registers, Optional.LAYER_SCALE, Optional.QK_NORM)));
    }

    @ParameterizedTest
    @MethodSource("computed")
    void logitsAreThoseOfInferenceAndGradientsThoseOfDifferences(SmallVit vit) throws IOException {
        SmallVit.Pass pass = vit.pass(null, 1, p -> true);
        assertClose(pass.logits(), Exact.widened(vit.inference()), 2e-5, "logits");
        Map<String, float[]> tensors = vit.tensors();
        assertThat(pass.loss()).isCloseTo(vit.loss(tensors), offset(1e-5));
        for (Parameter parameter : vit.parameters().all()) {
            float[] values = tensors.get(parameter.name());
            double largest = 0;
            for (int i = parameter.offset(); i < parameter.end(); i++) {
                largest = Math.max(largest, Math.abs(pass.gradients()[i]));
            }
            for (int i : new int[] {0, values.length / 3, values.length / 2, values.length - 1}) {
                float value = values[i];
                values[i] = value + STEP;
                double step = values[i];
                double above = vit.loss(tensors);
                values[i] = value - STEP;
                step -= values[i];
                double want = (above - vit.loss(tensors)) / step;
                values[i] = value;
                WorstErrors.note("whole models, each part, differences",
                        Math.abs(pass.gradients()[parameter.offset() + i] - want) / Math.max(largest, FLOOR));
                assertThat(Math.abs(pass.gradients()[parameter.offset() + i] - want))
                        .as("gradient of %s[%d], %s", parameter.name(), i, want)
                        .isLessThanOrEqualTo(1e-4 * largest + 2e-6);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("computed")
    void bitsDependNeitherOnThreadsNorOnWhatElseLearns(SmallVit vit) {
        SmallVit.Pass one = vit.pass(null, 1, p -> true);
        ExecutorService executor = Executors.newFixedThreadPool(2);
        try {
            for (int threads = 2; threads <= 3; threads++) {
                SmallVit.Pass more = vit.pass(executor, threads, p -> true);
                assertThat(more.logits()).isEqualTo(one.logits());
                assertThat(more.loss()).isEqualTo(one.loss());
                assertThat(more.gradients()).isEqualTo(one.gradients());
            }
            List<Predicate<Parameter>> some = List.of(p -> p.name().startsWith("head"), p -> p.name().contains("norm"),
                    p -> p.name().startsWith("blocks.1.mlp"), p -> p.name().startsWith("blocks.1.attn"),
                    p -> p.name().endsWith("gamma"), p -> p.name().startsWith("patch_embed"),
                    p -> p.name().equals("pos_embed"), p -> p.name().endsWith(".bias"));
            for (int which = 0; which < some.size(); which++) {
                Predicate<Parameter> learns = some.get(which);
                SmallVit.Pass frozen = vit.pass(executor, 1 + which % 3, learns);
                for (Parameter parameter : vit.parameters().where(learns)) {
                    assertThat(slice(frozen.gradients(), parameter)).as(parameter.name())
                            .isEqualTo(slice(one.gradients(), parameter));
                }
            }
        } finally {
            executor.shutdown();
        }
    }

    private static float[] slice(float[] values, Parameter parameter) {
        return Arrays.copyOfRange(values, parameter.offset(), parameter.end());
    }

    private static void refused(SmallVit vit, String part) {
        assertThatIllegalArgumentException().isThrownBy(() -> new Network(vit.config, new Parameters(vit.shapes), 1,
                new Workers(), p -> true)).withMessage("small: " + part + " cannot be trained here");
    }

    private static void refused(Parts parts, String part) {
        refused(SmallVit.plain(parts), part);
    }

    private static void refusedTensor(String name, String part) {
        SmallVit vit = SmallVit.plain(PLAIN);
        vit.shapes.put(name, new int[] {4});
        refused(vit, part);
    }

    private static Parts parts(Activation activation, boolean gated, Branches branches, Rotary rotary,
                               boolean finalNorm) {
        return new Parts(activation, gated, branches, NormKind.LAYER, PrefixPositions.BY_ROWS,
                PositionFit.ANTIALIASED, rotary, finalNorm, null);
    }

    @Test
    void otherPartsOfTheConfigAreRefused() {
        for (Activation activation : Activation.values()) {
            if (activation != Activation.GELU) {
                refused(parts(activation, false, Branches.PRE_NORM, null, true), "activation " + activation);
            }
        }
        refused(parts(Activation.GELU, true, Branches.PRE_NORM, null, true), "a gated MLP");
        refused(parts(Activation.GELU, false, Branches.PARALLEL, null, true), "a parallel block");
        refused(parts(Activation.GELU, false, Branches.POST_NORM, null, true), "norms behind the branches");
        refused(new Parts(Activation.GELU, false, Branches.PRE_NORM, NormKind.RMS, PrefixPositions.BY_ROWS,
                PositionFit.ANTIALIASED, null, true, null), "norm RMS");
        refused(parts(Activation.GELU, false, Branches.PRE_NORM,
                new Rotary(100, Coordinates.CENTRED, 2, 3, Axes.ROWS_FIRST, false), true), "rotary positions");
        refused(parts(Activation.GELU, false, Branches.PRE_NORM, null, false), "a model without a last norm");
        refused(vit(Pooling.ATTENTION, false, 1e-6f, PLAIN, SmallVit.PLAIN), "pooling ATTENTION");
        refused(vit(Pooling.TOKEN_AND_AVERAGE, false, 1e-6f, PLAIN, plainAnd(Optional.FC_NORM)),
                "pooling TOKEN_AND_AVERAGE with a norm behind it");
        for (Pooling pooling : List.of(Pooling.AVERAGE, Pooling.TOKEN_AND_AVERAGE)) {
            refused(vit(pooling, true, 1e-6f, PLAIN, SmallVit.PLAIN), "a distillation token with pooling " + pooling);
        }
    }

    @Test
    void otherTensorsAreRefused() {
        refusedTensor("blocks.1.attn.relative_position_bias_table",
                "a relative position bias (tensor blocks.1.attn.relative_position_bias_table)");
        refusedTensor("rel_pos_bias.relative_position_bias_table",
                "a relative position bias (tensor rel_pos_bias.relative_position_bias_table)");
        refusedTensor("blocks.1.mlp.norm.bias", "a norm within the MLP (tensor blocks.1.mlp.norm.bias)");
        refusedTensor("pooler.dense.weight", "a pooler (tensor pooler.dense.weight)");
        refusedTensor("projection.weight", "a projection behind the pooling (tensor projection.weight)");
        refusedTensor("attn_pool.latent", "tensor attn_pool.latent");
        refusedTensor("blocks.0.ls.gamma", "tensor blocks.0.ls.gamma");
        refusedTensor("fc_norm.weight", "a norm before the pooling and one behind it");
    }

    @Test
    void otherPositionsAreRefused() {
        SmallVit vit = SmallVit.plain(PLAIN);
        vit.shapes.remove("pos_embed");
        refused(vit, "a model without a position embedding");
        for (int stored : new int[] {5, 8, 10, 17}) {
            vit.shapes.put("pos_embed", new int[] {1, stored, 12});
            refused(vit, "a position embedding of " + stored + " rows for 6 patches and 1 prefix tokens");
        }
    }

    @Test
    void aClassifierIsNeeded() {
        SmallVit vit = SmallVit.plain(PLAIN);
        assertThatIllegalArgumentException().isThrownBy(() -> new Network(vit.config.withClasses(0),
                new Parameters(vit.shapes), 1, new Workers(), p -> true)).withMessage("small has no classifier");
    }

    /** Whoever adds a part decides here, and in the tests above, whether it is computed. */
    @Test
    void noPartIsForgotten() {
        assertThat(names(Parts.class)).containsExactly("activation", "gated", "branches", "norm",
                "prefixPositions", "positionFit", "rotary", "finalNorm", "pool");
        assertThat(names(VitConfig.class)).containsExactly("architecture", "imageHeight", "imageWidth", "patch",
                "width", "depth", "heads", "mlpHidden", "classes", "pooling", "distilled", "epsilon", "parts");
        assertThat(Pooling.values()).hasSize(4);
        assertThat(PrefixPositions.values()).hasSize(4);
        assertThat(PositionFit.values()).hasSize(2);
    }

    private static Stream<String> names(Class<?> type) {
        return Arrays.stream(type.getRecordComponents()).map(RecordComponent::getName);
    }

    /** Of the families in the repository: features and logits as inference has them, or a refusal. */
    @Test
    void familiesAreComputedOrRefused() throws IOException {
        Map<String, String> found = new LinkedHashMap<>();
        try (Stream<Path> files = Files.list(TestData.path("families"))) {
            for (Path directory : files.filter(Files::isDirectory).sorted().toList()) {
                found.put(directory.getFileName().toString(), family(directory));
            }
        }
        assertThat(found).containsEntry("dinov2_cls", "").containsEntry("dinov2reg_model", "")
                .containsEntry("beit_shared", "a relative position bias "
                        + "(tensor rel_pos_bias.relative_position_bias_table)")
                .containsEntry("dinov3_gated", "activation SILU")
                .containsEntry("vit_pooler", "").containsEntry("timm_so150m", "")
                .containsEntry("timm_siglip2_map_cls", "activation GELU_TANH").containsEntry("siglip_vision",
                        "SiglipVisionModel has no form with a classifier in transformers that is known here; expected "
                        + "a model of timm's, or one of another family");
    }

    private static String family(Path directory) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            VitParameters model = VitParameters.read(checkpoint);
            if (model.config().classes() == 0) {
                model = model.withClasses(List.of("a", "b"), 1);
            }
            model.requireTrainable();
            GoldenFile golden = GoldenFile.open(directory.resolve("golden.safetensors"));
            float[] pixels = golden.floats("pixels");
            int images = golden.shape("pixels")[0];
            Network network = new Network(model.config(), model.parameters(), images, new Workers(), p -> true);
            float[] logits = network.forward(pixels, images);
            var inference = VisionTransformer.of(model.config(), model.parameters()).inference();
            assertClose(logits, Exact.widened(inference.logits(pixels, images)), 2e-5, directory + " logits");
            assertClose(network.head().features(), Exact.widened(inference.pooled(pixels, images)), 2e-5,
                    directory + " features");
            assertThat(IntStream.range(0, logits.length).allMatch(i -> Float.isFinite(logits[i]))).isTrue();
            return "";
        } catch (IllegalArgumentException e) {
            return e.getMessage().replaceAll("^config.json: |^[A-Za-z0-9_]+: | cannot be trained here$", "");
        }
    }
}
