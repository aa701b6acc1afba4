package leanvit.vit.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.json.Json;
import leanvit.vit.json.JsonException;
import leanvit.vit.json.JsonWriter;

/**
 * The header of a safetensors file, read and checked: 8 bytes little-endian length, then that many bytes of JSON
 * {@code {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ..., "__metadata__": {"key": "text"}}},
 * then the data, which the tensors must cover without overlap and without holes.
 *
 * @param tensors  by name, in the header's order
 * @param metadata in the header's order
 */
record SafeTensorsHeader(Map<String, TensorInfo> tensors, Map<String, String> metadata) {

    static final String METADATA = "__metadata__";
    /** The format's own limit; it keeps a reader from allocating what a hostile file asks for. */
    static final int MAX_HEADER_BYTES = 100_000_000;
    /** As many as PyTorch's tensors can have. */
    private static final int MAX_RANK = 64;
    private static final int LENGTH_BYTES = 8;

    /** Reads the header of a whole file; {@code file} is for messages. */
    static SafeTensorsHeader read(ByteSource source, Path file) throws IOException {
        if (source.size() < LENGTH_BYTES) {
            throw new InvalidInputException(file, source.size() == 0 ? "the file is empty"
                    : "no safetensors file: " + source.size() + " bytes, fewer than the 8 of the header's length");
        }
        ByteBuffer lengthBytes = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        source.read(0, lengthBytes);
        long length = lengthBytes.getLong(0);
        long available = source.size() - LENGTH_BYTES;
        if (length <= 0 || length > MAX_HEADER_BYTES) {
            throw new InvalidInputException(file, "no safetensors file: expected a header of 1 to " + MAX_HEADER_BYTES
                    + " bytes, came a length of " + Long.toUnsignedString(length));
        }
        if (length > available) {
            throw new InvalidInputException(file, "truncated: the header takes " + length + " bytes, but only "
                    + available + " follow its length");
        }
        byte[] json = new byte[(int) length];
        source.read(LENGTH_BYTES, ByteBuffer.wrap(json));
        return parse(json, LENGTH_BYTES + length, available - length, file);
    }

    private static SafeTensorsHeader parse(byte[] json, long dataStart, long dataLength, Path file)
            throws InvalidInputException {
        Object root;
        try {
            int start = 0;
            while (start < json.length && " \t\r\n".indexOf(json[start]) >= 0) {
                start++;
            }
            if (start == json.length || json[start] != '{') {
                throw new InvalidInputException(file, "no safetensors file: the header does not start with '{'");
            }
            root = Json.parse(json);
        } catch (JsonException e) {
            throw new InvalidInputException(file, "the header cannot be read as JSON: " + e.getMessage(), e);
        }
        Map<String, TensorInfo> tensors = new LinkedHashMap<>();
        Map<String, String> metadata = Map.of();
        for (Map.Entry<?, ?> entry : ((Map<?, ?>) root).entrySet()) {
            String name = (String) entry.getKey();
            if (name.equals(METADATA)) {
                metadata = metadata(entry.getValue(), file);
            } else {
                tensors.put(name, tensor(name, entry.getValue(), dataStart, dataLength, file));
            }
        }
        checkCoverage(tensors.values().toArray(TensorInfo[]::new), dataStart, dataLength, file);
        return new SafeTensorsHeader(Collections.unmodifiableMap(tensors), metadata);
    }

    private static Map<String, String> metadata(Object value, Path file) throws InvalidInputException {
        Map<String, String> metadata = new LinkedHashMap<>();
        if (value == null) {
            return Map.of();
        }
        if (!(value instanceof Map<?, ?> members)) {
            throw new InvalidInputException(file, METADATA + ": expected an object of strings, came " + kind(value));
        }
        for (Map.Entry<?, ?> member : members.entrySet()) {
            if (!(member.getValue() instanceof String text)) {
                throw new InvalidInputException(file, METADATA + "." + JsonWriter.quoteShort((String) member.getKey())
                        + ": expected a string, came " + kind(member.getValue()));
            }
            metadata.put((String) member.getKey(), text);
        }
        return Collections.unmodifiableMap(metadata);
    }

