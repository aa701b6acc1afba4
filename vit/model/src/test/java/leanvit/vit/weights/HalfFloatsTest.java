package leanvit.vit.weights;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** All 65,536 patterns of both types against the definition of their fields. */
class HalfFloatsTest {

    @Test
    void decodesEveryFloat16() {
        for (int pattern = 0; pattern < 1 << 16; pattern++) {
            int sign = pattern >>> 15;
            int exponent = pattern >>> 10 & 31;
            int fraction = pattern & 1023;
            float decoded = HalfFloats.fromFloat16((short) pattern);
            if (exponent == 31 && fraction != 0) {
                assertThat(Float.floatToRawIntBits(decoded)).as("pattern %04x", pattern)
                        .isEqualTo(sign << 31 | 0xff << 23 | fraction << 13);
                continue;
            }
            double magnitude = exponent == 31 ? Double.POSITIVE_INFINITY
                    : exponent == 0 ? Math.scalb((double) fraction, -24)
                    : Math.scalb(1024.0 + fraction, exponent - 25);
            float expected = (float) (sign == 0 ? magnitude : -magnitude);
            assertThat(Float.floatToRawIntBits(decoded)).as("pattern %04x", pattern)
                    .isEqualTo(Float.floatToRawIntBits(expected));
        }
    }

    @Test
    void decodesEveryBfloat16() {
        for (int pattern = 0; pattern < 1 << 16; pattern++) {
            int sign = pattern >>> 15;
            int exponent = pattern >>> 7 & 255;
            int fraction = pattern & 127;
            float decoded = HalfFloats.fromBfloat16((short) pattern);
            if (exponent == 255 && fraction != 0) {
                assertThat(Float.floatToRawIntBits(decoded)).as("pattern %04x", pattern)
                        .isEqualTo(sign << 31 | 0xff << 23 | fraction << 16);
                continue;
            }
            double magnitude = exponent == 255 ? Double.POSITIVE_INFINITY
                    : exponent == 0 ? Math.scalb((double) fraction, -133)
                    : Math.scalb(128.0 + fraction, exponent - 134);
            float expected = (float) (sign == 0 ? magnitude : -magnitude);
            assertThat(Float.floatToRawIntBits(decoded)).as("pattern %04x", pattern)
                    .isEqualTo(Float.floatToRawIntBits(expected));
        }
    }

    @Test
    void roundsToTheNearestFloat16() {
        for (int pattern = 0; pattern < 0x7c00; pattern++) {
            float value = HalfFloats.fromFloat16((short) pattern);
            float next = pattern == 0x7bff ? 65536f : HalfFloats.fromFloat16((short) (pattern + 1));
            float half = value + (next - value) / 2;
            int even = pattern + (pattern & 1);
            assertThat(HalfFloats.toFloat16(value)).isEqualTo((short) pattern);
            assertThat(HalfFloats.toFloat16(-value)).isEqualTo((short) (pattern | 0x8000));
            assertThat(HalfFloats.toFloat16(half)).as("half after %04x", pattern).isEqualTo((short) even);
            assertThat(HalfFloats.toFloat16(Math.nextDown(half))).isEqualTo((short) pattern);
            assertThat(HalfFloats.toFloat16(Math.nextUp(half))).isEqualTo((short) (pattern + 1));
        }
        assertThat(HalfFloats.toFloat16(Float.NEGATIVE_INFINITY)).isEqualTo((short) 0xfc00);
        assertThat(HalfFloats.fromFloat16(HalfFloats.toFloat16(Float.NaN))).isNaN();
    }
}
