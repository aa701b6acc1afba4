package leanvit.kernels.simd;

import static leanvit.kernels.simd.Lanes.F;
import static leanvit.kernels.simd.Lanes.I;
import static leanvit.kernels.simd.Lanes.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import leanvit.kernels.scalar.ScalarArgSort;

/**
 * {@link leanvit.kernels.ArgSort} on the Vector API. The k best are found by bisecting for the k-th score, and put in order by
 * counting, for each, how many come before it: k * k comparisons, L at a time and without a branch to mispredict.
 */
public final class SimdArgSort {

    /** The largest k to rank by counting; beyond it quicksort's k log k wins. */
    private static final int LARGEST_RANKED = 64 * L;

    private SimdArgSort() {
    }

    /** See {@link leanvit.kernels.ArgSort#topK}. */
    public static void topK(float[] scores, int offset, int n, int k, int[] order, int orderOffset, long[] scratch) {
        if (k < L || k > LARGEST_RANKED) {
            ScalarArgSort.topK(scores, offset, n, k, order, orderOffset, scratch);
            return;
        }
        if (k == n) {
            for (int i = 0; i < n; i++) {
                take(scores[offset + i], i, i, order, orderOffset, scratch);
            }
        } else {
            select(scores, offset, n, k, order, orderOffset, scratch);
        }
        rank(k, order, orderOffset, scratch);
        place(k, order, orderOffset, scratch);
    }

    /** Puts key and index of a chosen score into the scratch, and the key alone where vectors can read it. */
    private static void take(float score, int index, int slot, int[] order, int orderOffset, long[] scratch) {
        int key = ScalarArgSort.key(score);
        order[orderOffset + slot] = key;
        scratch[slot] = ScalarArgSort.pack(key, index);
    }

    /** Takes the k best, by ascending index. */
    private static void select(float[] scores, int offset, int n, int k, int[] order, int orderOffset, long[] scratch) {
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
        // Of those that share the k-th key the first ones; after an early exit all that are left.
        int equals = k - below;
        int slot = 0;
        for (int i = 0; slot < k; i++) {
            float score = scores[offset + i];
            int key = ScalarArgSort.key(score);
            // Without a branch, like partition: k of n is far from predictable.
            order[orderOffset + slot] = key;
            scratch[slot] = ScalarArgSort.pack(key, i);
            int equal = key == high ? 1 : 0;
            slot += (key < high ? 1 : 0) | equal & (equals > 0 ? 1 : 0);
            equals -= equal;
        }
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
     * Replaces each key in {@code order} by the number of keys that come before it: smaller ones, and equal ones that stand
     * further left. The scratch still holds them all.
     */
    private static void rank(int k, int[] order, int orderOffset, long[] scratch) {
        IntVector one = IntVector.broadcast(I, 1);
        IntVector lane = IntVector.zero(I).addIndex(1);
        int last = k - L;
        IntVector lastRank = one;
        // The last block overlaps the one before it: it is computed first, while all keys stand, and stored at the end.
        for (int block = last, next = 0; ; block = next, next += L) {
            IntVector key = IntVector.fromArray(I, order, orderOffset + block);
            IntVector upToKey = key.add(1);
            IntVector rank = IntVector.zero(I);
            int j = 0;
            for (; j < block; j++) {
                IntVector other = IntVector.broadcast(I, (int) (scratch[j] >> 32));
                rank = rank.add(one, upToKey.compare(VectorOperators.GT, other));
            }
            for (; j < block + L; j++) {
                IntVector other = IntVector.broadcast(I, (int) (scratch[j] >> 32));
                VectorMask<Integer> isRight = lane.compare(VectorOperators.GT, j - block);
                rank = rank.add(one, key.blend(upToKey, isRight).compare(VectorOperators.GT, other));
            }
            for (; j < k; j++) {
                IntVector other = IntVector.broadcast(I, (int) (scratch[j] >> 32));
                rank = rank.add(one, key.compare(VectorOperators.GT, other));
            }
            if (block == last) {
                lastRank = rank;
            } else {
                rank.intoArray(order, orderOffset + block);
            }
            if (next >= last) {
                break;
            }
        }
        lastRank.intoArray(order, orderOffset + last);
    }

    /** Turns ranks into the order: the index of rank r goes to place r, by way of the scratch's high halves. */
    private static void place(int k, int[] order, int orderOffset, long[] scratch) {
        for (int i = 0; i < k; i++) {
            int rank = order[orderOffset + i];
            scratch[rank] = scratch[i] << 32 | scratch[rank] & 0xFFFF_FFFFL;
        }
        for (int i = 0; i < k; i++) {
            order[orderOffset + i] = (int) (scratch[i] >>> 32);
        }
    }
}
