package leanvit.vit.grad;

import java.util.Arrays;
import java.util.function.Predicate;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.Parameters;

/**
 * A LayerNorm over each head of the queries, or of the keys, that learns, where a model has one.
 *
 * <pre>
 *   x [R, H, d], every row of it within a row of qkv [R, 3C]; normalised in place; kept: x and statistics [R, H, 2]
 * </pre>
 */
final class HeadNorm {

    /** The number of its scratch; attention has those before. */
    private static final int SCRATCH = 7;

    private final Steps steps;
    private final LearntNorm norm;
    private final int width;
    private final int heads;
    private final float[] raw;
    private final float[] statistics;

    private HeadNorm(Steps steps, LearntNorm norm, int width, int rows) {
        this.steps = steps;
        this.norm = norm;
        this.width = width;
        heads = width / norm.width();
        raw = new float[rows * width];
        statistics = new float[2 * rows * heads];
    }

    /**
     * Returns a model's norm of that name, or null where it has none.
     *
     * @param width C
     * @param rows  at most so many
     */
    static HeadNorm of(Steps steps, Parameters parameters, String name, float epsilon, int width, int rows,
                       Predicate<Parameter> learns) {
        return parameters.has(name + ".weight")
                ? new HeadNorm(steps, new LearntNorm(steps, parameters, name, epsilon, learns), width, rows) : null;
    }

    /** Returns the bytes that are kept of so many rows; 0 where the model has no such norm. */
    static long bytes(Parameters parameters, String name, long rows, int width, int heads) {
        return parameters.has(name + ".weight") ? Float.BYTES * rows * (width + 2L * heads) : 0;
    }

    boolean learns() {
        return norm.learns();
    }

    void pack() {
        norm.pack();
    }

    /**
     * Normalises rows in place.
     *
     * @param row  the first row's place among those that are kept
     * @param rows R
     * @param qkv  the first row's queries or keys from {@code at} on
     */
    void forward(int row, int rows, float[] qkv, int at) {
        gather(rows, qkv, at, raw, row * width);
        float[] normed = steps.scratch(SCRATCH, rows * width);
        norm.forward(rows * heads, raw, row * width, normed, 0, statistics, 2 * row * heads);
        scatter(rows, normed, qkv, at);
    }

    /** Turns the gradient of the normalised rows, in {@code dQkv}, into that of the rows before, in place. */
    void backward(int row, int rows, float[] dQkv, int at, float[] gradients) {
        float[] dy = steps.scratch(SCRATCH, 2 * rows * width);
        gather(rows, dQkv, at, dy, rows * width);
        Arrays.fill(dy, 0, rows * width, 0f);
        norm.backward(rows * heads, raw, row * width, statistics, 2 * row * heads, dy, rows * width, dy, 0, gradients);
        scatter(rows, dy, dQkv, at);
    }

    private void gather(int rows, float[] qkv, int at, float[] to, int offset) {
        for (int i = 0; i < rows; i++) {
            System.arraycopy(qkv, at + i * 3 * width, to, offset + i * width, width);
        }
    }

    private void scatter(int rows, float[] from, float[] qkv, int at) {
        for (int i = 0; i < rows; i++) {
            System.arraycopy(from, i * width, qkv, at + i * 3 * width, width);
        }
    }
}
