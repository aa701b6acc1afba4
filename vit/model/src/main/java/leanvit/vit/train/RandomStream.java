package leanvit.vit.train;

/**
 * A stream of random numbers that are the same on every JVM: SplitMix64 (Steele, Lea and Flood 2014), and what is drawn
 * from it by integer arithmetic, IEEE operations and {@link StrictMath} alone. A stream of its own for each picture and
 * epoch makes what is drawn independent of the order in which threads work. Not safe for use by several threads at
 * once.
 */
public final class RandomStream {

    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private long state;

    private RandomStream(long state) {
        this.state = state;
    }

    /**
     * Returns the stream of a seed and of what it is for.
     *
     * @param seed any number
     * @param path numbers that tell streams of the seed apart, such as an epoch and a picture
     */
    public static RandomStream of(long seed, long... path) {
        long state = mix(seed + GOLDEN);
        for (long part : path) {
            state = mix(state + mix(part + GOLDEN) + GOLDEN);
        }
        return new RandomStream(state);
    }

    private static long mix(long z) {
        long a = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
        long b = (a ^ a >>> 27) * 0x94d049bb133111ebL;
        return b ^ b >>> 31;
    }

    /** Returns 64 random bits. */
    public long nextLong() {
        state += GOLDEN;
        return mix(state);
    }

    /** Returns a multiple of 2^-53 from 0 to below 1. */
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1p-53;
    }

    /** Returns a number from {@code low} to below {@code high}. */
    public double between(double low, double high) {
        return low + (high - low) * nextDouble();
    }

    /** Returns a whole number from 0 to {@code bound - 1}; {@code bound} is at least 1. */
    public int below(int bound) {
        return (int) ((nextLong() >>> 32) * bound >>> 32);
    }

    /** Returns a whole number from {@code low} to {@code high}. */
    public int whole(int low, int high) {
        return low + below(high - low + 1);
    }

    /** Returns true with that probability. */
    public boolean chance(double probability) {
        return nextDouble() < probability;
    }

    /** Returns a sample of the normal distribution (Box and Muller 1958). */
    public double normal() {
        double radius = Math.sqrt(-2 * StrictMath.log(1 - nextDouble()));
        return radius * StrictMath.cos(2 * Math.PI * nextDouble());
    }

    /** Returns a sample of the gamma distribution of scale 1 (Marsaglia and Tsang 2000); the shape is above 0. */
    public double gamma(double shape) {
        if (shape < 1) {
            double u = 1 - nextDouble();
            return gamma(shape + 1) * StrictMath.pow(u, 1 / shape);
        }
        double d = shape - 1.0 / 3;
        double c = 1 / Math.sqrt(9 * d);
        while (true) {
            double x = normal();
            double root = 1 + c * x;
            double v = root * root * root;
            if (v > 0 && StrictMath.log(1 - nextDouble()) < 0.5 * x * x + d - d * v + d * StrictMath.log(v)) {
                return d * v;
            }
        }
    }

    /** Returns a sample of the beta distribution; both shapes are above 0. */
    public double beta(double a, double b) {
        double x = gamma(a);
        double y = gamma(b);
        return x + y == 0 ? 0.5 : x / (x + y);
    }

    /** Puts the values into a random order (Fisher and Yates; Durstenfeld 1964). */
    public void shuffle(int[] values) {
        for (int i = values.length - 1; i > 0; i--) {
            int other = below(i + 1);
            int value = values[i];
            values[i] = values[other];
            values[other] = value;
        }
    }
}
