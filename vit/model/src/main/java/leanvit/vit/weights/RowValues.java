package leanvit.vit.weights;

import java.io.IOException;
import java.nio.ByteBuffer;

/** The values of a matrix that comes row by row, as they are written. For one thread. */
final class RowValues implements SafeTensorsWriter.ArrayWriter {

    private final VectorRows rows;
    private final boolean half;
    private final float[] row;
    private int loaded = -1;

    /**
     * Makes a writer.
     *
     * @throws IllegalArgumentException if the type is neither F32 nor F16
     */
    RowValues(VectorRows rows, int width, DType dtype) {
        if (dtype != DType.F32 && dtype != DType.F16) {
            throw new IllegalArgumentException("dtype is " + dtype + ", expected F32 or F16");
        }
        this.rows = rows;
        half = dtype == DType.F16;
        row = new float[width];
    }

    @Override
    public void put(ByteBuffer out, int first, int count) throws IOException {
        for (int i = first; i < first + count; i++) {
            if (i / row.length != loaded) {
                loaded = i / row.length;
                rows.row(loaded, row);
            }
            if (half) {
                out.putShort(HalfFloats.toFloat16(row[i % row.length]));
            } else {
                out.putFloat(row[i % row.length]);
            }
        }
    }
}
