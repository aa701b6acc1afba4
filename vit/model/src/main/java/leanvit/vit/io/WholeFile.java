package leanvit.vit.io;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;

/**
 * Writes a file whole: beside its place under another name, then moved over whatever stood there. Where that fails
 * nothing is left, and what stood there stays.
 */
public final class WholeFile {

    /** Writes what the file is to hold. */
    @FunctionalInterface
    public interface Content {
        /**
         * Writes.
         *
         * @param part a path at which as yet there is no file
         */
        void write(Path part) throws IOException;
    }

    private WholeFile() {
    }

    /**
     * Refuses a path that cannot become a file, so that work whose result has no place is not begun.
     *
     * @throws InvalidInputException if the directory does not exist or the path is a directory, device or pipe
     */
    public static void check(Path file) throws InvalidInputException {
        Path target = file.toAbsolutePath();
        if (Files.isDirectory(target)) {
            throw new InvalidInputException(file, "cannot be written: it is a directory");
        }
        if (Files.exists(target) && !Files.isRegularFile(target)) {
            // A file moved over a device, such as /dev/null, would take its place.
            throw new InvalidInputException(file, "cannot be written: it is a device or a pipe");
        }
        if (target.getParent() == null || !Files.isDirectory(target.getParent())) {
            throw new InvalidInputException(file, "cannot be written: its directory does not exist");
        }
    }

    /**
     * Writes a file.
     *
     * @throws InvalidInputException if the directory does not exist or may not be written to, or the path is a
     *                               directory
     * @throws IOException           if the file cannot be written
     */
    public static void write(Path file, Content content) throws IOException {
        check(file);
        Path target = file.toAbsolutePath();
        Path part = target.resolveSibling(".leanvit-" + UUID.randomUUID() + ".part");
        try {
            content.write(part);
            try {
                Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (AccessDeniedException e) {
            throw new InvalidInputException(file, "cannot be written: permission denied", e);
        } catch (InvalidInputException e) {
            throw e;
        } catch (IOException e) {
            // A full disk's message names no file; others name the part.
            String reason = e instanceof FileSystemException of && of.getReason() != null ? of.getReason()
                    : e.getMessage();
            throw new IOException(file + ": cannot be written: " + reason
                    + (Files.exists(target) ? "; what was there stays" : ""), e);
        } finally {
            Files.deleteIfExists(part);
        }
    }
}
