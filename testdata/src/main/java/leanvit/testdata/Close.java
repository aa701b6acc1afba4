package leanvit.testdata;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;

/** Compares arrays within an absolute tolerance, fast enough for whole models. A NaN is close to nothing. */
public final class Close {

    private Close() {
    }

    /** Asserts that arrays have one length, and no two values differ by more than {@code tolerance}. */
    public static void assertClose(float[] got, float[] want, double tolerance, String what) {
        check(got.length, want.length, i -> got[i], i -> want[i], tolerance, what);
    }

    /** As above, against a reference in double precision. */
    public static void assertClose(float[] got, double[] want, double tolerance, String what) {
        check(got.length, want.length, i -> got[i], i -> want[i], tolerance, what);
    }

    /** As above, of a result in double precision. */
    public static void assertClose(double[] got, float[] want, double tolerance, String what) {
        check(got.length, want.length, i -> got[i], i -> want[i], tolerance, what);
    }

    /** As above, both in double precision. */
    public static void assertClose(double[] got, double[] want, double tolerance, String what) {
        check(got.length, want.length, i -> got[i], i -> want[i], tolerance, what);
    }

    /** As {@link #assertClose(float[], float[], double, String)}; what lies behind {@code want}'s end is not looked at. */
    public static void assertStartsClose(float[] got, float[] want, double tolerance, String what) {
        assertClose(Arrays.copyOf(got, Math.min(got.length, want.length)), want, tolerance, what);
    }

    private static void check(int length, int expected, IntToDoubleFunction got, IntToDoubleFunction want,
                              double tolerance, String what) {
        if (length != expected) {
            throw new AssertionError(what + " has " + length + " values, expected " + expected);
        }
        for (int i = 0; i < length; i++) {
            double a = got.applyAsDouble(i);
            double b = want.applyAsDouble(i);
            if (a != b && !(Math.abs(a - b) <= tolerance)) {
                throw new AssertionError(what + " [" + i + "] is " + a + ", expected " + b + " within " + tolerance);
            }
        }
    }
}
