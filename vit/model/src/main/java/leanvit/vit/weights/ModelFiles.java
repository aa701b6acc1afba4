package leanvit.vit.weights;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import leanvit.vit.io.InvalidInputException;

/** The files of a model, in a directory or among a class path's resources. */
interface ModelFiles {

    /** What a settings file or list of labels may take; the largest real ones have some megabytes. */
    int MAX_TEXT_BYTES = 32 << 20;

    /** Returns how messages call a file. */
    Path path(String name);

    /** Returns whether there is such a file. */
    boolean has(String name);

    /** Returns a text file's bytes. */
    byte[] read(String name) throws IOException;

    /** Opens a safetensors file. */
    SafeTensors tensors(String name) throws IOException;

    /** The files of a directory. */
    static ModelFiles of(Path directory) throws InvalidInputException {
        if (!Files.isDirectory(directory)) {
            throw new InvalidInputException(directory, Files.exists(directory)
                    ? "not a directory; expected a model's, with config.json and model.safetensors"
                    : "no such directory");
        }
        return new ModelFiles() {
            @Override
            public Path path(String name) {
                return directory.resolve(name);
            }

            @Override
            public boolean has(String name) {
                return Files.exists(path(name), LinkOption.NOFOLLOW_LINKS);
            }

            @Override
            public byte[] read(String name) throws IOException {
                Path file = linked(path(name));
                if (!Files.isRegularFile(file)) {
                    throw new InvalidInputException(file, Files.exists(file) ? "not a regular file" : "no such file");
                }
                try (InputStream in = Files.newInputStream(file)) {
                    return limited(in, file);
                } catch (AccessDeniedException e) {
                    throw new InvalidInputException(file, "may not be read: permission denied", e);
                }
            }

            @Override
            public SafeTensors tensors(String name) throws IOException {
                return SafeTensors.open(linked(path(name)));
            }
        };
    }

    /** Returns a file, unless it is a link to nothing, as in a hub's cache that lost what its snapshots point to. */
    private static Path linked(Path file) throws IOException {
        if (Files.isSymbolicLink(file) && !Files.exists(file)) {
            throw new InvalidInputException(file, "a link to a file that is missing: "
                    + Files.readSymbolicLink(file));
        }
        return file;
    }

    /**
     * Resources whose names start with {@code prefix}, as {@link Class#getResourceAsStream} of {@code base} finds them.
     */
    static ModelFiles of(Class<?> base, String prefix) {
        return new ModelFiles() {
            @Override
            public Path path(String name) {
                return Path.of(prefix + name);
            }

            @Override
            public boolean has(String name) {
                return base.getResource("/" + prefix + name) != null;
            }

            @Override
            public byte[] read(String name) throws IOException {
                try (InputStream in = open(name)) {
                    return limited(in, path(name));
                }
            }

            @Override
            public SafeTensors tensors(String name) throws IOException {
                try (InputStream in = open(name)) {
                    return SafeTensors.of(ByteBuffer.wrap(in.readAllBytes()), path(name));
                }
            }

            private InputStream open(String name) throws InvalidInputException {
                InputStream in = base.getResourceAsStream("/" + prefix + name);
                if (in == null) {
                    throw new InvalidInputException(path(name), "no such resource");
                }
                return in;
            }
        };
    }

    private static byte[] limited(InputStream in, Path file) throws IOException {
        byte[] bytes = in.readNBytes(MAX_TEXT_BYTES + 1);
        if (bytes.length > MAX_TEXT_BYTES) {
            throw new InvalidInputException(file, "expected at most " + MAX_TEXT_BYTES + " bytes of text, came more");
        }
        return bytes;
    }
}
