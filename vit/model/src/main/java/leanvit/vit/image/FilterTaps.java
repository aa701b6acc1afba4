package leanvit.vit.image;

import leanvit.vit.image.Preprocessing.Interpolation;

/** Which input pixels of one side make up each output pixel, and with which fixed-point weights. */
final class FilterTaps {

    /**
     * 32 bits, less 8 for the samples and 2 because the absolute values of a pixel's weights may sum to more than 1.
     */
    static final int FRACTION_BITS = 32 - 8 - 2;

    private final int[] first;
    private final int[] count;
    private final int[] weights;
    private final float[] exact;
    private final int stride;

    private FilterTaps(int outputs, int stride) {
        first = new int[outputs];
        count = new int[outputs];
        weights = new int[Math.multiplyExact(outputs, stride)];
        exact = new float[weights.length];
        this.stride = stride;
    }

    /**
     * Computes the taps of outputs {@code from} to {@code from + outputs - 1} of a side of {@code in} pixels resized to
     * {@code out}.
     *
     * @param interpolation the filter, or null to take every pixel as it is ({@code in} equals {@code out})
     */
    static FilterTaps of(int in, long out, long from, int outputs, Interpolation interpolation) {
        if (interpolation == null) {
            FilterTaps copy = new FilterTaps(outputs, 1);
            for (int o = 0; o < outputs; o++) {
                copy.set(o, (int) from + o, new double[] {1}, 1, 1);
            }
            return copy;
        }
        double scale = (double) in / out;
        if (interpolation == Interpolation.NEAREST) {
            FilterTaps nearest = new FilterTaps(outputs, 1);
            double centre = 0.5 * scale; // summed up and not multiplied, as PIL's rounding has it
            for (long o = 0; o < from + outputs; o++, centre += scale) {
                if (o >= from) {
                    nearest.set((int) (o - from), (int) Math.min(in - 1L, (long) centre), new double[] {1}, 1, 1);
                }
            }
            return nearest;
        }
        double widening = Math.max(scale, 1);
        double support = support(interpolation) * widening;
        double[] taps = new double[(int) Math.min(in, Math.ceil(support) * 2 + 1)];
        FilterTaps all = new FilterTaps(outputs, taps.length);
        for (int o = 0; o < outputs; o++) {
            double centre = (from + o + 0.5) * scale;
            int low = Math.max(0, (int) (centre - support + 0.5));
            int high = Math.min(in, (int) (centre + support + 0.5));
            double sum = 0;
            for (int t = low; t < high; t++) {
                double w = weight(interpolation, (t - centre + 0.5) * (1 / widening));
                taps[t - low] = w;
                sum += w;
            }
            all.set(o, low, taps, high - low, sum);
        }
        return all;
    }

    private void set(int output, int low, double[] taps, int taken, double sum) {
        first[output] = low;
        count[output] = taken;
        for (int t = 0; t < taken; t++) {
            double w = taps[t] / sum * (1 << FRACTION_BITS);
            exact[output * stride + t] = (float) (taps[t] / sum);
            weights[output * stride + t] = (int) (w < 0 ? w - 0.5 : w + 0.5);
        }
    }

    private static double support(Interpolation interpolation) {
        return switch (interpolation) {
            case NEAREST, BOX -> 0.5;
            case BILINEAR, HAMMING -> 1;
            case BICUBIC -> 2;
            case LANCZOS -> 3;
        };
    }

    private static double weight(Interpolation interpolation, double x) {
        return switch (interpolation) {
            case NEAREST, BOX -> x > -0.5 && x <= 0.5 ? 1 : 0;
            case BILINEAR -> Math.max(0, 1 - Math.abs(x));
            // The two constants are float32 in Pillow, which now and then decides how a weight is rounded.
            case HAMMING -> Math.abs(x) < 1
                    ? sinc(Math.abs(x)) * (0.54f + (double) 0.46f * Math.cos(Math.PI * Math.abs(x))) : 0;
            case BICUBIC -> cubic(Math.abs(x));
            case LANCZOS -> x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
        };
    }

    private static double sinc(double x) {
        return x == 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    }

    /** Keys' cubic with a = -0.5. */
    private static double cubic(double x) {
        if (x < 1) {
            return (1.5 * x - 2.5) * x * x + 1;
        }
        return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
    }

    /** Returns the first input pixel of an output. */
    int first(int output) {
        return first[output];
    }

    /** Returns the number of input pixels of an output, which follow one another. */
    int count(int output) {
        return count[output];
    }

    /** Returns where in {@link #weights} those of an output begin. */
    int weightsOf(int output) {
        return output * stride;
    }

    /** Returns the weights of all outputs, with {@value #FRACTION_BITS} fraction bits; not to be written to. */
    int[] weights() {
        return weights;
    }

    /** Returns the weights of all outputs before they were rounded to fixed point; not to be written to. */
    float[] exact() {
        return exact;
    }
}
