package leanvit.kernels;

import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The register tile of {@link TransposedGemm}, 3 rows by 3 vectors. Written by {@code TileGenerator}:
 * change that, not this.
 * Its shape has reasons, which stand in {@link SimdGemm}.
 */
final class SimdTransposedTile3x3 {

    private SimdTransposedTile3x3() {
    }

    /**
     * Computes {@code c[i, 0..3L) = bias + sum over p of a[p, i] * panel[p, 0..3L)}, one chain of fused multiply-adds
     * over p = 0..k-1 from the bias on; k is at least 1. A panel is its bias row, then k rows of 3L floats. Rows after
     * {@code last}, 0 to 2, do row {@code last} again: one form, always hot, serves every height.
     */
    static void rows(int k, float[] a, int a0, int lda, int last, float[] b, int bo, float[] c, int co, int ldc) {
        FloatVector b0 = FloatVector.fromArray(F, b, bo);
        FloatVector b1 = FloatVector.fromArray(F, b, bo + L);
        FloatVector b2 = FloatVector.fromArray(F, b, bo + 2 * L);
        FloatVector c00 = b0, c01 = b1, c02 = b2;
        FloatVector c10 = b0, c11 = b1, c12 = b2;
        FloatVector c20 = b0, c21 = b1, c22 = b2;
        int a1 = a0 + Math.min(1, last);
        int a2 = a0 + Math.min(2, last);
        int first = bo + 3 * L;
        int p = 0;
        do {
            int bi = first + p * (3 * L);
            int ai = p * lda;
            b0 = FloatVector.fromArray(F, b, bi);
            b1 = FloatVector.fromArray(F, b, bi + L);
            b2 = FloatVector.fromArray(F, b, bi + 2 * L);
            FloatVector x = FloatVector.broadcast(F, a[a0 + ai]);
            c00 = x.lanewise(VectorOperators.FMA, b0, c00);
            c01 = x.lanewise(VectorOperators.FMA, b1, c01);
            c02 = x.lanewise(VectorOperators.FMA, b2, c02);
            x = FloatVector.broadcast(F, a[a1 + ai]);
            c10 = x.lanewise(VectorOperators.FMA, b0, c10);
            c11 = x.lanewise(VectorOperators.FMA, b1, c11);
            c12 = x.lanewise(VectorOperators.FMA, b2, c12);
            x = FloatVector.broadcast(F, a[a2 + ai]);
            c20 = x.lanewise(VectorOperators.FMA, b0, c20);
            c21 = x.lanewise(VectorOperators.FMA, b1, c21);
            c22 = x.lanewise(VectorOperators.FMA, b2, c22);
        } while (++p < k);
        int o1 = co + Math.min(1, last) * ldc;
        int o2 = co + Math.min(2, last) * ldc;
        c00.intoArray(c, co);
        c01.intoArray(c, co + L);
        c02.intoArray(c, co + 2 * L);
        c10.intoArray(c, o1);
        c11.intoArray(c, o1 + L);
        c12.intoArray(c, o1 + 2 * L);
        c20.intoArray(c, o2);
        c21.intoArray(c, o2 + L);
        c22.intoArray(c, o2 + 2 * L);
    }
}
