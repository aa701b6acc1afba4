package leanvit.vit.embed;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.io.WholeFile;
import leanvit.vit.json.JsonWriter;
import leanvit.vit.weights.DType;
import leanvit.vit.weights.NpyWriter;
import leanvit.vit.weights.SafeTensorsWriter;
import leanvit.vit.weights.VectorRows;

/**
 * Writes embeddings to a file, whole or not at all. The name's end says the format:
 *
 * <pre>
 *   .safetensors  tensor embeddings [n, D]; metadata: names, a JSON array of n, and what the caller adds
 *   .npy          the array [n, D]; beside it, .npy replaced by .names.json, a JSON array of n
 *   .csv          the line name,0,1,..., then a line for each: its name and the values, in the fewest digits that
 *                 give the same float back
 * </pre>
 *
 * <p>All methods are safe for use by any number of threads.
 */
public final class EmbeddingFile {

    /** The tensor's name. */
    public static final String TENSOR = "embeddings";
    /** The metadata's key. */
    public static final String NAMES = "names";

    /** What names may take in a safetensors header; readers take 100 MB. */
    private static final int MOST_NAMES = 90_000_000;

    private enum Format { SAFETENSORS, NPY, CSV }

    private EmbeddingFile() {
    }

    /**
     * Refuses a file that cannot be written, so that work whose result has no place is not begun.
     *
     * @throws InvalidInputException if the name's end is another, or it cannot become a file
     */
    public static void check(Path file) throws InvalidInputException {
        format(file);
        WholeFile.check(file);
    }

    /**
     * Returns whether the format has types of numbers; numbers of the others are texts.
     *
     * @throws InvalidInputException if the name's end is another
     */
    public static boolean hasType(Path file) throws InvalidInputException {
        return format(file) != Format.CSV;
    }

    private static Format format(Path file) throws InvalidInputException {
        String name = file.getFileName() == null ? "" : file.getFileName().toString().toLowerCase(Locale.ROOT);
        for (Format format : Format.values()) {
            if (name.endsWith("." + format.name().toLowerCase(Locale.ROOT))) {
                return format;
            }
        }
        throw new InvalidInputException(file, "expected a name that ends in .safetensors, .npy or .csv");
    }

    /**
     * Writes.
     *
     * @param normalize whether each vector is divided by its length
     * @param dtype     F32 or F16; of CSV, F32
     * @param metadata  for a safetensors file
     * @throws IllegalArgumentException if the type is another
     * @throws IOException              if a vector cannot be read or the file not be written
     */
    public static void write(Path file, Embeddings embeddings, boolean normalize, DType dtype,
            Map<String, String> metadata) throws IOException {
        VectorRows rows = (index, to) -> {
            embeddings.vector(index, to);
            if (normalize) {
                Embeddings.normalize(to);
            }
        };
        int size = embeddings.size();
        int width = embeddings.width();
        switch (format(file)) {
            case SAFETENSORS -> {
                String names = names(embeddings);
                if (names.length() > MOST_NAMES) {
                    throw new InvalidInputException(file, "the names of " + size + " pictures take " + names.length()
                            + " characters, more than a safetensors file can have; .npy and .csv can");
                }
                SafeTensorsWriter writer = new SafeTensorsWriter().metadata(NAMES, names);
                metadata.forEach(writer::metadata);
                writer.floats(TENSOR, rows, dtype, size, width).write(file);
            }
            case NPY -> {
                String name = file.getFileName().toString();
                Path beside = file.resolveSibling(name.substring(0, name.length() - ".npy".length()) + ".names.json");
                text(beside, out -> out.write(names(embeddings) + "\n"));
                NpyWriter.write(file, dtype, size, width, rows);
            }
            default -> {
                if (dtype != DType.F32) {
                    throw new IllegalArgumentException("dtype is " + dtype + ", expected F32 for a CSV file");
                }
                text(file, out -> csv(out, embeddings, rows));
            }
        }
    }

    private static String names(Embeddings embeddings) {
        List<String> names = new ArrayList<>(embeddings.size());
        for (int i = 0; i < embeddings.size(); i++) {
            names.add(embeddings.name(i));
        }
        return new JsonWriter().tree(names).toString();
    }

    private static void csv(Writer out, Embeddings embeddings, VectorRows rows) throws IOException {
        out.write("name");
        for (int c = 0; c < embeddings.width(); c++) {
            out.write("," + c);
        }
        out.write("\n");
        float[] row = new float[embeddings.width()];
        for (int i = 0; i < embeddings.size(); i++) {
            rows.row(i, row);
            String name = embeddings.name(i);
            out.write(name.matches("(?s).*[\",\r\n].*") ? '"' + name.replace("\"", "\"\"") + '"' : name);
            for (float value : row) {
                out.write("," + value);
            }
            out.write("\n");
        }
    }

    /** Writes a text. */
    private interface Text {
        void write(Writer out) throws IOException;
    }

    private static void text(Path file, Text text) throws IOException {
        WholeFile.write(file, part -> {
            try (Writer out = Files.newBufferedWriter(part, StandardCharsets.UTF_8, StandardOpenOption.CREATE_NEW)) {
                text.write(out);
            }
        });
    }
}
