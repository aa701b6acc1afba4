package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import leanvit.testdata.Close;
import leanvit.testdata.Exact;
import leanvit.testdata.GoldenFile;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** TPS: the squeeze, the predictor, and both variants. */
class TpsTest {

    /** Squeezes [reserved; pruned] and returns the map. */
    private static TokenMap squeeze(float[] reserved, float[] pruned, int width, float[] out) {
        float[] x = Arrays.copyOf(reserved, reserved.length + pruned.length);
        System.arraycopy(pruned, 0, x, reserved.length, pruned.length);
        int total = x.length / width;
        TokenMap map = new TokenMap();
        map.reset(total);
        Squeeze.squeeze(x, 0, width, width, IntStream.range(0, total).toArray(), reserved.length / width, total, map,
                new Scratch());
        map.checkComplete("squeeze");
        map.apply(x, 0, width, out, 0);
        return map;
    }

    @Test
    void squeezesTheExample() {
        float[] y = new float[4];
        TokenMap map = squeeze(new float[] {1, 0, 0, 1}, new float[] {1, 0, .6f, .8f, .8f, .6f}, 2, y);
        assertThat(Images.targets(map)).containsExactly(0, 1, 0, 1, 0);
        assertThat(y).containsExactly(new float[] {.941908f, .174276f, .270100f, .909967f}, Offset.offset(2e-6f));
    }

    @ParameterizedTest
    @ValueSource(strings = {"s0", "s1", "s2", "s3", "s4", "s5"})
    void matchesTheOriginal(String name) {
        GoldenFile golden = GoldenFile.open("standalone/tps_squeeze");
        int[] shape = golden.shape(name + ".reserved");
        for (int b = 0; b < shape[0]; b++) {
            float[] y = new float[shape[1] * shape[2]];
            TokenMap map =
                    squeeze(golden.floats(name + ".reserved", b), golden.floats(name + ".pruned", b), shape[2], y);
            int[] host = golden.ints(name + ".host", b);
            for (int i = 0; i < host.length; i++) {
                assertThat(map.target(shape[1] + i)).as("image %d pruned %d", b, i).isEqualTo(host[i]);
            }
            Close.assertStartsClose(y, golden.floats(name + ".fused", b), 5e-6, name);
        }
    }

    @Test
    void anExactTieHasOneHost() {
        GoldenFile golden = GoldenFile.open("standalone/tps_squeeze");
        float[] y = new float[9];
        TokenMap map = squeeze(golden.floats("tie.reserved"), golden.floats("tie.pruned"), 3, y);
        assertThat(new int[] {map.target(3), map.target(4)}).containsExactly(golden.ints("tie.host"));
        Close.assertStartsClose(y, golden.floats("tie.fused_single_host"), 5e-6, "tie");
    }

    @Test
    void weightsAreConvexAndTheHostsIsTheLargest() {
        for (long seed = 0; seed < 100; seed++) {
            Random random = new Random(seed);
            int width = 1 + random.nextInt(9);
            int reserved = 1 + random.nextInt(20);
            int pruned = random.nextInt(30);
            float[] y = new float[reserved * width];
            float[] r = Images.gaussians(random, reserved * width);
            TokenMap map = squeeze(r, Images.gaussians(random, pruned * width), width, y);
            double[] sum = new double[reserved];
            for (int i = 0; i < reserved + pruned; i++) {
                sum[map.target(i)] += map.weight(i);
                assertThat(map.weight(i)).as("seed %d", seed).isPositive()
                        .isLessThanOrEqualTo(map.weight(map.target(i)));
            }
            for (int j = 0; j < reserved; j++) {
                assertThat(sum[j]).as("seed %d", seed).isCloseTo(1, Offset.offset(1e-6));
                if (map.contributors(j) == 1) {
                    assertThat(Arrays.copyOfRange(y, j * width, (j + 1) * width)).as("seed %d", seed)
                            .containsExactly(Arrays.copyOfRange(r, j * width, (j + 1) * width));
                }
            }
        }
    }

