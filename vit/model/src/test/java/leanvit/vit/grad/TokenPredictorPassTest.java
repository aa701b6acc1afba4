package leanvit.vit.grad;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import leanvit.reducers.Scratch;
import leanvit.reducers.TensorFiles;
import leanvit.reducers.TokenPredictor;
import leanvit.testdata.Awkward;
import leanvit.testdata.Close;
import leanvit.testdata.Exact;
import leanvit.vit.pass.Workers;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.Parameters;
import org.junit.jupiter.api.Test;

/** The predictor against its inference form, and its gradients against differences in double precision. */
class TokenPredictorPassTest {

    private static final int IMAGES = 2;
    private static final int N = 5;
    private static final int PREFIX = 1;
    private static final int WIDTH = 9;

    private final SplittableRandom random = new SplittableRandom(6);
    private final Parameters parameters = new Parameters(TokenPredictorPass.shapes(WIDTH, "predictor.0."));
    private final float[] x = Awkward.values(random, IMAGES * (N + PREFIX) * WIDTH, 1);

    TokenPredictorPassTest() {
        System.arraycopy(Awkward.values(random, parameters.values().length, 0.8f), 0, parameters.values(), 0,
                parameters.values().length);
    }

    /** One image in double precision. */
    private double[] exactly(double[] values, double[] rows, double[] policy) {
        double[] u = linear(values, "in_conv.1", Exact.layerNorm(rows, slice(values, "in_conv.0.weight"),
                slice(values, "in_conv.0.bias"), 1e-5), true);
        double sum = Arrays.stream(policy).sum();
        for (int c = WIDTH / 2; c < WIDTH; c++) {
            double mean = 0;
            for (int i = 0; i < N; i++) {
                mean += u[i * WIDTH + c] * policy[i] / sum;
            }
            for (int i = 0; i < N; i++) {
                u[i * WIDTH + c] = mean;
            }
        }
        double[] z = linear(values, "out_conv.4",
                linear(values, "out_conv.2", linear(values, "out_conv.0", u, true), true), false);
        for (int i = 0; i < N; i++) {
            double[] p = Exact.softmax(Arrays.copyOfRange(z, 2 * i, 2 * i + 2));
            z[2 * i] = Math.log(p[0]);
            z[2 * i + 1] = Math.log(p[1]);
        }
        return z;
    }

    private double[] slice(double[] values, String name) {
        Parameter parameter = parameters.get("predictor.0." + name);
        return Arrays.copyOfRange(values, parameter.offset(), parameter.end());
    }

    private double[] linear(double[] values, String name, double[] x, boolean gelu) {
        double[] weight = slice(values, name + ".weight");
        double[] bias = slice(values, name + ".bias");
        int out = bias.length;
        int in = weight.length / out;
        double[] y = new double[x.length / in * out];
        for (int i = 0; i < y.length; i++) {
            y[i] = bias[i % out];
            for (int c = 0; c < in; c++) {
                y[i] += x[i / out * in + c] * weight[i % out * in + c];
            }
            y[i] = gelu ? Exact.gelu(y[i]) : y[i];
        }
        return y;
    }

    private float[] patches(int image) {
        int from = (image * (N + PREFIX) + PREFIX) * WIDTH;
        return Arrays.copyOfRange(x, from, from + N * WIDTH);
    }

    private TokenPredictorPass pass(Workers workers) {
        return new TokenPredictorPass(parameters, "predictor.0.", IMAGES, N, workers);
    }

    private float[] forward(TokenPredictorPass pass, float[] policy) {
        float[] logp = new float[IMAGES * N * 2];
        pass.forward(IMAGES, x, PREFIX * WIDTH, (N + PREFIX) * WIDTH, policy, logp);
        return logp;
    }

