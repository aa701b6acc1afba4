package leanvit.app.serve;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import leanvit.vit.json.JsonWriter;

/**
 * Tensors of the Open Inference Protocol: values in the JSON, flat or nested, or, by its extension for binary data,
 * little-endian after it, each element of {@code BYTES} with its length in four bytes before it.
 */
final class InferTensors {

    private InferTensors() {
    }

    /** Returns the sides of an input's shape. */
    static int[] shape(Fields input) throws Problem {
        List<Object> sides = input.list("shape");
        int[] shape = new int[sides.size()];
        long elements = 1;
        for (int i = 0; i < shape.length; i++) {
            if (!(sides.get(i) instanceof Long side) || side < 0 || side > Integer.MAX_VALUE) {
                throw input.expected("shape", "whole numbers, none negative");
            }
            shape[i] = side.intValue();
            elements = Math.min(Integer.MAX_VALUE, elements * side);
        }
        if (elements == Integer.MAX_VALUE) {
            throw input.expected("shape", "fewer elements");
        }
        return shape;
    }

    static int elements(int[] shape) {
        return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }

    /**
     * Reads float32.
     *
     * @param binary the tensor's bytes, or null where its values are in the JSON
     */
    static float[] floats(Fields input, byte[] binary, int count) throws Problem {
        if (binary != null) {
            if (binary.length != Float.BYTES * (long) count) {
                throw Problem.badRequest(input.where() + " has " + binary.length + " bytes, its shape "
                        + Float.BYTES * (long) count);
            }
            float[] values = new float[count];
            ByteBuffer.wrap(binary).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
            return values;
        }
        List<Object> flat = flat(input, count);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            if (!(flat.get(i) instanceof Number number)) {
                throw input.expected("data", "numbers");
            }
            values[i] = number.floatValue();
        }
        return values;
    }

    /** Reads elements of {@code BYTES}; those in the JSON are base64 or data URLs. */
    static List<byte[]> bytes(Fields input, byte[] binary, int count) throws Problem {
        List<byte[]> elements = new ArrayList<>();
        if (binary == null) {
            for (Object element : flat(input, count)) {
                String name = input.where() + ".data[" + elements.size() + "]";
                if (!(element instanceof String text)) {
                    throw Problem.badRequest(name + ": expected a picture in base64");
                }
                elements.add(Asked.decode(name, text));
            }
            return elements;
        }
        ByteBuffer in = ByteBuffer.wrap(binary).order(ByteOrder.LITTLE_ENDIAN);
        while (in.hasRemaining()) {
            int length = in.remaining() < Integer.BYTES ? -1 : in.getInt();
            if (length < 0 || length > in.remaining()) {
                throw Problem.badRequest(input.where() + ": element " + elements.size() + " goes beyond its bytes");
            }
            byte[] element = new byte[length];
            in.get(element);
            elements.add(element);
            if (elements.size() > count) {
                break;
            }
        }
        if (elements.size() != count) {
            throw Problem.badRequest(input.where() + " has other elements than the " + count + " of its shape");
        }
        return elements;
    }

    private static List<Object> flat(Fields input, int count) throws Problem {
        List<Object> flat = new ArrayList<>();
        flatten(input.list("data"), flat);
        if (flat.size() != count) {
            throw Problem.badRequest(input.where() + " has " + flat.size() + " values, its shape " + count);
        }
        return flat;
    }

    private static void flatten(List<?> values, List<Object> flat) {
        for (Object value : values) {
            if (value instanceof List<?> nested) {
                flatten(nested, flat);
            } else {
                flat.add(value);
            }
        }
    }

    /** An output: float32, int32 or texts. */
    record Output(String name, String type, int[] shape, Object values) {

        /** Writes it, with its values where they do not go after the JSON. */
        void write(JsonWriter json, ByteArrayOutputStream binary) {
            json.beginObject().name("name").value(name).name("datatype").value(type).name("shape").tree(shape);
            if (binary == null) {
                json.name("data").tree(values);
            } else {
                byte[] bytes = bytes();
                json.name("parameters").beginObject().name("binary_data_size").value(bytes.length).endObject();
                binary.writeBytes(bytes);
            }
            json.endObject();
        }

        private byte[] bytes() {
            if (values instanceof float[] floats) {
                ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * floats.length).order(ByteOrder.LITTLE_ENDIAN);
                bytes.asFloatBuffer().put(floats);
                return bytes.array();
            }
            if (values instanceof int[] ints) {
                ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * ints.length).order(ByteOrder.LITTLE_ENDIAN);
                bytes.asIntBuffer().put(ints);
                return bytes.array();
            }
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            for (Object text : (List<?>) values) {
                byte[] utf8 = ((String) text).getBytes(StandardCharsets.UTF_8);
                out.writeBytes(ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(utf8.length)
                        .array());
                out.writeBytes(utf8);
            }
            return out.toByteArray();
        }
    }
}
