package leanvit.kernels;

import static leanvit.kernels.LaneFolds.EIGHTH;
import static leanvit.kernels.LaneFolds.HALF;
import static leanvit.kernels.LaneFolds.QUARTER;
import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.FLOATS;
import static leanvit.kernels.Lanes.L;

import jdk.incubator.vector.FloatVector;

/** {@link MaskedAttention}'s passes over rows, which are whole vectors, on the Vector API. */
final class SimdMaskedAttention implements MaskedAttention.Rows {

    static final SimdMaskedAttention ROWS = new SimdMaskedAttention();

    @Override
    public void exponentials(int rows, int padded, float[] z, int offset, float[] shifts, int shiftsOffset) {
        for (int r = 0; r < rows; r++) {
            shifts[shiftsOffset + r] = -SimdSoftmax.max(padded, z, offset + r * padded);
        }
        SimdSoftmax.exponentiate(rows, padded, shifts, shiftsOffset, z, offset, padded, z, offset, padded);
    }

    @Override
    public float sum(int padded, float[] e, int row, float[] mask, int maskOffset) {
        FloatVector sum = FloatVector.zero(F);
        for (int j = 0; j < padded; j += L) {
            sum = FloatVector.fromArray(F, e, row + j).fma(FloatVector.fromArray(F, mask, maskOffset + j), sum);
        }
        sum = FLOATS.cast(sum);
        sum = sum.add(sum.rearrange(HALF));
        sum = L > 4 ? sum.add(sum.rearrange(QUARTER)) : sum;
        sum = L > 8 ? sum.add(sum.rearrange(EIGHTH)) : sum;
        return sum.lane(0) + sum.lane(1);
    }

    @Override
    public void shares(int padded, float[] e, int row, float[] mask, int maskOffset, float share, float factor) {
        FloatVector shares = FloatVector.broadcast(F, share);
        FloatVector factors = FloatVector.broadcast(F, factor);
        for (int j = 0; j < padded; j += L) {
            FloatVector.fromArray(F, e, row + j).fma(FloatVector.fromArray(F, mask, maskOffset + j), shares)
                    .mul(factors).intoArray(e, row + j);
        }
    }

    @Override
    public float product(int padded, float[] e, int row, float[] mask, int maskOffset, float share, float[] d,
                         int dRow, float[] g, int gOffset) {
        FloatVector shares = FloatVector.broadcast(F, share);
        FloatVector sum = FloatVector.zero(F);
        for (int j = 0; j < padded; j += L) {
            FloatVector s = FloatVector.fromArray(F, e, row + j).fma(FloatVector.fromArray(F, mask, maskOffset + j),
                    shares);
            FloatVector t = FloatVector.fromArray(F, d, dRow + j).add(FloatVector.fromArray(F, g, gOffset + j));
            sum = s.fma(t, sum);
        }
        sum = FLOATS.cast(sum);
        sum = sum.add(sum.rearrange(HALF));
        sum = L > 4 ? sum.add(sum.rearrange(QUARTER)) : sum;
        sum = L > 8 ? sum.add(sum.rearrange(EIGHTH)) : sum;
        return sum.lane(0) + sum.lane(1);
    }

    @Override
    public float gradients(int padded, float[] e, int row, float[] mask, int maskOffset, float share, float[] d,
                           int dRow, float[] g, int gOffset, float mean, float factor, float scale, float[] dMask,
                           int dMaskOffset) {
        FloatVector shares = FloatVector.broadcast(F, share);
        FloatVector factors = FloatVector.broadcast(F, factor);
        FloatVector means = FloatVector.broadcast(F, mean);
        FloatVector scales = FloatVector.broadcast(F, scale);
        FloatVector sum = FloatVector.zero(F);
        for (int j = 0; j < padded; j += L) {
            FloatVector own = FloatVector.fromArray(F, e, row + j);
            FloatVector m = FloatVector.fromArray(F, mask, maskOffset + j);
            FloatVector t = FloatVector.fromArray(F, d, dRow + j).add(FloatVector.fromArray(F, g, gOffset + j));
            FloatVector y = own.mul(t.sub(means)).mul(factors);
            FloatVector score = y.mul(m).mul(scales);
            sum = score.add(sum);
            y.add(FloatVector.fromArray(F, dMask, dMaskOffset + j)).intoArray(dMask, dMaskOffset + j);
            score.intoArray(d, dRow + j);
            own.fma(m, shares).mul(factors).intoArray(e, row + j);
        }
        sum = FLOATS.cast(sum);
        sum = sum.add(sum.rearrange(HALF));
        sum = L > 4 ? sum.add(sum.rearrange(QUARTER)) : sum;
        sum = L > 8 ? sum.add(sum.rearrange(EIGHTH)) : sum;
        return sum.lane(0) + sum.lane(1);
    }
}
