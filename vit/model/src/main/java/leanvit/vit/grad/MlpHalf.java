package leanvit.vit.grad;

import java.util.function.Predicate;
import leanvit.kernels.Gemm.Epilogue;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.Parameters;
import leanvit.vit.weights.VitConfig;

/**
 * The second half of a block, {@code y = x + fc2(gelu(fc1(norm2(x))))}, forward and backward, on R rows of whatever
 * images.
 *
 * <pre>
 *   x [R, C] -> n = norm2(x) [R, C] -> u = fc1(n) [R, 4C] -> a = gelu(u) [R, 4C] -> y = x + fc2(a) [R, C]
 *   dy [R, C] -> da = dy·W2 [R, 4C] -> du = da * gelu'(u) [R, 4C] -> dn = du·W1 [R, C] -> dx = dy + norm2'(dn) [R, C]
 * </pre>
 *
 * Kept: u and the norm's statistics, and x, which is the caller's. n and a are computed again. Where nothing here
 * learns, a is of no use later, and gelu'(u) is kept in the place of u: da * gelu'(u) then is an epilogue.
 */
public final class MlpHalf {

    private final Steps steps;
    private final LearntNorm norm;
    private final Linear fc1;
    private final Linear fc2;
    private final int width;
    private final int hidden;
    private final int group;
    private final float[] kept;
    private final int statistics;
    private int rows;
    private float[] x;
    private int xo;

    MlpHalf(Steps steps, VitConfig config, Parameters parameters, int layer, int mostRows,
            Predicate<Parameter> learns) {
        String block = "blocks." + layer + ".";
        this.steps = steps;
        norm = new LearntNorm(steps, parameters, block + "norm2", config.epsilon(), learns);
        fc1 = new Linear(steps, parameters, block + "mlp.fc1", null, learns);
        fc2 = new Linear(steps, parameters, block + "mlp.fc2", block + "ls2.gamma", learns);
        width = config.width();
        hidden = config.mlpHidden();
        group = Steps.groupRows(1);
        statistics = mostRows * hidden;
        kept = new float[Math.addExact(statistics, 2 * mostRows)];
    }

    /** Returns the bytes that are kept of so many rows. */
    static long bytes(VitConfig config, long rows) {
        return Float.BYTES * rows * (config.mlpHidden() + 2);
    }

    boolean learns() {
        return norm.learns() || fc1.learns() || fc2.learns();
    }

    void pack() {
        norm.pack();
        fc1.pack();
        fc2.pack();
    }

    /**
     * Runs forward.
     *
     * @param rows R
     * @param x    R rows of C floats from {@code xo}; must stay as they are until {@link #backward}
     * @param y    receives R rows of C floats from {@code yo}; must not overlap x
     */
    public void forward(int rows, float[] x, int xo, float[] y, int yo) {
        this.rows = rows;
        this.x = x;
        this.xo = xo;
        for (int from = 0; from < rows; from += group) {
            int count = Math.min(group, rows - from);
            int at = from * width;
            float[] n = steps.scratch(0, group * width);
            float[] a = steps.scratch(1, group * hidden);
            norm.forward(count, x, xo + at, n, 0, kept, statistics + 2 * from);
            fc1.forward(count, n, 0, Epilogue.NONE, kept, from * hidden);
            steps.gelu(count, hidden, kept, from * hidden, a, 0);
            if (!learns()) {
                steps.geluSlopes(count, hidden, kept, from * hidden, a, 0);
            }
            System.arraycopy(x, xo + at, y, yo + at, count * width);
            fc2.forward(count, a, 0, Epilogue.RESIDUAL, y, yo + at);
        }
    }

    /**
     * Runs backward what ran forward last.
     *
     * @param d         the gradient of y, R rows of C floats from {@code offset}; becomes the gradient of x
     * @param gradients the parameters' gradients, which are added to; null for none
     */
    public void backward(float[] d, int offset, float[] gradients) {
        if (!learns()) {
            frozen(d, offset);
            return;
        }
        for (int from = 0; from < rows; from += group) {
            int count = Math.min(group, rows - from);
            int at = offset + from * width;
            float[] n = steps.scratch(0, group * width);
            float[] a = steps.scratch(1, group * hidden);
            float[] du = steps.scratch(2, group * hidden);
            int u = from * hidden;
            steps.gelu(count, hidden, kept, u, a, 0);
            fc2.backward(count, d, at, Epilogue.NONE, du, 0);
            if (gradients != null) {
                fc2.parameters(count, a, 0, d, at, gradients);
            }
            steps.geluGradient(count, hidden, kept, u, a, 0, du, 0);
            if (gradients != null && fc1.learns()) {
                norm.forward(count, x, xo + from * width, n, 0, null, 0);
                fc1.parameters(count, n, 0, du, 0, gradients);
            }
            fc1.backward(count, du, 0, Epilogue.NONE, n, 0);
            norm.backward(count, x, xo + from * width, kept, statistics + 2 * from, n, 0, d, at, gradients);
        }
    }

    private void frozen(float[] d, int offset) {
        for (int from = 0; from < rows; from += group) {
            int count = Math.min(group, rows - from);
            int at = offset + from * width;
            float[] n = steps.scratch(0, group * width);
            float[] du = steps.scratch(1, group * hidden);
            // From memory in the order in which it lies: the product takes it tile by tile.
            System.arraycopy(kept, from * hidden, du, 0, count * hidden);
            fc2.backward(count, d, at, Epilogue.PRODUCT, du, 0);
            fc1.backward(count, du, 0, Epilogue.NONE, n, 0);
            norm.backward(count, x, xo + from * width, kept, statistics + 2 * from, n, 0, d, at, null);
        }
    }
}
