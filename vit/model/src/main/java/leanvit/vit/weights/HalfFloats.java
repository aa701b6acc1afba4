package leanvit.vit.weights;

/**
 * Sixteen-bit floats to 32 bits, exactly: every value of both types is a float ({@code Float.float16ToFloat}: JDK 20);
 * and the way back, rounded.
 */
final class HalfFloats {

    private static final float TWO_POW_112 = 0x1p112f;
    /** The least value that rounds to no finite binary16. */
    static final float BEYOND_FLOAT16 = 65520f;
    private static final float MIN_NORMAL16 = 0x1p-14f;

    private HalfFloats() {
    }

    /** Returns the value of an IEEE 754 binary16 pattern; a NaN keeps its sign and payload. */
    static float fromFloat16(short half) {
        int sign = (half & 0x8000) << 16;
        int magnitude = (half & 0x7fff) << 13;
        if (magnitude >= 0x7c00 << 13) {
            return Float.intBitsToFloat(sign | 0x7f800000 | magnitude & 0x007fffff);
        }
        // Read as a binary32 the magnitude is 2^-112 of its value (exponent bias 127 against 15); the product is exact
        // for subnormals too.
        return Float.intBitsToFloat(sign | Float.floatToRawIntBits(Float.intBitsToFloat(magnitude) * TWO_POW_112));
    }

    /**
     * Returns the IEEE 754 binary16 pattern nearest to a value, of two the even one; beyond 65520 infinity. A NaN stays
     * one. ({@code Float.floatToFloat16}: JDK 20.)
     */
    static short toFloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        float magnitude = Math.abs(value);
        if (Float.isNaN(value)) {
            return (short) (sign | 0x7e00);
        }
        if (magnitude < MIN_NORMAL16) {
            // Subnormals are multiples of 2^-24; rint rounds halves to even, and 1024 of them are the least normal.
            return (short) (sign | (int) Math.rint(magnitude * 0x1p24f));
        }
        if (magnitude >= BEYOND_FLOAT16) {
            return (short) (sign | 0x7c00);
        }
        int magnitudeBits = bits & 0x7fffffff;
        int rounded = magnitudeBits + 0xfff + (magnitudeBits >>> 13 & 1);
        return (short) (sign | (rounded >>> 13) - (112 << 10));
    }

    /** Returns the value of an 8-bit pattern of 4 exponent and 3 mantissa bits, bias 7, without infinities. */
    static float fromFloat8E4M3(byte eighth) {
        int exponent = eighth >> 3 & 15;
        int mantissa = eighth & 7;
        float magnitude = (eighth & 0x7f) == 0x7f ? Float.NaN
                : exponent == 0 ? mantissa * 0x1p-9f : Math.scalb(8 + mantissa, exponent - 10);
        return eighth < 0 ? -magnitude : magnitude;
    }

    /** Returns the value of a bfloat16 pattern; a NaN keeps its sign and payload. */
    static float fromBfloat16(short half) {
        return Float.intBitsToFloat(half << 16);
    }
}
