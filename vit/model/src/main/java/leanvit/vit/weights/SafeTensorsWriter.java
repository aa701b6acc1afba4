package leanvit.vit.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.io.WholeFile;
import leanvit.vit.json.JsonWriter;

/**
 * Writes a safetensors file: {@code new SafeTensorsWriter().floats("logits", logits, 3, 10).write(path)}.
 *
 * <p>Tensors stand in the file in the order in which they were given; the header is padded so that the data start at a
 * multiple of 8 bytes. Arrays are kept, not copied, and streamed out: they must not change until {@link #write}
 * returns. Not safe for use by several threads at once.
 */
public final class SafeTensorsWriter {

    private static final int BUFFER = 1 << 16;

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    /** Makes a writer that as yet has no tensors. */
    public SafeTensorsWriter() {
    }

    private record Tensor(DType dtype, int[] shape, long elements, ArrayWriter values) {
    }

    /** Puts elements {@code first .. first + count - 1} of an array into a buffer that has room for them. */
    interface ArrayWriter {
        void put(ByteBuffer out, int first, int count) throws IOException;
    }

    /** Adds a line of metadata; the same key again replaces it. */
    public SafeTensorsWriter metadata(String key, String value) {
        metadata.put(Objects.requireNonNull(key), Objects.requireNonNull(value));
        return this;
    }

    /**
     * Adds a tensor of type F32.
     *
     * @throws IllegalArgumentException if the name is taken or the shape's product is not the array's length
     */
    public SafeTensorsWriter floats(String name, float[] values, int... shape) {
        return add(name, DType.F32, values.length, shape,
                (out, first, count) -> out.asFloatBuffer().put(values, first, count));
    }

    /**
     * Adds a part of an array as a tensor of type F32, or F16 of the nearest values.
     *
     * @param offset the first element's index
     * @throws IllegalArgumentException if the name is taken, the array ends before the shape's product, or the type is
     *                                  another
     */
    SafeTensorsWriter floats(String name, float[] values, int offset, DType dtype, int... shape) {
        int length = 1;
        for (int side : shape) {
            length = Math.multiplyExact(length, side);
        }
        Objects.checkFromIndexSize(offset, length, values.length);
        return switch (dtype) {
            case F32 -> add(name, dtype, length, shape,
                    (out, first, count) -> out.asFloatBuffer().put(values, offset + first, count));
            case F16 -> add(name, dtype, length, shape, (out, first, count) -> {
                for (int i = offset + first; i < offset + first + count; i++) {
                    out.putShort(HalfFloats.toFloat16(values[i]));
                }
            });
            default -> throw new IllegalArgumentException("dtype is " + dtype + ", expected F32 or F16");
        };
    }

    /**
     * Adds a matrix whose rows come when the file is written, as F32, or as F16 of the nearest values.
     *
     * @param rows  asked for each row once
     * @param count how many there are
     * @param width values of a row
     * @throws IllegalArgumentException if the name is taken, the type is another or there are more values than 2^31 - 1
     */
    public SafeTensorsWriter floats(String name, VectorRows rows, DType dtype, int count, int width) {
        return add(name, dtype, length(name, count, width), new int[] {count, width},
                new RowValues(rows, width, dtype));
    }

    /** Returns how many values a matrix has. */
    static int length(String name, int count, int width) {
        long length = (long) count * width;
        if (length > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(name + ": " + count + " rows of " + width + " are " + length
                    + " values, expected at most " + Integer.MAX_VALUE);
        }
        return (int) length;
    }

    /**
     * Adds a tensor of type F64.
     *
     * @throws IllegalArgumentException if the name is taken or the shape's product is not the array's length
     */
    public SafeTensorsWriter doubles(String name, double[] values, int... shape) {
        return add(name, DType.F64, values.length, shape,
                (out, first, count) -> out.asDoubleBuffer().put(values, first, count));
    }

