package leanvit.jmh;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A program of the system. */
final class Tool {

    private Tool() {
    }

    /**
     * Runs it and returns the lines that it prints.
     *
     * @param input what it reads
     * @throws IOException if it is not there or fails, with what it says
     */
    static List<String> run(String input, String... command) throws IOException {
        Path in = Files.createTempFile("leanvit-", ".in");
        try {
            Files.writeString(in, input);
            Process process = new ProcessBuilder(command).redirectInput(in.toFile()).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IOException(String.join(" ", command) + " failed: " + output);
            }
            return output.lines().toList();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            Files.delete(in);
        }
    }
}
