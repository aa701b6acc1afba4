package leanvit.vit.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import leanvit.testdata.Close;
import leanvit.testdata.GoldenFile;
import leanvit.testdata.TestData;
import leanvit.testdata.WorstErrors;

/** A golden case of a training pass: what PyTorch made of a preset's three images. */
final class TrainingGolden {

    static final int IMAGES = 3;

    final String preset;
    private final String kind;
    final GoldenFile file;

    private TrainingGolden(String preset, String kind, GoldenFile file) {
        this.preset = preset;
        this.kind = kind;
        this.file = file;
    }

    /** Opens a case of the repository's, or of the folder beside it. */
    static TrainingGolden open(String preset, String name) throws IOException {
        Path path = TestData.path("golden/" + preset).resolve(name + ".safetensors");
        return new TrainingGolden(preset, name, GoldenFile.open(
                Files.exists(path) ? path : TestData.shared("golden/" + preset + "/" + name + ".safetensors")));
    }

    /** Asserts an absolute tolerance; of a lean tensor the first images alone are there. */
    void assertClose(String name, float[] got, double tolerance) throws IOException {
        double[] want = file.doubles(name);
        Close.assertClose(Arrays.copyOf(got, want.length), want, tolerance, preset + " " + name);
    }

    /** Asserts a gradient within a share of its tensor's largest value. */
    void assertGradient(String name, float[] got) throws IOException {
        double most = 1e-9;
        for (double value : file.doubles(name)) {
            most = Math.max(most, Math.abs(value));
        }
        double[] want = file.doubles(name);
        for (int i = 0; i < want.length; i++) {
            WorstErrors.note(kind + " of preset " + preset + ", PyTorch", Math.abs(got[i] - want[i]) / most);
        }
        assertClose(name, got, 1e-4 * most);
    }

    void assertRelative(String name, double got) throws IOException {
        double want = file.doubles(name)[0];
        Close.assertClose(new double[] {got}, new double[] {want}, 1e-5 * Math.abs(want), preset + " " + name);
    }
}