    /**
     * Adds a tensor of type I32.
     *
     * @throws IllegalArgumentException if the name is taken or the shape's product is not the array's length
     */
    public SafeTensorsWriter ints(String name, int[] values, int... shape) {
        return add(name, DType.I32, values.length, shape,
                (out, first, count) -> out.asIntBuffer().put(values, first, count));
    }

    /**
     * Adds a tensor of type I64.
     *
     * @throws IllegalArgumentException if the name is taken or the shape's product is not the array's length
     */
    public SafeTensorsWriter longs(String name, long[] values, int... shape) {
        return add(name, DType.I64, values.length, shape,
                (out, first, count) -> out.asLongBuffer().put(values, first, count));
    }

    /**
     * Adds a tensor of type U8.
     *
     * @throws IllegalArgumentException if the name is taken or the shape's product is not the array's length
     */
    public SafeTensorsWriter bytes(String name, byte[] values, int... shape) {
        return add(name, DType.U8, values.length, shape, (out, first, count) -> out.put(values, first, count));
    }

    SafeTensorsWriter add(String name, DType dtype, int length, int[] shape, ArrayWriter values) {
        long elements = 1;
        for (int side : shape) {
            if (side < 0) {
                throw new IllegalArgumentException(name + ": a negative side in the shape");
            }
            elements = Math.multiplyExact(elements, (long) side);
        }
        if (elements != length) {
            throw new IllegalArgumentException(name + ": the shape asks for " + elements + " values, came " + length);
        }
        if (name.equals(SafeTensorsHeader.METADATA) || tensors.putIfAbsent(name,
                new Tensor(dtype, shape.clone(), elements, values)) != null) {
            throw new IllegalArgumentException(name + ": a name that is taken");
        }
        return this;
    }

    /**
     * Writes the file whole: beside its place under another name, then moved over whatever stood there. Where that
     * fails nothing is left and what stood there stays.
     *
     * @throws InvalidInputException if the directory does not exist or the path is a directory
     * @throws IOException           if the file cannot be written
     */
    public void write(Path file) throws IOException {
        WholeFile.write(file, part -> {
            try (FileChannel channel = FileChannel.open(part, StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.WRITE)) {
                write(channel);
            }
        });
    }

    private void write(FileChannel channel) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
        byte[] header = header();
        writeFully(channel, buffer.putLong(header.length).flip());
        writeFully(channel, ByteBuffer.wrap(header));
        for (Tensor tensor : tensors.values()) {
            writeValues(channel, buffer, tensor.values, tensor.elements, tensor.dtype);
        }
    }

    /** Writes values through a buffer. */
    static void writeValues(FileChannel channel, ByteBuffer buffer, ArrayWriter values, long elements, DType dtype)
            throws IOException {
        int step = buffer.capacity() / dtype.bytes();
        for (int first = 0; first < elements; first += step) {
            int count = (int) Math.min(step, elements - first);
            values.put(buffer.clear(), first, count);
            writeFully(channel, buffer.position(0).limit(count * dtype.bytes()));
        }
    }

    private byte[] header() {
        Map<String, Object> root = new LinkedHashMap<>();
        if (!metadata.isEmpty()) {
            root.put(SafeTensorsHeader.METADATA, metadata);
        }
        long offset = 0;
        for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
            Tensor tensor = entry.getValue();
            long end = offset + tensor.elements * tensor.dtype.bytes();
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("dtype", tensor.dtype.name());
            fields.put("shape", tensor.shape);
            fields.put("data_offsets", new long[] {offset, end});
            root.put(entry.getKey(), fields);
            offset = end;
        }
        byte[] json = new JsonWriter().tree(root).toString().getBytes(StandardCharsets.UTF_8);
        byte[] padded = new byte[(json.length + 7) / 8 * 8];
        Arrays.fill(padded, (byte) ' ');
        System.arraycopy(json, 0, padded, 0, json.length);
        return padded;
    }

    static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
