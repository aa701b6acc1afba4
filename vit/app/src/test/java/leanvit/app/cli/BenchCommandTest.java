package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BenchCommandTest {

    @Test
    void jsonHasEveryFigure() throws IOException {
        Map<String, Object> bench =
                Cli.run("bench", "--json", "--seconds", "0.05", "--batch", "2", "--threads", "2", "--reducer",
                "tome:r=16").succeeded().object();
        assertThat(bench).containsEntry("model", "vit_demo_patch8_96").containsEntry("reducer", "tome:r=16")
                .containsEntry("batch", 2L).containsEntry("threads", 2L).containsEntry("tokens_out", 49.0)
                .containsKeys("ms_per_image", "ms_per_image_q1", "ms_per_image_q3", "images_per_s", "gmacs", "gflops",
                        "bytes_per_pass", "passes");
        double ms = (double) bench.get("ms_per_image");
        assertThat(ms).isPositive().isBetween((double) bench.get("ms_per_image_q1"),
                (double) bench.get("ms_per_image_q3"));
        assertThat((double) bench.get("images_per_s")).isCloseTo(1000 / ms, within(1e-6 * 1000 / ms));
        double gmacs = (double) bench.get("gmacs");
        assertThat((double) bench.get("gflops"))
                .isCloseTo(2 * gmacs / (ms / 1000), within(1e-6 * 2 * gmacs / (ms / 1000)));
        assertThat((long) bench.get("bytes_per_pass")).as("two images' logits, and little beside them")
                .isBetween(2L * 16 * Float.BYTES, 1L << 20);
    }

    @Test
    void anArchitectureNeedsNoFile() {
        assertThat(Cli.run("bench", "--arch", "vit_tiny_patch16_224", "--seconds", "0.01", "--reducer", "topk:r=16")
                .succeeded()
                .out()).startsWith("vit_tiny_patch16_224, topk:r=16, batch 1, threads 1\n")
                .contains("ms per image", "images/s", "GMACs", "GFLOP/s", "tokens at the end, of 197",
                "bytes allocated per pass");
    }

    @Test
    void whatCannotBeTimedIsRefused() {
        Cli.run("bench", "--arch", "resnet50")
                .refused("bench", "--arch: architecture: expected a plain ViT or DeiT of timm's, "
                + "such as vit_base_patch16_224 or deit_tiny_distilled_patch16_224, came \"resnet50\"");
        Cli.run("bench", "--arch", "vit_tiny_patch16_224", "--model", "x")
                .refused("bench", "--model and --arch: give one of them");
        Cli.run("bench", "--seconds", "0")
                .refused("bench", "--seconds: expected a number from 0.01 to 86400, came \"0\"");
        Cli.run("bench", "--batch", "0")
                .refused("bench", "--batch: expected a whole number from 1 to 4096, came \"0\"");
    }
}
