package leanvit.vit.weights;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.json.JsonWriter;

/**
 * The tensors of a model, under timm's names: one safetensors file, or the shards that an index lists. Safe for use by
 * several threads at once.
 */
final class Weights implements AutoCloseable {

    static final String SINGLE = "model.safetensors";
    static final String INDEX = "model.safetensors.index.json";

    /** Tensors that have the shape [1, tokens, C] at timm. */
    private static final Set<String> TOKENS =
            Set.of("cls_token", "dist_token", "reg_token", "pos_embed", "attn_pool.latent");

    /** What messages name where a tensor misses: the one file, or the index. */
    private final Path file;
    private final Map<String, SafeTensors> fileOf;
    private final List<SafeTensors> open;
    private final TensorNames names;

    private Weights(Path file, List<SafeTensors> open, Map<String, SafeTensors> fileOf, ModelDescription model)
            throws InvalidInputException {
        this.file = file;
        this.open = open;
        this.fileOf = fileOf;
        this.names = new TensorNames(fileOf.keySet(), model.config().distilled(), model.dialect(), model.unused(),
                file);
    }

    /** Opens {@value #SINGLE} or, without it, what {@value #INDEX} lists. */
    static Weights open(ModelFiles files, ModelDescription model) throws IOException {
        List<SafeTensors> open = new ArrayList<>();
        try {
            if (files.has(SINGLE)) {
                SafeTensors single = files.tensors(SINGLE);
                open.add(single);
                Map<String, SafeTensors> fileOf = new LinkedHashMap<>();
                single.names().forEach(name -> fileOf.put(name, single));
                return new Weights(single.file(), open, fileOf, model);
            }
            if (files.has(INDEX)) {
                return new Weights(files.path(INDEX), open, shards(files, open), model);
            }
            throw new InvalidInputException(files.path(SINGLE), "no such file, nor " + INDEX + otherFormat(files));
        } catch (IOException | RuntimeException | Error e) {
            close(open);
            throw e;
        }
    }

    /** Returns how to get safetensors where the directory has the weights in a format that is not read. */
    private static String otherFormat(ModelFiles files) {
        for (String name : List.of("pytorch_model.bin", "pytorch_model.bin.index.json")) {
            if (files.has(name)) {
                return "; " + name + " is not read; convert it in Python: "
                        + "AutoModel.from_pretrained(DIR).save_pretrained(DIR) or safetensors.torch.save_file";
            }
        }
        return "";
    }

    private static Map<String, SafeTensors> shards(ModelFiles files, List<SafeTensors> open) throws IOException {
        Path path = files.path(INDEX);
        Fields map = Fields.parse(path, files.read(INDEX)).object("weight_map");
        if (map.members().isEmpty()) {
            throw new InvalidInputException(path, "weight_map: expected a shard's name for every tensor, came none");
        }
        Map<String, SafeTensors> byShard = new LinkedHashMap<>();
        Map<String, SafeTensors> fileOf = new LinkedHashMap<>();
        for (String tensor : map.names()) {
            String shard = map.string(tensor, "");
            if (!shard.matches("[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}")) {
                throw map.expected(tensor, "the plain name of a file beside the index");
            }
            SafeTensors tensors = byShard.get(shard);
            if (tensors == null) {
                tensors = files.tensors(shard);
                open.add(tensors);
                byShard.put(shard, tensors);
            }
            if (!tensors.has(tensor)) {
                throw new InvalidInputException(tensors.file(), "tensor " + JsonWriter.quoteShort(tensor)
                        + ": missing; " + INDEX + " says that it is here");
            }
            fileOf.put(tensor, tensors);
        }
        for (SafeTensors tensors : open) {
            for (String tensor : tensors.names()) {
                if (fileOf.get(tensor) != tensors) {
                    throw new InvalidInputException(tensors.file(), "tensor " + JsonWriter.quoteShort(tensor)
                            + ": not here according to " + INDEX);
                }
            }
        }
        return fileOf;
    }

    Path file() {
        return file;
    }

    TensorNames names() {
        return names;
    }

