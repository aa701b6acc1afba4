package leanvit.vit;

import java.util.List;
import leanvit.reducers.ModelShape;
import leanvit.vit.weights.SafeTensorsWriter;

/**
 * Puts what blocks did to a batch into a safetensors file:
 *
 * <pre>
 *   block.&lt;l&gt;.tokens    F32 [sum of tokens, C]  the rows after block l, all images one after another
 *   block.&lt;l&gt;.offsets   I64 [B + 1]             where each image's rows begin, and the end
 *   block.&lt;l&gt;.sizes     F32 [sum of tokens]     where the reducer tracks sizes
 *   assignment          I64 [B, N0]             the final token that each original token is in, or -1
 * </pre>
 */
public final class TraceFile {

    private TraceFile() {
    }

    /**
     * Adds a trace's tensors.
     *
     * @param trace what {@link Inference#trace} recorded, with rows
     * @param shape the model's shape
     */
    public static void add(SafeTensorsWriter file, List<BlockTrace> trace, ModelShape shape) {
        for (BlockTrace block : trace) {
            String name = "block." + block.layer() + ".";
            int[] tokens = block.tokens();
            long[] offsets = new long[tokens.length + 1];
            for (int image = 0; image < tokens.length; image++) {
                offsets[image + 1] = offsets[image] + tokens[image];
            }
            int total = Math.toIntExact(offsets[tokens.length]);
            file.floats(name + "tokens", block.rows(), total, shape.width());
            file.longs(name + "offsets", offsets, offsets.length);
            if (block.sizes() != null) {
                file.floats(name + "sizes", block.sizes(), total);
            }
        }
        if (!trace.isEmpty()) {
            addAssignment(file, trace.get(trace.size() - 1).assignment(), shape.tokens());
        }
    }

    private static void addAssignment(SafeTensorsWriter file, int[][] assignment, int tokens) {
        long[] flat = new long[assignment.length * tokens];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = assignment[i / tokens][i % tokens];
        }
        file.longs("assignment", flat, assignment.length, tokens);
    }
}
