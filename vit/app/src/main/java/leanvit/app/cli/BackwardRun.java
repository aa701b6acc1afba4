package leanvit.app.cli;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.train.BatchGradients;
import leanvit.vit.train.SoftTargets;
import leanvit.vit.weights.Checkpoint;
import leanvit.vit.weights.DType;
import leanvit.vit.weights.SafeTensors;
import leanvit.vit.weights.SafeTensorsWriter;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitParameters;

/** {@code run --backward}: the loss of a batch and its gradients. */
final class BackwardRun {

    static final String LABELS = "labels";
    static final String TARGETS = "targets";
    private static final List<DType> INTEGERS = List.of(DType.I64, DType.I32);
    static final List<DType> FLOATS = List.of(DType.F32, DType.F16, DType.BF16);

    private BackwardRun() {
    }

    /** Adds {@code logits}, {@code loss} and {@code grad.<parameter>} of the dense model. */
    static void dense(Checkpoint checkpoint, SafeTensors input, float[] pixels, int images, Options options,
                      SafeTensorsWriter file) throws IOException {
        VitParameters model = VitParameters.read(checkpoint);
        int classes = model.config().classes();
        int threads = options.whole("--threads");
        boolean labelled = isLabelled(input);
        int[] labels = labelled ? labels(input, images, classes) : null;
        float[] targets = labelled ? null : targets(input, images, classes);
        BatchGradients pass = new BatchGradients(model, images).with(Models.executor(threads), threads);
        float[] gradients = model.parameters().zeros();
        double loss = labelled ? pass.add(pixels, labels, 0f, gradients) : pass.add(pixels, targets, gradients);
        file.floats("logits", pass.logits(), images, classes);
        file.floats("loss", new float[] {(float) loss}, 1);
        model.addTo(file, "grad.", gradients, DType.F32);
    }

    /** Refuses images of another size than the model's, and models without a classifier. */
    static void check(int[] shape, VitConfig config, SafeTensors input) throws InvalidInputException {
        if (shape[2] != config.imageHeight() || shape[3] != config.imageWidth() || shape[0] < 1) {
            throw new InvalidInputException(input.file(), "tensor \"pixels\": --backward expects shape [B, 3, "
                    + config.imageHeight() + ", " + config.imageWidth() + "] with B of 1 or more, came "
                    + Arrays.toString(shape));
        }
        if (config.classes() == 0) {
            throw new InvalidInputException(input.file(), "--backward: the model has no classifier");
        }
    }

    private static boolean isLabelled(SafeTensors input) throws InvalidInputException {
        boolean labelled = input.has(LABELS);
        if (labelled == input.has(TARGETS)) {
            throw new InvalidInputException(input.file(), "--backward: expected tensor \"" + LABELS + "\" [B] or \""
                    + TARGETS + "\" [B, classes], came " + (labelled ? "both" : "neither"));
        }
        return labelled;
    }

    /** Returns what the images are to be taken for, [B, classes], whether they have labels or targets. */
    static float[] distributions(SafeTensors input, int images, int classes) throws IOException {
        return isLabelled(input) ? SoftTargets.of(labels(input, images, classes), classes, 0)
                : targets(input, images, classes);
    }

    /** Returns the classes of the images. */
    static int[] labels(SafeTensors input, int images, int classes) throws IOException {
        checkTensor(input, LABELS, INTEGERS, images);
        long[] read = input.dtype(LABELS) == DType.I64 ? input.longs(LABELS)
                : Arrays.stream(input.ints(LABELS)).asLongStream().toArray();
        int[] labels = new int[images];
        for (int image = 0; image < images; image++) {
            if (read[image] < 0 || read[image] >= classes) {
                throw new InvalidInputException(input.file(), "tensor \"" + LABELS + "\": image " + image
                        + " has the class " + read[image] + ", expected 0 to " + (classes - 1));
            }
            labels[image] = (int) read[image];
        }
        return labels;
    }

    private static float[] targets(SafeTensors input, int images, int classes) throws IOException {
        checkTensor(input, TARGETS, FLOATS, images, classes);
        return input.floats(TARGETS);
    }

    /** Refuses a tensor of another type or shape. */
    static void checkTensor(SafeTensors input, String name, List<DType> dtypes, int... shape)
            throws InvalidInputException {
        if (!dtypes.contains(input.dtype(name))) {
            throw new InvalidInputException(input.file(), "tensor \"" + name + "\": expected dtype " + dtypes
                    + ", came " + input.dtype(name));
        }
        if (!Arrays.equals(input.shape(name), shape)) {
            throw new InvalidInputException(input.file(), "tensor \"" + name + "\": expected shape "
                    + Arrays.toString(shape) + ", came " + Arrays.toString(input.shape(name)));
        }
    }
}
