package leanvit.kernels;

/**
 * How the right operand of a matmul is cut into panels. Whole vectors of columns go into panels 3 vectors wide (2 where
 * a processor has 16 vector registers), followed by one or two panels of 2 where their number is no multiple of three.
 * The remaining columns, fewer than 2 vectors of them, make the last panel, the ragged one. It is padded and computed
 * by plain loops, since vector code that is rarely called stays interpreted and boxes its vectors. A panel holds its
 * bias row and then k rows, each of its width, contiguous:
 *
 * <pre>
 *   columns   0 .. 3L-1          3L .. 6L-1         ...   (2 wide at the end, then the ragged panel)
 *           [ bias             | bias             | ... ]
 *           [ row 0            | row 0            | ... ]
 *           [ ...              | ...              | ... ]
 *           [ row k-1          | row k-1          | ... ]
 * </pre>
 */
final class PanelLayout {

    /** Floats in a vector of the packed layout. */
    static final int LANES = SimdProbe.MODULE_PRESENT ? Lanes.L : 16;

    private static final boolean WIDE = SimdProbe.MODULE_PRESENT && Lanes.REGISTERS_32;
    private static final int WIDE_COLUMNS = 3 * LANES;
    private static final int NARROW_COLUMNS = 2 * LANES;

    private PanelLayout() {
    }

    /** Returns how many panels of {@link #WIDE_COLUMNS} a matrix of {@code columns} columns begins with. */
    private static int wide(int columns) {
        int vectors = columns / LANES;
        if (!WIDE || vectors < 3) {
            return 0;
        }
        return vectors % 3 == 1 ? vectors / 3 - 1 : vectors / 3;
    }

    /** Returns how many panels there are before the ragged one. */
    private static int whole(int columns) {
        int wide = wide(columns);
        return wide + (columns / LANES - 3 * wide) / 2;
    }

    /** Returns how many panels {@code columns} columns take. */
    static int panels(int columns) {
        int whole = whole(columns);
        return column(columns, whole) < columns ? whole + 1 : whole;
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

    /** Returns the least number of columns, {@code columns} or more, that has no ragged panel. */
    static int paddedColumns(int columns) {
        int vectors = (columns + LANES - 1) / LANES;
        if (vectors == 1 || !WIDE) {
            vectors += vectors % 2;
        }
        return vectors * LANES;
    }

    /** Returns whether a panel of {@code width} columns is 3 vectors wide. */
    static boolean isWide(int width) {
        return width == WIDE_COLUMNS;
    }

    /**
     * Returns where panel {@code panel} of a packed matrix of k rows begins, its bias row, counted from the first
     * panel.
     */
    static int offset(int k, int columns, int panel) {
        return column(columns, panel) * (k + 1);
    }

    /** Returns the floats that a packed matrix of k rows takes. */
    static int packedLength(int k, int columns) {
        long length = (long) column(columns, panels(columns)) * (k + 1L);
        if (length > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("a packed matrix of " + k + " x " + columns + " needs " + length
                    + " floats");
        }
        return (int) length;
    }
}
