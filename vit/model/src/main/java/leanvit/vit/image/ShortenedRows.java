package leanvit.vit.image;

/**
 * What a model needs of each row of a picture: those of its input's columns, as {@link Resampler} filters them. A
 * decoder that goes from row to row then never holds the whole picture; what is left is filtered downwards as it would
 * have been, to the same bits.
 */
final class ShortenedRows {

    private final FilterTaps taps;
    private final int columns;

    /**
     * Makes them.
     *
     * @param taps    the filter along a row
     * @param columns columns of the input that the picture covers
     */
    ShortenedRows(FilterTaps taps, int columns) {
        this.taps = taps;
        this.columns = columns;
    }

    /** Returns the columns of a shortened row. */
    int columns() {
        return columns;
    }

    /** Shortens a row of pixels to row {@code y} of {@code to}, [height, columns, 3]. */
    void put(byte[] row, byte[] to, int y) {
        Resampler.across(row, 0, taps, columns, to, y * columns * RgbImage.CHANNELS);
    }
}
