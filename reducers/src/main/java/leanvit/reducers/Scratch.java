package leanvit.reducers;

/**
 * Arrays that a reducer uses again from call to call, so that a warm call allocates nothing. A slot's array keeps its
 * contents until it has to grow; use each slot for one purpose a call. Not thread-safe.
 */
public final class Scratch {

    private static final int SLOTS = 8;

    private final float[][] floats = new float[SLOTS][0];
    private final int[][] ints = new int[SLOTS][0];
    private final long[][] longs = new long[SLOTS][0];

    /** Returns slot {@code slot} (0 to 7) with at least {@code length} floats, contents undefined. */
    public float[] floats(int slot, int length) {
        if (floats[slot].length < length) {
            floats[slot] = new float[length + length / 4];
        }
        return floats[slot];
    }

    /** Returns slot {@code slot} (0 to 7) with at least {@code length} ints, contents undefined. */
    public int[] ints(int slot, int length) {
        if (ints[slot].length < length) {
            ints[slot] = new int[length + length / 4];
        }
        return ints[slot];
    }

    /** Returns slot {@code slot} (0 to 7) with at least {@code length} longs, contents undefined. */
    public long[] longs(int slot, int length) {
        if (longs[slot].length < length) {
            longs[slot] = new long[length + length / 4];
        }
        return longs[slot];
    }
}
