package leanvit.kernels;

import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.FLOATS;
import static leanvit.kernels.Lanes.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The register tile of {@link TransposedGemm}, 5 rows by 2 vectors. Written by {@code TileGenerator}:
 * change that, not this.
 * Its shape has reasons, which stand in {@link SimdGemm}.
 */
final class SimdTransposedTile5x2 {

    private SimdTransposedTile5x2() {
    }

    /**
     * Computes {@code c[i, 0..2L) = sum over p of a[p, i] * panel[p, 0..2L)}, one chain of fused multiply-adds over
     * p = 0..k-1 from 0 on. A row of a is 16 floats, one of the panel 2L. Rows after {@code last}, 0 to 4,
     * which must have the values of row {@code last}, are stored over it: one form serves every height.
     */
    static void rows(int k, float[] a, int a0, int last, float[] b, int bo, float[] c, int co, int ldc) {
        FloatVector b0 = FloatVector.zero(F);
        FloatVector b1 = b0;
        FloatVector c00 = b0, c01 = b1;
        FloatVector c10 = b0, c11 = b1;
        FloatVector c20 = b0, c21 = b1;
        FloatVector c30 = b0, c31 = b1;
        FloatVector c40 = b0, c41 = b1;
        for (int p = 0; p < k; p++) {
            int bi = bo + p * (2 * L);
            int ai = a0 + p * 16;
            b0 = FloatVector.fromArray(F, b, bi);
            b1 = FloatVector.fromArray(F, b, bi + L);
            FloatVector x = FloatVector.broadcast(F, a[ai]);
            c00 = x.lanewise(VectorOperators.FMA, b0, c00);
            c01 = x.lanewise(VectorOperators.FMA, b1, c01);
            x = FloatVector.broadcast(F, a[ai + 1]);
            c10 = x.lanewise(VectorOperators.FMA, b0, c10);
            c11 = x.lanewise(VectorOperators.FMA, b1, c11);
            x = FloatVector.broadcast(F, a[ai + 2]);
            c20 = x.lanewise(VectorOperators.FMA, b0, c20);
            c21 = x.lanewise(VectorOperators.FMA, b1, c21);
            x = FloatVector.broadcast(F, a[ai + 3]);
            c30 = x.lanewise(VectorOperators.FMA, b0, c30);
            c31 = x.lanewise(VectorOperators.FMA, b1, c31);
            x = FloatVector.broadcast(F, a[ai + 4]);
            c40 = x.lanewise(VectorOperators.FMA, b0, c40);
            c41 = x.lanewise(VectorOperators.FMA, b1, c41);
        }
        int o1 = co + Math.min(1, last) * ldc;
        int o2 = co + Math.min(2, last) * ldc;
        int o3 = co + Math.min(3, last) * ldc;
        int o4 = co + Math.min(4, last) * ldc;
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
    }

    /**
     * {@link #rows} for the C2 of JDK 17; {@code step} is 2L, but nothing that it knows to be constant.
     */
    static void rowsStepping(int k, float[] a, int a0, int last, float[] b, int bo, int step, float[] c,
                             int co, int ldc) {
        FloatVector b0 = FloatVector.zero(F);
        FloatVector b1 = b0;
        FloatVector c00 = b0, c01 = b1;
        FloatVector c10 = b0, c11 = b1;
        FloatVector c20 = b0, c21 = b1;
        FloatVector c30 = b0, c31 = b1;
        FloatVector c40 = b0, c41 = b1;
        int bi = bo;
        for (int p = 0; p < k; p++) {
            int ai = a0 + p * 16;
            b0 = FloatVector.fromArray(F, b, bi);
            b1 = FloatVector.fromArray(F, b, bi + L);
            FloatVector x = FloatVector.broadcast(F, a[ai]);
            c00 = x.lanewise(VectorOperators.FMA, b0, c00);
            c01 = x.lanewise(VectorOperators.FMA, b1, c01);
            x = FloatVector.broadcast(F, a[ai + 1]);
            c10 = x.lanewise(VectorOperators.FMA, b0, c10);
            c11 = x.lanewise(VectorOperators.FMA, b1, c11);
            x = FloatVector.broadcast(F, a[ai + 2]);
            c20 = x.lanewise(VectorOperators.FMA, b0, c20);
            c21 = x.lanewise(VectorOperators.FMA, b1, c21);
            x = FloatVector.broadcast(F, a[ai + 3]);
            c30 = x.lanewise(VectorOperators.FMA, b0, c30);
            c31 = x.lanewise(VectorOperators.FMA, b1, c31);
            x = FloatVector.broadcast(F, a[ai + 4]);
            c40 = x.lanewise(VectorOperators.FMA, b0, c40);
            c41 = x.lanewise(VectorOperators.FMA, b1, c41);
            bi += step;
        }
        int o1 = co + Math.min(1, last) * ldc;
        int o2 = co + Math.min(2, last) * ldc;
        int o3 = co + Math.min(3, last) * ldc;
        int o4 = co + Math.min(4, last) * ldc;
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
    }
}
