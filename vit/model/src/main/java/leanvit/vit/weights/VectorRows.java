package leanvit.vit.weights;

import java.io.IOException;

/** Gives a matrix row by row, so that nobody has to hold it whole. */
@FunctionalInterface
public interface VectorRows {

    /**
     * Writes a row.
     *
     * @param index which one, counted from 0; asked for in ascending order
     * @param to    receives it, as long as a row
     * @throws IOException if it cannot be had
     */
    void row(int index, float[] to) throws IOException;
}
