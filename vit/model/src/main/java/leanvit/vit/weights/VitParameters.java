package leanvit.vit.weights;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.io.WholeFile;

/**
 * A model that can learn, all of it ({@link #requireTrainable}) or its classifier alone: its {@link Parameters} as a
 * checkpoint has them, before anything is packed or folded, and what else its directory says.
 * {@code VisionTransformer.of(config(), parameters())} is the model for inference.
 *
 * <p>Parameters go by timm's names; a directory of transformers' is saved under transformers' names again, so that
 * whoever wrote it can read it.
 */
public final class VitParameters {

    private final VitConfig config;
    private final Preprocessing preprocessing;
    private final List<String> labels;
    private final Parameters parameters;
    private final Map<String, byte[]> settings;
    /** The file's own names of each parameter: more than one where it lies in parts, null for one that is missing. */
    private final Map<String, List<String>> fileNames;
    /** The shapes that the file has, by its own names. */
    private final Map<String, int[]> fileShapes;

    private VitParameters(VitConfig config, Preprocessing preprocessing, List<String> labels, Parameters parameters,
                          Map<String, byte[]> settings, Map<String, List<String>> fileNames,
                          Map<String, int[]> fileShapes) {
        this.config = config;
        this.preprocessing = preprocessing;
        this.labels = List.copyOf(labels);
        this.parameters = parameters;
        this.settings = settings;
        this.fileNames = fileNames;
        this.fileShapes = fileShapes;
    }

