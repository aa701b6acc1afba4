package leanvit.kernels;

/** Argument checks of the public kernels; made once a call, before any work. */
final class Checks {

    private Checks() {
    }

    static void notNegative(String name, int value) {
        if (value < 0) {
            throw new IllegalArgumentException(name + " is " + value + ", expected 0 or more");
        }
    }

    static void range(String name, int from, int to, int size) {
        if (from < 0 || from > to || to > size) {
            throw new IndexOutOfBoundsException(name + " " + from + " to " + to + " of " + size);
        }
    }

    /** Checks that a row-major matrix lies within its array. */
    static void rows(String name, float[] array, int offset, int stride, int rows, int columns) {
        notNegative("rows of " + name, rows);
        notNegative("columns of " + name, columns);
        if (rows == 0 || columns == 0) {
            return;
        }
        if (stride < columns) {
            throw new IllegalArgumentException("stride of " + name + " is " + stride + ", expected at least " + columns);
        }
        long end = offset + (rows - 1L) * stride + columns;
        if (offset < 0 || end > array.length) {
            throw new IndexOutOfBoundsException(name + ": " + rows + " rows of " + columns + " with stride " + stride
                    + " from " + offset + " end at " + end + ", the array has " + array.length);
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
        if (array.length < length) {
            throw new IllegalArgumentException(name + " has " + array.length + " values, expected at least " + length);
        }
    }
}
