package leanvit.app.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import leanvit.reducers.InvalidSpecException;
import leanvit.reducers.Schedule;
import leanvit.reducers.Stages;
import leanvit.vit.train.Augmentation;
import leanvit.vit.train.DTpsTrainer;
import leanvit.vit.train.TrainingOptions;
import leanvit.vit.weights.DType;

/** {@code train dtps}: learns the predictors of dTPS, or of DynamicViT, and where it is wanted the model with them. */
final class TrainDtpsCommand implements Command {

    @Override
    public Syntax syntax() {
        Syntax syntax = new Syntax("train dtps", "", "Learn dTPS's predictors: small networks that score patches, "
                + "before some blocks; and, with --finetune, the model with them.");
        return FrozenTraining.options(syntax, 20)
                .number("--keep", "RATE", 0.01, 1, 0.7, "share of the patches that a stage keeps; stage s has the "
                        + "s-th power")
                .wholes("--layers", "L,L,L", 0, 1000, "blocks before which patches go; default: the quarters of the "
                        + "depth")
                .number("--lr", "RATE", 1e-12, 1000, 0.001, "largest learning rate; half a cosine takes it to 0")
                .number("--warm-up", "EPOCHS", 0, FrozenTraining.MAX_WHOLE, 1.0, "epochs over which the rate climbs")
                .number("--weight-decay", "D", 0, 1000, 0.05, "of matrices; biases and norms have none")
                .number("--clip", "NORM", 0, 1e9, 1.0, "largest norm of the gradients; 0: any")
                .number("--smoothing", "S", 0, 0.99, 0.1, "of labels")
                .number("--scale", "MIN", 0.01, 1, 0.35, "random resized crop: smallest share of the area; 1: no "
                        + "random crop")
                .number("--hflip", "P", 0, 1, 0.5, "probability of a mirror image")
                .number("--color-jitter", "F", 0, 1, 0.2, "how far brightness, contrast and saturation vary")
                .text("--squeeze", "on|off", "on", "off: pruned patches are dropped, as DynamicViT does")
                .flag("--no-distillation", "learn from labels alone, not from the model as it was")
                .text("--finetune", "DIR", "learn the model too, and save it here")
                .number("--lr-model", "SHARE", 1e-9, 1, 0.01, "with --finetune: the model's rate as a share of --lr")
                .example("--model deit-tiny --data photos --keep 0.7 --output predictors.safetensors");
    }

    @Override
    public int run(Options options, Terminal terminal) throws IOException, UsageException {
        Path finetune = options.path("--finetune");
        if (finetune == null && options.has("--lr-model")) {
            throw new UsageException("--lr-model goes with --finetune");
        }
        String squeeze = options.text("--squeeze");
        if (!squeeze.equals("on") && !squeeze.equals("off")) {
            throw new UsageException("--squeeze: expected on or off, came " + squeeze);
        }
        FrozenTraining training = new FrozenTraining(options, terminal);
        DTpsTrainer.Method method = new DTpsTrainer.Method(squeeze.equals("on"), !options.has("--no-distillation"),
                finetune == null ? 0 : options.number("--lr-model"));
        TrainingOptions how = DTpsTrainer.options().epochs(options.whole("--epochs"))
                .batch(options.whole("--batch")).rate(options.number("--lr")).warmUp(options.number("--warm-up"))
                .weightDecay(options.number("--weight-decay")).clip(options.number("--clip"))
                .seed(options.whole("--seed")).augmentation(new Augmentation(options.number("--scale"), 4 / 3.0,
                        options.number("--hflip"), options.number("--color-jitter"), 0, 0, 0, 0.5,
                        options.number("--smoothing")));
        DTpsTrainer trainer;
        try {
            Stages stages = options.wholes("--layers") == null ? Stages.AT_QUARTERS
                    : new Stages(options.wholes("--layers"));
            trainer = new DTpsTrainer(training.model, training.learnt,
                    new Schedule.KeepOfInitial(List.of(options.number("--keep")), stages), method, how);
        } catch (InvalidSpecException e) {
            throw new UsageException("--layers: " + e.getMessage());
        }
        trainer.with(training.executor, training.threads)
                .checkpoint(training.runFile(), FrozenTraining.SAVE_SECONDS);
        if (training.resumes()) {
            trainer.resume(training.runFile());
        }
        training.announce(trainer.steps(), trainer.bytes());
        TrainingWatcher watcher = new TrainingWatcher(terminal, options.has("--json"), options.number("--minutes"));
        if (!trainer.train(watcher)) {
            return training.stopped(watcher);
        }
        if (finetune != null) {
            training.model.save(finetune, DType.F32);
        }
        trainer.savePredictors(training.output);
        Files.deleteIfExists(training.runFile());
        training.report(trainer.reducer(), Double.NaN, watcher);
        return DONE;
    }
}
