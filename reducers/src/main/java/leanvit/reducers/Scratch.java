package leanvit.reducers;

import java.util.Arrays;

/**
 * Arrays that a reducer works in and that are used again from call to call, so that a warm call allocates nothing. They
 * are handed out like a stack: each request gets an array that nobody else holds, and {@link #release} takes back all
 * that were requested since {@link #mark}:
 *
 * <pre>{@code
 * int mark = scratch.mark();
 * float[] norms = scratch.floats(n);
 * ...                                   // whatever is called here takes arrays of its own
 * scratch.release(mark);                // from here on norms is somebody else's
 * }</pre>
 *
 * <p>A reducer need not release anything: what it took while it decided on an image is taken back before the next one
 * ({@link TokenHost#reset}). A method that others call with their scratch releases what it took before it returns.
 *
 * <p>Lifetimes are checked: a mark that is released twice or out of order is refused, and so is a request for more than
 * {@value #MOST} arrays of one kind at once, which means that a loop does not release. Where assertions are on ({@code
 * -ea}), a released array is filled with NaN or the least integer, so that tests notice whoever still reads it.
 *
 * <p>Not thread-safe.
 */
public final class Scratch {

    private static final int BITS = 10;
    private static final int MOST = (1 << BITS) - 1;

    private float[][] floats = {};
    private int[][] ints = {};
    private long[][] longs = {};
    private int floatsTaken;
    private int intsTaken;
    private int longsTaken;

    /** Returns an array of at least {@code length} floats, contents undefined. */
    public float[] floats(int length) {
        if (floatsTaken == floats.length) {
            floats = Arrays.copyOf(floats, more(floatsTaken));
        }
        float[] array = floats[floatsTaken];
        if (array == null || array.length < length) {
            array = floats[floatsTaken] = new float[roomy(length)];
        }
        floatsTaken++;
        return array;
    }

    /** Returns an array of at least {@code length} ints, contents undefined. */
    public int[] ints(int length) {
        if (intsTaken == ints.length) {
            ints = Arrays.copyOf(ints, more(intsTaken));
        }
        int[] array = ints[intsTaken];
        if (array == null || array.length < length) {
            array = ints[intsTaken] = new int[roomy(length)];
        }
        intsTaken++;
        return array;
    }

    /** Returns an array of at least {@code length} longs, contents undefined. */
    public long[] longs(int length) {
        if (longsTaken == longs.length) {
            longs = Arrays.copyOf(longs, more(longsTaken));
        }
        long[] array = longs[longsTaken];
        if (array == null || array.length < length) {
            array = longs[longsTaken] = new long[roomy(length)];
        }
        longsTaken++;
        return array;
    }

    private static int more(int taken) {
        if (taken == MOST) {
            throw new IllegalStateException("scratch: " + MOST
                    + " arrays are taken and none was released: a loop has to mark() and release()");
        }
        return Math.min(MOST, taken + 4);
    }

    /** Images differ a little in size from block to block: a quarter more saves growing again. */
    private static int roomy(int length) {
        return (int) Math.min(Integer.MAX_VALUE - 8, length + length / 4L);
    }

    /** Returns the present state, for {@link #release}. */
    public int mark() {
        return floatsTaken | intsTaken << BITS | longsTaken << 2 * BITS;
    }

    /**
     * Takes back all arrays that were handed out since {@code mark}.
     *
     * @throws IllegalStateException where that is none of the present marks: it, or one before it, was released
     */
    public void release(int mark) {
        int floatsBefore = mark & MOST;
        int intsBefore = mark >> BITS & MOST;
        int longsBefore = mark >> 2 * BITS & MOST;
        if (floatsBefore > floatsTaken || intsBefore > intsTaken || longsBefore > longsTaken) {
            throw new IllegalStateException("scratch: a mark of " + floatsBefore + ", " + intsBefore + ", "
                    + longsBefore + " arrays (float, int, long) is released where " + floatsTaken + ", " + intsTaken
                    + ", "
                    + longsTaken + " are taken: it was released before, or an earlier mark was");
        }
        assert spoil(floatsBefore, intsBefore, longsBefore);
        floatsTaken = floatsBefore;
        intsTaken = intsBefore;
        longsTaken = longsBefore;
    }

    /** Fills what is released, so that whoever still holds it reads nothing useful. */
    private boolean spoil(int floatsBefore, int intsBefore, int longsBefore) {
        for (int i = floatsBefore; i < floatsTaken; i++) {
            Arrays.fill(floats[i], Float.NaN);
        }
        for (int i = intsBefore; i < intsTaken; i++) {
            Arrays.fill(ints[i], Integer.MIN_VALUE);
        }
        for (int i = longsBefore; i < longsTaken; i++) {
            Arrays.fill(longs[i], Long.MIN_VALUE);
        }
        return true;
    }
}
