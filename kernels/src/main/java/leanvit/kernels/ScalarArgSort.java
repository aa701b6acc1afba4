package leanvit.kernels;

/**
 * {@link ArgSort} without the Vector API: score and index packed into one long, then quickselect and
 * quicksort. ({@code Arrays.sort} allocates where it finds runs.) Packed longs are all different, so there are no ties.
 */
final class ScalarArgSort implements ArgSort.Implementation {

    static final ScalarArgSort KERNEL = new ScalarArgSort();

    /** Ranges up to this length are sorted by insertion. */
    private static final int SHORT = 24;

    @Override
    public void topK(float[] scores, int offset, int n, int k, int[] order, int orderOffset, long[] scratch) {
        for (int i = 0; i < n; i++) {
            scratch[i] = pack(key(scores[offset + i]), i);
        }
        select(scratch, n, k);
        sort(scratch, k);
        for (int i = 0; i < k; i++) {
            order[orderOffset + i] = (int) scratch[i];
        }
    }

    /** Returns an int that is smaller for a higher score; NaN gives that of -infinity, -0.0 that of 0.0. */
    static int key(float score) {
        float ordinary = Float.isNaN(score) ? Float.NEGATIVE_INFINITY : score + 0f;
        int bits = Float.floatToRawIntBits(ordinary);
        return ~(bits ^ (bits >> 31 & Integer.MAX_VALUE));
    }

    /** The inverse of {@link #key}: returns a score, never NaN or -0.0. */
    static float score(int key) {
        int ordered = ~key;
        return Float.intBitsToFloat(ordered ^ (ordered >> 31 & Integer.MAX_VALUE));
    }

    /** Returns a long that orders by key, then by index. */
    static long pack(int key, int index) {
        return (long) key << 32 | index;
    }

    /** Brings the k smallest of the first n to the front, in any order. */
    private static void select(long[] a, int n, int k) {
        int from = 0;
        int to = n;
        int depth = depthLimit(n);
        while (from < k && k < to) {
            if (to - from <= SHORT) {
                insertionSort(a, from, to);
                return;
            }
            if (depth-- == 0) {
                heapSort(a, from, to);
                return;
            }
            int pivot = partition(a, from, to);
            if (pivot < k) {
                from = pivot + 1;
            } else {
                to = pivot;
            }
        }
    }

    /** Sorts the first n, ascending. */
    static void sort(long[] a, int n) {
        quickSort(a, 0, n, depthLimit(n));
    }

    /**
     * After this many halvings the input is made to defeat quicksort, and heap sort takes over: n log n in every case.
     */
    private static int depthLimit(int n) {
        return 2 * (32 - Integer.numberOfLeadingZeros(n));
    }

    private static void quickSort(long[] a, int from, int to, int depth) {
        while (to - from > SHORT) {
            if (depth-- == 0) {
                heapSort(a, from, to);
                return;
            }
            int pivot = partition(a, from, to);
            quickSort(a, pivot + 1, to, depth);
            to = pivot;
        }
        insertionSort(a, from, to);
    }

    /** Splits a range around the median of its first, middle and last element; returns where that one ends up. */
    private static int partition(long[] a, int from, int to) {
        int last = to - 1;
        int middle = (from + last) >>> 1;
        order(a, from, middle);
        order(a, middle, last);
        order(a, from, middle);
        swap(a, middle, last);
        long pivot = a[last];
        int boundary = from;
        for (int i = from; i < last; i++) {
            long value = a[i];
            a[i] = a[boundary];
            a[boundary] = value;
            // Adds 0 or 1 instead of branching: half of these branches would be mispredicted.
            boundary += value < pivot ? 1 : 0;
        }
        swap(a, boundary, last);
        return boundary;
    }

    private static void order(long[] a, int i, int j) {
        if (a[j] < a[i]) {
            swap(a, i, j);
        }
    }

    private static void swap(long[] a, int i, int j) {
        long value = a[i];
        a[i] = a[j];
        a[j] = value;
    }

    private static void insertionSort(long[] a, int from, int to) {
        for (int i = from + 1; i < to; i++) {
            long value = a[i];
            int j = i;
            for (; j > from && a[j - 1] > value; j--) {
                a[j] = a[j - 1];
            }
            a[j] = value;
        }
    }

    private static void heapSort(long[] a, int from, int to) {
        int n = to - from;
        for (int root = n / 2 - 1; root >= 0; root--) {
            siftDown(a, from, root, n);
        }
        for (int size = n - 1; size > 0; size--) {
            swap(a, from, from + size);
            siftDown(a, from, 0, size);
        }
    }

    private static void siftDown(long[] a, int from, int root, int size) {
        long value = a[from + root];
        int hole = root;
        for (int child = 2 * hole + 1; child < size; child = 2 * hole + 1) {
            if (child + 1 < size && a[from + child] < a[from + child + 1]) {
                child++;
            }
            if (a[from + child] <= value) {
                break;
            }
            a[from + hole] = a[from + child];
            hole = child;
        }
        a[from + hole] = value;
    }
}
