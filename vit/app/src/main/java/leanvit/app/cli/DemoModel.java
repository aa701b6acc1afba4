package leanvit.app.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import leanvit.app.scenes.Scenes;
import leanvit.reducers.Reducers;
import leanvit.reducers.TensorFiles;
import leanvit.reducers.TokenReducer;
import leanvit.vit.data.LabelledPictures;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.Checkpoint;
import leanvit.vit.weights.ReducerFiles;
import leanvit.vit.weights.SafeTensors;

/** The model that is built in, with what was learnt for it and the drawn pictures that it is tried on. */
final class DemoModel {

    /** How many drawn pictures commands take that were given none. */
    static final int PICTURES = 512;

    /** What stands before the names of the model's resources. */
    private static final String RESOURCES = "leanvit/app/demo-model/";
    /** What stands before them in a SPEC. */
    private static final String FILES = "demo/";
    /** {@code train vit} tries the model on the pictures of this seed, and never shows them to it before. */
    private static final long HELD_OUT_SEED = (1L << 32) + 1;

    private DemoModel() {
    }

    static Checkpoint open() throws IOException {
        return Checkpoint.ofResources(DemoModel.class, RESOURCES);
    }

    /** Returns drawn pictures that it has not learnt from. */
    static LabelledPictures pictures() {
        Scenes scenes = new Scenes(Scenes.USUAL_SIZE, Scenes.USUAL_SIZE, HELD_OUT_SEED);
        List<String> names = new ArrayList<>();
        int[] labels = new int[PICTURES];
        for (int i = 0; i < PICTURES; i++) {
            names.add("drawn picture " + i);
            labels[i] = Scenes.label(i);
        }
        return LabelledPictures.of(names, labels, scenes::picture);
    }

    /** Returns a reader of the files that a SPEC names: those of the model where they begin with {@code demo/}. */
    static TensorFiles files() {
        TensorFiles files = ReducerFiles.from(Path.of(""));
        return path -> {
            if (!path.startsWith(FILES) || Files.exists(Path.of(path))) {
                return files.read(path);
            }
            try (InputStream in = DemoModel.class.getClassLoader()
                    .getResourceAsStream(RESOURCES + path.substring(FILES.length()))) {
                if (in == null) {
                    throw new InvalidInputException(Path.of(path), "no such file, nor is it one of the built-in model");
                }
                try (SafeTensors tensors = SafeTensors.of(ByteBuffer.wrap(in.readAllBytes()), Path.of(path))) {
                    return ReducerFiles.read(tensors);
                }
            }
        };
    }

    /**
     * Returns each method at rates that show what it costs, with what was learnt for LTMP and dTPS; all but the first
     * two of ToMe at about half of the multiply-accumulates.
     */
    static List<TokenReducer> reducers() throws IOException {
        return Reducers.parseAll("none;tome:r=8;tome:r=16;tome:r=28;ltmp:thresholds=demo/thresholds.safetensors;"
                + "dtps:keep=0.5,predictors=demo/predictors.safetensors;etps:keep=0.5;evit:keep=0.5;topk:keep=0.5;"
                + "pomt:r=96", files());
    }
}
