package leanvit.testdata;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/**
 * Where test data lies: the repository's own {@code testdata}, and a folder beside the repository for what is too large
 * or not free to be copied.
 */
public final class TestData {

    private TestData() {
    }

    /**
     * Returns the repository's {@code testdata}: {@code -Dleanvit.testdata}, which the build sets, or the nearest one in
     * this process's directory and those above it.
     */
    public static Path directory() {
        String set = System.getProperty("leanvit.testdata");
        if (set != null) {
            return Path.of(set);
        }
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.isDirectory(at.resolve("testdata/golden"))) {
                return at.resolve("testdata");
            }
        }
        throw new AssertionError("no testdata/golden in " + Path.of("").toAbsolutePath()
                + " or above; -Dleanvit.testdata=DIR says where it lies");
    }

    /** Returns a file or folder of {@code testdata}, such as {@code demo/model}; it must be there. */
    public static Path path(String name) {
        Path path = directory().resolve(name);
        if (!Files.exists(path)) {
            throw new AssertionError("testdata has no " + name + ": " + path);
        }
        return path;
    }

    /**
     * Returns a file or folder such as {@code models/deit-tiny} of {@code -Dleanvit.shared} ({@code ../shared} unless
     * set). Skips the test where it is absent: the repository does not carry it.
     */
    public static Path shared(String name) {
        String set = System.getProperty("leanvit.shared");
        Path path = (set == null ? directory().resolve("../../shared") : Path.of(set)).resolve(name).normalize();
        Assumptions.assumeTrue(Files.exists(path),
                "skipped: no " + path + "; -Dleanvit.shared=DIR says where " + name + " lies");
        return path;
    }
}
