package leanvit.kernels;

import java.util.Arrays;
import java.util.function.Supplier;

/**
 * A row-major matrix inside a larger array, where every place that is not the matrix's holds a NaN of a bit pattern
 * that no computation makes. A stray read shows as NaN in the result, a stray write as a changed guard.
 *
 * @param array   what a kernel gets
 * @param offset  index of the first element
 * @param stride  floats from a row to the next
 */
record Guarded(float[] array, int offset, int stride, int rows, int columns) {

    private static final int GUARD_BITS = 0x7fc0beef;
    private static final float GUARD = Float.intBitsToFloat(GUARD_BITS);
    private static final int MARGIN = 37;

    /** Makes a matrix of guards, to be written by a kernel. */
    static Guarded empty(int rows, int columns, int offset, int extraStride) {
        int stride = columns + extraStride;
        float[] array = new float[offset + rows * stride + MARGIN];
        Arrays.fill(array, GUARD);
        return new Guarded(array, offset, stride, rows, columns);
    }

    /** Makes a matrix of values. */
    static Guarded of(float[] values, int rows, int columns, int offset, int extraStride) {
        Guarded matrix = empty(rows, columns, offset, extraStride);
        for (int r = 0; r < rows; r++) {
            System.arraycopy(values, r * columns, matrix.array, matrix.row(r), columns);
        }
        return matrix;
    }

    /** Makes a matrix that starts at index 0 and has rows one after another; guards follow. */
    static Guarded dense(float[] values, int rows, int columns) {
        return of(values, rows, columns, 0, 0);
    }

    int row(int r) {
        return offset + r * stride;
    }

    float get(int r, int c) {
        return array[row(r) + c];
    }

    void set(int r, int c, float value) {
        array[row(r) + c] = value;
    }

    /** Returns the matrix without its guards. */
    float[] values() {
        float[] values = new float[rows * columns];
        for (int r = 0; r < rows; r++) {
            System.arraycopy(array, row(r), values, r * columns, columns);
        }
        return values;
    }

    Guarded copy() {
        return new Guarded(array.clone(), offset, stride, rows, columns);
    }

    void assertGuardsUntouched(Supplier<String> what) {
        for (int i = 0; i < array.length; i++) {
            int r = Math.floorDiv(i - offset, Math.max(1, stride));
            int c = i - offset - r * stride;
            boolean inside = i >= offset && r < rows && c < columns;
            if (!inside && Float.floatToRawIntBits(array[i]) != GUARD_BITS) {
                throw new AssertionError("guard " + i + " of " + what.get() + " was written");
            }
        }
    }

    /** Compares bit for bit; any NaN equals any other. */
    void assertSameBits(Guarded want, Supplier<String> what) {
        for (int r = 0; r < want.rows; r++) {
            for (int c = 0; c < want.columns; c++) {
                if (Float.floatToIntBits(get(r, c)) != Float.floatToIntBits(want.get(r, c))) {
                    throw new AssertionError("[" + r + ", " + c + "] of " + what.get() + " is " + get(r, c)
                            + ", expected the bits of " + want.get(r, c));
                }
            }
        }
    }

    void assertAllWritten(Supplier<String> what) {
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                if (Float.floatToRawIntBits(get(r, c)) == GUARD_BITS) {
                    throw new AssertionError("[" + r + ", " + c + "] of " + what.get() + " was not written");
                }
            }
        }
    }
}
