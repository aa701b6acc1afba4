package leanvit.app.scenes;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import leanvit.vit.data.LabelledPictures;
import leanvit.vit.image.Pictures;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.io.WholeFile;

/**
 * Writes pictures of {@link Scenes} as a labelled folder: PNGs, {@code labels.csv}, and {@code labels.txt}, which names
 * the classes.
 */
public final class SceneFolder {

    private SceneFolder() {
    }

    /**
     * Writes pictures 0 to {@code count - 1}. {@code labels.csv} comes last: a folder that has it is complete.
     *
     * @param folder   is made where it is missing; must not have a {@code labels.csv}
     * @param executor whose threads help; the caller's works too
     * @param threads  1 or more
     * @param progress is told how many are done, by any of the threads
     * @throws InvalidInputException if the folder cannot be written to
     * @throws IOException           if a file cannot be written
     */
    public static void write(Path folder, Scenes scenes, int count, Executor executor, int threads,
                             IntConsumer progress) throws IOException {
        Path csv = folder.resolve(LabelledPictures.LABELS);
        if (Files.exists(csv)) {
            throw new InvalidInputException(csv, "is there already; expected a folder without pictures");
        }
        if (!Files.isDirectory(folder)) {
            Path parent = folder.toAbsolutePath().getParent();
            if (Files.exists(folder) || parent == null || !Files.isDirectory(parent)) {
                throw new InvalidInputException(folder, Files.exists(folder) ? "cannot be written: it is no directory"
                        : "cannot be written: its parent directory does not exist");
            }
            Files.createDirectory(folder);
        }
        AtomicInteger next = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
        Runnable work = () -> {
            for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                try {
                    Pictures.writePng(scenes.picture(i), folder.resolve(name(i)));
                } catch (IOException e) {
                    next.set(count);
                    throw new UncheckedIOException(e);
                }
                progress.accept(done.incrementAndGet());
            }
        };
        List<CompletableFuture<Void>> helpers = new ArrayList<>();
        for (int thread = 1; thread < threads; thread++) {
            helpers.add(CompletableFuture.runAsync(work, executor));
        }
        try {
            work.run();
            helpers.forEach(CompletableFuture::join);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } catch (CompletionException e) {
            throw e.getCause() instanceof UncheckedIOException unchecked ? unchecked.getCause()
                    : new IOException(e.getCause());
        }
        WholeFile.write(folder.resolve("labels.txt"), part -> Files.write(part, Scenes.labels()));
        List<String> lines = new ArrayList<>(List.of("file,label"));
        for (int i = 0; i < count; i++) {
            lines.add(name(i) + "," + Scenes.label(i));
        }
        WholeFile.write(csv, part -> Files.write(part, lines));
    }

    private static String name(int picture) {
        return String.format(Locale.ROOT, "%06d-%s.png", picture, Scenes.labels().get(Scenes.label(picture)));
    }
}