    /**
     * Returns the shape of a tensor of timm's name: the parts' rows one after another. A token
     * of transformers' that lies without the sides of 1 that timm's have gets them.
     */
    int[] shape(String canonical) throws InvalidInputException {
        List<String> sources = sources(canonical);
        String first = first(sources);
        int[] shape = fileOf.get(first).shape(first);
        long rows = 0;
        for (String source : sources) {
            int[] part = source == null ? shape : fileOf.get(source).shape(source);
            boolean alike = part.length == shape.length && part.length > 0
                    && Arrays.equals(part, 1, part.length, shape, 1, shape.length);
            if (sources.size() > 1 && !alike) {
                throw error(source, "shape " + Arrays.toString(part) + " does not go with the "
                        + Arrays.toString(shape) + " of " + JsonWriter.quoteShort(first));
            }
            rows += sources.size() > 1 ? part[0] : 0;
        }
        if (sources.size() > 1) {
            if (rows > Integer.MAX_VALUE) {
                throw error(first, "too many rows with its sister tensors: " + rows);
            }
            shape = shape.clone();
            shape[0] = (int) rows;
        }
        return TOKENS.contains(canonical) && names.transformers() ? ofThreeSides(shape) : shape;
    }

    /** Returns the shape of a tensor of the file's own name. */
    int[] ownShape(String source) throws InvalidInputException {
        return fileOf.get(source).shape(source);
    }

    /** Returns the outermost side of a tensor of the file's own name. */
    int ownRows(String source) throws InvalidInputException {
        int[] shape = ownShape(source);
        return shape.length == 0 ? 1 : shape[0];
    }

    private static int[] ofThreeSides(int[] shape) {
        int[] sides = {1, 1, 1};
        if (shape.length == 0 || shape.length > sides.length) {
            return shape;
        }
        System.arraycopy(shape, 0, sides, sides.length - shape.length, shape.length);
        return sides;
    }

    /** Checks that a tensor of timm's name can be decoded to floats. */
    void checkFloats(String canonical) throws InvalidInputException {
        for (String source : sources(canonical)) {
            if (source != null) {
                fileOf.get(source).checkFloats(source);
            }
        }
    }

    /** Decodes a tensor of timm's name: the parts one after another, zeros for a bias that is missing. */
    float[] floats(String canonical) throws IOException {
        List<String> sources = sources(canonical);
        if (sources.size() == 1) {
            return fileOf.get(sources.get(0)).floats(sources.get(0));
        }
        float[] values = {};
        for (String source : sources) {
            float[] part = source == null ? new float[shape(canonical)[0] / sources.size()]
                    : fileOf.get(source).floats(source);
            int start = values.length;
            if (start > Integer.MAX_VALUE - 8 - part.length) {
                throw error(source, "does not fit an array with its sister tensors");
            }
            values = Arrays.copyOf(values, start + part.length);
            System.arraycopy(part, 0, values, start, part.length);
        }
        return values;
    }

    /** Decodes a tensor of timm's name some rows at a time: the parts' rows one after another. */
    void rows(String canonical, RowConsumer consumer) throws IOException {
        List<String> sources = sources(canonical);
        if (sources.contains(null)) {
            float[] values = floats(canonical);
            consumer.rows(0, values.length, values);
            return;
        }
        int before = 0;
        for (String source : sources) {
            SafeTensors tensors = fileOf.get(source);
            int start = before;
            tensors.rows(source, (first, count, values) -> consumer.rows(start + first, count, values));
            before += tensors.shape(source)[0];
        }
    }

    /** Returns the tensors that make up one of timm's name; of queries', keys' and values' biases some may be null. */
    private List<String> sources(String canonical) throws InvalidInputException {
        List<String> sources = names.sources(canonical);
        int missing = sources.indexOf(null);
        if (missing >= 0 && !(canonical.endsWith(".attn.qkv.bias") && first(sources) != null)) {
            throw missing(canonical, missing, "");
        }
        return sources;
    }

    private static String first(List<String> sources) {
        return sources.stream().filter(Objects::nonNull).findFirst().orElse(null);
    }

    /** Returns the error that a part of a tensor of timm's name is missing. */
    InvalidInputException missing(String canonical, int part, String expected) {
        return error(names.expectedName(canonical, part), "missing" + expected);
    }

    /** Returns an error about a tensor of the file's own name. */
    InvalidInputException error(String source, String problem) {
        SafeTensors shard = fileOf.get(source);
        return new InvalidInputException(shard == null ? file : shard.file(),
                "tensor " + JsonWriter.quoteShort(source) + ": " + problem);
    }

    @Override
    public void close() throws IOException {
        close(open);
    }

    private static void close(List<SafeTensors> open) throws IOException {
        IOException failure = null;
        for (SafeTensors tensors : open) {
            try {
                tensors.close();
            } catch (IOException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
