package leanvit.kernels;

import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.L;

import jdk.incubator.vector.FloatVector;

/**
 * The matmul's inner tile on panels of 3 vectors, for processors with 32 vector registers.
 *
 * <p>{@code c[i, 0..3L) (+)= bias + sum over p of a[i, p] * panel[p, 0..3L)}. A panel is its bias row followed by k rows of
 * 3L floats. Each element is one chain of fused multiply-adds over p from the bias on, whatever the tile's height, so
 * that an element's bits do not depend on how rows were cut into tiles.
 *
 * <p>6 rows take 18 accumulators, 3 panel vectors and 1 broadcast. 8 rows were 20 to 25 % slower: C2 hoists broadcasts
 * until it spills an accumulator in every step. The stores stand in the method itself: a helper that C2 happens not to
 * inline, because the loop made it look cold, boxes every accumulator (10 times slower). {@code step} is always 3L, but not a
 * constant to C2: with a constant, C2 of JDK 25 works out each panel index from p anew, with five instructions and a register
 * too many (5 % slower).
 */
final class SimdTile3 {

    private SimdTile3() {
    }

    static void rows6(int k, float[] a, int a0, int lda, float[] b, int bo, int step, float[] c, int co, int ldc, boolean add) {
        FloatVector b0 = FloatVector.fromArray(F, b, bo);
        FloatVector b1 = FloatVector.fromArray(F, b, bo + L);
        FloatVector b2 = FloatVector.fromArray(F, b, bo + 2 * L);
        FloatVector c00 = b0, c01 = b1, c02 = b2;
        FloatVector c10 = b0, c11 = b1, c12 = b2;
        FloatVector c20 = b0, c21 = b1, c22 = b2;
        FloatVector c30 = b0, c31 = b1, c32 = b2;
        FloatVector c40 = b0, c41 = b1, c42 = b2;
        FloatVector c50 = b0, c51 = b1, c52 = b2;
        int a1 = a0 + lda, a2 = a1 + lda, a3 = a2 + lda, a4 = a3 + lda, a5 = a4 + lda;
        int bi = bo + step;
        for (int p = 0; p < k; p++, bi += step) {
            b0 = FloatVector.fromArray(F, b, bi);
            b1 = FloatVector.fromArray(F, b, bi + L);
            b2 = FloatVector.fromArray(F, b, bi + 2 * L);
            FloatVector x = FloatVector.broadcast(F, a[a0 + p]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            c02 = x.fma(b2, c02);
            x = FloatVector.broadcast(F, a[a1 + p]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            c12 = x.fma(b2, c12);
            x = FloatVector.broadcast(F, a[a2 + p]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            c22 = x.fma(b2, c22);
            x = FloatVector.broadcast(F, a[a3 + p]);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            c32 = x.fma(b2, c32);
            x = FloatVector.broadcast(F, a[a4 + p]);
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            c42 = x.fma(b2, c42);
            x = FloatVector.broadcast(F, a[a5 + p]);
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            c52 = x.fma(b2, c52);
        }
        if (add) {
            c00 = c00.add(FloatVector.fromArray(F, c, co));
            c01 = c01.add(FloatVector.fromArray(F, c, co + L));
            c02 = c02.add(FloatVector.fromArray(F, c, co + 2 * L));
            c10 = c10.add(FloatVector.fromArray(F, c, co + ldc));
            c11 = c11.add(FloatVector.fromArray(F, c, co + ldc + L));
            c12 = c12.add(FloatVector.fromArray(F, c, co + ldc + 2 * L));
            c20 = c20.add(FloatVector.fromArray(F, c, co + 2 * ldc));
            c21 = c21.add(FloatVector.fromArray(F, c, co + 2 * ldc + L));
            c22 = c22.add(FloatVector.fromArray(F, c, co + 2 * ldc + 2 * L));
            c30 = c30.add(FloatVector.fromArray(F, c, co + 3 * ldc));
            c31 = c31.add(FloatVector.fromArray(F, c, co + 3 * ldc + L));
            c32 = c32.add(FloatVector.fromArray(F, c, co + 3 * ldc + 2 * L));
            c40 = c40.add(FloatVector.fromArray(F, c, co + 4 * ldc));
            c41 = c41.add(FloatVector.fromArray(F, c, co + 4 * ldc + L));
            c42 = c42.add(FloatVector.fromArray(F, c, co + 4 * ldc + 2 * L));
            c50 = c50.add(FloatVector.fromArray(F, c, co + 5 * ldc));
            c51 = c51.add(FloatVector.fromArray(F, c, co + 5 * ldc + L));
            c52 = c52.add(FloatVector.fromArray(F, c, co + 5 * ldc + 2 * L));
        }
        c00.intoArray(c, co);
        c01.intoArray(c, co + L);
        c02.intoArray(c, co + 2 * L);
        c10.intoArray(c, co + ldc);
        c11.intoArray(c, co + ldc + L);
        c12.intoArray(c, co + ldc + 2 * L);
        c20.intoArray(c, co + 2 * ldc);
        c21.intoArray(c, co + 2 * ldc + L);
        c22.intoArray(c, co + 2 * ldc + 2 * L);
        c30.intoArray(c, co + 3 * ldc);
        c31.intoArray(c, co + 3 * ldc + L);
        c32.intoArray(c, co + 3 * ldc + 2 * L);
        c40.intoArray(c, co + 4 * ldc);
        c41.intoArray(c, co + 4 * ldc + L);
        c42.intoArray(c, co + 4 * ldc + 2 * L);
        c50.intoArray(c, co + 5 * ldc);
        c51.intoArray(c, co + 5 * ldc + L);
        c52.intoArray(c, co + 5 * ldc + 2 * L);
    }

    static void rows3(int k, float[] a, int a0, int lda, float[] b, int bo, int step, float[] c, int co, int ldc, boolean add) {
        FloatVector b0 = FloatVector.fromArray(F, b, bo);
        FloatVector b1 = FloatVector.fromArray(F, b, bo + L);
        FloatVector b2 = FloatVector.fromArray(F, b, bo + 2 * L);
        FloatVector c00 = b0, c01 = b1, c02 = b2;
        FloatVector c10 = b0, c11 = b1, c12 = b2;
        FloatVector c20 = b0, c21 = b1, c22 = b2;
        int a1 = a0 + lda, a2 = a1 + lda;
        int bi = bo + step;
        for (int p = 0; p < k; p++, bi += step) {
            b0 = FloatVector.fromArray(F, b, bi);
            b1 = FloatVector.fromArray(F, b, bi + L);
            b2 = FloatVector.fromArray(F, b, bi + 2 * L);
            FloatVector x = FloatVector.broadcast(F, a[a0 + p]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            c02 = x.fma(b2, c02);
            x = FloatVector.broadcast(F, a[a1 + p]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            c12 = x.fma(b2, c12);
            x = FloatVector.broadcast(F, a[a2 + p]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            c22 = x.fma(b2, c22);
        }
        if (add) {
            c00 = c00.add(FloatVector.fromArray(F, c, co));
            c01 = c01.add(FloatVector.fromArray(F, c, co + L));
            c02 = c02.add(FloatVector.fromArray(F, c, co + 2 * L));
            c10 = c10.add(FloatVector.fromArray(F, c, co + ldc));
            c11 = c11.add(FloatVector.fromArray(F, c, co + ldc + L));
            c12 = c12.add(FloatVector.fromArray(F, c, co + ldc + 2 * L));
            c20 = c20.add(FloatVector.fromArray(F, c, co + 2 * ldc));
            c21 = c21.add(FloatVector.fromArray(F, c, co + 2 * ldc + L));
            c22 = c22.add(FloatVector.fromArray(F, c, co + 2 * ldc + 2 * L));
        }
        c00.intoArray(c, co);
        c01.intoArray(c, co + L);
        c02.intoArray(c, co + 2 * L);
        c10.intoArray(c, co + ldc);
        c11.intoArray(c, co + ldc + L);
        c12.intoArray(c, co + ldc + 2 * L);
        c20.intoArray(c, co + 2 * ldc);
        c21.intoArray(c, co + 2 * ldc + L);
        c22.intoArray(c, co + 2 * ldc + 2 * L);
    }

    static void rows2(int k, float[] a, int a0, int lda, float[] b, int bo, int step, float[] c, int co, int ldc, boolean add) {
        FloatVector b0 = FloatVector.fromArray(F, b, bo);
        FloatVector b1 = FloatVector.fromArray(F, b, bo + L);
        FloatVector b2 = FloatVector.fromArray(F, b, bo + 2 * L);
        FloatVector c00 = b0, c01 = b1, c02 = b2;
        FloatVector c10 = b0, c11 = b1, c12 = b2;
        int a1 = a0 + lda;
        int bi = bo + step;
        for (int p = 0; p < k; p++, bi += step) {
            b0 = FloatVector.fromArray(F, b, bi);
            b1 = FloatVector.fromArray(F, b, bi + L);
            b2 = FloatVector.fromArray(F, b, bi + 2 * L);
            FloatVector x = FloatVector.broadcast(F, a[a0 + p]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            c02 = x.fma(b2, c02);
            x = FloatVector.broadcast(F, a[a1 + p]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            c12 = x.fma(b2, c12);
        }
        if (add) {
            c00 = c00.add(FloatVector.fromArray(F, c, co));
            c01 = c01.add(FloatVector.fromArray(F, c, co + L));
            c02 = c02.add(FloatVector.fromArray(F, c, co + 2 * L));
            c10 = c10.add(FloatVector.fromArray(F, c, co + ldc));
            c11 = c11.add(FloatVector.fromArray(F, c, co + ldc + L));
            c12 = c12.add(FloatVector.fromArray(F, c, co + ldc + 2 * L));
        }
        c00.intoArray(c, co);
        c01.intoArray(c, co + L);
        c02.intoArray(c, co + 2 * L);
        c10.intoArray(c, co + ldc);
        c11.intoArray(c, co + ldc + L);
        c12.intoArray(c, co + ldc + 2 * L);
    }

    static void rows1(int k, float[] a, int a0, float[] b, int bo, int step, float[] c, int co, boolean add) {
        FloatVector b0 = FloatVector.fromArray(F, b, bo);
        FloatVector b1 = FloatVector.fromArray(F, b, bo + L);
        FloatVector b2 = FloatVector.fromArray(F, b, bo + 2 * L);
        FloatVector c00 = b0, c01 = b1, c02 = b2;
        int bi = bo + step;
        for (int p = 0; p < k; p++, bi += step) {
            b0 = FloatVector.fromArray(F, b, bi);
            b1 = FloatVector.fromArray(F, b, bi + L);
            b2 = FloatVector.fromArray(F, b, bi + 2 * L);
            FloatVector x = FloatVector.broadcast(F, a[a0 + p]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            c02 = x.fma(b2, c02);
        }
        if (add) {
            c00 = c00.add(FloatVector.fromArray(F, c, co));
            c01 = c01.add(FloatVector.fromArray(F, c, co + L));
            c02 = c02.add(FloatVector.fromArray(F, c, co + 2 * L));
        }
        c00.intoArray(c, co);
        c01.intoArray(c, co + L);
        c02.intoArray(c, co + 2 * L);
    }

    /**
     * One row of a matrix's last panel, of whose columns only the first {@code valid}, L or more, exist: the last vectors
     * overlap the ones before. Not by masks: before JDK 18 a masked store boxes vector and mask.
     */
    static void rows1Tail(int k, float[] a, int a0, float[] b, int bo, int step, float[] c, int co, int valid, boolean add) {
        int j1 = Math.min(L, valid - L);
        int j2 = Math.min(2 * L, valid - L);
        FloatVector c00 = FloatVector.fromArray(F, b, bo);
        FloatVector c01 = FloatVector.fromArray(F, b, bo + j1);
        FloatVector c02 = FloatVector.fromArray(F, b, bo + j2);
        int bi = bo + step;
        for (int p = 0; p < k; p++, bi += step) {
            FloatVector x = FloatVector.broadcast(F, a[a0 + p]);
            c00 = x.fma(FloatVector.fromArray(F, b, bi), c00);
            c01 = x.fma(FloatVector.fromArray(F, b, bi + j1), c01);
            c02 = x.fma(FloatVector.fromArray(F, b, bi + j2), c02);
        }
        if (add) {
            c00 = c00.add(FloatVector.fromArray(F, c, co));
            c01 = c01.add(FloatVector.fromArray(F, c, co + j1));
            c02 = c02.add(FloatVector.fromArray(F, c, co + j2));
        }
        c00.intoArray(c, co);
        c01.intoArray(c, co + j1);
        c02.intoArray(c, co + j2);
    }
}
