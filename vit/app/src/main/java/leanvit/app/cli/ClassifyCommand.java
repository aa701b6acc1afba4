package leanvit.app.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import leanvit.app.draw.ReductionPicture;
import leanvit.reducers.TokenReducer;
import leanvit.vit.Classification;
import leanvit.vit.Classifier;
import leanvit.vit.PictureTrace;
import leanvit.vit.Prediction;
import leanvit.vit.image.PictureLimits;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.Preprocessor;
import leanvit.vit.image.RgbImage;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.io.NoRoomException;
import leanvit.vit.json.JsonWriter;

/** {@code classify}: names what pictures show. */
final class ClassifyCommand implements Command {

    private static final int MAX_IMAGE_SIZE = 4096;
    private static final int MAX_LAYER = 1023;
    /** With a JVM that starts fast, each picture takes 20 ms more and the first one a second less (DeiT-Ti, JDK 17). */
    private static final int FEW = 16;

    @Override
    public Syntax syntax() {
        return new Syntax("classify", "IMAGE...", "Name what pictures (JPEG, PNG) show: the likeliest classes of each; "
                + "- is a picture on stdin.")
                .model()
                .whole("--top", "K", 1, Integer.MAX_VALUE, 5, "classes per picture")
                .json()
                .text("--visualize", "OUT.png", "draw which patches of the picture merged or went, block by block; "
                        + "for one picture")
                .wholes("--visualize-layers", "L,L,...", 0, MAX_LAYER, "the blocks to draw, counted from 0; "
                        + "default: those that reduce, three at most")
                .whole("--image-size", "N", 1, MAX_IMAGE_SIZE, null,
                "look at N x N pixels instead of as many as the model was trained on: a multiple of its patch; more "
                        + "sees more, and takes longer")
                .note("A picture that cannot be read is reported, the others are classified all the same, and the exit "
                        + "status is 1.")
                .example("testdata/demo/pictures/cup.png")
                .example("--model deit-tiny --reducer tome:r=8 --top 3 cat.jpg dog.jpg")
                .example("--model deit-tiny --reducer evit:keep=0.7 --visualize evit.png --visualize-layers 3,6,9 "
                + "cat.jpg");
    }

    @Override
    public boolean isShort(Options options) {
        return options.operands().size() <= FEW;
    }

    @Override
    public int run(Options options, Terminal terminal) throws IOException, UsageException {
        TokenReducer reducer = Models.reducer(options, terminal);
        List<String> files = options.operands();
        Path drawing = options.png("--visualize");
        if (drawing == null && options.has("--visualize-layers")) {
            throw new UsageException("--visualize-layers goes with --visualize");
        }
        if (drawing != null && files.size() > 1) {
            throw new UsageException("--visualize draws one picture, came " + files.size());
        }
        Classifier classifier = Models.classifier(options, terminal).with(reducer);
        Preprocessor preprocessor = new Preprocessor(classifier.preprocessing());
        List<Integer> blocks = options.has("--visualize-layers") ? options.wholes("--visualize-layers")
                : ReductionPicture.usualBlocks(reducer, classifier.model().shape());
        ReductionPicture.checkBlocks(classifier.model().shape(), blocks);
        JsonWriter json = options.has("--json") ? new JsonWriter().beginArray() : null;
        int failed = 0;
        for (int i = 0; i < files.size(); i++) {
            String file = files.get(i);
            terminal.progress(i + " of " + files.size() + " pictures");
            try {
                RgbImage picture = read(file);
                preprocessor.check(file, picture);
                Classification classification;
                if (drawing == null) {
                    classification = classifier.run(picture, options.whole("--top"));
                } else {
                    PictureTrace trace = classifier.trace(picture, options.whole("--top"));
                    Pictures.writePng(ReductionPicture.draw(classifier, trace, blocks), drawing);
                    classification = trace.classification();
                }
                if (json != null) {
                    write(json, file, classification);
                } else {
                    print(terminal, file, classification, files.size() > 1);
                }
            } catch (InvalidInputException | NoRoomException e) {
                failed++;
                terminal.error(e.getMessage());
                if (json != null) {
                    json.beginObject().name("file").value(file).name("error").value(e.getMessage()).endObject();
                }
            }
        }
        terminal.endProgress();
        if (json != null) {
            terminal.out().println(json.endArray());
        }
        return failed == 0 ? DONE : FAILED;
    }

    /** Reads a picture from a file, from an open file that the shell handed down, or, as {@code -}, from stdin. */
    private static RgbImage read(String file) throws IOException {
        Path path;
        Path name;
        try {
            path = Launcher.path(file);
            name = Path.of(file);
        } catch (InvalidPathException e) {
            throw new InvalidInputException(Path.of(""), e.getMessage());
        }
        if (file.equals("-")) {
            return Pictures.decode(file, System.in, PictureLimits.DEFAULT);
        }
        if (path.equals(name)) {
            return Pictures.read(path);
        }
        InputStream in;
        try {
            in = Files.newInputStream(path);
        } catch (NoSuchFileException e) {
            throw new InvalidInputException(name, "no such file", e);
        }
        try (in) {
            return Pictures.decode(file, in, PictureLimits.DEFAULT);
        }
    }

    private static void write(JsonWriter json, String file, Classification classification) {
        json.beginObject().name("file").value(file).name("classes").beginArray();
        for (Prediction prediction : classification.predictions()) {
            json.beginObject().name("index").value(prediction.index()).name("label").value(prediction.label())
                    .name("probability").value(prediction.probability()).endObject();
        }
        json.endArray().name("tokens").tree(classification.tokens()).endObject();
    }

    private static void print(Terminal terminal, String file, Classification classification, boolean several) {
        terminal.endProgress();
        if (several) {
            terminal.out().println(file);
        }
        for (Prediction prediction : classification.predictions()) {
            terminal.out().println(String.format(Locale.ROOT, "%7.2f %%  %4d  %s", 100 * prediction.probability(),
                    prediction.index(), prediction.label()).stripTrailing());
        }
    }
}
