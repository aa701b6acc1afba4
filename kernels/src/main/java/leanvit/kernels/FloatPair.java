package leanvit.kernels;

/**
 * Two floats in a long, for a method with two results: a vector method should stay small enough to be compiled by
 * itself, and an object as its result would be allocated.
 */
final class FloatPair {

    private FloatPair() {
    }

    static long of(float first, float second) {
        return (long) Float.floatToRawIntBits(first) << 32 | Float.floatToRawIntBits(second) & 0xFFFF_FFFFL;
    }

    static float first(long pair) {
        return Float.intBitsToFloat((int) (pair >> 32));
    }

    static float second(long pair) {
        return Float.intBitsToFloat((int) pair);
    }
}
