package leanvit.kernels;

import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The register tile of the matmul, 5 rows by 2 vectors. Written by {@code TileGenerator}:
 * change that, not this.
 * Its shape has reasons, which stand in {@link SimdGemm}.
 */
final class SimdTile5x2 {

    private SimdTile5x2() {
    }

    /**
     * Computes {@code c[i, 0..2L) = bias + sum over p of a[i, p] * panel[p, 0..2L)}, one chain of fused multiply-adds
     * over p = 0..k-1 from the bias on; k is at least 1. A panel is its bias row, then k rows of 2L floats. Rows after
     * {@code last}, 0 to 4, do row {@code last} again: one form, always hot, serves every height.
     */
    static void rows(int k, float[] a, int a0, int lda, int last, float[] b, int bo, float[] c, int co, int ldc) {
        FloatVector b0 = FloatVector.fromArray(F, b, bo);
        FloatVector b1 = FloatVector.fromArray(F, b, bo + L);
        FloatVector c00 = b0, c01 = b1;
        FloatVector c10 = b0, c11 = b1;
        FloatVector c20 = b0, c21 = b1;
        FloatVector c30 = b0, c31 = b1;
        FloatVector c40 = b0, c41 = b1;
        int a1 = a0 + Math.min(1, last) * lda;
        int a2 = a0 + Math.min(2, last) * lda;
        int a3 = a0 + Math.min(3, last) * lda;
        int a4 = a0 + Math.min(4, last) * lda;
        int first = bo + 2 * L;
        int p = 0;
        do {
            int bi = first + p * (2 * L);
            b0 = FloatVector.fromArray(F, b, bi);
            b1 = FloatVector.fromArray(F, b, bi + L);
            FloatVector x = FloatVector.broadcast(F, a[a0 + p]);
            c00 = x.lanewise(VectorOperators.FMA, b0, c00);
            c01 = x.lanewise(VectorOperators.FMA, b1, c01);
            x = FloatVector.broadcast(F, a[a1 + p]);
            c10 = x.lanewise(VectorOperators.FMA, b0, c10);
            c11 = x.lanewise(VectorOperators.FMA, b1, c11);
            x = FloatVector.broadcast(F, a[a2 + p]);
            c20 = x.lanewise(VectorOperators.FMA, b0, c20);
            c21 = x.lanewise(VectorOperators.FMA, b1, c21);
            x = FloatVector.broadcast(F, a[a3 + p]);
            c30 = x.lanewise(VectorOperators.FMA, b0, c30);
            c31 = x.lanewise(VectorOperators.FMA, b1, c31);
            x = FloatVector.broadcast(F, a[a4 + p]);
            c40 = x.lanewise(VectorOperators.FMA, b0, c40);
            c41 = x.lanewise(VectorOperators.FMA, b1, c41);
        } while (++p < k);
        int o1 = co + Math.min(1, last) * ldc;
        int o2 = co + Math.min(2, last) * ldc;
        int o3 = co + Math.min(3, last) * ldc;
        int o4 = co + Math.min(4, last) * ldc;
        c00.intoArray(c, co);
        c01.intoArray(c, co + L);
        c10.intoArray(c, o1);
        c11.intoArray(c, o1 + L);
        c20.intoArray(c, o2);
        c21.intoArray(c, o2 + L);
        c30.intoArray(c, o3);
        c31.intoArray(c, o3 + L);
        c40.intoArray(c, o4);
        c41.intoArray(c, o4 + L);
    }

    /**
     * {@link #rows} for the C2 of JDK 17; {@code step} is 2L, but nothing that it knows to be constant.
     */
    static void rowsStepping(int k, float[] a, int a0, int lda, int last, float[] b, int bo, int step, float[] c,
                             int co, int ldc) {
        FloatVector b0 = FloatVector.fromArray(F, b, bo);
        FloatVector b1 = FloatVector.fromArray(F, b, bo + L);
        FloatVector c00 = b0, c01 = b1;
        FloatVector c10 = b0, c11 = b1;
        FloatVector c20 = b0, c21 = b1;
        FloatVector c30 = b0, c31 = b1;
        FloatVector c40 = b0, c41 = b1;
        int a1 = a0 + Math.min(1, last) * lda;
        int a2 = a0 + Math.min(2, last) * lda;
        int a3 = a0 + Math.min(3, last) * lda;
        int a4 = a0 + Math.min(4, last) * lda;
        int bi = bo + step;
        int p = 0;
        do {
            b0 = FloatVector.fromArray(F, b, bi);
            b1 = FloatVector.fromArray(F, b, bi + L);
            FloatVector x = FloatVector.broadcast(F, a[a0 + p]);
            c00 = x.lanewise(VectorOperators.FMA, b0, c00);
            c01 = x.lanewise(VectorOperators.FMA, b1, c01);
            x = FloatVector.broadcast(F, a[a1 + p]);
            c10 = x.lanewise(VectorOperators.FMA, b0, c10);
            c11 = x.lanewise(VectorOperators.FMA, b1, c11);
            x = FloatVector.broadcast(F, a[a2 + p]);
            c20 = x.lanewise(VectorOperators.FMA, b0, c20);
            c21 = x.lanewise(VectorOperators.FMA, b1, c21);
            x = FloatVector.broadcast(F, a[a3 + p]);
            c30 = x.lanewise(VectorOperators.FMA, b0, c30);
            c31 = x.lanewise(VectorOperators.FMA, b1, c31);
            x = FloatVector.broadcast(F, a[a4 + p]);
            c40 = x.lanewise(VectorOperators.FMA, b0, c40);
            c41 = x.lanewise(VectorOperators.FMA, b1, c41);
            bi += step;
        } while (++p < k);
        int o1 = co + Math.min(1, last) * ldc;
        int o2 = co + Math.min(2, last) * ldc;
        int o3 = co + Math.min(3, last) * ldc;
        int o4 = co + Math.min(4, last) * ldc;
        c00.intoArray(c, co);
        c01.intoArray(c, co + L);
        c10.intoArray(c, o1);
        c11.intoArray(c, o1 + L);
        c20.intoArray(c, o2);
        c21.intoArray(c, o2 + L);
        c30.intoArray(c, o3);
        c31.intoArray(c, o3 + L);
        c40.intoArray(c, o4);
        c41.intoArray(c, o4 + L);
    }
}
