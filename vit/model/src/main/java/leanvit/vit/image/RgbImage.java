package leanvit.vit.image;

/**
 * A picture of 8-bit red, green and blue samples, interleaved, row by row from the top: the sample of channel c at
 * column x of row y is {@code samples[3 * (y * width + x) + c]}, an unsigned byte.
 *
 * <p>The array is held, not copied: who passes it on must not write to it any more. Two pictures are equal by
 * {@code equals} only if they share the array.
 *
 * @param width   columns, at least 1
 * @param height  rows, at least 1
 * @param samples at least {@code 3 * width * height} bytes; what follows them is ignored
 */
public record RgbImage(int width, int height, byte[] samples) {

    /** Bytes of one pixel. */
    static final int CHANNELS = 3;

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if a side is below 1 or the array is too short
     */
    public RgbImage {
        if (width < 1 || height < 1) {
            throw new IllegalArgumentException("a picture has at least 1 x 1 pixels, not " + width + " x " + height);
        }
        if (samples.length < (long) CHANNELS * width * height) {
            throw new IllegalArgumentException("a picture of " + width + " x " + height + " pixels needs "
                    + (long) CHANNELS * width * height + " samples, not " + samples.length);
        }
    }

    /** Makes a black picture. */
    public static RgbImage black(int width, int height) {
        return new RgbImage(width, height, new byte[Math.multiplyExact(CHANNELS, Math.multiplyExact(width, height))]);
    }

    /** Returns the pixel at column {@code x} of row {@code y} as {@code 0xRRGGBB}. */
    public int pixel(int x, int y) {
        int i = CHANNELS * (y * width + x);
        return (samples[i] & 0xff) << 16 | (samples[i + 1] & 0xff) << 8 | samples[i + 2] & 0xff;
    }
}