    private static TensorInfo tensor(String name, Object value, long dataStart, long dataLength, Path file)
            throws InvalidInputException {
        if (!(value instanceof Map<?, ?> fields)) {
            throw bad(file, name, "expected an object, came " + kind(value));
        }
        if (!(fields.get("dtype") instanceof String dtypeName)) {
            throw bad(file, name, "dtype: expected a string, came " + kind(fields.get("dtype")));
        }
        DType dtype = DType.of(dtypeName);
        if (dtype == null) {
            throw bad(file, name, "unknown dtype " + JsonWriter.quoteShort(dtypeName) + "; expected one of "
                    + Arrays.toString(DType.values()));
        }
        if (!(fields.get("shape") instanceof List<?> sides) || sides.size() > MAX_RANK) {
            throw bad(file, name, "shape: expected a list of at most " + MAX_RANK + " sizes, came "
                    + kind(fields.get("shape")));
        }
        int[] shape = new int[sides.size()];
        long bits = dtype.bits();
        for (int i = 0; i < shape.length; i++) {
            shape[i] = (int) integer(sides.get(i), Integer.MAX_VALUE, file, name, "shape");
            try {
                bits = Math.multiplyExact(bits, shape[i]);
            } catch (ArithmeticException e) {
                throw bad(file, name, "shape " + sides + " asks for more than 2^60 bytes");
            }
        }
        if (!(fields.get("data_offsets") instanceof List<?> offsets) || offsets.size() != 2) {
            throw bad(file, name, "data_offsets: expected [begin, end], came " + kind(fields.get("data_offsets")));
        }
        long begin = integer(offsets.get(0), Long.MAX_VALUE, file, name, "data_offsets");
        long end = integer(offsets.get(1), Long.MAX_VALUE, file, name, "data_offsets");
        if (begin > end || end > dataLength) {
            throw bad(file, name, "data_offsets: expected begin <= end <= " + dataLength
                    + ", the length of the data, came [" + begin + ", " + end + "]");
        }
        if (bits % Byte.SIZE != 0) {
            throw bad(file, name, "shape " + Arrays.toString(shape) + " of " + dtype + " takes " + bits
                    + " bits, which make no whole bytes");
        }
        long bytes = bits / Byte.SIZE;
        if (end - begin != bytes) {
            throw bad(file, name, "shape " + Arrays.toString(shape) + " of " + dtype + " takes " + bytes
                    + " bytes, but data_offsets [" + begin + ", " + end + "] hold " + (end - begin));
        }
        return new TensorInfo(name, dtype, shape, dataStart + begin);
    }

    private static long integer(Object value, long max, Path file, String name, String field)
            throws InvalidInputException {
        if (value instanceof Long number && number >= 0 && number <= max) {
            return number;
        }
        String came = value instanceof Number ? value.toString() : kind(value);
        throw bad(file, name, field + ": expected an integer from 0 to " + max + ", came " + came);
    }

    private static void checkCoverage(TensorInfo[] tensors, long dataStart, long dataLength, Path file)
            throws InvalidInputException {
        Arrays.sort(tensors, Comparator.comparingLong(TensorInfo::offset).thenComparingLong(TensorInfo::bytes));
        long covered = dataStart;
        for (int i = 0; i < tensors.length; i++) {
            TensorInfo tensor = tensors[i];
            if (tensor.offset() < covered) {
                throw bad(file, tensor.name(), "overlaps tensor " + JsonWriter.quoteShort(tensors[i - 1].name()));
            }
            if (tensor.offset() > covered) {
                throw bad(file, tensor.name(), "expected its data at offset " + (covered - dataStart)
                        + ", where the tensor before it ends, came " + (tensor.offset() - dataStart));
            }
            covered += tensor.bytes();
        }
        if (covered != dataStart + dataLength) {
            throw new InvalidInputException(file, "expected " + (covered - dataStart) + " bytes of data, came "
                    + dataLength);
        }
    }

    private static InvalidInputException bad(Path file, String name, String problem) {
        return new InvalidInputException(file, "tensor " + JsonWriter.quoteShort(name) + ": " + problem);
    }

    private static String kind(Object value) {
        if (value == null) {
            return "nothing";
        } else if (value instanceof Map) {
            return "an object";
        } else if (value instanceof List<?> list) {
            return "a list of " + list.size();
        } else if (value instanceof String) {
            return "a string";
        } else if (value instanceof Boolean) {
            return "true or false";
        }
        return "a number";
    }
}
