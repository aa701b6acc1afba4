package leanvit.app.cli;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import leanvit.reducers.None;
import leanvit.reducers.TokenReducer;
import leanvit.vit.BlockTrace;
import leanvit.vit.DenseFeatures;
import leanvit.vit.Inference;
import leanvit.vit.TraceFile;
import leanvit.vit.VisionTransformer;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.io.WholeFile;
import leanvit.vit.weights.Checkpoint;
import leanvit.vit.weights.DType;
import leanvit.vit.weights.SafeTensors;
import leanvit.vit.weights.SafeTensorsWriter;
import leanvit.vit.weights.VitConfig;

/** {@code run}: tensors in, tensors out. */
final class RunCommand implements Command {

    private static final String PIXELS = "pixels";
    /** Pixels are normalised; integers would be pixels that are not. */
    private static final List<DType> FLOATS = List.of(DType.F32, DType.F16, DType.BF16);
    /** Sixteen images of 224 x 224. */
    private static final long FEW_BYTES = 16L * 3 * 224 * 224 * Float.BYTES + 4096;

    @Override
    public Syntax syntax() {
        return new Syntax("run", "", "Run a model on tensors: pixels in, logits out, and what each block did.")
                .text("--input", "IN.safetensors", "holds pixels [B, 3, H, W] in float32, already normalised")
                .text("--output", "OUT.safetensors", "receives logits [B, classes]")
                .flag("--trace", "write what each block did, too")
                .flag("--backward", "write the loss and its gradients, too; IN holds labels or targets")
                .flag("--features", "write each image's feature vector, too")
                .flag("--dense", "write a feature vector for every patch, too")
                .model()
                .note("With --trace, OUT also has for every block l, counted from 0: block.<l>.tokens (the rows after "
                + "the block, all images one after another, [sum of N, C]), block.<l>.offsets (int64 [B + 1]: where "
                + "each image's rows begin) and, where the reducer tracks them, block.<l>.sizes ([sum of N]); and for "
                + "the whole run assignment (int64 [B, N0]: the final token that each original token ended in, or -1 "
                + "where it was dropped).")
                .note("With --backward, IN also has labels (int64 [B]) or targets (float32 [B, classes]), and OUT has "
                + "loss [1], the mean cross-entropy over the batch, and grad.<parameter> for every parameter under its "
                + "name in the checkpoint; the model is run unreduced.")
                .note("With --features, OUT also has features [B, D], the embedding that Classifier.embed gives.")
                .note("With --backward --reducer ltmp:thresholds=FILE,target=0.6 (and tau=0.1, lambda=10, "
                + "epsilon=1e-5) it is LTMP's training pass: loss and its parts ce and r_flops, mask.<l> [B, N] after "
                + "block l in the order that its merging leaves, grad.merge and grad.prune [blocks]. With "
                + "dtps:keep=0.7,predictors=FILE, dTPS's, for which IN has noise gumbel.<s> [B, n, 2] for each stage: "
                + "loss, ce, ratio_loss, decision.<s> [B, n], grad.<parameter> of the model and "
                + "grad.predictor.<s>.<parameter>.")
                .note("With --dense, OUT also has dense [B, H / patch, W / patch, C]: the patch tokens after the last "
                + "norm, each at every patch that was merged into it; where a token was dropped, its patches have the "
                + "row that it had then, and dense.dropped (uint8 [B, H / patch, W / patch]) is 1.")
                .note("Images of another size than the model's are taken where both sides are multiples of the patch; "
                + "position embeddings are then resized, by the rule of the model's library.")
                .example("--model deit-tiny --input in.safetensors --output out.safetensors --reducer tome:r=8 "
                + "--trace");
    }

    @Override
    public boolean isShort(Options options) {
        String input = options.text("--input");
        return input != null && new File(input).length() <= FEW_BYTES;
    }

