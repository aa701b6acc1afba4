package leanvit.kernels;

/** Argument checks of the public kernels; made once per call, before any work. */
final class Checks {

    private Checks() {
    }

    static void notNegative(String name, int value) {
        if (value < 0) {
            throw new IllegalArgumentException(name + " is " + value + ", expected 0 or more");
        }
    }

    /** {@link #notNegative(String, int)} for {@code part of name}; the two are only joined where there is an error. */
    private static void notNegative(String part, String name, int value) {
        if (value < 0) {
            notNegative(part + " of " + name, value);
        }
    }

    static void range(String name, int from, int to, int size) {
        if (from < 0 || from > to || to > size) {
            throw new IndexOutOfBoundsException(name + " " + from + " to " + to + " of " + size);
        }
    }

    /** Checks that a row-major matrix lies within its array. */
    static void rows(String name, float[] array, int offset, int stride, int rows, int columns) {
        notNegative("rows", name, rows);
        notNegative("columns", name, columns);
        if (rows == 0 || columns == 0) {
            return;
        }
        if (stride < columns) {
            throw new IllegalArgumentException("stride of " + name + " is " + stride + ", expected at least "
                    + columns);
        }
        long end = offset + (rows - 1L) * stride + columns;
        if (offset < 0 || end > array.length) {
            throw new IndexOutOfBoundsException(name + ": " + rows + " rows of " + columns + " with stride " + stride
                    + " from " + offset + " end at " + end + ", the array has " + array.length);
        }
    }

    /**
     * Refuses an output that meets an input in one array. Rows of one stride may stand side by side. Both matrices lie
     * within their arrays, which is checked before.
     */
    static void apart(String input, float[] x, int offset, int stride, int rows, int columns,
                      String output, float[] out, int outOffset, int outStride, int outRows, int outColumns) {
        if (x == out && rows > 0 && columns > 0 && outRows > 0 && outColumns > 0) {
            long end = offset + (rows - 1L) * stride + columns;
            long outEnd = outOffset + (outRows - 1L) * outStride + outColumns;
            if (outOffset < end && offset < outEnd
                    && !(stride == outStride && sideBySide(outOffset - offset, columns, outColumns, stride))) {
                throw new IllegalArgumentException(input + " and " + output + " overlap: one array holds " + input
                        + " from " + offset + " to " + end + " and " + output + " from " + outOffset + " to " + outEnd);
            }
        }
    }

    private static boolean sideBySide(int distance, int columns, int otherColumns, int stride) {
        int column = Math.floorMod(distance, stride);
        return column >= columns && column + otherColumns <= stride;
    }

    /** {@link #apart} for a kernel whose output may be its input, at the same place with the same stride. */
    static void sameOrApart(String input, float[] x, int offset, int stride, String output, float[] out, int outOffset,
                            int outStride, int rows, int columns) {
        if (offset != outOffset || stride != outStride) {
            apart(input, x, offset, stride, rows, columns, output, out, outOffset, outStride, rows, columns);
        }
    }

    /** {@link #apart} for one matrix per head. */
    static void headsApart(String input, float[] x, int offset, int headStride, int heads, int rowStride,
                           String output, float[] out, int outOffset, int outStride, int rows, int columns) {
        if (x == out && rows > 0 && columns > 0) {
            int extent = (heads - 1) * headStride + (rows - 1) * rowStride + columns;
            apart(input, x, offset, extent, 1, extent, output, out, outOffset, outStride, rows, columns);
        }
    }

    /** Checks that one matrix per head lies within its array; strides may interleave heads and rows. */
    static void heads(String name, float[] array, int offset, int headStride, int heads, int rowStride, int rows,
            int columns) {
        notNegative("rows", name, rows);
        notNegative("columns", name, columns);
        notNegative("head stride", name, headStride);
        notNegative("row stride", name, rowStride);
        if (heads < 1) {
            throw new IllegalArgumentException("heads is " + heads + ", expected 1 or more");
        }
        long end = offset + (heads - 1L) * headStride + (rows - 1L) * rowStride + columns;
        if (rows > 0 && columns > 0 && (offset < 0 || end > array.length)) {
            throw new IndexOutOfBoundsException(name + ": " + heads + " heads with stride " + headStride + " of " + rows
                    + " rows with stride " + rowStride + " of " + columns + " from " + offset + " end at " + end
                    + ", the array has " + array.length);
        }
    }

    /** Checks that {@code count} values lie within an array of {@code length}. */
    static void values(String name, int length, int offset, int count) {
        notNegative("count", name, count);
        if (count > 0 && (offset < 0 || (long) offset + count > length)) {
            throw new IndexOutOfBoundsException(
                    name + ": " + count + " values from " + offset + ", the array has " + length);
        }
    }

    /** Checks that every index names a row of {@code columns} values that lies within {@code array}. */
    static void rowIndices(int[] index, int indexOffset, int count, String name, float[] array, int offset, int stride,
                           int columns) {
        if (count == 0 || columns == 0) {
            return;
        }
        if (offset < 0 || stride < columns) {
            throw new IllegalArgumentException("offset of " + name + " is " + offset + ", its stride " + stride
                    + ", expected at least 0 and " + columns);
        }
        long room = (long) array.length - offset - columns;
        int rows = room < 0 ? 0 : (int) (room / stride) + 1;
        for (int i = 0; i < count; i++) {
            int row = index[indexOffset + i];
            if (row < 0 || row >= rows) {
                throw new IndexOutOfBoundsException(
                        "index[" + (indexOffset + i) + "] is " + row + ", " + name + " has " + rows + " rows");
            }
        }
    }

    /** Checks that {@code length} values lie within an array that may be absent. */
    static void optional(String name, float[] array, int offset, int length) {
        if (array != null && (offset < 0 || (long) offset + length > array.length)) {
            throw new IndexOutOfBoundsException(
                    name + ": " + length + " values from " + offset + ", the array has " + array.length);
        }
    }

    static void length(String name, float[] array, int length) {
        length(name, array.length, length);
    }

    static void length(String name, int actual, int expected) {
        if (actual < expected) {
            throw new IllegalArgumentException(name + " has " + actual + " values, expected at least " + expected);
        }
    }

    /** Checks that every listed row lies within its array. */
    static void listedRows(String name, int[] list, int listOffset, int count, float[] array, int offset, int stride,
                           int columns) {
        notNegative("count", name, count);
        if (listOffset < 0 || (long) listOffset + count > list.length) {
            throw new IndexOutOfBoundsException(
                    name + ": " + count + " values from " + listOffset + ", the array has " + list.length);
        }
        for (int i = 0; i < count; i++) {
            int row = list[listOffset + i];
            long start = offset + (long) row * stride;
            if (row < 0 || start < 0 || start + columns > array.length) {
                throw new IndexOutOfBoundsException(name + ": row " + row + " ends at " + (start + columns)
                        + ", the array has " + array.length);
            }
        }
    }
}
