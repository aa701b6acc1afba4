package leanvit.kernels;

/** {@link MaskedAttention}'s passes over rows without the Vector API; sums are doubles. */
final class ScalarMaskedAttention implements MaskedAttention.Rows {

    static final ScalarMaskedAttention ROWS = new ScalarMaskedAttention();

    @Override
    public void exponentials(int rows, int padded, float[] z, int offset, float[] shifts, int shiftsOffset) {
        for (int r = 0; r < rows; r++) {
            int row = offset + r * padded;
            float max = Float.NEGATIVE_INFINITY;
            for (int j = row; j < row + padded; j++) {
                max = z[j] > max ? z[j] : max;
            }
            for (int j = row; j < row + padded; j++) {
                z[j] = ScalarMath.exp(z[j] - max);
            }
        }
    }

    @Override
    public float sum(int padded, float[] e, int row, float[] mask, int maskOffset) {
        double sum = 0;
        for (int j = 0; j < padded; j++) {
            sum += e[row + j] * mask[maskOffset + j];
        }
        return (float) sum;
    }

    @Override
    public void shares(int padded, float[] e, int row, float[] mask, int maskOffset, float share, float factor) {
        for (int j = 0; j < padded; j++) {
            e[row + j] = (e[row + j] * mask[maskOffset + j] + share) * factor;
        }
    }

    @Override
    public float product(int padded, float[] e, int row, float[] mask, int maskOffset, float share, float[] d,
                         int dRow, float[] g, int gOffset) {
        double sum = 0;
        for (int j = 0; j < padded; j++) {
            sum += (e[row + j] * mask[maskOffset + j] + share) * (d[dRow + j] + g[gOffset + j]);
        }
        return (float) sum;
    }

    @Override
    public float gradients(int padded, float[] e, int row, float[] mask, int maskOffset, float share, float[] d,
                           int dRow, float[] g, int gOffset, float mean, float factor, float scale, float[] dMask,
                           int dMaskOffset) {
        double sum = 0;
        for (int j = 0; j < padded; j++) {
            float own = e[row + j];
            float m = mask[maskOffset + j];
            float y = own * (d[dRow + j] + g[gOffset + j] - mean) * factor;
            float score = y * m * scale;
            dMask[dMaskOffset + j] += y;
            d[dRow + j] = score;
            e[row + j] = (own * m + share) * factor;
            sum += score;
        }
        return (float) sum;
    }
}
