package leanvit.kernels;

import java.util.function.Supplier;

/**
 * What the tests of kernels that work row by row share: guards, offsets, strides, in place, an exact row and a bound.
 */
final class RowKernelCheck {

    /** A kernel on rows. */
    interface Kernel {
        void rows(float[] x, int offset, int stride, int rows, int columns, float[] out, int outOffset, int outStride);
    }

    /** The exact result of a row, and how far off a kernel may be. */
    interface Reference {
        double[] row(double[] x);

        /** Returns the largest error that the contract allows element {@code c} of a row with this exact result. */
        double bound(double[] x, double[] exact, int c);
    }

    private RowKernelCheck() {
    }

    /** Runs a kernel on {@code rows} rows from array to array and in place, and compares both with the reference. */
    static void check(Kernel kernel, Reference reference, float[] values, int rows, int columns,
                      Supplier<String> what) {
        Guarded in = Guarded.of(values, rows, columns, 5, 2);
        Guarded out = Guarded.empty(rows, columns, 3, 7);
        kernel.rows(in.array(), 5, columns + 2, rows, columns, out.array(), 3, columns + 7);
        out.assertGuardsUntouched(what);
        out.assertAllWritten(what);
        in.assertSameBits(Guarded.of(values, rows, columns, 5, 2), () -> "input of " + what.get());
        kernel.rows(in.array(), 5, columns + 2, rows, columns, in.array(), 5, columns + 2);
        in.assertGuardsUntouched(() -> what.get() + " in place");
        in.assertSameBits(out, () -> what.get() + " in place");
        for (int r = 0; r < rows; r++) {
            double[] row = new double[columns];
            for (int c = 0; c < columns; c++) {
                row[c] = values[r * columns + c];
            }
            double[] want = reference.row(row);
            for (int c = 0; c < columns; c++) {
                double error = Math.abs(out.get(r, c) - want[c]);
                double bound = reference.bound(row, want, c);
                if (!(error <= bound)) {
                    throw new AssertionError("[" + r + ", " + c + "] of " + what.get() + " is " + out.get(r, c)
                            + ", exactly " + want[c] + ": off by " + error + ", allowed " + bound);
                }
            }
        }
    }
}