    @Test
    void nanFindsNoHostAndZeroFindsTheFirst() {
        float[] y = new float[4];
        TokenMap map = squeeze(new float[] {Float.NaN, 1, 0, 1}, new float[] {1, 1, Float.NaN, 0, 0, 0}, 2, y);
        // The reserved token with NaN is nobody's host, and stays as it is.
        assertThat(Images.targets(map)).containsExactly(0, 1, 1, -1, 1);
        assertThat(y[0]).isNaN();
        assertThat(y[2]).isPositive();
        map = squeeze(new float[] {1, 0, 0, 1}, new float[] {0, 0}, 2, y);
        assertThat(Images.targets(map)).containsExactly(0, 1, 0);
    }

    @Test
    void eTpsReservesByClassAttention() {
        LayerTokens tokens = Images.random(Images.shape(12, 4, 2, 1, 5), 3, 6, 4);
        System.arraycopy(new float[] {.5f, .05f, .2f, .1f, .05f, .1f}, 0, tokens.classAttention(), 0, 6);
        ETps etps = new ETps(Schedule.keepOfCurrent(List.of(0.5), Schedule.STAGES));
        TokenMap map = Images.reduce(etps, tokens);
        // ceil(2.5) = 3 are reserved: 2, and of the tied 3 and 5 both, in that order.
        assertThat(map.outputs()).isEqualTo(4);
        assertThat(new int[] {map.target(0), map.target(2), map.target(3), map.target(5)}).containsExactly(0, 1, 2, 3);
        assertThat(map.target(1)).isBetween(1, 3);
        assertThat(map.target(4)).isBetween(1, 3);
        assertThat(etps.reducesAt(3)).isTrue();
        assertThat(etps.reducesAt(4)).isFalse();
        assertThat(etps.tracksSize()).isFalse();
        assertThatThrownBy(() -> etps.check(Images.shape(12, 4, 2, 0, 5))).hasMessageContaining("no class token");
    }

    static Map<String, TensorFiles.Tensor> predictors(int stages, int width, String prefix, long seed) {
        Random random = new Random(seed);
        Map<String, TensorFiles.Tensor> tensors = new TreeMap<>();
        for (int s = 0; s < stages; s++) {
            String at = prefix + s + ".";
            put(tensors, at + "in_conv.0.weight", random, width);
            put(tensors, at + "in_conv.0.bias", random, width);
            int[][] layers = {{width, width}, {width / 2, width}, {width / 4, width / 2}, {2, width / 4}};
            String[] names = {"in_conv.1", "out_conv.0", "out_conv.2", "out_conv.4"};
            for (int i = 0; i < 4; i++) {
                put(tensors, at + names[i] + ".weight", random, layers[i]);
                put(tensors, at + names[i] + ".bias", random, layers[i][0]);
            }
        }
        return tensors;
    }

