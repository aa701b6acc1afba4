package leanvit.app.cli;

import java.io.IOException;
import java.nio.file.Path;
import leanvit.app.scenes.SceneFolder;
import leanvit.app.scenes.SceneSheet;
import leanvit.app.scenes.Scenes;

/** {@code data generate}: writes the drawn pictures that the demo model is trained on. */
final class DataGenerateCommand implements Command {

    private static final int MAX_IMAGES = 10_000_000;

    @Override
    public Syntax syntax() {
        return new Syntax("data generate", "", "Write drawn pictures of " + Scenes.labels().size()
                + " things, as many as wanted, by a seed: PNGs and labels.csv.")
                .text("--output", "DIR", "the folder; it is made where it is missing")
                .whole("--images", "N", 1, MAX_IMAGES, 1000, "pictures, evenly over the classes")
                .whole("--seed", "S", 0, Integer.MAX_VALUE, 0, "other pictures for another number")
                .whole("--size", "N", Scenes.MIN_SIZE, Scenes.MAX_SIZE, Scenes.USUAL_SIZE, "pixels a side")
                .text("--sheet", "FILE", "instead of a folder: all of them on one sheet, a PNG or JPEG to look at")
                .note("The same seed and size give the same pixels, on every Java and machine. labels.txt names the "
                        + "classes.")
                .example("--output pictures --images 2000 --seed 7");
    }

    @Override
    public int run(Options options, Terminal terminal) throws IOException, UsageException {
        Path sheet = options.path("--sheet");
        Path output = sheet == null ? options.requiredPath("--output") : null;
        if (sheet != null && options.has("--output")) {
            throw new UsageException("--output and --sheet: give one of them");
        }
        int images = options.whole("--images");
        int size = options.whole("--size");
        int threads = options.whole("--threads");
        Scenes scenes = new Scenes(size, size, options.whole("--seed"));
        if (sheet != null) {
            SceneSheet.write(sheet, scenes, images);
            return DONE;
        }
        SceneFolder.write(output, scenes, images, Models.executor(threads), threads, done -> {
            synchronized (terminal) {
                terminal.progress(done + " of " + images + " pictures");
            }
        });
        terminal.endProgress();
        return DONE;
    }
}
