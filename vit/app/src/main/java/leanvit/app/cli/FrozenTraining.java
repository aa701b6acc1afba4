package leanvit.app.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import leanvit.reducers.TokenReducer;
import leanvit.vit.Inference;
import leanvit.vit.VisionTransformer;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.io.WholeFile;
import leanvit.vit.json.JsonWriter;
import leanvit.vit.train.Evaluation;
import leanvit.vit.train.PicturePart;
import leanvit.vit.train.TrainingFolder;
import leanvit.vit.train.TrainingPictures;
import leanvit.vit.weights.Checkpoint;
import leanvit.vit.weights.VitParameters;

/** What {@code train ltmp} and {@code train dtps} share: the model, its pictures, the run's file and the report. */
final class FrozenTraining {

    static final int MAX_WHOLE = 10_000_000;
    /** How often a run's state is saved beside the ends of its epochs. */
    static final double SAVE_SECONDS = 60;

    private static final double MISS = 0.05;

    final VitParameters model;
    final TrainingPictures learnt;
    final TrainingPictures heldOut;
    final Path output;
    final Executor executor;
    final int threads;
    private final Options options;
    private final Terminal terminal;

    /** Reads the model and finds the pictures that the options name. */
    FrozenTraining(Options options, Terminal terminal) throws IOException, UsageException {
        this.options = options;
        this.terminal = terminal;
        output = options.requiredPath("--output");
        WholeFile.check(output);
        Path data = options.requiredPath("--data");
        threads = options.whole("--threads");
        executor = Models.executor(threads);
        try (Checkpoint checkpoint = Models.open(options)) {
            Models.requireClassifier(checkpoint);
            model = VitParameters.read(checkpoint);
            model.requireTrainable();
            Models.warn(checkpoint, terminal);
        }
        TrainingFolder folder = TrainingFolder.of(data, model.config().classes());
        List<PicturePart> parts;
        try {
            parts = PicturePart.split(folder, options.number("--hold-out"),
                    options.has("--limit") ? options.whole("--limit") : Integer.MAX_VALUE, options.whole("--seed"));
        } catch (IllegalArgumentException e) {
            throw new UsageException("--hold-out: " + e.getMessage());
        }
        learnt = parts.get(0);
        heldOut = parts.get(1);
    }

    /** Adds the options that both commands have. */
    static Syntax options(Syntax syntax, int epochs) {
        return syntax.text("--model", "DIR", "the model's directory; default: a small demo model that is built in")
                .text("--data", "FOLDER", "labelled pictures of the model's classes")
                .text("--output", "FILE.safetensors", "receives what is learnt")
                .whole("--epochs", "N", 1, MAX_WHOLE, epochs, "how often each picture is seen")
                .whole("--batch", "B", 1, 4096, 8, "pictures of a step")
                .whole("--limit", "N", 1, MAX_WHOLE, null, "use at most so many of the pictures, chosen by the seed")
                .number("--hold-out", "SHARE", 0, 0.99, 0.2, "share of the pictures to try the result on, not to "
                        + "learn from")
                .whole("--seed", "S", 0, Integer.MAX_VALUE, 0, "of all that is drawn")
                .number("--minutes", "M", 0, 1e6, 0.0, "stop after so many, to be resumed; 0: go on to the end")
                .flag("--resume", "go on with a run of the same options that was stopped")
                .json()
                .note("FOLDER has labels.csv (the line file,label, then a line a picture), or a folder of JPEGs and "
                        + "PNGs for each class.")
                .note("While it runs, its state lies beside FILE as FILE.run, whole at every moment; --resume takes it "
                        + "up. A run that was stopped gives the same bits as one that was not.");
    }

    /** Returns where the run's state lies. */
    Path runFile() {
        Path whole = output.toAbsolutePath().normalize();
        return whole.resolveSibling(whole.getFileName() + ".run");
    }

