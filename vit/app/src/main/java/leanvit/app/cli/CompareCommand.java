package leanvit.app.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntConsumer;
import leanvit.app.eval.Comparison;
import leanvit.app.eval.ComparisonReport;
import leanvit.app.eval.EmbeddingReport;
import leanvit.app.eval.EmbeddingScore;
import leanvit.app.eval.ReducerScore;
import leanvit.reducers.Reducers;
import leanvit.reducers.TokenReducer;
import leanvit.vit.VisionTransformer;
import leanvit.vit.data.LabelledPictures;
import leanvit.vit.data.PictureFiles;
import leanvit.vit.image.Pictures;
import leanvit.vit.train.PicturePart;
import leanvit.vit.weights.Checkpoint;

/** {@code compare}: what reducers cost and gain on pictures. */
final class CompareCommand implements Command {

    private static final int MAX_BATCH = 1024;

    @Override
    public Syntax syntax() {
        return new Syntax("compare", "[PATH...]",
                "Compare reducers on pictures, or on folders with labels.csv: right answers, "
                + "agreement with the unreduced model, speed, cost.")
                .text("--model", "DIR", "the model's directory, with config.json and model.safetensors; "
                        + "default: a small demo model that is built in")
                .reducers()
                .whole("--batch", "B", 1, MAX_BATCH, 1, "pictures per pass")
                .number("--hold-out", "SHARE", 0, 0.99, 0.0, "only the pictures that train ltmp and train dtps hold "
                        + "out of such a folder with the same SHARE and --seed; 0: all")
                .whole("--seed", "S", 0, Integer.MAX_VALUE, 0, "with --hold-out: that of the training")
                .json()
                .flag("--markdown", "print the table in Markdown")
                .text("--plot", "OUT.png", "draw accuracy against images/s")
                .flag("--embeddings", "compare embeddings with the unreduced model's instead of answers; PATH may be "
                        + "any picture or folder, labels are not looked at")
                .note("Without PATH the built-in model is compared on " + DemoModel.PICTURES + " drawn pictures that "
                        + "it has not learnt from. What was learnt for it is in a SPEC demo/thresholds.safetensors "
                        + "(LTMP) and demo/predictors.safetensors (dTPS, keep=0.5).")
                .note("labels.csv begins with the line file,label; then one line per picture, with its class counted "
                        + "from 0.")
                .note("With --embeddings: the cosine of a picture's embedding to the unreduced model's, mean and "
                        + "worst, and recall@k, the share of a picture's k nearest others among the pictures (by the "
                        + "unreduced model, by cosine) that are among the k nearest by the reduced one.")
                .note("Reading and resizing pictures is not timed. Batches go through all reducers in turn, so that "
                        + "whatever else the machine does falls upon all alike. Of a model of several labels at once "
                        + "the likeliest is its answer; one of a single output answers 1 (yes) or 0.")
                .example("pictures --reducers \"none;tome:r=8;tome:r=16\" --plot compare.png")
                .example("photos --model deit-tiny --hold-out 0.5 --seed 1 --reducers \"ltmp:thresholds=t\"")
                .example("photos --embeddings --reducers \"none;tome:r=8;evit:keep=0.7\"");
    }

    @Override
    public int run(Options options, Terminal terminal) throws IOException, UsageException {
        if (options.has("--json") && options.has("--markdown")) {
            throw new UsageException("--json and --markdown: give one of them");
        }
        boolean drawn = options.operands().isEmpty();
        if (drawn && options.has("--model")) {
            throw new UsageException("expected PATH...: the drawn pictures are for the built-in model");
        }
        if (options.has("--seed") && !options.has("--hold-out")) {
            throw new UsageException("--seed goes with --hold-out");
        }
        if (drawn && options.has("--hold-out")) {
            throw new UsageException("--hold-out goes with PATH: the drawn pictures are all held out");
        }
        List<TokenReducer> reducers = Models.reducers(options, terminal);
        Path plot = options.png("--plot");
        try (Checkpoint checkpoint = Models.open(options)) {
            boolean embeddings = options.has("--embeddings");
            if (!embeddings) {
                Models.requireClassifier(checkpoint);
            }
            LabelledPictures all = drawn ? DemoModel.pictures() : embeddings
                    ? LabelledPictures.of(PictureFiles.find(options.operandPaths()), checkpoint.config().classes())
                    : LabelledPictures.of(options.operandPaths(), checkpoint.config().classes());
            LabelledPictures pictures = options.has("--hold-out") ? heldOut(all, options) : all;
            VisionTransformer model = VisionTransformer.of(checkpoint.config(), checkpoint);
            Models.warn(checkpoint, terminal);
            int threads = options.whole("--threads");
            int batch = options.whole("--batch");
            Comparison comparison = new Comparison(model.inference().with(Models.executor(threads), threads),
                    checkpoint.preprocessing(), batch);
            terminal.progress("0 of " + pictures.size() + " pictures");
            IntConsumer progress = done -> terminal.progress(done + " of " + pictures.size() + " pictures");
            List<TokenReducer> rows = reducers.isEmpty() ? usual(drawn, model) : reducers;
            List<EmbeddingScore> near = embeddings ? comparison.runEmbeddings(rows, pictures, progress) : null;
            List<ReducerScore> scores = embeddings ? near.stream().map(EmbeddingScore::score).toList()
                    : comparison.run(rows, pictures, progress);
            terminal.endProgress();
            String title =
                    Models.name(checkpoint) + ": " + counted(pictures.size(), "picture") + ", batch " + batch + ", "
                    + counted(threads, "thread");
            if (scores.get(0).imagesPerSecond().isEmpty()) {
                terminal.warning("too few passes to time: " + counted(scores.get(0).passes(), "full batch") + " in the "
                        + "time that there is, at least " + Comparison.LEAST_PASSES + " are needed; give fewer "
                        + "reducers or a smaller --batch, or more pictures");
            }
            if (plot != null) {
                Pictures.writePng(embeddings ? EmbeddingReport.plot(title, near)
                        : ComparisonReport.plot(title, scores), plot);
            }
            if (options.has("--json")) {
                terminal.out().println(embeddings ? EmbeddingReport.json(near) : ComparisonReport.json(scores));
            } else if (options.has("--markdown")) {
                terminal.out().print(embeddings ? EmbeddingReport.markdown(near) : ComparisonReport.markdown(scores));
            } else {
                terminal.out().print(title + "\n\n"
                        + (embeddings ? EmbeddingReport.text(near) : ComparisonReport.text(scores)));
            }
            return DONE;
        }
    }

    private static LabelledPictures heldOut(LabelledPictures all, Options options) throws UsageException {
        try {
            return PicturePart.heldOut(all, options.number("--hold-out"), options.whole("--seed"));
        } catch (IllegalArgumentException e) {
            throw new UsageException("--hold-out: " + e.getMessage());
        }
    }

    private static List<TokenReducer> usual(boolean drawn, VisionTransformer model) throws IOException {
        return drawn ? DemoModel.reducers() : Reducers.usual(model.shape());
    }

    private static String counted(int count, String what) {
        return count + " " + what + (count == 1 ? "" : what.endsWith("h") ? "es" : "s");
    }
}
