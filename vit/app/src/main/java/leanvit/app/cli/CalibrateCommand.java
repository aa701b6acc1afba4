package leanvit.app.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleConsumer;
import leanvit.app.eval.Calibration;
import leanvit.app.eval.CalibrationReport;
import leanvit.app.eval.TokenAccuracy;
import leanvit.app.eval.TokenLatency;
import leanvit.reducers.ModelShape;
import leanvit.vit.Inference;
import leanvit.vit.VisionTransformer;
import leanvit.vit.data.LabelledPictures;
import leanvit.vit.image.Pictures;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.io.WholeFile;
import leanvit.vit.weights.Checkpoint;

/** {@code calibrate}: how many tokens POMT should prune with this model on this machine. */
final class CalibrateCommand implements Command {

    private static final int MAX_BATCH = 1024;
    private static final int MAX_TOKENS = 1_000_000;
    /** Kernels work on tiles of 6 rows; with a stride of 5 every remainder comes up. */
    private static final int STRIDE = 5;

    @Override
    public Syntax syntax() {
        return new Syntax("calibrate", "[FOLDER]",
                "Find how many tokens POMT should prune: measure latency and accuracy over "
                + "the token count, and choose the count of the largest utility, alpha (1 - L/max L) + (1 - alpha) "
                + "A/max A.")
                .text("--model", "DIR", "the model's directory, with config.json and model.safetensors; "
                        + "default: a small demo model that is built in")
                .number("--alpha", "A", 0, 1, 0.5, "weight of latency against accuracy; at 1 no FOLDER is needed")
                .whole("--batch", "B", 1, MAX_BATCH, 1, "images per pass")
                .whole("--start", "N", 1, MAX_TOKENS, null, "largest token count; default: all of the model's tokens")
                .whole("--end", "N", 1, MAX_TOKENS, null, "smallest token count; default: one patch")
                .whole("--stride", "N", 1, MAX_TOKENS, STRIDE, "from one token count to the next")
                .whole("--images", "N", 1, Integer.MAX_VALUE, 1024,
                "pictures of the folder to use at most, evenly over the classes")
                .number("--seconds", "S", 0.001, 3600, 0.5, "how long to time each token count")
                .text("--csv", "OUT.csv", "write n,latency_ms,latency_iqr,accuracy,utility; accuracy is in percent")
                .text("--plot", "OUT.png", "draw the three curves with the chosen count")
                .json()
                .note("Without FOLDER the built-in model is tried on " + DemoModel.PICTURES + " drawn pictures that it "
                        + "has not learnt from.")
                .note("FOLDER has pictures and labels.csv, which begins with the line file,label and has one line per "
                        + "picture, with its class counted from 0.")
                .example("pictures --model deit-tiny --csv calibration.csv --plot calibration.png");
    }

    @Override
    public int run(Options options, Terminal terminal) throws IOException, UsageException {
        double alpha = options.number("--alpha");
        if (options.operands().size() > 1) {
            throw new UsageException("expected one FOLDER, came " + options.operands().size());
        }
        boolean drawn = options.operands().isEmpty() && !options.has("--model");
        boolean accurate = alpha < 1 || !options.operands().isEmpty();
        if (accurate && !drawn && options.operands().isEmpty()) {
            throw new UsageException("expected a FOLDER with labels.csv, to measure accuracy on; --alpha 1 alone, "
                    + "which weighs latency and nothing else, goes without");
        }
        Path csv = options.path("--csv");
        Path plot = options.png("--plot");
        if (csv != null) {
            WholeFile.check(csv);
        }
        try (Checkpoint checkpoint = Models.open(options)) {
            if (accurate) {
                Models.requireClassifier(checkpoint);
            }
            LabelledPictures pictures = accurate ? pictures(options, checkpoint) : null;
            VisionTransformer model = VisionTransformer.of(checkpoint.config(), checkpoint);
            Models.warn(checkpoint, terminal);
            int batch = options.whole("--batch");
            int threads = options.whole("--threads");
            ModelShape shape = model.shape();
            List<Integer> counts = counts(options, shape);
            Inference run = model.inference().with(Models.executor(threads), threads);
            double[][] latency = TokenLatency.measure(run, counts, batch, options.number("--seconds"),
                    progress(terminal, "latency"));
            boolean[][] right =
                    accurate ? TokenAccuracy.measure(run, checkpoint.preprocessing(), counts, pictures, batch,
                    progress(terminal, "accuracy")) : null;
            Calibration found = Calibration.of(shape, counts, latency, right, alpha);
            terminal.endProgress();
            String title = String.format(Locale.ROOT, "%s: alpha %s, batch %d, %d thread%s, %d picture%s",
                    Models.name(checkpoint), alpha, batch, threads, threads == 1 ? "" : "s", found.pictures(),
                    found.pictures() == 1 ? "" : "s");
            if (csv != null) {
                WholeFile.write(csv, part -> Files.writeString(part, CalibrationReport.csv(found)));
            }
            if (plot != null) {
                Pictures.writePng(CalibrationReport.plot(title, found), plot);
            }
            if (options.has("--json")) {
                terminal.out().println(CalibrationReport.json(found));
            } else {
                terminal.out().print(title + "\n\n" + CalibrationReport.text(found));
            }
            found.warnings().forEach(terminal::warning);
            return DONE;
        }
    }

    private static List<Integer> counts(Options options, ModelShape shape) {
        try {
            return Calibration.counts(shape, options.has("--start") ? options.whole("--start") : shape.tokens(),
                    options.has("--end") ? options.whole("--end") : shape.prefix() + 1, options.whole("--stride"));
        } catch (IllegalArgumentException e) {
            // Its message begins with the number's name, which is the option's.
            throw new IllegalArgumentException("--" + e.getMessage(), e);
        }
    }

    private static LabelledPictures pictures(Options options, Checkpoint checkpoint)
            throws IOException, UsageException {
        if (options.operands().isEmpty()) {
            return DemoModel.pictures().stratified(options.whole("--images"));
        }
        Path folder = options.operandPath(0);
        LabelledPictures all = LabelledPictures.of(List.of(folder), checkpoint.config().classes());
        if (!all.labelled()) {
            throw new InvalidInputException(folder, "a file, expected a folder with " + LabelledPictures.LABELS);
        }
        return all.stratified(options.whole("--images"));
    }

    private static DoubleConsumer progress(Terminal terminal, String what) {
        return share -> terminal.progress(what + ": " + (int) (100 * share) + " %");
    }
}
