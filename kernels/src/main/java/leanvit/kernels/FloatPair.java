package leanvit.kernels;

/**
 * Two floats in a long, for the results of methods that C2 has to compile by themselves.
 *
 * <p>A method of more than about 45 vector operations is too large for C2 of JDK 17: at 40,000 live nodes it stops inlining
 * (LiveNodeCountInliningCutoff), and the operations left over, the method's last, box their vectors; whether it comes to
 * that depends on what else ran before. So a kernel's passes are methods of their own, over 325 bytecodes where they are not
 * to be inlined, that hand each other scalars.
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
