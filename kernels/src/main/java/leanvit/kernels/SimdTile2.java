package leanvit.kernels;

import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.FLOATS;
import static leanvit.kernels.Lanes.L;

import jdk.incubator.vector.FloatVector;

/**
 * The matmul's register tile of 6 rows by 2 vectors. Written by {@code TileGenerator}: change that, not this.
 *
 * <p>{@code c[i, 0..2L) = bias + sum over p of a[i, p] * panel[p, 0..2L)}, one chain of fused multiply-adds
 * over p from the bias on. A panel is its bias row, then k rows of 2L floats. Rows after {@code last}, 0 to 5, do
 * row {@code last} again: one form, always hot, serves every height, and a row's bits do not depend on it.
 */
final class SimdTile2 {

    private SimdTile2() {
    }

    /** Computes a tile of C. */
    static void store(int k, float[] a, int a0, int lda, int last, float[] b, int bo, float[] c, int co, int ldc) {
        FloatVector b0 = FloatVector.fromArray(F, b, bo);
        FloatVector b1 = FloatVector.fromArray(F, b, bo + L);
        FloatVector c00 = b0, c01 = b1;
        FloatVector c10 = b0, c11 = b1;
        FloatVector c20 = b0, c21 = b1;
        FloatVector c30 = b0, c31 = b1;
        FloatVector c40 = b0, c41 = b1;
        FloatVector c50 = b0, c51 = b1;
        int a1 = a0 + Math.min(1, last) * lda;
        int a2 = a0 + Math.min(2, last) * lda;
        int a3 = a0 + Math.min(3, last) * lda;
        int a4 = a0 + Math.min(4, last) * lda;
        int a5 = a0 + Math.min(5, last) * lda;
        int rows = bo + 2 * L;
        for (int p = 0; p < k; p++) {
            int bi = rows + p * (2 * L);
            b0 = FloatVector.fromArray(F, b, bi);
            b1 = FloatVector.fromArray(F, b, bi + L);
            FloatVector x = FloatVector.broadcast(F, a[a0 + p]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(F, a[a1 + p]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(F, a[a2 + p]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(F, a[a3 + p]);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = FloatVector.broadcast(F, a[a4 + p]);
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = FloatVector.broadcast(F, a[a5 + p]);
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
        }
        int o1 = co + Math.min(1, last) * ldc;
        int o2 = co + Math.min(2, last) * ldc;
        int o3 = co + Math.min(3, last) * ldc;
        int o4 = co + Math.min(4, last) * ldc;
        int o5 = co + Math.min(5, last) * ldc;
        FLOATS.cast(c00).intoArray(c, co);
        FLOATS.cast(c01).intoArray(c, co + L);
        FLOATS.cast(c10).intoArray(c, o1);
        FLOATS.cast(c11).intoArray(c, o1 + L);
        FLOATS.cast(c20).intoArray(c, o2);
        FLOATS.cast(c21).intoArray(c, o2 + L);
        FLOATS.cast(c30).intoArray(c, o3);
        FLOATS.cast(c31).intoArray(c, o3 + L);
        FLOATS.cast(c40).intoArray(c, o4);
        FLOATS.cast(c41).intoArray(c, o4 + L);
        FLOATS.cast(c50).intoArray(c, o5);
        FLOATS.cast(c51).intoArray(c, o5 + L);
    }

    /** Adds a tile to C; all of C's rows are read before the first is written. */
    static void add(int k, float[] a, int a0, int lda, int last, float[] b, int bo, float[] c, int co, int ldc) {
        FloatVector b0 = FloatVector.fromArray(F, b, bo);
        FloatVector b1 = FloatVector.fromArray(F, b, bo + L);
        FloatVector c00 = b0, c01 = b1;
        FloatVector c10 = b0, c11 = b1;
        FloatVector c20 = b0, c21 = b1;
        FloatVector c30 = b0, c31 = b1;
        FloatVector c40 = b0, c41 = b1;
        FloatVector c50 = b0, c51 = b1;
        int a1 = a0 + Math.min(1, last) * lda;
        int a2 = a0 + Math.min(2, last) * lda;
        int a3 = a0 + Math.min(3, last) * lda;
        int a4 = a0 + Math.min(4, last) * lda;
        int a5 = a0 + Math.min(5, last) * lda;
        int rows = bo + 2 * L;
        for (int p = 0; p < k; p++) {
            int bi = rows + p * (2 * L);
            b0 = FloatVector.fromArray(F, b, bi);
            b1 = FloatVector.fromArray(F, b, bi + L);
            FloatVector x = FloatVector.broadcast(F, a[a0 + p]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(F, a[a1 + p]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(F, a[a2 + p]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(F, a[a3 + p]);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = FloatVector.broadcast(F, a[a4 + p]);
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = FloatVector.broadcast(F, a[a5 + p]);
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
        }
        int o1 = co + Math.min(1, last) * ldc;
        int o2 = co + Math.min(2, last) * ldc;
        int o3 = co + Math.min(3, last) * ldc;
        int o4 = co + Math.min(4, last) * ldc;
        int o5 = co + Math.min(5, last) * ldc;
        c00 = FloatVector.fromArray(F, c, co).add(c00);
        c01 = FloatVector.fromArray(F, c, co + L).add(c01);
        c10 = FloatVector.fromArray(F, c, o1).add(c10);
        c11 = FloatVector.fromArray(F, c, o1 + L).add(c11);
        c20 = FloatVector.fromArray(F, c, o2).add(c20);
        c21 = FloatVector.fromArray(F, c, o2 + L).add(c21);
        c30 = FloatVector.fromArray(F, c, o3).add(c30);
        c31 = FloatVector.fromArray(F, c, o3 + L).add(c31);
        c40 = FloatVector.fromArray(F, c, o4).add(c40);
        c41 = FloatVector.fromArray(F, c, o4 + L).add(c41);
        c50 = FloatVector.fromArray(F, c, o5).add(c50);
        c51 = FloatVector.fromArray(F, c, o5 + L).add(c51);
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
        c50.intoArray(c, o5);
        c51.intoArray(c, o5 + L);
    }
}
