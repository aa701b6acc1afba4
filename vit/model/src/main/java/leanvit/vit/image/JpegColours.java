package leanvit.vit.image;

/**
 * From the colours that JPEGs are stored in to RGB, in libjpeg's fixed-point arithmetic, so that results are the same
 * bits as those of the many programs on top of it. All work in place on interleaved bytes.
 *
 * <p>Source: ITU-T T.871 section 7 (YCbCr); the rounding (16 fraction bits, halves up) is what libjpeg documents.
 */
final class JpegColours {

    private static final int FRACTION_BITS = 16;
    private static final int HALF = 1 << FRACTION_BITS - 1;
    private static final int[] CR_TO_RED = new int[256];
    private static final int[] CB_TO_BLUE = new int[256];
    /** These two are added before they are rounded; the first holds the half. */
    private static final int[] CB_TO_GREEN = new int[256];
    private static final int[] CR_TO_GREEN = new int[256];

    static {
        for (int i = 0; i < 256; i++) {
            int centred = i - 128;
            CR_TO_RED[i] = fixed(1.40200) * centred + HALF >> FRACTION_BITS;
            CB_TO_BLUE[i] = fixed(1.77200) * centred + HALF >> FRACTION_BITS;
            CB_TO_GREEN[i] = -fixed(0.34414) * centred + HALF;
            CR_TO_GREEN[i] = -fixed(0.71414) * centred;
        }
    }

    private JpegColours() {
    }

    /** Returns every gray sample three times. */
    static byte[] grayToRgb(byte[] gray, int pixels) {
        byte[] rgb = new byte[RgbImage.CHANNELS * pixels];
        for (int i = 0, out = 0; i < pixels; i++, out += RgbImage.CHANNELS) {
            rgb[out] = gray[i];
            rgb[out + 1] = gray[i];
            rgb[out + 2] = gray[i];
        }
        return rgb;
    }

    /** Turns Y, Cb, Cr to R, G, B, where pixels begin {@code stride} samples apart; what else a pixel has stays. */
    static void yccToRgb(byte[] samples, int pixels, int stride) {
        for (int i = 0, at = 0; i < pixels; i++, at += stride) {
            int y = samples[at] & 0xff;
            int cb = samples[at + 1] & 0xff;
            int cr = samples[at + 2] & 0xff;
            samples[at] = clamp(y + CR_TO_RED[cr]);
            samples[at + 1] = clamp(y + (CB_TO_GREEN[cb] + CR_TO_GREEN[cr] >> FRACTION_BITS));
            samples[at + 2] = clamp(y + CB_TO_BLUE[cb]);
        }
    }

    /**
     * Turns C, M, Y, K to R, G, B at the front of the array: {@code R = light - round(ink * light / 255)}, as PIL does.
     *
     * @param ycck whether C, M, Y come from {@link #yccToRgb}, which leaves 255 for full ink; as Adobe stores C, M, Y
     *             (and K always), 255 is no ink
     */
    static void cmykToRgb(byte[] samples, int pixels, boolean ycck) {
        int fullInk = ycck ? 0 : 0xff;
        for (int i = 0, in = 0, out = 0; i < pixels; i++, in += 4, out += RgbImage.CHANNELS) {
            int light = samples[in + 3] & 0xff;
            for (int c = 0; c < RgbImage.CHANNELS; c++) {
                int ink = samples[in + c] & 0xff ^ fullInk;
                samples[out + c] = (byte) (light - divideBy255(ink * light));
            }
        }
    }

    /** Returns x / 255, rounded to nearest, for x in 0 to 65025. */
    private static int divideBy255(int x) {
        int t = x + 128;
        return (t >> 8) + t >> 8;
    }

    private static int fixed(double x) {
        return (int) (x * (1 << FRACTION_BITS) + 0.5);
    }

    private static byte clamp(int x) {
        return (byte) Math.max(0, Math.min(255, x));
    }
}