    @Test
    void gradientsAreThoseOfTheFormula() {
        float[] policy = new float[IMAGES * N];
        for (int i = 0; i < policy.length; i++) {
            policy[i] = i % 4 == 1 ? 0 : 1;
        }
        TokenPredictorPass pass = pass(new Workers());
        float[] logp = forward(pass, policy);
        float[] g = Awkward.values(random, logp.length, 1);
        float[] dX = new float[x.length];
        float[] dPolicy = new float[policy.length];
        float[] gradients = parameters.zeros();
        pass.backward(g, dX, dPolicy, gradients);
        double[] values = Exact.widened(parameters.values());
        double[][] rows = new double[IMAGES][];
        double[][] policies = new double[IMAGES][];
        for (int image = 0; image < IMAGES; image++) {
            rows[image] = Exact.widened(patches(image));
            policies[image] = Exact.widened(Arrays.copyOfRange(policy, image * N, image * N + N));
            Close.assertClose(Arrays.copyOfRange(logp, image * N * 2, (image + 1) * N * 2),
                    exactly(values, rows[image], policies[image]), 1e-5, "log-probabilities");
        }
        ToDoubleFunction<double[]> loss = any -> IntStream.range(0, IMAGES).mapToDouble(image -> {
            double[] out = exactly(values, rows[image], policies[image]);
            return IntStream.range(0, out.length).mapToDouble(i -> out[i] * g[image * N * 2 + i]).sum();
        }).sum();
        CentralDifference.check("predictor by parameters", values, gradients, 1e-5, loss);
        for (int image = 0; image < IMAGES; image++) {
            int from = (image * (N + PREFIX) + PREFIX) * WIDTH;
            CentralDifference.check("predictor by x", rows[image], Arrays.copyOfRange(dX, from, from + N * WIDTH),
                    1e-5, loss);
            CentralDifference.check("predictor by policy", policies[image],
                    Arrays.copyOfRange(dPolicy, image * N, image * N + N),
                    1e-5, loss);
        }
        assertThat(Arrays.copyOf(dX, PREFIX * WIDTH)).as("the prefix is not looked at").containsOnly(0f);
    }

    @Test
    void scoresAsTheInferenceFormDoes() {
        Map<String, TensorFiles.Tensor> tensors = new LinkedHashMap<>();
        for (Parameter parameter : parameters.all()) {
            tensors.put(parameter.name(), new TensorFiles.Tensor(parameter.shape(),
                    Arrays.copyOfRange(parameters.values(), parameter.offset(), parameter.end())));
        }
        float[] logp = forward(pass(new Workers()), null);
        for (int image = 0; image < IMAGES; image++) {
            float[] want = new float[N];
            TokenPredictor.fromTensors(tensors, 0, "test")
                    .keepLogProbabilities(patches(image), 0, N, want, 0, new Scratch());
            for (int i = 0; i < N; i++) {
                Close.assertClose(new float[] {logp[2 * (image * N + i)]}, new float[] {want[i]}, 1e-6, "keep");
            }
        }
    }

    @Test
    void hasTheSameBitsOnTwoThreadsAndStandsAPolicyOfZeros() {
        float[] g = Awkward.values(random, IMAGES * N * 2, 1);
        float[][] gradients = {parameters.zeros(), parameters.zeros()};
        ExecutorService executor = Executors.newFixedThreadPool(1);
        try {
            for (int threads = 1; threads <= 2; threads++) {
                Workers workers = new Workers(executor, threads);
                TokenPredictorPass pass = pass(workers);
                workers.open();
                forward(pass, new float[IMAGES * N]);
                pass.backward(g, null, new float[IMAGES * N], gradients[threads - 1]);
                workers.close();
            }
        } finally {
            executor.shutdown();
        }
        assertThat(gradients[1]).containsExactly(gradients[0]);
        for (float gradient : gradients[0]) {
            assertThat(Float.isFinite(gradient)).isTrue();
        }
        assertThat(pass(new Workers()).values()).isPositive();
    }
}
