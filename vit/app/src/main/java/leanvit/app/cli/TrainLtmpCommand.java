package leanvit.app.cli;

import java.io.IOException;
import java.nio.file.Files;
import leanvit.vit.train.Augmentation;
import leanvit.vit.train.LtmpCalibration;
import leanvit.vit.train.LtmpPass;
import leanvit.vit.train.LtmpThresholds;
import leanvit.vit.train.LtmpTrainer;
import leanvit.vit.train.TrainingOptions;

/** {@code train ltmp}: learns a merge and a prune threshold per block for a share of the multiply-accumulates. */
final class TrainLtmpCommand implements Command {

    /** Pictures on which the final search runs. */
    private static final int CALIBRATION = 128;

    @Override
    public Syntax syntax() {
        Syntax syntax = new Syntax("train ltmp", "", "Learn LTMP's thresholds for a model whose weights stay as they "
                + "are: which tokens to merge and to prune in each block, for a share of the multiply-accumulates.");
        return FrozenTraining.options(syntax, 10)
                .number("--target", "R", 0, 1, null, "the share of multiply-accumulates to keep, above 0")
                .number("--lr-prune", "RATE", 0, 1000, LtmpTrainer.PRUNE_RATE, "learning rate of prune thresholds")
                .number("--lr-merge", "RATE", 0, 1000, LtmpTrainer.MERGE_RATE, "learning rate of merge thresholds")
                .number("--tau", "T", 1e-6, 1e6, 0.1, "temperature of the masks' sigmoids")
                .number("--lambda", "W", 0, 1e6, 10.0, "weight of the share in the loss")
                .number("--smoothing", "S", 0, 0.99, 0.1, "of labels")
                .number("--scale", "MIN", 0.01, 1, 0.35, "random resized crop: smallest share of the area; 1: no "
                        + "random crop")
                .number("--hflip", "P", 0, 1, 0.5, "probability of a mirror image")
                .number("--color-jitter", "F", 0, 1, 0.2, "how far brightness, contrast and saturation vary")
                .flag("--merge-only", "learn merge thresholds alone")
                .flag("--prune-only", "learn prune thresholds alone")
                .flag("--calibrate", "afterwards scale the thresholds so that inference meets the target")
                .note("The rates are for runs of some hundred steps; the authors' 5e-6 and 5e-3 are for 10,000.")
                .example("--model deit-tiny --data photos --target 0.6 --output thresholds.safetensors")
                .example("--model deit-tiny --data photos --target 0.6 --calibrate --output thresholds.safetensors");
    }

    @Override
    public int run(Options options, Terminal terminal) throws IOException, UsageException {
        if (!options.has("--target")) {
            throw new UsageException("--target is missing");
        }
        if (options.has("--merge-only") && options.has("--prune-only")) {
            throw new UsageException("--merge-only and --prune-only: give one of them");
        }
        LtmpPass.Settings settings;
        try {
            settings = new LtmpPass.Settings(options.number("--tau"), options.number("--target"),
                    options.number("--lambda"), 1e-5, !options.has("--prune-only"), !options.has("--merge-only"));
        } catch (IllegalArgumentException e) {
            throw new UsageException("--target: " + e.getMessage());
        }
        FrozenTraining training = new FrozenTraining(options, terminal);
        TrainingOptions how = LtmpTrainer.options().epochs(options.whole("--epochs")).batch(options.whole("--batch"))
                .seed(options.whole("--seed")).augmentation(new Augmentation(options.number("--scale"), 4 / 3.0,
                        options.number("--hflip"), options.number("--color-jitter"), 0, 0, 0, 0.5,
                        options.number("--smoothing")));
        LtmpTrainer trainer = new LtmpTrainer(training.model, training.learnt, settings, how)
                .rates(options.number("--lr-prune"), options.number("--lr-merge"))
                .with(training.executor, training.threads)
                .checkpoint(training.runFile(), FrozenTraining.SAVE_SECONDS);
        if (training.resumes()) {
            trainer.resume(training.runFile());
        }
        training.announce(trainer.steps(), trainer.bytes());
        TrainingWatcher watcher = new TrainingWatcher(terminal, options.has("--json"), options.number("--minutes"));
        if (!trainer.train(watcher)) {
            return training.stopped(watcher);
        }
        LtmpThresholds thresholds = trainer.thresholds();
        if (options.has("--calibrate")) {
            LtmpCalibration calibration = new LtmpCalibration(training.dense(), training.model.preprocessing(),
                    training.learnt, CALIBRATION);
            training.calibrating(calibration.share(thresholds));
            thresholds = calibration.fit(thresholds, settings.target());
        }
        thresholds.save(training.output);
        Files.deleteIfExists(training.runFile());
        training.report(thresholds.reducer(), settings.target(), watcher);
        return DONE;
    }
}