    @Override
    public int run(Options options, Terminal terminal) throws IOException, UsageException {
        Path input = options.requiredPath("--input");
        Path output = options.requiredPath("--output");
        boolean backward = options.has("--backward");
        Map<String, String> training = new TreeMap<>();
        TokenReducer reducer = backward ? MaskedBackward.reducer(options.text("--reducer"), training, terminal)
                : Models.reducer(options, terminal);
        if (backward && (options.has("--trace") || options.has("--features") || options.has("--dense"))) {
            throw new UsageException("--backward goes with none of --trace, --features and --dense");
        }
        WholeFile.check(output);
        try (SafeTensors tensors = SafeTensors.open(input); Checkpoint checkpoint = Models.open(options)) {
            int[] shape = shape(tensors, checkpoint.config());
            if (backward) {
                BackwardRun.check(shape, checkpoint.config(), tensors);
            }
            float[] pixels = tensors.floats(PIXELS);
            if (backward) {
                SafeTensorsWriter file = new SafeTensorsWriter();
                if (reducer instanceof None) {
                    BackwardRun.dense(checkpoint, tensors, pixels, shape[0], options, file);
                } else {
                    new MaskedBackward(checkpoint, tensors, pixels, shape[0], options, file).run(reducer, training);
                }
                Models.warn(checkpoint, terminal);
                file.write(output);
                return DONE;
            }
            VisionTransformer model = VisionTransformer.of(checkpoint.config(), checkpoint, shape[2], shape[3]);
            Models.warn(checkpoint, terminal);
            Inference inference = Models.withThreads(model.inference(), options).with(reducer);
            List<BlockTrace> trace = new ArrayList<>();
            float[] logits = options.has("--trace")
                    ? inference.trace(pixels, shape[0], trace, true) : inference.logits(pixels, shape[0]);
            SafeTensorsWriter file = new SafeTensorsWriter();
            file.floats("logits", logits, shape[0], model.config().classes());
            if (options.has("--features")) {
                file.floats("features", features(inference, shape[0]), shape[0], model.features());
            }
            if (options.has("--dense")) {
                addDense(file, inference.dense(pixels, shape[0]));
            }
            TraceFile.add(file, trace, model.shape());
            file.write(output);
        }
        return DONE;
    }

    private static void addDense(SafeTensorsWriter file, DenseFeatures dense) {
        file.floats("dense", dense.values(), dense.images(), dense.rows(), dense.columns(), dense.width());
        byte[] dropped = new byte[dense.dropped().length];
        for (int i = 0; i < dropped.length; i++) {
            dropped[i] = (byte) (dense.dropped()[i] ? 1 : 0);
        }
        file.bytes("dense.dropped", dropped, dense.images(), dense.rows(), dense.columns());
    }

    /** Returns the feature vectors of the last pass's images, one after another. */
    private static float[] features(Inference inference, int images) {
        int width = inference.model().features();
        float[] features = new float[images * width];
        for (int image = 0; image < images; image++) {
            System.arraycopy(inference.embedding(image), 0, features, image * width, width);
        }
        return features;
    }

    /** Returns the shape of the pixels, which the model can take. */
    private static int[] shape(SafeTensors tensors, VitConfig config) throws InvalidInputException {
        String expected = "expected shape [B, 3, " + config.imageHeight() + ", " + config.imageWidth()
                + "], or other multiples of the patch, " + config.patch();
        if (!tensors.has(PIXELS)) {
            throw new InvalidInputException(tensors.file(), "tensor \"" + PIXELS + "\": missing; " + expected);
        }
        if (!FLOATS.contains(tensors.dtype(PIXELS))) {
            throw new InvalidInputException(tensors.file(), "tensor \"" + PIXELS + "\": expected dtype " + FLOATS
                    + ", came " + tensors.dtype(PIXELS));
        }
        int[] shape = tensors.shape(PIXELS);
        boolean own = shape.length == 4 && shape[2] == config.imageHeight() && shape[3] == config.imageWidth();
        if (shape.length != 4 || shape[1] != 3 || !own && !(isMultiple(shape[2], config.patch())
                && isMultiple(shape[3], config.patch()))) {
            throw new InvalidInputException(tensors.file(), "tensor \"" + PIXELS + "\": " + expected + ", came "
                    + Arrays.toString(shape));
        }
        return shape;
    }

    private static boolean isMultiple(int side, int patch) {
        return side > 0 && side % patch == 0;
    }
}
