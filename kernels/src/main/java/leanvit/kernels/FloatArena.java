package leanvit.kernels;

/**
 * One large array that several packed matrices or scratch areas share, each beginning on a boundary of 64 bytes: a
 * vector that straddles two cache lines costs up to a third of a matmul's speed. Memory is handed out once and never
 * taken back.
 *
 * <p>Java cannot ask for an address. But G1, ZGC and Shenandoah put a large array (under G1 from half a region on, 0.5
 * to 16 MB) at the start of a region, so that its first element follows the array's header, whose size is known:
 * aligned indices are then aligned addresses. This is why there is one array and not many. Where an array starts
 * elsewhere (small ones; the serial and parallel collectors) results are the same, and speed is a matter of luck.
 *
 * <p>Not safe for use by several threads at once while areas are handed out; after that like any array.
 */
public final class FloatArena {

    /** Floats in 64 bytes. */
    private static final int LINE = 16;
    /** The first index that is 64 bytes aligned where the array itself is: 12 behind a header of 16 bytes. */
    static final int START = start(headerBytes());
    /** Some JVMs cannot make an array of the last few lengths. */
    private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

    private final float[] array;
    private int next = START;

    /**
     * Makes an arena.
     *
     * @param floats the room, as {@link #sizeOf} counts it
     * @throws IllegalArgumentException if that is negative or more than one array holds
     */
    public FloatArena(long floats) {
        if (floats < 0 || floats > MAX_ARRAY - START) {
            throw new IllegalArgumentException(
                    "an arena of " + floats + " floats, expected 0 to " + (MAX_ARRAY - START));
        }
        array = new float[START + (int) floats];
    }

    /** Returns the floats that areas of these lengths take in an arena, each rounded up to whole lines of 16. */
    public static long sizeOf(int... lengths) {
        long sum = 0;
        for (int length : lengths) {
            Checks.notNegative("length", length);
            sum += rounded(length);
        }
        return sum;
    }

    /**
     * Hands out an area, which holds zeros.
     *
     * @return the index in {@link #array} where it begins, on a boundary of 64 bytes
     * @throws IllegalArgumentException if less room than that is left
     */
    public int allocate(int floats) {
        Checks.notNegative("floats", floats);
        int left = array.length - next;
        if (floats > left) {
            throw new IllegalArgumentException("an area of " + floats + " floats does not fit the " + Math.max(0, left)
                    + " that are left of an arena of " + (array.length - START));
        }
        int area = next;
        // The last area may be no whole line; its rounded end is then beyond the array, and only areas of length 0
        // still fit.
        next = (int) Math.min(array.length, area + rounded(floats));
        return area;
    }

    /** Returns the array of all areas. */
    public float[] array() {
        return array;
    }

    private static long rounded(int floats) {
        return (floats + (LINE - 1L)) / LINE * LINE;
    }

    /**
     * Returns the least index whose element lies on a boundary of 64 bytes in an array that does, behind its header.
     */
    static int start(int headerBytes) {
        return Math.floorMod(-headerBytes, LINE * Float.BYTES) / Float.BYTES;
    }

    /**
     * Returns what lies before a float array's first element: 16 bytes; 12 with compact object headers (JDK 25);
     * without compressed class pointers 24 (JDK 17) or 20 (JDK 25). The JDK says so in a constant of sun.misc.Unsafe,
     * of which nothing else is used. (A heap buffer's alignmentOffset cannot tell: JDK 17 answers 0 for 16 and 24, 25
     * refuses.)
     */
    private static int headerBytes() {
        try {
            Object bytes = Class.forName("sun.misc.Unsafe").getField("ARRAY_FLOAT_BASE_OFFSET").get(null);
            return bytes instanceof Number number ? number.intValue() : 16;
        } catch (ReflectiveOperationException | LinkageError e) {
            // A JVM without the module jdk.unsupported; all headers but the exotic ones have 16 bytes.
            return 16;
        }
    }
}
