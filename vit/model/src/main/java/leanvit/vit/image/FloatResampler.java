package leanvit.vit.image;

import leanvit.vit.image.Preprocessing.Interpolation;

/**
 * Resizes pictures with the filters of {@link Resampler} in float32, rounded nowhere: what torchvision's antialiased
 * resize makes of a tensor of floats.
 */
final class FloatResampler {

    private FloatResampler() {
    }

    /**
     * Returns a part of the picture resized to {@code width} x {@code height}, [partHeight, partWidth, 3]; samples stay
     * on the scale of 0 to 255 and may be beyond it by the bicubic filter. The arguments are those of
     * {@link Resampler#resizeAndCrop}.
     */
    static float[] resizeAndCrop(RgbImage picture, long width, long height, long left, long top, int partWidth,
                                 int partHeight, Interpolation interpolation) {
        FilterTaps down = FilterTaps.of(picture.height(), height, top, partHeight,
                height == picture.height() ? null : interpolation);
        FilterTaps across = FilterTaps.of(picture.width(), width, left, partWidth,
                width == picture.width() ? null : interpolation);
        int firstRow = down.first(0);
        int rows = down.first(partHeight - 1) + down.count(partHeight - 1) - firstRow;
        int rowLength = RgbImage.CHANNELS * partWidth;
        float[] wide = new float[Math.multiplyExact(rows, rowLength)];
        for (int y = 0; y < rows; y++) {
            across(picture.samples(), RgbImage.CHANNELS * picture.width() * (firstRow + y), across, wide,
                    y * rowLength, rowLength);
        }
        float[] part = new float[Math.multiplyExact(partHeight, rowLength)];
        for (int y = 0; y < partHeight; y++) {
            for (int t = 0; t < down.count(y); t++) {
                float weight = down.exact()[down.weightsOf(y) + t];
                int in = (down.first(y) + t - firstRow) * rowLength;
                for (int i = 0; i < rowLength; i++) {
                    part[y * rowLength + i] += weight * wide[in + i];
                }
            }
        }
        return part;
    }

    private static void across(byte[] from, int in, FilterTaps taps, float[] to, int out, int rowLength) {
        for (int i = 0; i < rowLength; i++) {
            int x = i / RgbImage.CHANNELS;
            int at = in + RgbImage.CHANNELS * taps.first(x) + i % RgbImage.CHANNELS;
            float sum = 0;
            for (int t = 0; t < taps.count(x); t++, at += RgbImage.CHANNELS) {
                sum += taps.exact()[taps.weightsOf(x) + t] * (from[at] & 0xff);
            }
            to[out + i] = sum;
        }
    }
}
