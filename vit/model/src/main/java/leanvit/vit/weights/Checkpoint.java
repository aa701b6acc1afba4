package leanvit.vit.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.io.InvalidInputException;

/**
 * A model's directory as timm or Hugging Face transformers writes it: {@code config.json}; {@code model.safetensors},
 * or the shards that {@code model.safetensors.index.json} lists; and where they are there
 * {@code preprocessor_config.json} and {@code labels.txt} (one class a line; else the config's {@code id2label} or
 * {@code label_names}).
 *
 * <p>Tensors go by timm's names, whoever wrote the file: {@code patch_embed.proj}, {@code cls_token},
 * {@code dist_token}, {@code reg_token}, {@code pos_embed}, {@code norm_pre}, {@code blocks.<l>.}({@code norm1},
 * {@code attn.qkv}, {@code attn.q_norm}, {@code attn.k_norm}, {@code attn.proj}, {@code ls1.gamma}, {@code norm2},
 * {@code mlp.fc1}, {@code mlp.fc2}, {@code ls2.gamma}), {@code norm} or {@code fc_norm}, {@code head},
 * {@code head_dist}, with {@code .weight} and {@code .bias}. Query, key and value that lie apart are joined to
 * {@code attn.qkv} [3C, C].
 *
 * <p>Opening checks the config, that each tensor of that model is there in the right shape, and that no other is: a
 * checkpoint with a part that is not known (SwiGLU, rotary embedding, ...) is refused by name. Only values are left to
 * look at: NaN and infinities are read as they stand, and listed by {@link #warnings}.
 *
 * <p>Safe for use by several threads at once.
 */
public final class Checkpoint implements TensorSource, AutoCloseable {

    static final String CONFIG = "config.json";
    static final String PREPROCESSOR = "preprocessor_config.json";
    static final String LABELS = "labels.txt";
    private static final String POSITIONS = "pos_embed";

    private final ModelDescription model;
    private final Weights weights;
    private final List<String> labels;
    /** The settings files as they stand, by name. */
    private final Map<String, byte[]> settings;
    private final Set<String> warnings = new LinkedHashSet<>();

    private Checkpoint(ModelDescription model, Weights weights, List<String> labels, Map<String, byte[]> settings) {
        this.model = model;
        this.settings = settings;
        this.weights = weights;
        this.labels = List.copyOf(labels);
        warnings.addAll(model.warnings());
    }

    /**
     * Opens a model's directory, or, where there is none of that name, the model {@code org/name} of the hub's cache
     * ({@code ~/.cache/huggingface/hub}; {@code HF_HUB_CACHE} and {@code HF_HOME} are honoured). Nothing is downloaded.
     *
     * @throws InvalidInputException if a file is missing or cannot be used; the message says which and why
     * @throws IOException           if a file cannot be read
     */
    public static Checkpoint open(Path directory) throws IOException {
        return open(ModelFiles.of(HubCache.directory(directory)));
    }

    /**
     * Opens a model among the resources of a module or class path; its tensors are held in the heap.
     *
     * @param base   a class of the module, or of the class loader, that has the resources
     * @param prefix what stands before each file's name, such as {@code leanvit/vit/demo/}
     * @throws InvalidInputException if a file is missing or cannot be used; the message says which and why
     * @throws IOException           if a file cannot be read
     */
    public static Checkpoint ofResources(Class<?> base, String prefix) throws IOException {
        return open(ModelFiles.of(base, prefix));
    }

