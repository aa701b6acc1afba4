package leanvit.kernels;

/**
 * How the right operand of a matmul is cut into panels. Columns are padded to whole vectors; panels are 3 vectors wide
 * (2 where a processor has 16 vector registers), and where vectors do not divide into threes the last one or two panels
 * are 2 wide. A panel holds its bias row and then k rows, each of its width, contiguous:
 *
 * <pre>
 *   columns   0 .. 3L-1          3L .. 6L-1         ...   (2 wide at the end)
 *           [ bias             | bias             | ... ]
 *           [ row 0            | row 0            | ... ]
 *           [ ...              | ...              | ... ]
 *           [ row k-1          | row k-1          | ... ]
 * </pre>
 */
final class PanelLayout {

    /** Floats in a vector of the packed layout. */
    static final int LANES = SimdProbe.MODULE_PRESENT ? Lanes.L : 16;

    /**
     * Where packed data starts in an array of its own, so that vectors do not straddle cache lines; see {@link
     * FloatArena}.
     */
    static final int START = FloatArena.START;

    private static final boolean WIDE = SimdProbe.MODULE_PRESENT && Lanes.REGISTERS_32;
    private static final int WIDE_COLUMNS = 3 * LANES;
    private static final int NARROW_COLUMNS = 2 * LANES;

    private PanelLayout() {
    }

    private static int vectors(int columns) {
        return (columns + LANES - 1) / LANES;
    }

    /** Returns how many panels of {@link #WIDE_COLUMNS} a matrix of {@code columns} columns begins with. */
    private static int wide(int columns) {
        if (!WIDE) {
            return 0;
        }
        int v = vectors(columns);
        return switch (v % 3) {
            case 0 -> v / 3;
            case 1 -> Math.max(0, v / 3 - 1);
            default -> v / 3;
        };
    }

    /** Returns how many panels {@code columns} columns take. */
    static int panels(int columns) {
        int wide = wide(columns);
        int rest = vectors(columns) - 3 * wide;
        return wide + (rest + 1) / 2;
    }

    /** Returns the first column of panel {@code panel}, which may be {@code panels(columns)}: then the padded width. */
    static int column(int columns, int panel) {
        int wide = Math.min(panel, wide(columns));
        return wide * WIDE_COLUMNS + (panel - wide) * NARROW_COLUMNS;
    }

    /** Returns the columns of panel {@code panel}, padding included. */
    static int width(int columns, int panel) {
        return panel < wide(columns) ? WIDE_COLUMNS : NARROW_COLUMNS;
    }

    /** Returns {@code columns} with padding. */
    static int paddedColumns(int columns) {
        return column(columns, panels(columns));
    }

    /** Returns whether a panel of {@code width} columns is 3 vectors wide. */
    static boolean isWide(int width) {
        return width == WIDE_COLUMNS;
    }

    /**
     * Returns where panel {@code panel} of a packed matrix of k rows begins, its bias row, from the matrix' own begin.
     */
    static int offset(int k, int columns, int panel) {
        return column(columns, panel) * (k + 1);
    }

    /** Returns the floats that a packed matrix of k rows takes. */
    static int packedLength(int k, int columns) {
        long length = (long) paddedColumns(columns) * (k + 1L);
        if (length > Integer.MAX_VALUE - 64) {
            throw new IllegalArgumentException(
                    "a packed matrix of " + k + " x " + columns + " needs " + length + " floats");
        }
        return (int) length;
    }
}
