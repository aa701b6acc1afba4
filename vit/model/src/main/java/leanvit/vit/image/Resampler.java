package leanvit.vit.image;

import java.util.Arrays;
import leanvit.vit.image.Preprocessing.Interpolation;

/**
 * Resizes pictures bit for bit as PIL's antialiased filters do.
 *
 * <p>Output sample o of a side of n pixels resized to m is {@code sum over t of w(t) * in(t)}, where
 * {@code w(t) = f((t + 0.5 - c) / s)}, scaled to sum to 1, {@code c = (o + 0.5) * n / m}, {@code s = max(n / m, 1)}:
 * when shrinking, the filter is widened to the size of an output pixel, which averages what falls into it. f is the
 * box (support 1/2), the triangle (1), Hamming's window (1), Keys' cubic with a = -0.5 (2) or Lanczos' window (3); the
 * nearest neighbour is the input sample that c lies in. Weights are rounded to 22 fraction bits, a horizontal
 * pass is rounded and clamped to 8 bits, then a vertical one. A side that keeps its length is not filtered.
 *
 * <p>Source: R. Keys, Cubic Convolution Interpolation for Digital Image Processing, 1981; the rounding is what Pillow
 * documents and does.
 *
 * <p>All methods are safe for use by any number of threads.
 */
public final class Resampler {

    private static final int HALF = 1 << FilterTaps.FRACTION_BITS - 1;

    private Resampler() {
    }

    /**
     * Returns the picture resized to {@code width} x {@code height}; the picture itself if it has that size.
     *
     * @throws IllegalArgumentException if a side is below 1
     */
    public static RgbImage resize(RgbImage picture, int width, int height, Interpolation interpolation) {
        return resizeAndCrop(picture, width, height, 0, 0, width, height, interpolation);
    }

    /**
     * Returns a part of the picture resized to {@code width} x {@code height}; computes no more than that part. The
     * picture itself if that is what is asked for.
     *
     * @param width      columns of the resized picture; it never exists as a whole, so it may be far beyond an array's
     *                   size
     * @param height     rows of the resized picture
     * @param left       first column of the part, at least 0
     * @param top        first row of the part, at least 0
     * @param partWidth  columns of the part, at least 1; {@code left + partWidth} at most {@code width}
     * @param partHeight rows of the part
     * @throws IllegalArgumentException if the part is empty or reaches beyond the resized picture
     */
    static RgbImage resizeAndCrop(RgbImage picture, long width, long height, long left, long top, int partWidth,
                                  int partHeight, Interpolation interpolation) {
        if (left < 0 || top < 0 || partWidth < 1 || partHeight < 1 || left + partWidth > width
                || top + partHeight > height) {
            throw new IllegalArgumentException("no part of " + partWidth + " x " + partHeight + " at (" + left + ", "
                    + top + ") in a picture of " + width + " x " + height);
        }
        boolean sameWidth = width == picture.width();
        boolean sameHeight = height == picture.height();
        if (sameWidth && sameHeight && partWidth == width && partHeight == height) {
            return picture;
        }
        FilterTaps down = FilterTaps.of(picture.height(), height, top, partHeight, sameHeight ? null : interpolation);
        int firstRow = down.first(0);
        int rows = down.first(partHeight - 1) + down.count(partHeight - 1) - firstRow;
        FilterTaps across = FilterTaps.of(picture.width(), width, left, partWidth, sameWidth ? null : interpolation);
        int rowBytes = RgbImage.CHANNELS * partWidth;
        byte[] wide = new byte[Math.multiplyExact(rows, rowBytes)];
        for (int y = 0; y < rows; y++) {
            across(picture.samples(), RgbImage.CHANNELS * picture.width() * (firstRow + y), across, partWidth, wide,
                    y * rowBytes);
        }
        if (sameHeight) {
            return new RgbImage(partWidth, partHeight, wide);
        }
        byte[] part = new byte[Math.multiplyExact(partHeight, rowBytes)];
        int[] sums = new int[rowBytes];
        for (int y = 0; y < partHeight; y++) {
            down(wide, rowBytes, down, firstRow, y, sums, part);
        }
        return new RgbImage(partWidth, partHeight, part);
    }

    /** Filters one row of pixels that begins at {@code from[in]} to {@code columns} pixels at {@code to[out]}. */
    static void across(byte[] from, int in, FilterTaps taps, int columns, byte[] to, int out) {
        int[] weights = taps.weights();
        for (int x = 0; x < columns; x++) {
            int at = in + RgbImage.CHANNELS * taps.first(x);
            int count = taps.count(x);
            int weight = taps.weightsOf(x);
            int red = HALF;
            int green = HALF;
            int blue = HALF;
            for (int t = 0; t < count; t++) {
                int w = weights[weight + t];
                red += w * (from[at + 3 * t] & 0xff);
                green += w * (from[at + 3 * t + 1] & 0xff);
                blue += w * (from[at + 3 * t + 2] & 0xff);
            }
            to[out + 3 * x] = toByte(red);
            to[out + 3 * x + 1] = toByte(green);
            to[out + 3 * x + 2] = toByte(blue);
        }
    }

    /** Filters the rows that output row {@code y} needs; {@code from} begins with row {@code firstRow}. */
    private static void down(byte[] from, int rowBytes, FilterTaps taps, int firstRow, int y, int[] sums, byte[] to) {
        Arrays.fill(sums, HALF);
        for (int t = 0; t < taps.count(y); t++) {
            int w = taps.weights()[taps.weightsOf(y) + t];
            int in = (taps.first(y) + t - firstRow) * rowBytes;
            for (int i = 0; i < rowBytes; i++) {
                sums[i] += w * (from[in + i] & 0xff);
            }
        }
        for (int i = 0; i < rowBytes; i++) {
            to[y * rowBytes + i] = toByte(sums[i]);
        }
    }

    private static byte toByte(int sum) {
        return (byte) Math.max(0, Math.min(255, sum >> FilterTaps.FRACTION_BITS));
    }
}
