package leanvit.kernels;

import static leanvit.kernels.LaneFolds.EIGHTH;
import static leanvit.kernels.LaneFolds.HALF;
import static leanvit.kernels.LaneFolds.QUARTER;
import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.FLOATS;
import static leanvit.kernels.Lanes.L;

import jdk.incubator.vector.FloatVector;

/** {@link LayerNormGradient} on the Vector API: three passes over a row that stays in the first-level cache. */
final class SimdLayerNormGradient implements LayerNormGradient.Implementation {

    static final SimdLayerNormGradient KERNEL = new SimdLayerNormGradient();

    @Override
    public void rows(float[] x, int offset, int stride, int rows, int columns, float[] statistics,
                     int statisticsOffset, float[] weight, float[] dy, int dyOffset, int dyStride, float[] dx,
                     int dxOffset, int dxStride, float[] dWeight, int dWeightOffset, float[] dBias, int dBiasOffset) {
        if (columns < L) {
            ScalarLayerNormGradient.KERNEL.rows(x, offset, stride, rows, columns, statistics, statisticsOffset, weight,
                    dy, dyOffset, dyStride, dx, dxOffset, dxStride, dWeight, dWeightOffset, dBias, dBiasOffset);
            return;
        }
        for (int r = 0; r < rows; r++) {
            int from = offset + r * stride;
            int fromDy = dyOffset + r * dyStride;
            float mean = statistics[statisticsOffset + 2 * r];
            float scale = statistics[statisticsOffset + 2 * r + 1];
            long sums = sums(columns, x, from, mean, scale, weight, dy, fromDy);
            inputs(columns, x, from, mean, scale, weight, dy, fromDy, FloatPair.first(sums) / columns,
                    FloatPair.second(sums) / columns, dx, dxOffset + r * dxStride);
            if (dWeight != null) {
                parameters(columns, x, from, mean, scale, dy, fromDy, dWeight, dWeightOffset, dBias, dBiasOffset);
            }
        }
    }

    /** Returns a row's sums of g and of g * n. */
    private static long sums(int columns, float[] x, int from, float mean, float scale, float[] weight, float[] dy,
                             int fromDy) {
        FloatVector means = FloatVector.broadcast(F, mean);
        FloatVector scales = FloatVector.broadcast(F, scale);
        FloatVector sum = FloatVector.zero(F);
        FloatVector product = sum;
        int c = 0;
        for (; c <= columns - L; c += L) {
            FloatVector g = FloatVector.fromArray(F, dy, fromDy + c).mul(FloatVector.fromArray(F, weight, c));
            FloatVector n = FloatVector.fromArray(F, x, from + c).sub(means).mul(scales);
            sum = g.add(sum);
            product = g.fma(n, product);
        }
        sum = FLOATS.cast(sum);
        sum = sum.add(sum.rearrange(HALF));
        sum = L > 4 ? sum.add(sum.rearrange(QUARTER)) : sum;
        sum = L > 8 ? sum.add(sum.rearrange(EIGHTH)) : sum;
        float first = sum.lane(0) + sum.lane(1);
        product = FLOATS.cast(product);
        product = product.add(product.rearrange(HALF));
        product = L > 4 ? product.add(product.rearrange(QUARTER)) : product;
        product = L > 8 ? product.add(product.rearrange(EIGHTH)) : product;
        float second = product.lane(0) + product.lane(1);
        for (; c < columns; c++) {
            float g = dy[fromDy + c] * weight[c];
            first += g;
            second += g * ((x[from + c] - mean) * scale);
        }
        return FloatPair.of(first, second);
    }

    private static void inputs(int columns, float[] x, int from, float mean, float scale, float[] weight, float[] dy,
                               int fromDy, float meanG, float meanProduct, float[] dx, int to) {
        FloatVector means = FloatVector.broadcast(F, mean);
        FloatVector scales = FloatVector.broadcast(F, scale);
        FloatVector meanGs = FloatVector.broadcast(F, meanG);
        FloatVector meanProducts = FloatVector.broadcast(F, -meanProduct);
        int c = 0;
        for (; c <= columns - L; c += L) {
            FloatVector g = FloatVector.fromArray(F, dy, fromDy + c).mul(FloatVector.fromArray(F, weight, c));
            FloatVector n = FloatVector.fromArray(F, x, from + c).sub(means).mul(scales);
            n.fma(meanProducts, g.sub(meanGs)).fma(scales, FloatVector.fromArray(F, dx, to + c)).intoArray(dx, to + c);
        }
        for (; c < columns; c++) {
            float n = (x[from + c] - mean) * scale;
            dx[to + c] += scale * (dy[fromDy + c] * weight[c] - meanG - n * meanProduct);
        }
    }

    private static void parameters(int columns, float[] x, int from, float mean, float scale, float[] dy, int fromDy,
                                   float[] dWeight, int dWeightOffset, float[] dBias, int dBiasOffset) {
        FloatVector means = FloatVector.broadcast(F, mean);
        FloatVector scales = FloatVector.broadcast(F, scale);
        int c = 0;
        for (; c <= columns - L; c += L) {
            FloatVector d = FloatVector.fromArray(F, dy, fromDy + c);
            FloatVector n = FloatVector.fromArray(F, x, from + c).sub(means).mul(scales);
            d.fma(n, FloatVector.fromArray(F, dWeight, dWeightOffset + c)).intoArray(dWeight, dWeightOffset + c);
            d.add(FloatVector.fromArray(F, dBias, dBiasOffset + c)).intoArray(dBias, dBiasOffset + c);
        }
        for (; c < columns; c++) {
            dWeight[dWeightOffset + c] += dy[fromDy + c] * ((x[from + c] - mean) * scale);
            dBias[dBiasOffset + c] += dy[fromDy + c];
        }
    }
}
