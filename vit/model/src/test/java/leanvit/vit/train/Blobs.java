package leanvit.vit.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.image.Preprocessing.Interpolation;
import leanvit.vit.image.Preprocessing.Resize;
import leanvit.vit.image.RgbImage;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitConfig.Pooling;
import leanvit.vit.weights.VitParameters;

/**
 * Pictures of 16 x 16 pixels with a bright square in one of four corners, which is the class; and a model of their
 * size.
 *
 * @param size pictures
 * @param bad  one that cannot be read, or -1
 */
record Blobs(int size, int bad) implements TrainingPictures {

    static final VitConfig CONFIG =
            new VitConfig("vit_nano_patch4_16", 16, 16, 4, 24, 2, 2, 48, 4, Pooling.TOKEN, false, 1e-6f);
    static final Preprocessing PREPROCESSING = new Preprocessing(16, 16, 1f, Resize.SHORT_SIDE, Interpolation.BICUBIC,
            new float[] {0.5f, 0.5f, 0.5f}, new float[] {0.5f, 0.5f, 0.5f});

    static VitParameters model() {
        return FreshWeights.of(CONFIG, PREPROCESSING, List.of("a", "b", "c", "d"), 5);
    }

    /** Returns the model after some epochs, in a fraction of a second. */
    static VitParameters trained() throws IOException {
        VitParameters model = model();
        new VitTrainer(model, new Blobs(64, -1), new TrainingOptions().epochs(30).batch(16).rate(3e-3)
                .augmentation(Augmentation.NONE)).train(progress -> true);
        return model;
    }

    @Override
    public List<String> labels() {
        return List.of("a", "b", "c", "d");
    }

    @Override
    public String name(int picture) {
        return "blob " + picture;
    }

    @Override
    public TrainingSample sample(int epoch, int picture) throws InvalidInputException {
        if (picture == bad) {
            throw new InvalidInputException(Path.of(name(picture)), "no picture");
        }
        RandomStream random = RandomStream.of(9, epoch, picture);
        byte[] samples = new byte[3 * 256];
        byte[] mask = new byte[256];
        int label = picture % 4;
        int left = label % 2 * 8 + random.below(4);
        int top = label / 2 * 8 + random.below(4);
        for (int i = 0; i < 256; i++) {
            boolean inside = i % 16 >= left && i % 16 < left + 5 && i / 16 >= top && i / 16 < top + 5;
            mask[i] = (byte) (inside ? 255 : 0);
            for (int c = 0; c < 3; c++) {
                samples[3 * i + c] = (byte) (random.below(60) + (inside ? 180 : 0));
            }
        }
        return new TrainingSample(new RgbImage(16, 16, samples), label, mask);
    }
}
