package leanvit.app.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executor;
import leanvit.app.scenes.ScenePictures;
import leanvit.vit.Inference;
import leanvit.vit.VisionTransformer;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.image.Preprocessing.Interpolation;
import leanvit.vit.image.Preprocessing.Resize;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.json.JsonWriter;
import leanvit.vit.train.Augmentation;
import leanvit.vit.train.Evaluation;
import leanvit.vit.train.FreshWeights;
import leanvit.vit.train.HeadTuner;
import leanvit.vit.train.TrainingFolder;
import leanvit.vit.train.TrainingOptions;
import leanvit.vit.train.TrainingPictures;
import leanvit.vit.train.VitTrainer;
import leanvit.vit.weights.DType;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitParameters;

/** {@code train vit}: trains a Vision Transformer, from scratch or from another one's weights. */
final class TrainVitCommand implements Command {

    private static final int MAX_WHOLE = 10_000_000;
    /** Pictures that a model trained on drawn ones is tried on, of another seed. */
    private static final int DRAWN_HELD_OUT = 2000;
    private static final long HELD_OUT_SEED = 1L << 32;
    private static final double SAVE_SECONDS = 60;
    private static final float[] HALF = {0.5f, 0.5f, 0.5f};

    @Override
    public Syntax syntax() {
        return new Syntax("train vit", "[FOLDER]", "Train a Vision Transformer on labelled pictures: from scratch, "
                + "or, with --from, from another one's weights with a new classifier.")
                .text("--output", "DIR", "where the model goes, as timm's directories are")
                .text("--from", "DIR", "begin with this model, whose classifier is replaced; default: from scratch")
                .flag("--head-only", "with --from: learn the classifier alone, in seconds")
                .whole("--generated", "N", 1, MAX_WHOLE, null, "learn from N drawn pictures an epoch, other ones "
                        + "each epoch, instead of a FOLDER")
                .whole("--epochs", "N", 1, MAX_WHOLE, 30, "how often each picture is seen")
                .whole("--batch", "B", 1, 65536, 64, "pictures of a step")
                .number("--lr", "RATE", 1e-12, 1000, 0.001, "largest learning rate; half a cosine takes it to 0")
                .number("--warm-up", "EPOCHS", 0, MAX_WHOLE, 1.0, "epochs over which the rate climbs, or a part of one")
                .number("--weight-decay", "D", 0, 1000, 0.05, "of matrices; biases, norms and positions have none")
                .number("--beta2", "B", 0, 0.999999, 0.999, "AdamW's second beta")
                .number("--clip", "NORM", 0, 1e9, 1.0, "largest norm of the gradients; 0: any")
                .number("--ema", "D", 0, 0.999999, 0.0, "decay of the weights' moving average; 0: none")
                .number("--smoothing", "S", 0, 0.99, 0.1, "of labels")
                .number("--scale", "MIN", 0.01, 1, 0.35, "random resized crop: smallest share of the area; 1: no "
                        + "random crop")
                .number("--hflip", "P", 0, 1, 0.5, "probability of a mirror image")
                .number("--color-jitter", "F", 0, 1, 0.2, "how far brightness, contrast and saturation vary")
                .number("--reprob", "P", 0, 1, 0.0, "probability of random erasing")
                .number("--mixup", "ALPHA", 0, 100, 0.0, "mixup's alpha; 0: none")
                .number("--cutmix", "ALPHA", 0, 100, 0.0, "cutmix's alpha; 0: none")
                .number("--patch-loss", "W", 0, 1000, 0.0, "with --generated: weight of a loss that names the thing "
                        + "on each patch")
                .text("--name", "NAME", "custom", "from scratch: what stands in the architecture's name")
                .whole("--size", "N", 8, 4096, 96, "from scratch: pixels a side")
                .whole("--patch", "N", 1, 1024, 8, "from scratch: a patch's side")
                .whole("--width", "C", 1, 8192, 96, "from scratch: channels of a token")
                .whole("--depth", "L", 1, 256, 6, "from scratch: blocks")
                .whole("--heads", "H", 1, 256, 3, "from scratch: attention heads")
                .number("--mlp-ratio", "R", 0.01, 64, 2.0, "from scratch: the MLP's width over the token's")
                .whole("--limit", "N", 1, MAX_WHOLE, null, "use at most so many of the folder's pictures")
                .number("--hold-out", "SHARE", 0, 0.9, 0.1, "share of each class's pictures to try the model on, "
                        + "not to learn from")
                .whole("--seed", "S", 0, Integer.MAX_VALUE, 0, "of all that is drawn")
                .number("--minutes", "M", 0, 1e6, 0.0, "stop after so many, to be resumed; 0: go on to the end")
                .flag("--resume", "go on with a run of the same options that was stopped")
                .flag("--f32", "save 32-bit weights; default: 16-bit ones")
                .json()
                .note("FOLDER has labels.csv (the line file,label, then a line a picture; labels.txt may name the "
                        + "classes), or a folder of JPEGs and PNGs for each class.")
                .note("While it runs, its state lies beside DIR as DIR.run.safetensors, whole at every moment; "
                        + "--resume takes it up. A run that was stopped gives the same bits as one that was not.")
                .example("flowers --from deit-tiny --head-only --output flowers-model")
                .example("flowers --from deit-tiny --epochs 10 --lr 1e-4 --output flowers-model --threads 4")
                .example("--generated 16000 --epochs 24 --patch-loss 1 --output drawn-model");
    }