    /**
     * Reads a model's directory, as {@link Checkpoint} does.
     *
     * @throws InvalidInputException if a file is missing or cannot be used
     * @throws IOException           if a file cannot be read
     */
    public static VitParameters read(Path directory) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            return read(checkpoint);
        }
    }

    /** Reads all tensors of an open checkpoint. */
    public static VitParameters read(Checkpoint checkpoint) throws IOException {
        VitConfig config = checkpoint.config();
        Map<String, int[]> shapes = VitTensors.of(config, checkpoint);
        Map<String, List<String>> fileNames = new LinkedHashMap<>();
        Map<String, int[]> fileShapes = new LinkedHashMap<>();
        for (String name : shapes.keySet()) {
            fileNames.put(name, checkpoint.fileNames(name));
            for (String own : checkpoint.fileNames(name)) {
                if (own != null) {
                    fileShapes.put(own, checkpoint.fileShape(own));
                }
            }
        }
        return new VitParameters(config, checkpoint.preprocessing(), checkpoint.labels(),
                Parameters.read(shapes, checkpoint), checkpoint.settings(), fileNames, fileShapes);
    }

    /**
     * Checks that all of the model can be trained, not its classifier alone.
     *
     * @throws IllegalArgumentException that names the first part that cannot ({@link TrainableParts})
     */
    public void requireTrainable() {
        TrainableParts.check(config, parameters);
        for (Map.Entry<String, List<String>> parameter : fileNames.entrySet()) {
            if (parameter.getValue().stream().anyMatch(Objects::isNull)) {
                throw new IllegalArgumentException(TrainableParts.refusal(config,
                        "tensor " + parameter.getKey() + " of which a part is missing"));
            }
        }
    }

    /**
     * Makes a model of seeded {@link RandomWeights}.
     *
     * @param labels the classes' names, as many as {@code config} has classes, or none
     * @throws IllegalArgumentException if timm's {@code config.json} cannot say what the arguments do: the name of the
     *                                  architecture is to be one of timm's, such as {@code vit_tiny_patch16_224};
     *                                  or if it has a part that cannot be trained ({@link TrainableParts})
     */
    public static VitParameters random(VitConfig config, Preprocessing preprocessing, List<String> labels, long seed) {
        if (!labels.isEmpty() && labels.size() != config.classes()) {
            throw new IllegalArgumentException(labels.size() + " labels, expected " + config.classes());
        }
        RandomWeights random = RandomWeights.of(config, seed);
        byte[] text = ModelSettings.timm(config, preprocessing);
        try {
            Map<String, int[]> shapes = VitTensors.of(config, random);
            Map<String, List<String>> fileNames = new LinkedHashMap<>();
            shapes.keySet().forEach(name -> fileNames.put(name, List.of(name)));
            Parameters parameters = Parameters.read(shapes, random);
            TrainableParts.check(config, parameters);
            return new VitParameters(config, preprocessing, labels, parameters, Map.of(Checkpoint.CONFIG, text),
                    fileNames, Map.of());
        } catch (IOException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /**
     * Returns a copy with a new classifier: seeded random weights, biases 0. All else is as it is here, but that a
     * model of transformers' without a classifier becomes its family's with one: ViT's pooler goes, and DINOv2's
     * classifier reads the patches' mean beside the class token.
     *
     * @param labels the new classes' names, one or more
     * @throws IllegalArgumentException if there are no labels, or the model's family has no form with a classifier
     */
    public VitParameters withClasses(List<String> labels, long seed) {
        if (labels.isEmpty()) {
            throw new IllegalArgumentException("labels: expected one or more, came none");
        }
        try {
            NewClassifier changed = NewClassifier.of(settings, config, labels);
            VitConfig other = changed.config();
            Map<String, int[]> shapes = VitTensors.of(other, parameters);
            shapes.keySet().removeIf(name -> name.startsWith("pooler."));
            RandomWeights random = RandomWeights.of(other, seed);
            Parameters copy = new Parameters(shapes);
            Map<String, List<String>> names = new LinkedHashMap<>();
            Map<String, int[]> ownShapes = new LinkedHashMap<>();
            for (Parameter parameter : copy.all()) {
                String name = parameter.name();
                boolean isNew = name.startsWith("head");
                float[] from = isNew ? random.tensor(name, parameter.shape())
                        : parameters.tensor(name, parameter.shape());
                System.arraycopy(from, 0, copy.values(), parameter.offset(), from.length);
                List<String> own = new ArrayList<>();
                for (String before : fileNames.getOrDefault(name, List.of(changed.classifier(name)))) {
                    own.add(before == null || isNew ? before : changed.name(before));
                    if (!isNew && fileShapes.containsKey(before)) {
                        ownShapes.put(changed.name(before), fileShapes.get(before));
                    }
                }
                names.put(name, own);
            }
            changed.check(names.values().stream().flatMap(List::stream).filter(Objects::nonNull).toList(),
                    shapes.keySet());
            return new VitParameters(other, preprocessing, labels, copy, changed.settings(), names, ownShapes);
        } catch (IOException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /** Returns the model's shape. */
    public VitConfig config() {
        return config;
    }

    /** Returns how the model wants its pictures. */
    public Preprocessing preprocessing() {
        return preprocessing;
    }

    /** Returns the classes' names, or none where nobody gave any. */
    public List<String> labels() {
        return labels;
    }

    /** Returns the tensors, whose values may be changed. */
    public Parameters parameters() {
        return parameters;
    }

    /**
     * Adds an array of the parameters' layout to a file under the names that the model's own file has.
     *
     * @param prefix what stands before each name, such as {@code grad.}
     * @param array  the values, gradients, ...; must not change until the file is written
     * @param dtype  F32 or F16
     */
    public void addTo(SafeTensorsWriter writer, String prefix, float[] array, DType dtype) {
        for (Parameter parameter : parameters.all()) {
            List<String> names = fileNames.get(parameter.name());
            int from = parameter.offset();
            for (String name : names) {
                int[] shape = shapeInFile(parameter, name, names.size());
                if (name != null) {
                    writer.floats(prefix + name, array, from, dtype, shape);
                }
                from += IntStream.of(shape).reduce(1, (a, b) -> a * b);
            }
        }
    }

    /** Sides of 1 that stand before a tensor's others are those of its file; parts have their own rows. */
    private int[] shapeInFile(Parameter parameter, String name, int parts) {
        int[] shape = parameter.shape();
        int[] own = fileShapes.get(name);
        if (parts > 1) {
            shape[0] = own == null ? shape[0] / parts : own[0];
            return shape;
        }
        int first = 0;
        while (own != null && shape.length - first > own.length && shape[first] == 1) {
            first++;
        }
        return Arrays.copyOfRange(shape, first, shape.length);
    }

    /**
     * Saves the model as a directory that {@link Checkpoint#open} reads. A directory that is not there yet appears
     * whole or not at all. In one that is there each file is replaced whole, the weights last, and those that do not
     * change are left alone: so a training run that saves over its own last state has a model at every moment.
     *
     * @param dtype F32 or F16, whose values are rounded and reach to 65504
     * @throws InvalidInputException    if the directory's parent does not exist or may not be written to
     * @throws IllegalArgumentException if the type is another, or a value is too large for it; nothing is written
     * @throws IOException              if a file cannot be written
     */
    public void save(Path directory, DType dtype) throws IOException {
        if (dtype == DType.F16) {
            refuseLarge();
        }
        SafeTensorsWriter weights = new SafeTensorsWriter();
        weights.metadata("format", "pt");
        addTo(weights, "", parameters.values(), dtype);
        WholeDirectory.write(directory, place -> {
            for (Map.Entry<String, byte[]> file : settings.entrySet()) {
                replace(place.resolve(file.getKey()), file.getValue());
            }
            if (!labels.isEmpty()) {
                replace(place.resolve(Checkpoint.LABELS),
                        (String.join("\n", labels) + "\n").getBytes(StandardCharsets.UTF_8));
            }
            weights.write(place.resolve(Weights.SINGLE));
        });
    }

    private void refuseLarge() {
        for (Parameter parameter : parameters.all()) {
            for (int i = parameter.offset(); i < parameter.end(); i++) {
                float value = parameters.values()[i];
                if (Math.abs(value) >= HalfFloats.BEYOND_FLOAT16) {
                    throw new IllegalArgumentException("parameter " + parameter.name() + " has the value " + value
                            + ", expected one that F16 can hold");
                }
            }
        }
    }

    private static void replace(Path file, byte[] text) throws IOException {
        if (!Files.isRegularFile(file) || !Arrays.equals(Files.readAllBytes(file), text)) {
            WholeFile.write(file, part -> Files.write(part, text));
        }
    }
}
