package leanvit.testdata;

import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** Sizes and values chosen to break vector code. */
public final class Awkward {

    private Awkward() {
    }

    /**
     * Returns 0, 1, primes, and the neighbourhood of one, two, three, four and six vectors of 4, 8 and 16 lanes, up to
     * {@code most}.
     */
    public static int[] sizes(int most) {
        TreeSet<Integer> sizes = new TreeSet<>();
        IntStream.of(0, 1, 2, 3, 5, 7, 11, 13, 29, 37, 61, 101, 127, 197, 577).forEach(sizes::add);
        for (int lanes : new int[] {4, 8, 16}) {
            for (int vectors : new int[] {1, 2, 3, 4, 6}) {
                IntStream.of(-1, 0, 1).forEach(step -> sizes.add(vectors * lanes + step));
            }
        }
        return sizes.headSet(most, true).stream().mapToInt(Integer::intValue).toArray();
    }

    /** Returns values of both signs, {@code scale} at the largest. */
    public static float[] values(SplittableRandom random, int length, float scale) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) random.nextDouble(-1, 1) * scale;
        }
        return values;
    }

    /** Returns values of which one in four is NaN, infinite, a zero of either sign, subnormal or huge. */
    public static float[] strangeValues(SplittableRandom random, int length) {
        float[] values = values(random, length, 1);
        float[] strange = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 0f, -0f,
            Float.MIN_VALUE, -3e38f, 3e38f};
        for (int i = 0; i < length; i++) {
            if (random.nextInt(4) == 0) {
                values[i] = strange[random.nextInt(strange.length)];
            }
        }
        return values;
    }
}