    @Override
    public int run(Options options, Terminal terminal) throws IOException, UsageException {
        Path output = options.requiredPath("--output");
        boolean drawn = options.has("--generated");
        if (drawn == !options.operands().isEmpty() || options.operands().size() > 1) {
            throw new UsageException("expected one FOLDER, or --generated");
        }
        if (options.has("--head-only") && !options.has("--from")) {
            throw new UsageException("--head-only goes with --from");
        }
        if (!drawn && options.number("--patch-loss") > 0) {
            throw new UsageException("--patch-loss goes with --generated: other pictures have no masks");
        }
        checkOutput(output);
        int seed = options.whole("--seed");
        TrainingPictures learnt;
        TrainingPictures heldOut;
        if (drawn) {
            int size = options.whole("--size");
            learnt = new ScenePictures(size, size, options.whole("--generated"), seed);
            heldOut = new ScenePictures(size, size, DRAWN_HELD_OUT, seed + HELD_OUT_SEED);
        } else {
            TrainingFolder folder = TrainingFolder.of(folder(options));
            folder = options.has("--limit") ? folder.limited(options.whole("--limit"), seed) : folder;
            heldOut = folder.part(options.number("--hold-out"), false, seed);
            learnt = folder.part(options.number("--hold-out"), true, seed);
            warnOfEmptyClasses(folder, terminal);
        }
        VitParameters model = model(options, learnt.labels());
        Executor executor = Models.executor(options.whole("--threads"));
        TrainingWatcher watcher = new TrainingWatcher(terminal, options.has("--json"), options.number("--minutes"));
        boolean finished = options.has("--head-only")
                ? new HeadTuner(model, learnt).with(executor, options.whole("--threads")).train(watcher)
                : train(options, terminal, output, model, learnt, executor, watcher);
        if (!finished) {
            terminal.endProgress();
            terminal.out().println("stopped after step " + watcher.last().step() + " of " + watcher.last().steps()
                    + (options.has("--head-only") ? "" : "; --resume goes on"));
            return DONE;
        }
        model.save(output, options.has("--f32") ? DType.F32 : DType.F16);
        Files.deleteIfExists(runFile(output));
        report(options, terminal, output, heldOut, executor, watcher);
        return DONE;
    }

    private static void warnOfEmptyClasses(TrainingFolder folder, Terminal terminal) {
        List<String> empty = folder.emptyClasses();
        if (!empty.isEmpty()) {
            terminal.warning("no picture of " + empty.size() + " of " + folder.labels().size() + " classes, the first "
                    + empty.get(0));
        }
    }

    private static boolean train(Options options, Terminal terminal, Path output, VitParameters model,
                              TrainingPictures learnt, Executor executor, TrainingWatcher watcher)
            throws IOException, UsageException {
        VitTrainer trainer;
        try {
            trainer = new VitTrainer(model, learnt, trainingOptions(options));
        } catch (IllegalArgumentException e) {
            throw new UsageException(e.getMessage());
        }
        trainer.with(executor, options.whole("--threads")).checkpoint(runFile(output), SAVE_SECONDS);
        if (options.has("--resume")) {
            trainer.resume(runFile(output));
        } else if (Files.exists(runFile(output))) {
            throw new InvalidInputException(runFile(output), "a run that was stopped; --resume takes it up, or "
                    + "delete it to begin anew");
        }
        if (!options.has("--json")) {
            terminal.out().println(String.format(Locale.ROOT, "%d pictures, %d classes, %,d parameters, %d steps, "
                    + "%.0f MB", learnt.size(), learnt.labels().size(), model.parameters().values().length,
                    trainer.steps(), trainer.bytes() / 1e6));
        }
        return trainer.train(watcher);
    }

