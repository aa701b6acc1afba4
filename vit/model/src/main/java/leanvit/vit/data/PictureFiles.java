package leanvit.vit.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import leanvit.vit.io.InvalidInputException;

/** Finds pictures by their names. All methods are safe for use by any number of threads. */
public final class PictureFiles {

    private PictureFiles() {
    }

    /**
     * Returns files, and what lies in folders and the folders within them: files whose names end in .jpg, .jpeg or .png
     * and do not begin with a dot, in the order of their paths. Each is there once.
     *
     * @throws InvalidInputException if a path is missing, or a folder has no picture or cannot be read
     * @throws IOException           if a folder cannot be read
     */
    public static List<Path> find(List<Path> paths) throws IOException {
        Set<Path> found = new LinkedHashSet<>();
        for (Path path : paths) {
            if (!Files.exists(path)) {
                throw new InvalidInputException(path, "no such file or folder");
            }
            if (Files.isDirectory(path)) {
                List<Path> pictures = within(path);
                if (pictures.isEmpty()) {
                    throw new InvalidInputException(path, "no pictures (.jpg, .jpeg, .png) in this folder");
                }
                found.addAll(pictures);
            } else {
                found.add(path);
            }
        }
        return new ArrayList<>(found);
    }

    private static List<Path> within(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
            return all.filter(PictureFiles::isPicture).sorted(Comparator.comparing(Path::toString)).toList();
        } catch (UncheckedIOException e) {
            if (e.getCause() instanceof FileSystemLoopException loop) {
                throw new InvalidInputException(Path.of(loop.getFile()), "a link to a folder that it lies in", loop);
            }
            if (e.getCause() instanceof AccessDeniedException denied) {
                throw new InvalidInputException(Path.of(denied.getFile()), "may not be read: permission denied",
                        denied);
            }
            throw e.getCause();
        }
    }

    private static boolean isPicture(Path file) {
        String name = file.getFileName() == null ? "" : file.getFileName().toString().toLowerCase(Locale.ROOT);
        return name.matches("[^.].*[.](jpe?g|png)") && Files.isRegularFile(file);
    }
}
