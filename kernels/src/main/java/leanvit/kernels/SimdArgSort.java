package leanvit.kernels;

import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.FLOATS;
import static leanvit.kernels.Lanes.I;
import static leanvit.kernels.Lanes.INTS;
import static leanvit.kernels.Lanes.L;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link ArgSort} on the Vector API. The k best are found by bisecting for the k-th score, and put in order by
 * counting, for each, how many come before it: k * k comparisons, 3L at a time and without a branch to mispredict.
 */
final class SimdArgSort implements ArgSort.Implementation {

    static final SimdArgSort KERNEL = new SimdArgSort();

    /** Scores that are ranked together: three vectors, so that one broadcast of a key serves three comparisons. */
    private static final int BLOCK = 3 * L;
    /**
     * The least n for vectors. A few scores are a few microseconds' work, about once per pass: such code stays
     * interpreted for a hundred passes, and interpreted vectors are objects.
     */
    private static final int LEAST_SCORES = 512;
    private static final long HIGH_HALF = 0xFFFF_FFFF_0000_0000L;
    /**
     * The largest k to rank by counting; beyond it quicksort's k log k wins. None on JDK 17: without tiered compilation
     * it boxes some masks for good.
     */
    private static final int LARGEST_RANKED = Runtime.version().feature() > 17 ? 40 * L : 0;

    /** 0, 1, 2, ... */
    private static final int[] LANES = new int[L];

    static {
        Arrays.setAll(LANES, i -> i);
    }

    @Override
    public void topK(float[] scores, int offset, int n, int k, int[] order, int orderOffset, long[] scratch) {
        if (n < LEAST_SCORES || k < BLOCK || k > LARGEST_RANKED) {
            ScalarArgSort.KERNEL.topK(scores, offset, n, k, order, orderOffset, scratch);
            return;
        }
        pack(scores, offset, n, scratch);
        if (k < n) {
            keep(scratch, n, limit(scores, offset, n, k, scratch));
        }
        for (int i = 0; i < k; i++) {
            // Halves exchanged, since a key in the low half is broadcast straight from memory.
            scratch[i] = Long.rotateLeft(scratch[i], 32);
            order[orderOffset + i] = (int) scratch[i];
        }
        rank(k, order, orderOffset, scratch);
        place(k, order, orderOffset, scratch);
    }

    /**
     * {@link ScalarArgSort#pack} of every score's {@link ScalarArgSort#key} and index. Plain code: vectors of ints and
     * longs came to more than C2 inlines at once ({@link SimdGemm} tells what comes of that), for a microsecond less.
     */
    private static void pack(float[] scores, int offset, int n, long[] scratch) {
        for (int i = 0; i < n; i++) {
            scratch[i] = ScalarArgSort.pack(ScalarArgSort.key(scores[offset + i]), i);
        }
    }

    /** Moves the packed longs up to a limit to the front, their order kept. */
    private static void keep(long[] packed, int n, long limit) {
        int kept = 0;
        for (int i = 0; i < n; i++) {
            long value = packed[i];
            // Moved in any case: a branch on whether a score is among the k of n would be mispredicted a third of the
            // time.
            packed[kept] = value;
            kept += value <= limit ? 1 : 0;
        }
    }

    /** Returns the k-th smallest packed long. */
    private static long limit(float[] scores, int offset, int n, int k, long[] scratch) {
        // The k-th key lies in low .. high, and `below` scores have a key under low. Smaller keys are better.
        int low = ScalarArgSort.key(largest(scores, offset, n));
        int high = ScalarArgSort.key(smallest(scores, offset, n));
        int below = 0;
        while (low < high) {
            int middle = (int) (((long) low + high) >> 1);
            int count = countAtLeast(scores, offset, n, ScalarArgSort.score(middle));
            if (count < k) {
                low = middle + 1;
                below = count;
            } else {
                high = middle;
                if (count == k) {
                    return ScalarArgSort.pack(high, n);
                }
            }
        }
        // Of those that share the k-th key the first ones.
        int last = -1;
        for (int left = k - below; left > 0; ) {
            last++;
            left -= (int) (scratch[last] >> 32) == high ? 1 : 0;
        }
        return ScalarArgSort.pack(high, last);
    }

