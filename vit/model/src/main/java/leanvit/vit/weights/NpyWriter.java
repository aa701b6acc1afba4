package leanvit.vit.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.io.WholeFile;

/**
 * Writes a matrix as NumPy's {@code .npy}, version 1.0, little-endian, by rows: {@code numpy.load} reads it.
 *
 * <p>All methods are safe for use by any number of threads.
 */
public final class NpyWriter {

    private static final int BUFFER = 1 << 16;
    /** The data begin at a multiple of this. */
    private static final int ALIGNMENT = 64;
    /** Magic, version, and the length of the text that follows. */
    private static final int BEFORE_TEXT = 10;
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};

    private NpyWriter() {
    }

    /**
     * Writes the file whole: beside its place under another name, then moved over whatever stood there.
     *
     * @param dtype F32, or F16 of the nearest values
     * @param count rows
     * @param width columns
     * @throws IllegalArgumentException if the type is another, or there are more values than 2^31 - 1
     * @throws InvalidInputException    if the directory does not exist or the path is a directory
     * @throws IOException              if a row cannot be had or the file cannot be written
     */
    public static void write(Path file, DType dtype, int count, int width, VectorRows rows) throws IOException {
        int length = SafeTensorsWriter.length(file.toString(), count, width);
        RowValues values = new RowValues(rows, width, dtype);
        WholeFile.write(file, part -> {
            try (FileChannel channel = FileChannel.open(part, StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.WRITE)) {
                SafeTensorsWriter.writeFully(channel, header(dtype, count, width));
                ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
                SafeTensorsWriter.writeValues(channel, buffer, values, length, dtype);
            }
        });
    }

    private static ByteBuffer header(DType dtype, int count, int width) {
        String text = "{'descr': '" + (dtype == DType.F16 ? "<f2" : "<f4") + "', 'fortran_order': False, 'shape': ("
                + count + ", " + width + "), }";
        int length = (BEFORE_TEXT + text.length() + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        String padded = text + " ".repeat(length - BEFORE_TEXT - text.length() - 1) + "\n";
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN).put(MAGIC).putShort((short) padded.length())
                .put(padded.getBytes(StandardCharsets.US_ASCII)).flip();
    }
}
