package leanvit.jmh.peers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Map;

/**
 * An ONNX Runtime session on one thread of the CPU, with one input and one output in direct memory, so that nothing
 * is copied.
 */
final class OnnxRuntime {

    private final OrtSession session;
    private final FloatBuffer result;
    private final Map<String, OnnxTensor> inputs;
    private final Map<String, OnnxTensor> outputs;

    /**
     * Opens a session.
     *
     * @param model the bytes of an ONNX model
     */
    OnnxRuntime(byte[] model, float[] input, long[] inputShape, long[] outputShape) throws OrtException {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setInterOpNumThreads(1);
            options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
            session = environment.createSession(model, options);
        }
        FloatBuffer values = direct(input.length).put(input).rewind();
        long count = 1;
        for (long side : outputShape) {
            count *= side;
        }
        result = direct(Math.toIntExact(count));
        inputs = Map.of(session.getInputNames().iterator().next(),
                OnnxTensor.createTensor(environment, values, inputShape));
        outputs = Map.of(session.getOutputNames().iterator().next(),
                OnnxTensor.createTensor(environment, result, outputShape));
    }

    private static FloatBuffer direct(int floats) {
        return ByteBuffer.allocateDirect(Float.BYTES * floats).order(ByteOrder.nativeOrder()).asFloatBuffer();
    }

    /** Runs the model and returns its output, the same buffer in every call. */
    FloatBuffer run() throws OrtException {
        session.run(inputs, outputs).close();
        return result;
    }

    /** Returns a copy of the last output. */
    float[] output() {
        float[] copy = new float[result.capacity()];
        result.duplicate().rewind().get(copy);
        return copy;
    }
}
