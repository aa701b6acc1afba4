package leanvit.vit.weights;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.json.JsonWriter;

/**
 * A safetensors file: named tensors of any length of a file (or a buffer), decoded to Java arrays on demand.
 *
 * <p>The whole header is checked when the file is opened: known types, shapes whose product fits, ranges that lie in
 * the file and cover it without overlap or hole. A file that fails is an {@link InvalidInputException} that names the
 * file and the tensor, found without allocating what the file claims. After that only a tensor's name, type or a size
 * beyond a Java array or the heap can be refused. NaN and infinities are values like others.
 *
 * <p>Safe for use by several threads at once. A file that is shortened while it is open is an {@link IOException} when
 * the part that is missing is read. A thread that is interrupted while it reads closes the file, as Java's channels do.
 */
public final class SafeTensors implements AutoCloseable {

    /** Bytes read at a time. Every element size divides it. */
    private static final int WINDOW = 1 << 18;
    /** Floats that {@link #rows} hands out at a time, if a row has no more. */
    private static final int ROWS_FLOATS = 1 << 16;
    /** Some JVMs cannot make an array of the last few lengths. */
    private static final long MAX_ARRAY = Integer.MAX_VALUE - 8;

    private static final DType[] FLOATS =
            Arrays.stream(DType.values()).filter(DType::isDecoded).toArray(DType[]::new);

    private final Path file;
    private final ByteSource source;
    private final SafeTensorsHeader header;
    /**
     * What one reader needs, kept for the next: a model has hundreds of tensors, whose garbage would swell the heap.
     */
    private final AtomicReference<ByteBuffer> spareWindow = new AtomicReference<>();
    private final AtomicReference<float[]> spareRows = new AtomicReference<>();
    private volatile boolean closed;

    private SafeTensors(Path file, ByteSource source) throws IOException {
        this.file = file;
        this.source = source;
        this.header = SafeTensorsHeader.read(source, file);
    }

