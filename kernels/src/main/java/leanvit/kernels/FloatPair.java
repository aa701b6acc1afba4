package leanvit.kernels;

/**
 * Two floats in a long: how a vector method returns two results. An object would be allocated, and one method that
 * computes both and uses them would be too large to be compiled well.
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