    private static TrainingOptions trainingOptions(Options options) {
        Augmentation augmentation = new Augmentation(options.number("--scale"), 4 / 3.0, options.number("--hflip"),
                options.number("--color-jitter"), options.number("--reprob"), options.number("--mixup"),
                options.number("--cutmix"), 0.5, options.number("--smoothing"));
        return new TrainingOptions().epochs(options.whole("--epochs")).batch(options.whole("--batch"))
                .rate(options.number("--lr")).warmUp(options.number("--warm-up"))
                .weightDecay(options.number("--weight-decay")).beta2(options.number("--beta2"))
                .clip(options.number("--clip")).ema(options.number("--ema")).patchLoss(options.number("--patch-loss"))
                .augmentation(augmentation).seed(options.whole("--seed"));
    }

    private static VitParameters model(Options options, List<String> labels) throws IOException, UsageException {
        int seed = options.whole("--seed");
        Path from = options.path("--from");
        if (from != null) {
            for (String name : List.of("--name", "--size", "--patch", "--width", "--depth", "--heads", "--mlp-ratio")) {
                if (options.has(name) && !(name.equals("--size") && options.has("--generated"))) {
                    throw new UsageException(name + " does not go with --from: the model has its own");
                }
            }
            VitParameters model = VitParameters.read(from).withClasses(labels, seed);
            if (!options.has("--head-only")) {
                model.requireTrainable();
            }
            return model;
        }
        int size = options.whole("--size");
        int patch = options.whole("--patch");
        int width = options.whole("--width");
        int heads = options.whole("--heads");
        if (size % patch != 0) {
            throw new UsageException("--size: expected a multiple of --patch " + patch + ", came " + size);
        }
        if (width % heads != 0) {
            throw new UsageException("--width: expected a multiple of --heads " + heads + ", came " + width);
        }
        String name = "vit_" + options.text("--name") + "_patch" + patch + "_" + size;
        VitConfig config = new VitConfig(name, size, size, patch, width, options.whole("--depth"), heads,
                (int) (width * options.number("--mlp-ratio")), labels.size(), VitConfig.Pooling.TOKEN, false, 1e-6f);
        return FreshWeights.of(config, new Preprocessing(size, size, 1f, Resize.SHORT_SIDE, Interpolation.BICUBIC,
                HALF, HALF), labels, seed);
    }

    private static Path folder(Options options) throws InvalidInputException {
        try {
            return Launcher.path(options.operands().get(0));
        } catch (InvalidPathException e) {
            throw new InvalidInputException(Path.of(""), e.getMessage());
        }
    }

    private static void checkOutput(Path output) throws InvalidInputException {
        Path parent = output.toAbsolutePath().normalize().getParent();
        if (Files.exists(output) && !Files.isDirectory(output)) {
            throw new InvalidInputException(output, "cannot be written: it is no directory");
        }
        if (parent == null || !Files.isDirectory(parent)) {
            throw new InvalidInputException(output, "cannot be written: its parent directory does not exist");
        }
    }

    private static Path runFile(Path output) {
        Path whole = output.toAbsolutePath().normalize();
        return whole.resolveSibling(whole.getFileName() + ".run.safetensors");
    }

    /** Tries the model as it was saved. */
    private static void report(Options options, Terminal terminal, Path output, TrainingPictures heldOut,
                               Executor executor, TrainingWatcher watcher) throws IOException {
        Evaluation found = null;
        if (heldOut.size() > 0) {
            VisionTransformer saved = VisionTransformer.load(output);
            Inference run = saved.inference().with(executor, options.whole("--threads"));
            found = Evaluation.of(run, VitParameters.read(output).preprocessing(), heldOut, watcher::skipped);
        }
        if (options.has("--json")) {
            JsonWriter json = watcher.into(new JsonWriter().beginObject().name("output").value(output.toString()))
                    .name("skipped").value(watcher.skipped());
            if (found != null) {
                json.name("held_out").value(found.pictures()).name("top1").value(found.right());
            }
            terminal.out().println(json.endObject());
            return;
        }
        terminal.endProgress();
        if (watcher.skipped() > 0) {
            terminal.out().println(watcher.skipped() + " pictures could not be read and were left out");
        }
        if (found != null) {
            terminal.out().println(String.format(Locale.ROOT, "%d of %d held-out pictures right, %.2f %%",
                    found.right(), found.pictures(), 100 * found.accuracy()));
        }
        terminal.out().println("saved " + output);
    }
}