    private static Checkpoint open(ModelFiles files) throws IOException {
        Map<String, byte[]> settings = new LinkedHashMap<>();
        for (String name : List.of(CONFIG, PREPROCESSOR)) {
            if (name.equals(CONFIG) || files.has(name)) {
                settings.put(name, files.read(name));
            }
        }
        Fields config = Fields.parse(files.path(CONFIG), settings.get(CONFIG));
        Fields preprocessor = settings.containsKey(PREPROCESSOR)
                ? Fields.parse(files.path(PREPROCESSOR), settings.get(PREPROCESSOR)) : null;
        ModelDescription model;
        List<String> warnings = List.of();
        if (config.has("architecture")) {
            model = TimmConfig.read(config);
            warnings = TransformersPreprocessing.besideTimm(preprocessor);
        } else if (config.has("model_type")) {
            model = TransformersConfig.read(config, preprocessor);
        } else {
            throw new InvalidInputException(files.path(CONFIG),
                    "expected the field architecture (timm) or model_type (transformers), came neither");
        }
        List<String> labels = labels(model, files);
        Weights weights = Weights.open(files, model);
        try {
            TensorLayout.check(model.config(), model.features(), weights, files.path(CONFIG));
            Checkpoint checkpoint = new Checkpoint(model, weights, labels, settings);
            checkpoint.warnings.addAll(warnings);
            return checkpoint;
        } catch (IOException | RuntimeException | Error e) {
            weights.close();
            throw e;
        }
    }

    private static List<String> labels(ModelDescription model, ModelFiles files) throws IOException {
        int classes = model.config().classes();
        boolean own = files.has(LABELS);
        List<String> labels = own ? lines(files.path(LABELS), files.read(LABELS)) : model.labels();
        if (classes == 0) {
            return List.of();
        }
        if (labels.size() != classes && (own || !labels.isEmpty())) {
            throw new InvalidInputException(files.path(own ? LABELS : CONFIG), "expected " + classes
                    + " labels, one per class, came " + labels.size());
        }
        return labels;
    }

