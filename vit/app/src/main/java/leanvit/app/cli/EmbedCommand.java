package leanvit.app.cli;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import leanvit.app.draw.ComponentPicture;
import leanvit.reducers.TokenReducer;
import leanvit.vit.Classifier;
import leanvit.vit.DenseFeatures;
import leanvit.vit.Outcome;
import leanvit.vit.Picture;
import leanvit.vit.data.PictureFiles;
import leanvit.vit.embed.EmbeddingFile;
import leanvit.vit.embed.EmbeddingLog;
import leanvit.vit.embed.Embeddings;
import leanvit.vit.embed.PictureEmbedder;
import leanvit.vit.embed.PrincipalComponents;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.Preprocessor;
import leanvit.vit.image.RgbImage;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.io.NoRoomException;
import leanvit.vit.json.JsonWriter;
import leanvit.vit.weights.Checkpoint;
import leanvit.vit.weights.DType;

/** {@code embed}: vectors of pictures, for search. */
final class EmbedCommand implements Command {

    private static final int MAX_BATCH = 1024;
    private static final int FEW = 16;
    private static final String PARTIAL = ".partial";

    @Override
    public Syntax syntax() {
        return new Syntax("embed", "PATH...", "Write the embeddings of pictures (JPEG, PNG), or of all in folders and "
                + "the folders within them: pictures that look alike have vectors of small angle.")
                .model()
                .text("--output", "FILE", "receives the vectors: .safetensors, .npy or .csv")
                .json()
                .flag("--normalize", "divide each vector by its length")
                .text("--dtype", "F32|F16", "numbers of .safetensors and .npy; default: F32")
                .whole("--batch", "B", 1, MAX_BATCH, 8, "pictures per pass of a thread")
                .text("--visualize", "FOLDER", "draw each picture's dense features there: the first three principal "
                        + "components over all pictures, as red, green and blue")
                .note("A .safetensors file has embeddings [n, D], and in its metadata the pictures' names as a JSON "
                        + "array; beside X.npy stands X.names.json, the same array; a line of a .csv file is a name "
                        + "and its values. With --json: an array of objects with file and embedding, or error.")
                .note("With --output, vectors made so far stand in FILE" + PARTIAL + ": a run that was stopped goes on "
                        + "from there when it is given again, and embeds again what has changed since. The file goes "
                        + "when FILE is written.")
                .note("A picture that cannot be read is reported and left out, and the exit status is 1.")
                .example("photos --model deit-tiny --output vectors.npy --normalize --threads 4")
                .example("photos --model deit-tiny --reducer tome:r=8 --output vectors.safetensors --dtype F16")
                .example("cat.jpg dog.jpg --visualize components");
    }

    @Override
    public boolean isShort(Options options) {
        return options.operands().size() <= FEW
                && options.operands().stream().noneMatch(operand -> new File(operand).isDirectory());
    }

    @Override
    public int run(Options options, Terminal terminal) throws IOException, UsageException {
        Path output = options.path("--output");
        Path drawings = options.path("--visualize");
        boolean json = options.has("--json");
        if (output != null && json) {
            throw new UsageException("--output and --json: give one of them");
        }
        if (output == null && drawings == null && !json) {
            throw new UsageException("expected --output, --json or --visualize");
        }
        DType dtype = dtype(options, output);
        if (output != null) {
            EmbeddingFile.check(output);
        }
        if (drawings != null && !Files.isDirectory(drawings)) {
            throw new InvalidInputException(drawings, "cannot receive drawings: no such folder");
        }
        TokenReducer reducer = Models.reducer(options, terminal);
        List<Path> files = PictureFiles.find(options.operandPaths());
        try (Checkpoint checkpoint = Models.open(options)) {
            Classifier classifier = Classifier.of(checkpoint).with(reducer);
            Models.warn(checkpoint, terminal);
            PictureEmbedder embedder =
                    new PictureEmbedder(classifier, options.whole("--threads"), options.whole("--batch"));
            int broken = 0;
            if (output != null) {
                broken = write(output, dtype, options.has("--normalize"), classifier, embedder, files, terminal);
            } else if (json) {
                broken = print(options.has("--normalize"), embedder, files, terminal);
            }
            if (drawings != null) {
                int undrawn = draw(drawings, classifier, files, broken == 0 && output == null && !json, terminal);
                broken = Math.max(broken, undrawn);
            }
            terminal.endProgress();
            if (broken > 0) {
                terminal.error(broken + " of " + files.size() + " pictures could not be read");
            }
            return broken == 0 ? DONE : FAILED;
        }
    }

    private static DType dtype(Options options, Path output) throws UsageException, InvalidInputException {
        String text = options.has("--dtype") ? options.text("--dtype") : "F32";
        if (!text.equals("F32") && !text.equals("F16")) {
            throw new UsageException("--dtype: expected F32 or F16, came " + JsonWriter.quoteShort(text));
        }
        if (options.has("--dtype") && (output == null || !EmbeddingFile.hasType(output))) {
            throw new UsageException("--dtype goes with an --output of .safetensors or .npy");
        }
        return DType.valueOf(text);
    }

