package leanvit.vit.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import leanvit.vit.Classifier;
import leanvit.vit.VisionTransformer;
import leanvit.vit.weights.DType;
import leanvit.vit.weights.VitParameters;

/** What vit/README.md shows. */
final class OwnClasses {

    private OwnClasses() {
    }

    static double learn(Path folder, Path backbone, Path output, int epochs) throws IOException {
        ExecutorService executor = Executors.newFixedThreadPool(2);
        try {
            // README: from here
            TrainingFolder pictures = TrainingFolder.of(folder);          // a folder per class, or labels.csv
            TrainingFolder learnt = pictures.part(0.2, true, 1);          // four in five, of every class
            TrainingFolder heldOut = pictures.part(0.2, false, 1);
            VitParameters model = VitParameters.read(backbone).withClasses(pictures.labels(), 1);

            // The classifier alone, on the frozen backbone's embeddings: seconds.
            new HeadTuner(model, learnt).with(executor, 3).train(progress -> true);

            // All of it, from there: your executor, your listener, which may stop it; a file to go on from.
            TrainingOptions options = new TrainingOptions().epochs(epochs).rate(1e-4).batch(16).ema(0.99);
            VitTrainer trainer = new VitTrainer(model, learnt, options).with(executor, 3)
                    .checkpoint(Path.of(output + ".run.safetensors"), 60);
            boolean finished = trainer.train(progress -> {
                System.out.printf("%d of %d: loss %.3f%n", progress.step(), progress.steps(), progress.loss());
                return !Thread.currentThread().isInterrupted();
            });

            Evaluation found = Evaluation.of(VisionTransformer.of(model.config(), model.parameters()).inference(),
                    model.preprocessing(), heldOut);
            model.save(output, DType.F16);                                // timm's form: Classifier.load(output)
            // README: to here
            assert finished && Classifier.load(output).labels().equals(pictures.labels());
            return found.accuracy();
        } finally {
            executor.shutdown();
        }
    }
}
