package leanvit.app.scenes;

import java.util.List;
import leanvit.vit.train.TrainingPictures;
import leanvit.vit.train.TrainingSample;

/** {@link Scenes} to learn from: every epoch shows others. Safe for use by several threads at once. */
public final class ScenePictures implements TrainingPictures {

    private final Scenes scenes;
    private final long seed;
    private final int size;

    /**
     * Makes the pictures of a seed.
     *
     * @param size pictures of an epoch
     */
    public ScenePictures(int width, int height, int size, long seed) {
        scenes = new Scenes(width, height, seed);
        this.seed = seed;
        this.size = size;
    }

    @Override
    public List<String> labels() {
        return Scenes.labels();
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public String name(int picture) {
        return "drawn picture " + picture + " of seed " + seed;
    }

    @Override
    public TrainingSample sample(int epoch, int picture) {
        return scenes.sample((long) epoch * size + picture);
    }
}