    /**
     * Opens a file and checks its header.
     *
     * @throws InvalidInputException if there is no such regular file or it is no valid safetensors file
     * @throws IOException           if it cannot be read
     */
    public static SafeTensors open(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new InvalidInputException(file, Files.isDirectory(file) ? "a directory; expected a safetensors file"
                    : Files.exists(file) ? "not a regular file" : "no such file");
        }
        FileChannel channel;
        try {
            channel = FileChannel.open(file, StandardOpenOption.READ);
        } catch (AccessDeniedException e) {
            throw new InvalidInputException(file, "may not be read: permission denied", e);
        }
        try {
            return new SafeTensors(file, ByteSource.of(channel));
        } catch (IOException | RuntimeException | Error e) {
            channel.close();
            throw e;
        }
    }

    /**
     * Reads a file's content from a buffer, position to limit, and checks its header. The buffer's bytes must not
     * change while this object is in use.
     *
     * @param name what messages call the file
     * @throws InvalidInputException if it is no valid safetensors file
     */
    public static SafeTensors of(ByteBuffer bytes, Path name) throws IOException {
        return new SafeTensors(name, ByteSource.of(bytes));
    }

    /** Returns the file's path, or the name that was given for a buffer. */
    public Path file() {
        return file;
    }

    /** Returns the tensors' names, in the header's order. */
    public Set<String> names() {
        return header.tensors().keySet();
    }

    /** Returns the header's {@code __metadata__}; empty if there is none. */
    public Map<String, String> metadata() {
        return header.metadata();
    }

    /** Returns whether there is a tensor of that name. */
    public boolean has(String name) {
        return header.tensors().containsKey(name);
    }

    /**
     * Returns a tensor's shape, outermost side first; empty for a scalar.
     *
     * @throws InvalidInputException if there is no such tensor
     */
    public int[] shape(String name) throws InvalidInputException {
        return info(name).shape().clone();
    }

    /**
     * Returns a tensor's element type.
     *
     * @throws InvalidInputException if there is no such tensor
     */
    public DType dtype(String name) throws InvalidInputException {
        return info(name).dtype();
    }

    /**
     * Decodes a tensor to float32, of any type but those that {@link DType} calls not decoded: exact for F32, F16,
     * BF16, F8 and small integers, rounded to nearest for F64 and large integers. A number beyond float32's range
     * becomes infinite; a BOOL is 0 or 1.
     *
     * @return the elements, row-major
     * @throws InvalidInputException if there is no such tensor, or it does not fit an array or the heap
     */
    public float[] floats(String name) throws IOException {
        TensorInfo tensor = info(name);
        float[] values = new float[length(tensor, Float.BYTES, FLOATS)];
        floats(tensor, 0, values.length, values);
        return values;
    }

    /**
     * Decodes a tensor to float32, as {@link #floats} does, some rows at a time, which are the slices along its
     * outermost side.
     *
     * @param name a tensor of one side or more
     * @throws InvalidInputException if there is no such tensor, it is a scalar, has another type, or a row is beyond a
     *                               Java array or the heap
     */
    void rows(String name, RowConsumer consumer) throws IOException {
        TensorInfo tensor = info(name);
        int total = length(tensor, Float.BYTES, FLOATS);
        if (tensor.shape().length == 0) {
            throw bad(name, "a scalar has no rows");
        }
        int rows = tensor.shape()[0];
        int row = rows == 0 ? 0 : total / rows;
        int most = Math.max(1, ROWS_FLOATS / Math.max(1, row));
        float[] values = spareRows.getAndSet(null);
        if (values == null || values.length < (long) Math.min(most, rows) * row) {
            values = new float[Math.max(ROWS_FLOATS, row)];
        }
        for (int first = 0; first < rows && row > 0; first += most) {
            int count = Math.min(most, rows - first);
            floats(tensor, (long) first * row, count * row, values);
            consumer.rows(first, count, values);
        }
        spareRows.set(values);
    }

    private void floats(TensorInfo tensor, long start, int length, float[] values) throws IOException {
        DType dtype = tensor.dtype();
        read(tensor, start, length, (bytes, first, count) -> {
            if (dtype == DType.F32) {
                bytes.asFloatBuffer().get(values, first, count);
            } else if (dtype == DType.F64) {
                for (int i = 0; i < count; i++) {
                    values[first + i] = (float) bytes.getDouble(8 * i);
                }
            } else if (dtype == DType.F8_E5M2) {
                for (int i = 0; i < count; i++) {
                    values[first + i] = HalfFloats.fromFloat16((short) (bytes.get(i) << 8));
                }
            } else if (dtype == DType.F8_E4M3) {
                for (int i = 0; i < count; i++) {
                    values[first + i] = HalfFloats.fromFloat8E4M3(bytes.get(i));
                }
            } else if (dtype == DType.F16) {
                for (int i = 0; i < count; i++) {
                    values[first + i] = HalfFloats.fromFloat16(bytes.getShort(2 * i));
                }
            } else if (dtype == DType.BF16) {
                for (int i = 0; i < count; i++) {
                    values[first + i] = HalfFloats.fromBfloat16(bytes.getShort(2 * i));
                }
            } else if (dtype == DType.U64) {
                for (int i = 0; i < count; i++) {
                    values[first + i] = unsigned(bytes.getLong(8 * i));
                }
            } else {
                for (int i = 0; i < count; i++) {
                    values[first + i] = integer(bytes, dtype, i);
                }
            }
        });
    }

    /** Checks that {@link #floats} will decode a tensor, without doing it. */
    void checkFloats(String name) throws InvalidInputException {
        length(info(name), Float.BYTES, FLOATS);
    }

    /**
     * Decodes a tensor of type F64 or, widened, F32.
     *
     * @return the elements, row-major
     * @throws InvalidInputException if there is no such tensor, it has another type or is too large
     */
    public double[] doubles(String name) throws IOException {
        TensorInfo tensor = info(name);
        double[] values = new double[length(tensor, Double.BYTES, DType.F64, DType.F32)];
        boolean wide = tensor.dtype() == DType.F64;
        read(tensor, 0, tensor.elements(), (bytes, first, count) -> {
            for (int i = 0; i < count; i++) {
                values[first + i] = wide ? bytes.getDouble(8 * i) : bytes.getFloat(4 * i);
            }
        });
        return values;
    }

    /**
     * Decodes a tensor of integers: any type but U32, I64 and U64, which do not fit.
     *
     * @return the elements, row-major
     * @throws InvalidInputException if there is no such tensor, it has another type or is too large
     */
    public int[] ints(String name) throws IOException {
        TensorInfo tensor = info(name);
        int[] values = new int[length(tensor, Integer.BYTES,
                DType.I32, DType.I16, DType.U16, DType.I8, DType.U8, DType.BOOL)];
        DType dtype = tensor.dtype();
        read(tensor, 0, tensor.elements(), (bytes, first, count) -> {
            for (int i = 0; i < count; i++) {
                values[first + i] = (int) integer(bytes, dtype, i);
            }
        });
        return values;
    }

    /**
     * Decodes a tensor of integers: any type but U64, which does not fit.
     *
     * @return the elements, row-major
     * @throws InvalidInputException if there is no such tensor, it has another type or is too large
     */
    public long[] longs(String name) throws IOException {
        TensorInfo tensor = info(name);
        long[] values = new long[length(tensor, Long.BYTES,
                DType.I64, DType.U32, DType.I32, DType.I16, DType.U16, DType.I8, DType.U8, DType.BOOL)];
        DType dtype = tensor.dtype();
        read(tensor, 0, tensor.elements(), (bytes, first, count) -> {
            for (int i = 0; i < count; i++) {
                values[first + i] = integer(bytes, dtype, i);
            }
        });
        return values;
    }

    /**
     * Reads a tensor of type U8, I8 or BOOL as it stands.
     *
     * @return the elements, row-major
     * @throws InvalidInputException if there is no such tensor, it has another type or is too large
     */
    public byte[] bytes(String name) throws IOException {
        TensorInfo tensor = info(name);
        byte[] values = new byte[length(tensor, 1, DType.U8, DType.I8, DType.BOOL)];
        read(tensor, 0, tensor.elements(), (bytes, first, count) -> bytes.get(values, first, count));
        return values;
    }

    /** Releases the file. Decoding after that is an {@link IllegalStateException}; a second call does nothing. */
    @Override
    public void close() throws IOException {
        closed = true;
        source.close();
    }

    private TensorInfo info(String name) throws InvalidInputException {
        TensorInfo tensor = header.tensors().get(name);
        if (tensor == null) {
            throw bad(name, "no such tensor");
        }
        return tensor;
    }

    /** Checks that a tensor can become an array of elements of that many bytes, and returns the array's length. */
    private int length(TensorInfo tensor, int bytes, DType... allowed) throws InvalidInputException {
        if (!Arrays.asList(allowed).contains(tensor.dtype())) {
            throw bad(tensor.name(), "expected dtype " + (allowed.length == 1 ? allowed[0] : Arrays.toString(allowed))
                    + ", came " + tensor.dtype());
        }
        long elements = tensor.elements();
        if (elements > MAX_ARRAY || elements * bytes > Runtime.getRuntime().maxMemory()) {
            throw bad(tensor.name(), "shape " + Arrays.toString(tensor.shape()) + " takes " + elements + " x " + bytes
                    + " bytes, more than a Java array or this JVM's heap of "
                    + (Runtime.getRuntime().maxMemory() >> 20) + " MiB holds");
        }
        return (int) elements;
    }

    /** Reads {@code length} elements of a tensor from the element {@code start} on. */
    private void read(TensorInfo tensor, long start, long length, WindowReader reader) throws IOException {
        if (closed) {
            throw new IllegalStateException(file + " is closed");
        }
        int size = tensor.dtype().bytes();
        long from = tensor.offset() + start * size;
        long total = length * size;
        ByteBuffer spare = spareWindow.getAndSet(null);
        ByteBuffer window = spare != null ? spare : ByteBuffer.allocate(WINDOW).order(ByteOrder.LITTLE_ENDIAN);
        for (long done = 0; done < total; done += WINDOW) {
            int bytes = (int) Math.min(WINDOW, total - done);
            window.clear().limit(bytes);
            try {
                source.read(from + done, window);
            } catch (EOFException e) {
                throw new InvalidInputException(file, "truncated while it was read: " + e.getMessage(), e);
            }
            reader.read(window.flip(), (int) (done / size), bytes / size);
        }
        spareWindow.set(window);
    }

    /** Takes {@code count} elements out of a buffer that holds just these; they are the ones from {@code first} on. */
    private interface WindowReader {
        void read(ByteBuffer bytes, int first, int count);
    }

    private static float unsigned(long value) {
        // Halved with the lost bit kept, so that the rounding to float is that of the whole number.
        return value >= 0 ? value : 2f * (float) (value >>> 1 | value & 1);
    }

    private static long integer(ByteBuffer bytes, DType dtype, int i) {
        return switch (dtype) {
            case BOOL, U8 -> bytes.get(i) & 0xff;
            case I8 -> bytes.get(i);
            case I16 -> bytes.getShort(2 * i);
            case U16 -> bytes.getChar(2 * i);
            case I32 -> bytes.getInt(4 * i);
            case U32 -> bytes.getInt(4 * i) & 0xffffffffL;
            case I64 -> bytes.getLong(8 * i);
            default -> throw new AssertionError(dtype);
        };
    }

    private InvalidInputException bad(String name, String problem) {
        return new InvalidInputException(file, "tensor " + JsonWriter.quoteShort(name) + ": " + problem);
    }
}
