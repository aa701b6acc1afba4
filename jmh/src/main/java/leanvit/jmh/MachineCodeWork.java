package leanvit.jmh;

import leanvit.kernels.Gemm;
import leanvit.kernels.PackedMatrix;

/** Multiplies matrices until C2 has compiled the tiles; {@link MachineCode} reads what the JVM prints meanwhile. */
final class MachineCodeWork {

    /** Begins the line that says what compiled: the JVM prints before and after it. */
    static final String MACHINE = "machine: ";

    private static final long NANOS = 2_000_000_000;

    private MachineCodeWork() {
    }

    /** Arguments: shapes and epilogues, each a list. */
    public static void main(String[] arguments) {
        for (String shape : arguments[0].split(",")) {
            int[] sizes = KernelBenchmark.shape(shape);
            float[] a = KernelBenchmark.normal(sizes[0] * sizes[1]);
            float[] b = KernelBenchmark.normal(sizes[1] * sizes[2]);
            float[] c = new float[sizes[0] * sizes[2]];
            PackedMatrix packed = PackedMatrix.of(b, 0, sizes[2], sizes[1], sizes[2], null);
            for (String epilogue : arguments[1].split(",")) {
                long end = System.nanoTime() + NANOS;
                while (System.nanoTime() < end) {
                    Gemm.multiply(sizes[0], a, 0, sizes[1], packed, Gemm.Epilogue.valueOf(epilogue), c, 0, sizes[2]);
                }
            }
        }
        System.out.println();
        System.out.println(MACHINE + Machine.describe());
    }
}