    private static void put(Map<String, TensorFiles.Tensor> tensors, String name, Random random, int... shape) {
        int length = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        tensors.put(name, new TensorFiles.Tensor(shape, Images.gaussians(random, length)));
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5, 7, 16, 60})
    void predictsAsTheFormulaSays(int width) {
        for (String prefix : new String[] {"predictor.", "score_predictor."}) {
            Map<String, TensorFiles.Tensor> tensors = predictors(2, width, prefix, width);
            TokenPredictor predictor = TokenPredictor.fromTensors(tensors, 1, "test");
            assertThat(predictor.width()).isEqualTo(width);
            for (int n : new int[] {1, 2, 13}) {
                float[] rows = Images.gaussians(new Random(n), n * width + 2);
                float[] got = new float[n + 1];
                predictor.keepLogProbabilities(rows, 2, n, got, 1, new Scratch());
                double[] want = reference(tensors, prefix + "1.", rows, 2, n, width);
                for (int i = 0; i < n; i++) {
                    assertThat((double) got[1 + i]).as("n %d token %d", n, i)
                            .isCloseTo(want[i], Offset.offset(1e-5 + 1e-5 * Math.abs(want[i])));
                    assertThat(got[1 + i]).isLessThanOrEqualTo(0);
                }
            }
        }
    }

    /** The predictor's formula in double precision. */
    private static double[] reference(Map<String, TensorFiles.Tensor> tensors, String at, float[] rows, int offset,
            int n, int width) {
        double[] x = new double[n * width];
        for (int i = 0; i < x.length; i++) {
            x[i] = rows[offset + i];
        }
        double[] u = Exact.layerNorm(x, doubles(tensors, at + "in_conv.0.weight"),
                doubles(tensors, at + "in_conv.0.bias"), 1e-5);
        u = linear(tensors, at + "in_conv.1", u, width, true);
        for (int c = width / 2; c < width; c++) {
            double mean = 0;
            for (int i = 0; i < n; i++) {
                mean += u[i * width + c] / n;
            }
            for (int i = 0; i < n; i++) {
                u[i * width + c] = mean;
            }
        }
        u = linear(tensors, at + "out_conv.0", u, width, true);
        u = linear(tensors, at + "out_conv.2", u, width / 2, true);
        u = linear(tensors, at + "out_conv.4", u, width / 4, false);
        double[] logp = new double[n];
        for (int i = 0; i < n; i++) {
            double max = Math.max(u[2 * i], u[2 * i + 1]);
            logp[i] = u[2 * i] - max - Math.log(Math.exp(u[2 * i] - max) + Math.exp(u[2 * i + 1] - max));
        }
        return logp;
    }

    private static double[] linear(Map<String, TensorFiles.Tensor> tensors, String name, double[] x, int in,
            boolean gelu) {
        double[] weight = doubles(tensors, name + ".weight");
        double[] bias = doubles(tensors, name + ".bias");
        int n = x.length / in;
        double[] y = new double[n * bias.length];
        for (int i = 0; i < y.length; i++) {
            int out = i % bias.length;
            y[i] = bias[out];
            for (int c = 0; c < in; c++) {
                y[i] += x[i / bias.length * in + c] * weight[out * in + c];
            }
            y[i] = gelu ? Exact.gelu(y[i]) : y[i];
        }
        return y;
    }

    private static double[] doubles(Map<String, TensorFiles.Tensor> tensors, String name) {
        float[] floats = tensors.get(name).values();
        return IntStream.range(0, floats.length).mapToDouble(i -> floats[i]).toArray();
    }

    @Test
    void scoresMatchTheOriginal() {
        GoldenFile golden = GoldenFile.open("A/dtps_infer");
        Map<String, TensorFiles.Tensor> tensors = new TreeMap<>();
        for (String name : golden.names()) {
            tensors.put(name, new TensorFiles.Tensor(golden.shape(name), golden.floats(name)));
        }
        for (int s = 0; s < 2; s++) {
            TokenPredictor predictor = TokenPredictor.fromTensors(tensors, s, "golden");
            int n = golden.shape("stage" + s + ".logp")[1];
            for (int b = 0; b < 3; b++) {
                // Stage s stands before block s + 1; token 0 is the class token.
                float[] logp = new float[n];
                predictor.keepLogProbabilities(golden.floats("block" + s + ".x", b), 60, n, logp, 0, new Scratch());
                float[] want = golden.floats("stage" + s + ".logp", b);
                for (int i = 0; i < n; i++) {
                    assertThat(logp[i]).isCloseTo(want[2 * i], Offset.offset(5e-5f));
                }
            }
        }
    }

    private static DTps dtps(double keep, int width) {
        Map<String, TensorFiles.Tensor> tensors = predictors(3, width, "predictor.", 1);
        return new DTps(new Schedule.KeepOfInitial(List.of(keep), Schedule.STAGES),
                IntStream.range(0, 3).mapToObj(s -> TokenPredictor.fromTensors(tensors, s, "p")).toList(), "p");
    }

    @Test
    void dTpsReservesByThePredictorOfItsStage() {
        DTps dtps = dtps(0.7, 8);
        ModelShape model = Images.shape(12, 8, 2, 1, 30);
        dtps.check(model);
        LayerTokens tokens = Images.random(model, 6, 22, 5);
        TokenMap map = Images.reduce(dtps, tokens);
        assertThat(map.outputs()).isEqualTo(1 + 14); // trunc(30 * 0.7 * 0.7)
        float[] logp = new float[21];
        TokenPredictor.fromTensors(predictors(3, 8, "predictor.", 1), 1, "p")
                .keepLogProbabilities(tokens.rows(), tokens.rowOffset(1), 21, logp, 0, new Scratch());
        int[] best = IntStream.range(0, 21).boxed().sorted((a, b) -> Float.compare(logp[b], logp[a]))
                .mapToInt(i -> i + 1).toArray();
        for (int k = 0; k < 14; k++) {
            assertThat(map.target(best[k])).isEqualTo(1 + k);
        }
        assertThat(dtps.position()).isEqualTo(TokenReducer.Position.BEFORE_BLOCK);
        assertThat(dtps.needs()).isEmpty();
        assertThat(dtps.reducesAt(6)).isTrue();
        assertThat(dtps.reducesAt(7)).isFalse();
    }

    @Test
    void countsThePredictorsAndTheSqueezesWork() {
        ModelShape narrow = Images.shape(12, 8, 2, 1, 30);
        long predictor = 10 * (64 + 32 + 8 + 4);
        assertThat(dtps(0.7, 8).macs(narrow, 11, 8)).isEqualTo(predictor + 2 * 7 * 3 * 8);
        assertThat(dtps(0.7, 8).macs(narrow, 11, 11)).as("nothing to remove, nothing is scored").isZero();
        ETps etps = new ETps(Schedule.keepOfCurrent(List.of(0.7), Schedule.STAGES));
        assertThat(etps.macs(narrow, 11, 8)).isEqualTo(2 * 7 * 3 * 8);
        assertThat(etps.macs(narrow, 11, 11)).isZero();
        long c = 384;
        long small = 196 * (c * c + c * c / 2 + c * c / 8 + c / 2);
        assertThat(dtps(0.7, 384).macs(Images.shape(12, 384, 6, 1, 196), 197, 138)).isEqualTo(small + 2 * 137 * 59 * c);
    }

    @Test
    void refusesPredictorsThatDoNotFit() {
        assertThatThrownBy(() -> dtps(0.7, 8).check(Images.shape(12, 16, 2, 1, 30)))
                .isInstanceOf(InvalidSpecException.class).hasMessageContaining("width 8").hasMessageContaining("16");
        assertThatThrownBy(() -> dtps(0.7, 8).check(Images.shape(9, 8, 2, 1, 30))).hasMessageContaining("no block 9");
        Map<String, TensorFiles.Tensor> tensors = predictors(1, 8, "predictor.", 1);
        tensors.put("predictor.0.out_conv.0.weight", new TensorFiles.Tensor(new int[] {8, 4}, new float[32]));
        assertThatThrownBy(() -> TokenPredictor.fromTensors(tensors, 0, "f.safetensors"))
                .hasMessage("f.safetensors: tensor predictor.0.out_conv.0.weight has shape [8, 4], expected [4, 8]");
        tensors.remove("predictor.0.out_conv.0.weight");
        assertThatThrownBy(() -> TokenPredictor.fromTensors(tensors, 0, "f.safetensors"))
                .hasMessageContaining("is missing");
        assertThatThrownBy(() -> TokenPredictor.fromTensors(tensors, 1, "f.safetensors"))
                .hasMessageContaining("predictor.1.in_conv.0.weight is missing");
        Map<String, TensorFiles.Tensor> bad = predictors(1, 8, "predictor.", 1);
        bad.get("predictor.0.out_conv.4.bias").values()[1] = Float.NaN;
        assertThatThrownBy(() -> TokenPredictor.fromTensors(bad, 0, "f.safetensors")).hasMessageContaining("holds NaN");
        assertThatThrownBy(() -> TokenPredictor.fromTensors(predictors(1, 3, "predictor.", 1), 0, "f"))
                .hasMessageContaining("at least 4");
    }
}
