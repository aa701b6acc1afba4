package leanvit.kernels.simd;

import static leanvit.kernels.simd.Lanes.F;
import static leanvit.kernels.simd.Lanes.I;
import static leanvit.kernels.simd.Lanes.L;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import leanvit.kernels.scalar.ScalarArgSort;

/**
 * {@link leanvit.kernels.ArgSort} on the Vector API. The k best are found by bisecting for the k-th score, and put in order by
 * counting, for each, how many come before it: k * k comparisons, 2L at a time and without a branch to mispredict.
 */
public final class SimdArgSort {

    /** Scores that are ranked at a time: two vectors for each key that is compared with them. */
    private static final int BLOCK = 2 * L;
    /** The largest k to rank by counting; beyond it quicksort's k log k wins. */
    private static final int LARGEST_RANKED = 64 * L;

    /** 0, 1, 2, ...; {@code addIndex} boxes its result on JDK 17. */
    private static final int[] LANES = new int[L];

    static {
        Arrays.setAll(LANES, i -> i);
    }

    private SimdArgSort() {
    }

    /** See {@link leanvit.kernels.ArgSort#topK}. */
    public static void topK(float[] scores, int offset, int n, int k, int[] order, int orderOffset, long[] scratch) {
        if (k < BLOCK || k > LARGEST_RANKED) {
            ScalarArgSort.topK(scores, offset, n, k, order, orderOffset, scratch);
            return;
        }
        if (k == n) {
            for (int i = 0; i < n; i++) {
                order[orderOffset + i] = ScalarArgSort.key(scores[offset + i]);
            }
            rank(k, order, orderOffset, scratch);
            for (int i = 0; i < n; i++) {
                order[orderOffset + rankOf(i, k, scratch)] = i;
            }
            return;
        }

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
                    break;
                }
            }
        }
        float worst = ScalarArgSort.score(high);
        if (worst == Float.NEGATIVE_INFINITY) {
            // NaN ties with it, which comparisons of floats do not see.
            ScalarArgSort.topK(scores, offset, n, k, order, orderOffset, scratch);
            return;
        }
        // Of those that share the worst score the first ones; after an early exit there are just enough.
        int cut = indexAfter(scores, offset, n, worst, k - below);
        float better = Math.nextUp(worst);
        int slot = putKeys(scores, offset, 0, cut, worst, order, orderOffset, 0, k);
        putKeys(scores, offset, cut, n, better, order, orderOffset, slot, k);
        rank(k, order, orderOffset, scratch);
        slot = putIndices(scores, offset, 0, cut, worst, order, orderOffset, 0, k, scratch);
        putIndices(scores, offset, cut, n, better, order, orderOffset, slot, k, scratch);
    }

    /** Returns the index after the given number of scores that equal one, or n where there are fewer. */
    private static int indexAfter(float[] scores, int offset, int n, float score, int number) {
        int left = number;
        int i = 0;
        for (; i < n && left > 0; i++) {
            left -= scores[offset + i] == score ? 1 : 0;
        }
        return i;
    }

    /**
     * Puts the keys of the scores at or over a threshold one after another, from a slot up to slot k; returns the next slot.
     * Each key is put, and kept or overwritten: a branch on whether k of n have it would often be mispredicted.
     */
    private static int putKeys(float[] scores, int offset, int from, int to, float threshold, int[] order, int orderOffset,
                               int slot, int k) {
        int next = slot;
        for (int i = from; i < to && next < k; i++) {
            float score = scores[offset + i];
            order[orderOffset + next] = ScalarArgSort.key(score);
            next += score >= threshold ? 1 : 0;
        }
        return next;
    }

    /** Puts the index of each score of {@link #putKeys} where its rank says; returns the next slot. */
    private static int putIndices(float[] scores, int offset, int from, int to, float threshold, int[] order,
                                  int orderOffset, int slot, int k, long[] scratch) {
        int next = slot;
        for (int i = from; i < to && next < k; i++) {
            order[orderOffset + rankOf(next, k, scratch)] = i;
            next += scores[offset + i] >= threshold ? 1 : 0;
        }
        return next;
    }

    private static float largest(float[] scores, int offset, int n) {
        FloatVector largest = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < n; i += L) {
            FloatVector score = FloatVector.fromArray(F, scores, offset + Math.min(i, n - L));
            largest = largest.blend(score, score.compare(VectorOperators.GT, largest));
        }
        return largest.reduceLanes(VectorOperators.MAX);
    }

    private static float smallest(float[] scores, int offset, int n) {
        FloatVector smallest = FloatVector.broadcast(F, Float.POSITIVE_INFINITY);
        for (int i = 0; i < n; i += L) {
            FloatVector score = FloatVector.fromArray(F, scores, offset + Math.min(i, n - L));
            FloatVector number = score.blend(Float.NEGATIVE_INFINITY, score.compare(VectorOperators.NE, score));
            smallest = smallest.blend(number, number.compare(VectorOperators.LT, smallest));
        }
        return smallest.reduceLanes(VectorOperators.MIN);
    }

    private static int countAtLeast(float[] scores, int offset, int n, float threshold) {
        FloatVector limit = FloatVector.broadcast(F, threshold);
        FloatVector count0 = FloatVector.zero(F);
        FloatVector count1 = count0;
        int i = 0;
        // unrolled body
        for (; i <= n - 2 * L; i += 2 * L) {
            FloatVector x0 = FloatVector.fromArray(F, scores, offset + i);
            FloatVector x1 = FloatVector.fromArray(F, scores, offset + i + L);
            count0 = count0.blend(count0.add(1f), x0.compare(VectorOperators.GE, limit));
            count1 = count1.blend(count1.add(1f), x1.compare(VectorOperators.GE, limit));
        }
        // vector tail
        for (; i <= n - L; i += L) {
            FloatVector x0 = FloatVector.fromArray(F, scores, offset + i);
            count0 = count0.blend(count0.add(1f), x0.compare(VectorOperators.GE, limit));
        }
        // reduce: whole numbers, so the order is of no account
        int count = (int) count0.add(count1).reduceLanes(VectorOperators.ADD);
        // scalar tail
        for (; i < n; i++) {
            count += scores[offset + i] >= threshold ? 1 : 0;
        }
        return count;
    }

    /**
     * Counts for each of k keys those that come before it: smaller ones, and equal ones that stand further left. The counts
     * go to the scratch, two ints a long, a block after another; the last block may overlap the one before it.
     */
    private static void rank(int k, int[] keys, int offset, long[] scratch) {
        IntVector one = IntVector.broadcast(I, 1);
        IntVector lane0 = IntVector.fromArray(I, LANES, 0);
        IntVector lane1 = lane0.add(L);
        for (int block = 0; block < k; block += BLOCK) {
            int first = Math.min(block, k - BLOCK);
            IntVector key0 = IntVector.fromArray(I, keys, offset + first);
            IntVector key1 = IntVector.fromArray(I, keys, offset + first + L);
            IntVector upTo0 = key0.add(one);
            IntVector upTo1 = key1.add(one);
            IntVector rank0 = IntVector.zero(I);
            IntVector rank1 = rank0;
            int j = 0;
            for (; j < first; j++) {
                IntVector other = IntVector.broadcast(I, keys[offset + j]);
                rank0 = rank0.add(one, upTo0.compare(VectorOperators.GT, other));
                rank1 = rank1.add(one, upTo1.compare(VectorOperators.GT, other));
            }
            for (; j < first + BLOCK; j++) {
                IntVector other = IntVector.broadcast(I, keys[offset + j]);
                IntVector here = IntVector.broadcast(I, j - first);
                IntVector limit0 = key0.add(one, lane0.compare(VectorOperators.GT, here));
                IntVector limit1 = key1.add(one, lane1.compare(VectorOperators.GT, here));
                rank0 = rank0.add(one, limit0.compare(VectorOperators.GT, other));
                rank1 = rank1.add(one, limit1.compare(VectorOperators.GT, other));
            }
            for (; j < k; j++) {
                IntVector other = IntVector.broadcast(I, keys[offset + j]);
                rank0 = rank0.add(one, key0.compare(VectorOperators.GT, other));
                rank1 = rank1.add(one, key1.compare(VectorOperators.GT, other));
            }
            rank0.reinterpretAsLongs().intoArray(scratch, block / 2);
            rank1.reinterpretAsLongs().intoArray(scratch, block / 2 + L / 2);
        }
    }

    /** Returns the rank of key {@code i} of k, out of what {@link #rank} left. */
    private static int rankOf(int i, int k, long[] scratch) {
        int whole = k - k % BLOCK;
        int at = i < whole ? i : i - (k - BLOCK) + whole;
        return (int) (scratch[at >> 1] >> ((at & 1) << 5));
    }
}
