package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import leanvit.testdata.Exact;
import leanvit.testdata.GoldenFile;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The score predictor of dTPS against its formula and the original. */
class TokenPredictorTest {

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

    @Test
    void refusesParametersThatDoNotFit() {
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
