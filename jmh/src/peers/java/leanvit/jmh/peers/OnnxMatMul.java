package leanvit.jmh.peers;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Writes an ONNX model of one MatMul, {@code c [M, N] = a [M, K] · b [K, N]}, where b is a constant inside the model.
 */
final class OnnxMatMul {

    private static final int FLOAT = 1;
    private static final int IR_VERSION = 8;
    private static final int OPSET = 13;
    private static final int LENGTH_DELIMITED = 2;

    private OnnxMatMul() {
    }

    /** Returns the model's bytes: a ModelProto, whose field numbers are those of onnx.proto3. */
    static byte[] model(int m, int k, int n, float[] b) {
        Message node = new Message().text(1, "a").text(1, "b").text(2, "c").text(4, "MatMul");
        Message graph = new Message()
                .message(1, node)
                .text(2, "matmul")
                .message(5, constant("b", k, n, b))
                .message(11, value("a", m, k))
                .message(12, value("c", m, n));
        return new Message()
                .number(1, IR_VERSION)
                .message(7, graph)
                .message(8, new Message().text(1, "").number(2, OPSET))
                .bytes.toByteArray();
    }

    /** A TensorProto. */
    private static Message constant(String name, int rows, int columns, float[] values) {
        ByteBuffer raw = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        raw.asFloatBuffer().put(values);
        return new Message().number(1, rows).number(1, columns).number(2, FLOAT).text(8, name).field(9, raw.array());
    }

    /** A ValueInfoProto with a TypeProto.Tensor and its TensorShapeProto. */
    private static Message value(String name, int rows, int columns) {
        Message shape = new Message()
                .message(1, new Message().number(1, rows))
                .message(1, new Message().number(1, columns));
        Message tensor = new Message().number(1, FLOAT).message(2, shape);
        return new Message().text(1, name).message(2, new Message().message(1, tensor));
    }

    /** A message of protocol buffers' wire format. */
    private static final class Message {

        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        Message number(int field, long value) {
            varint((long) field << 3);
            varint(value);
            return this;
        }

        Message text(int field, String value) {
            return field(field, value.getBytes(StandardCharsets.UTF_8));
        }

        Message message(int field, Message value) {
            return field(field, value.bytes.toByteArray());
        }

        Message field(int field, byte[] value) {
            varint((long) field << 3 | LENGTH_DELIMITED);
            varint(value.length);
            bytes.writeBytes(value);
            return this;
        }

        private void varint(long value) {
            long rest = value;
            for (; rest > 0x7f; rest >>>= 7) {
                bytes.write((int) (rest & 0x7f | 0x80));
            }
            bytes.write((int) rest);
        }
    }
}
