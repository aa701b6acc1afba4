package leanvit.kernels;

import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.L;

import jdk.incubator.vector.FloatVector;

/**
 * {@link SimdTile3} on panels of 2 vectors: for processors with 16 vector registers (6 rows take 12 accumulators, 2 panel
 * vectors and 1 broadcast), and for the last panels of a matrix whose columns do not divide into threes.
 */
final class SimdTile2 {

    private SimdTile2() {
    }

    static void rows6(int k, float[] a, int a0, int lda, float[] b, int bo, int step, float[] c, int co, int ldc, boolean add) {
        FloatVector b0 = FloatVector.fromArray(F, b, bo);
        FloatVector b1 = FloatVector.fromArray(F, b, bo + L);
        FloatVector c00 = b0, c01 = b1;
        FloatVector c10 = b0, c11 = b1;
        FloatVector c20 = b0, c21 = b1;
        FloatVector c30 = b0, c31 = b1;
        FloatVector c40 = b0, c41 = b1;
        FloatVector c50 = b0, c51 = b1;
        int a1 = a0 + lda, a2 = a1 + lda, a3 = a2 + lda, a4 = a3 + lda, a5 = a4 + lda;
        int bi = bo + step;
        for (int p = 0; p < k; p++, bi += step) {
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
        if (add) {
            c00 = c00.add(FloatVector.fromArray(F, c, co));
            c01 = c01.add(FloatVector.fromArray(F, c, co + L));
            c10 = c10.add(FloatVector.fromArray(F, c, co + ldc));
            c11 = c11.add(FloatVector.fromArray(F, c, co + ldc + L));
            c20 = c20.add(FloatVector.fromArray(F, c, co + 2 * ldc));
            c21 = c21.add(FloatVector.fromArray(F, c, co + 2 * ldc + L));
            c30 = c30.add(FloatVector.fromArray(F, c, co + 3 * ldc));
            c31 = c31.add(FloatVector.fromArray(F, c, co + 3 * ldc + L));
            c40 = c40.add(FloatVector.fromArray(F, c, co + 4 * ldc));
            c41 = c41.add(FloatVector.fromArray(F, c, co + 4 * ldc + L));
            c50 = c50.add(FloatVector.fromArray(F, c, co + 5 * ldc));
            c51 = c51.add(FloatVector.fromArray(F, c, co + 5 * ldc + L));
        }
        c00.intoArray(c, co);
        c01.intoArray(c, co + L);
        c10.intoArray(c, co + ldc);
        c11.intoArray(c, co + ldc + L);
        c20.intoArray(c, co + 2 * ldc);
        c21.intoArray(c, co + 2 * ldc + L);
        c30.intoArray(c, co + 3 * ldc);
        c31.intoArray(c, co + 3 * ldc + L);
        c40.intoArray(c, co + 4 * ldc);
        c41.intoArray(c, co + 4 * ldc + L);
        c50.intoArray(c, co + 5 * ldc);
        c51.intoArray(c, co + 5 * ldc + L);
    }

    static void rows3(int k, float[] a, int a0, int lda, float[] b, int bo, int step, float[] c, int co, int ldc, boolean add) {
        FloatVector b0 = FloatVector.fromArray(F, b, bo);
        FloatVector b1 = FloatVector.fromArray(F, b, bo + L);
        FloatVector c00 = b0, c01 = b1;
        FloatVector c10 = b0, c11 = b1;
        FloatVector c20 = b0, c21 = b1;
        int a1 = a0 + lda, a2 = a1 + lda;
        int bi = bo + step;
        for (int p = 0; p < k; p++, bi += step) {
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
        }
        if (add) {
            c00 = c00.add(FloatVector.fromArray(F, c, co));
            c01 = c01.add(FloatVector.fromArray(F, c, co + L));
            c10 = c10.add(FloatVector.fromArray(F, c, co + ldc));
            c11 = c11.add(FloatVector.fromArray(F, c, co + ldc + L));
            c20 = c20.add(FloatVector.fromArray(F, c, co + 2 * ldc));
            c21 = c21.add(FloatVector.fromArray(F, c, co + 2 * ldc + L));
        }
        c00.intoArray(c, co);
        c01.intoArray(c, co + L);
        c10.intoArray(c, co + ldc);
        c11.intoArray(c, co + ldc + L);
        c20.intoArray(c, co + 2 * ldc);
        c21.intoArray(c, co + 2 * ldc + L);
    }

    static void rows2(int k, float[] a, int a0, int lda, float[] b, int bo, int step, float[] c, int co, int ldc, boolean add) {
        FloatVector b0 = FloatVector.fromArray(F, b, bo);
        FloatVector b1 = FloatVector.fromArray(F, b, bo + L);
        FloatVector c00 = b0, c01 = b1;
        FloatVector c10 = b0, c11 = b1;
        int a1 = a0 + lda;
        int bi = bo + step;
        for (int p = 0; p < k; p++, bi += step) {
            b0 = FloatVector.fromArray(F, b, bi);
            b1 = FloatVector.fromArray(F, b, bi + L);
            FloatVector x = FloatVector.broadcast(F, a[a0 + p]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(F, a[a1 + p]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
        }
        if (add) {
            c00 = c00.add(FloatVector.fromArray(F, c, co));
            c01 = c01.add(FloatVector.fromArray(F, c, co + L));
            c10 = c10.add(FloatVector.fromArray(F, c, co + ldc));
            c11 = c11.add(FloatVector.fromArray(F, c, co + ldc + L));
        }
        c00.intoArray(c, co);
        c01.intoArray(c, co + L);
        c10.intoArray(c, co + ldc);
        c11.intoArray(c, co + ldc + L);
    }

    static void rows1(int k, float[] a, int a0, float[] b, int bo, int step, float[] c, int co, boolean add) {
        FloatVector b0 = FloatVector.fromArray(F, b, bo);
        FloatVector b1 = FloatVector.fromArray(F, b, bo + L);
        FloatVector c00 = b0, c01 = b1;
        int bi = bo + step;
        for (int p = 0; p < k; p++, bi += step) {
            b0 = FloatVector.fromArray(F, b, bi);
            b1 = FloatVector.fromArray(F, b, bi + L);
            FloatVector x = FloatVector.broadcast(F, a[a0 + p]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
        }
        if (add) {
            c00 = c00.add(FloatVector.fromArray(F, c, co));
            c01 = c01.add(FloatVector.fromArray(F, c, co + L));
        }
        c00.intoArray(c, co);
        c01.intoArray(c, co + L);
    }

    /**
     * One row of a matrix's last panel, of whose columns only the first {@code valid}, L or more, exist: the last vectors
     * overlap the ones before. Not by masks: before JDK 18 a masked store boxes vector and mask.
     */
    static void rows1Tail(int k, float[] a, int a0, float[] b, int bo, int step, float[] c, int co, int valid, boolean add) {
        int j1 = Math.min(L, valid - L);
        FloatVector c00 = FloatVector.fromArray(F, b, bo);
        FloatVector c01 = FloatVector.fromArray(F, b, bo + j1);
        int bi = bo + step;
        for (int p = 0; p < k; p++, bi += step) {
            FloatVector x = FloatVector.broadcast(F, a[a0 + p]);
            c00 = x.fma(FloatVector.fromArray(F, b, bi), c00);
            c01 = x.fma(FloatVector.fromArray(F, b, bi + j1), c01);
        }
        if (add) {
            c00 = c00.add(FloatVector.fromArray(F, c, co));
            c01 = c01.add(FloatVector.fromArray(F, c, co + j1));
        }
        c00.intoArray(c, co);
        c01.intoArray(c, co + j1);
    }
}
