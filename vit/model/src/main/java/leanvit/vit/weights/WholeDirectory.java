package leanvit.vit.weights;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;
import java.util.stream.Stream;
import leanvit.vit.io.InvalidInputException;

/** Writes a directory of a few files: whole where it is new; file by file, each whole, where it is there. */
final class WholeDirectory {

    /** Writes the files. */
    interface Content {
        void write(Path directory) throws IOException;
    }

    private WholeDirectory() {
    }

    static void write(Path directory, Content content) throws IOException {
        Path target = directory.toAbsolutePath().normalize();
        if (Files.isDirectory(target)) {
            content.write(target);
            return;
        }
        if (Files.exists(target)) {
            throw new InvalidInputException(directory, "cannot be written: it is no directory");
        }
        if (target.getParent() == null || !Files.isDirectory(target.getParent())) {
            throw new InvalidInputException(directory, "cannot be written: its parent directory does not exist");
        }
        Path part = target.resolveSibling(".leanvit-" + UUID.randomUUID() + ".part");
        try {
            Files.createDirectory(part);
            content.write(part);
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AccessDeniedException e) {
            throw new InvalidInputException(directory, "cannot be written: permission denied", e);
        } finally {
            delete(part);
        }
    }

    private static void delete(Path part) throws IOException {
        if (Files.isDirectory(part)) {
            try (Stream<Path> files = Files.list(part)) {
                for (Path file : files.toList()) {
                    Files.deleteIfExists(file);
                }
            }
            Files.deleteIfExists(part);
        }
    }
}