    private static List<String> lines(Path file, byte[] text) throws InvalidInputException {
        try {
            String all = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text)).toString();
            List<String> lines = new ArrayList<>();
            boolean mark = !all.isEmpty() && all.charAt(0) == '\uFEFF';
            all.substring(mark ? 1 : 0).lines().map(String::strip).forEach(lines::add);
            while (!lines.isEmpty() && lines.get(lines.size() - 1).isEmpty()) {
                lines.remove(lines.size() - 1);
            }
            return ClassNames.complete(lines.toArray(String[]::new));
        } catch (CharacterCodingException e) {
            throw new InvalidInputException(file, "no valid UTF-8", e);
        }
    }

    /** Returns the settings files by name, as bytes; not a copy. */
    Map<String, byte[]> settings() {
        return settings;
    }

    /** Returns the file's own names of the tensors that make up the one of timm's name, in order. */
    List<String> fileNames(String name) {
        return weights.names().sources(name);
    }

    /** Returns the shape that a tensor of the file's own name has there. */
    int[] fileShape(String own) throws InvalidInputException {
        return weights.ownShape(own);
    }

    /** Returns the model's shape. */
    public VitConfig config() {
        return model.config();
    }

    /** Returns how the model wants its pictures. */
    public Preprocessing preprocessing() {
        return model.preprocessing();
    }

    /** Returns the classes' names, as many as the model has classes, or none where nobody gave any. */
    public List<String> labels() {
        return labels;
    }

    /**
     * Returns whether each class's probability is the sigmoid of its own logit, as in a model of several labels at once
     * or of a single output, rather than the softmax over all.
     */
    public boolean sigmoid() {
        return model.sigmoid();
    }

    /** Returns timm's names of all tensors of this model. */
    public Collection<String> names() {
        return weights.names().canonical();
    }

    /** Returns whether the model has a tensor of that name of timm's. */
    @Override
    public boolean has(String name) {
        return weights.names().has(name);
    }

    /**
     * Returns a tensor's shape, outermost side first.
     *
     * @param name timm's name
     * @throws InvalidInputException if there is no such tensor
     */
    @Override
    public int[] shape(String name) throws InvalidInputException {
        int[] shape = weights.shape(name);
        StoredPositions stored = name.equals(POSITIONS) ? stored(shape[1]) : null;
        if (stored != null) {
            shape[1] = stored.prefix() + model.config().patches();
        }
        return shape;
    }

    /** Returns the grid of a position embedding of so many rows; null where it is none. */
    private StoredPositions stored(int rows) throws InvalidInputException {
        int registers = has("reg_token") ? weights.shape("reg_token")[1] : 0;
        int prefix = (has("cls_token") ? 1 : 0) + (has("dist_token") ? 1 : 0) + registers;
        return StoredPositions.of(model.config(), prefix, registers, rows);
    }

    @Override
    public float[] positions(VitConfig trained, VitConfig wanted, int prefix, int registers) throws IOException {
        float[] values = weights.floats(POSITIONS);
        warnAbout(POSITIONS, values);
        return stored(values.length / trained.width()).fit(values, wanted);
    }

    /**
     * Decodes a tensor to float32, as {@link SafeTensors#floats} does; a position embedding of another square grid
     * is fitted to the config's, as the model's family does it.
     *
     * @param name     timm's name
     * @param expected the shape that it must have
     * @return the elements, row-major
     * @throws InvalidInputException if there is no such tensor, it has another shape or is no tensor of floats
     */
    @Override
    public float[] tensor(String name, int... expected) throws IOException {
        checkShape(name, expected);
        if (name.equals(POSITIONS)) {
            return positions(model.config(), model.config(), 0, 0);
        }
        float[] values = weights.floats(name);
        warnAbout(name, values);
        return values;
    }

    /**
     * Decodes a tensor to float32 some rows at a time, about 64 Ki values; F32, F16 and BF16 are exact.
     *
     * @param name     timm's name
     * @param expected the shape that it must have
     * @throws InvalidInputException if there is no such tensor, it has another shape or is no tensor of floats
     */
    @Override
    public void rows(String name, RowConsumer consumer, int... expected) throws IOException {
        checkShape(name, expected);
        int row = 1;
        for (int side = 1; side < expected.length; side++) {
            row *= expected[side];
        }
        int length = row;
        NonFinite odd = new NonFinite();
        weights.rows(name, (first, count, values) -> {
            odd.count(values, count * length);
            consumer.rows(first, count, values);
        });
        warnAbout(name, odd);
    }

    private void checkShape(String name, int... expected) throws InvalidInputException {
        int[] shape = shape(name);
        if (!Arrays.equals(shape, expected)) {
            throw weights.error(weights.names().sources(name).get(0), TensorLayout.expectedShape(expected, shape));
        }
    }

    /** Counts a tensor's values that are NaN or infinite. */
    private static final class NonFinite {

        private long values;
        private long nan;
        private long infinite;

        void count(float[] array, int length) {
            for (int i = 0; i < length; i++) {
                if (!Float.isFinite(array[i])) {
                    nan += Float.isNaN(array[i]) ? 1 : 0;
                    infinite += Float.isNaN(array[i]) ? 0 : 1;
                }
            }
            values += length;
        }
    }

    private void warnAbout(String name, float[] values) {
        NonFinite odd = new NonFinite();
        odd.count(values, values.length);
        warnAbout(name, odd);
    }

    private void warnAbout(String name, NonFinite odd) {
        if (odd.nan + odd.infinite > 0) {
            String count = (odd.nan > 0 ? odd.nan + " NaN" : "") + (odd.nan > 0 && odd.infinite > 0 ? " and " : "")
                    + (odd.infinite > 0 ? odd.infinite + " infinite" : "");
            String source = weights.names().sources(name).get(0);
            synchronized (warnings) {
                warnings.add(weights.error(source, count + " of " + odd.values + " values").getMessage());
            }
        }
    }

    /**
     * Returns a line for each setting that is ignored and for each tensor decoded so far that holds NaN or infinities:
     * file, setting or tensor, how many. (A value of a wider type that is beyond float32's range becomes infinite.)
     */
    public List<String> warnings() {
        synchronized (warnings) {
            return List.copyOf(warnings);
        }
    }

    /** Releases the files. Decoding after that is an {@link IllegalStateException}. */
    @Override
    public void close() throws IOException {
        weights.close();
    }
}