    /** Returns whether a run is to be taken up; refuses to overwrite one that was stopped. */
    boolean resumes() throws InvalidInputException {
        if (!options.has("--resume") && Files.exists(runFile())) {
            throw new InvalidInputException(runFile(), "a run that was stopped; --resume takes it up, or delete it to "
                    + "begin anew");
        }
        return options.has("--resume");
    }

    /** Says what is about to be done. */
    void announce(long steps, long bytes) {
        if (!options.has("--json")) {
            terminal.out().println(String.format(Locale.ROOT, "%d pictures to learn from, %d held out, %d steps, "
                    + "%.0f MB", learnt.size(), heldOut.size(), steps, bytes / 1e6));
        }
    }

    /** Says what inference takes of the multiply-accumulates before the final search. */
    void calibrating(double share) {
        terminal.endProgress();
        if (!options.has("--json")) {
            terminal.out().println(String.format(Locale.ROOT, "inference takes %.3f of the multiply-accumulates before "
                    + "calibration", share));
        }
    }

    /** Says that a run was stopped. */
    int stopped(TrainingWatcher watcher) {
        terminal.endProgress();
        terminal.out().println("stopped after step " + watcher.last().step() + " of " + watcher.last().steps()
                + "; --resume goes on");
        return Command.DONE;
    }

    /** Returns a runner of the model as it is now. */
    Inference dense() throws IOException {
        return VisionTransformer.of(model.config(), model.parameters()).inference().with(executor, threads);
    }

    /**
     * Tries what was learnt by the path that a service takes, on what was held out or else on what was learnt from.
     *
     * @param target the wanted share of multiply-accumulates; NaN for none
     */
    void report(TokenReducer reducer, double target, TrainingWatcher watcher) throws IOException {
        TrainingPictures pictures = heldOut.size() > 0 ? heldOut : learnt;
        Inference dense = dense();
        // Of those learnt from, training has told which cannot be read.
        Evaluation whole = Evaluation.of(dense, model.preprocessing(), pictures,
                pictures == heldOut ? watcher::skipped : problem -> { });
        Evaluation reduced = Evaluation.of(dense.with(reducer), model.preprocessing(), pictures, problem -> { });
        double share = reduced.macs() / whole.macs();
        String tokens = reduced.tokens().stream().map(count -> String.format(Locale.ROOT, "%.1f", count))
                .collect(Collectors.joining(" "));
        terminal.endProgress();
        if (options.has("--json")) {
            JsonWriter json = watcher.into(new JsonWriter().beginObject().name("output").value(output.toString()))
                    .name("skipped").value(watcher.skipped()).name("held_out").value(heldOut.size())
                    .name("pictures").value(reduced.pictures()).name("top1").value(reduced.right())
                    .name("top1_dense").value(whole.right()).name("gmacs").value(reduced.macs() / 1e9)
                    .name("macs_ratio").value(share).name("tokens").beginArray();
            reduced.tokens().forEach(json::value);
            terminal.out().println(json.endArray().endObject());
        } else {
            if (watcher.skipped() > 0) {
                terminal.out().println(watcher.skipped() + " pictures could not be read and were left out");
            }
            terminal.out().println(String.format(Locale.ROOT, "%d %s pictures at inference: %d right (%.1f %%), "
                    + "unreduced %d (%.1f %%)", reduced.pictures(), heldOut.size() > 0 ? "held-out" : "learnt",
                    reduced.right(), 100 * reduced.accuracy(), whole.right(), 100 * whole.accuracy()));
            terminal.out().println(String.format(Locale.ROOT, "multiply-accumulates: %.3f G of %.3f G, %.3f",
                    reduced.macs() / 1e9, whole.macs() / 1e9, share)
                    + (Double.isNaN(target) ? "" : ", target " + target));
            terminal.out().println("tokens after each block: " + tokens);
            terminal.out().println("saved " + output);
        }
        if (Math.abs(share - target) > MISS * target) {
            terminal.warning(String.format(Locale.ROOT, "inference takes %.3f of the multiply-accumulates, more than "
                    + "5 %% off the target %s: masks in training are not quite removal; --calibrate closes the gap",
                    share, target));
        }
    }
}