    /** Embeds what the log lacks, then writes all; returns how many pictures are broken. */
    private static int write(Path output, DType dtype, boolean normalize, Classifier classifier,
            PictureEmbedder embedder, List<Path> files, Terminal terminal) throws IOException {
        Path partial = output.resolveSibling(output.getFileName() + PARTIAL);
        Map<String, String> run = new TreeMap<>();
        run.put("model", classifier.model().config().architecture());
        run.put("reducer", classifier.reducer().spec());
        int width = classifier.model().features();
        boolean[] sound = new boolean[files.size()];
        int broken = 0;
        Map<String, String> settings = new TreeMap<>(run);
        settings.put("fingerprint", fingerprint(classifier));
        try (EmbeddingLog log = EmbeddingLog.open(partial, settings, width)) {
            List<Integer> missing = new ArrayList<>();
            for (int i = 0; i < sound.length; i++) {
                sound[i] = log.has(files.get(i).toString(), stamp(files.get(i)));
                if (!sound[i]) {
                    missing.add(i);
                }
            }
            int before = files.size() - missing.size();
            long start = System.nanoTime();
            embedder.run(missing.size(), i -> Picture.of(files.get(missing.get(i))), (i, outcome) -> {
                int picture = missing.get(i);
                if (isSound(outcome, terminal)) {
                    log.add(files.get(picture).toString(), stamp(files.get(picture)), outcome.value());
                    sound[picture] = true;
                }
                double speed = (i + 1) * 1e9 / (System.nanoTime() - start);
                terminal.progress(String.format(Locale.ROOT, "%d of %d pictures, %.1f/s", before + i + 1, sound.length,
                        speed));
            });
            List<String> names = new ArrayList<>();
            for (int i = 0; i < sound.length; i++) {
                if (sound[i]) {
                    names.add(files.get(i).toString());
                }
            }
            broken = sound.length - names.size();
            terminal.endProgress();
            if (!names.isEmpty()) {
                run.put("normalized", String.valueOf(normalize));
                EmbeddingFile.write(output, log.embeddings(names), normalize, dtype, run);
                terminal.out().println(output + ": " + names.size() + " embeddings of " + width + " values");
            }
        }
        Files.deleteIfExists(partial);
        return broken;
    }

    /** Tells whether a picture has a vector, and reports one that has none. */
    private static boolean isSound(Outcome<float[]> outcome, Terminal terminal) {
        if (!outcome.isSound()) {
            terminal.error(outcome.problem().getMessage());
        }
        return outcome.isSound();
    }

    /** Prints one JSON array, picture by picture; returns how many are broken. */
    private static int print(boolean normalize, PictureEmbedder embedder, List<Path> files, Terminal terminal)
            throws IOException {
        int[] broken = new int[1];
        terminal.out().print("[");
        embedder.run(files.size(), i -> Picture.of(files.get(i)), (i, outcome) -> {
            JsonWriter json = new JsonWriter().beginObject().name("file").value(files.get(i).toString());
            if (isSound(outcome, terminal)) {
                if (normalize) {
                    Embeddings.normalize(outcome.value());
                }
                json.name("embedding").tree(outcome.value());
            } else {
                broken[0]++;
                json.name("error").value(outcome.problem().getMessage());
            }
            terminal.out().print((i == 0 ? "" : ",\n") + json.endObject());
            terminal.progress((i + 1) + " of " + files.size() + " pictures");
        });
        terminal.out().println("]");
        return broken[0];
    }

    /**
     * Draws dense features by components over all pictures, which go through the model twice, so that none is held;
     * returns how many are broken.
     */
    private static int draw(Path folder, Classifier classifier, List<Path> files, boolean report, Terminal terminal)
            throws IOException {
        PrincipalComponents.Sums sums = new PrincipalComponents.Sums(classifier.model().shape().width());
        List<Integer> drawable = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            terminal.progress("components of " + i + " of " + files.size() + " pictures");
            try {
                DenseFeatures dense = classifier.dense(Picture.of(files.get(i)));
                sums.add(dense.values(), 0, dense.dropped().length);
                drawable.add(i);
            } catch (InvalidInputException | NoRoomException e) {
                if (report) {
                    terminal.error(e.getMessage());
                }
            }
        }
        if (drawable.isEmpty()) {
            return files.size();
        }
        PrincipalComponents components = sums.components(ComponentPicture.COMPONENTS);
        Preprocessor preprocessor = new Preprocessor(classifier.preprocessing());
        float[] pixels = new float[preprocessor.inputLength()];
        for (int i : drawable) {
            terminal.progress("drawing " + i + " of " + files.size() + " pictures");
            RgbImage picture = Pictures.read(files.get(i));
            RgbImage input = preprocessor.apply(picture, pixels, 0);
            DenseFeatures dense = classifier.dense(Picture.of(picture));
            Pictures.writePng(ComponentPicture.draw(input, dense, components), folder.resolve(
                    String.format(Locale.ROOT, "%04d-%s.png", i + 1, files.get(i).getFileName())));
        }
        return files.size() - drawable.size();
    }

    /** Tells whether a file has changed. */
    private static long stamp(Path file) throws IOException {
        return Files.isRegularFile(file) ? Files.getLastModifiedTime(file).toMillis() * 31 + Files.size(file) : 0;
    }

    /** Tells models, reducers and preprocessing apart by what they make of a picture of our own. */
    private static String fingerprint(Classifier classifier) {
        RgbImage picture = RgbImage.black(61, 47);
        byte[] samples = picture.samples();
        for (int i = 0; i < samples.length; i++) {
            samples[i] = (byte) (i * i / 97 + 13 * i);
        }
        CRC32 crc = new CRC32();
        for (float value : classifier.embed(picture)) {
            int bits = Float.floatToIntBits(value);
            for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
                crc.update(bits >> shift);
            }
        }
        return Long.toHexString(crc.getValue());
    }
}