    private static float largest(float[] scores, int offset, int n) {
        FloatVector largest = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        for (int i = 0; i <= n - L; i += L) {
            FloatVector score = FloatVector.fromArray(F, scores, offset + i);
            largest = FLOATS.cast(largest).blend(score, score.compare(VectorOperators.GT, largest));
        }
        // The last vector overlaps the one before.
        FloatVector score = FloatVector.fromArray(F, scores, offset + n - L);
        largest = FLOATS.cast(largest).blend(score, score.compare(VectorOperators.GT, largest));
        return largest.reduceLanes(VectorOperators.MAX);
    }

    private static float smallest(float[] scores, int offset, int n) {
        FloatVector smallest = FloatVector.broadcast(F, Float.POSITIVE_INFINITY);
        for (int i = 0; i <= n - L; i += L) {
            FloatVector score = FloatVector.fromArray(F, scores, offset + i);
            FloatVector number = score.blend(Float.NEGATIVE_INFINITY, score.compare(VectorOperators.NE, score));
            smallest = FLOATS.cast(smallest).blend(number, number.compare(VectorOperators.LT, smallest));
        }
        // The last vector overlaps the one before.
        FloatVector score = FloatVector.fromArray(F, scores, offset + n - L);
        FloatVector number = score.blend(Float.NEGATIVE_INFINITY, score.compare(VectorOperators.NE, score));
        smallest = FLOATS.cast(smallest).blend(number, number.compare(VectorOperators.LT, smallest));
        return smallest.reduceLanes(VectorOperators.MIN);
    }

    private static int countAtLeast(float[] scores, int offset, int n, float threshold) {
        FloatVector limit = FloatVector.broadcast(F, threshold);
        int count = 0;
        int i = 0;
        // body
        for (; i <= n - L; i += L) {
            count += FloatVector.fromArray(F, scores, offset + i).compare(VectorOperators.GE, limit).trueCount();
        }
        // scalar tail
        for (; i < n; i++) {
            count += scores[offset + i] >= threshold ? 1 : 0;
        }
        return count;
    }

    /**
     * Replaces each of k keys in {@code order} by the number of smaller ones. The scratch still holds all keys, in its
     * low halves. The last block may overlap the one before it and then replaces only its last keys.
     */
    private static void rank(int k, int[] order, int offset, long[] scratch) {
        IntVector one = IntVector.broadcast(I, 1);
        for (int block = 0; block < k; block += BLOCK) {
            int first = Math.min(block, k - BLOCK);
            IntVector key0 = IntVector.fromArray(I, order, offset + first);
            IntVector key1 = IntVector.fromArray(I, order, offset + first + L);
            IntVector key2 = IntVector.fromArray(I, order, offset + first + 2 * L);
            IntVector rank0 = IntVector.zero(I);
            IntVector rank1 = rank0;
            IntVector rank2 = rank0;
            for (int j = 0; j < k; j++) {
                IntVector other = IntVector.broadcast(I, (int) scratch[j]);
                rank0 = INTS.cast(rank0).add(one, other.compare(VectorOperators.LT, key0));
                rank1 = INTS.cast(rank1).add(one, other.compare(VectorOperators.LT, key1));
                rank2 = INTS.cast(rank2).add(one, other.compare(VectorOperators.LT, key2));
            }
            IntVector lane = INTS.cast(IntVector.fromArray(I, LANES, 0));
            int done = block - first;
            INTS.cast(key0).blend(rank0, lane.compare(VectorOperators.GE, done)).intoArray(order, offset + first);
            INTS.cast(key1).blend(rank1, lane.compare(VectorOperators.GE, done - L))
                    .intoArray(order, offset + first + L);
            INTS.cast(key2).blend(rank2, lane.compare(VectorOperators.GE, done - 2 * L))
                    .intoArray(order, offset + first + 2 * L);
        }
    }

    /**
     * Puts the index of rank r in place r, using the low halves of the scratch. Equal keys have the same rank: the
     * first of them by index takes that place, the next one the place after it, and so on. A sign bit marks a place as
     * taken.
     */
    private static void place(int k, int[] order, int offset, long[] scratch) {
        for (int i = 0; i < k; i++) {
            int place = order[offset + i];
            while (scratch[place] < 0) {
                place++;
            }
            scratch[place] = scratch[place] & HIGH_HALF | scratch[i] << 1 >>> 33 | Long.MIN_VALUE;
        }
        for (int i = 0; i < k; i++) {
            order[offset + i] = (int) scratch[i];
        }
    }
}
