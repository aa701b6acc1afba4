package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import leanvit.reducers.TokenReducer;
import leanvit.vit.VisionTransformer;
import leanvit.vit.image.Pictures;
import leanvit.vit.weights.Checkpoint;
import leanvit.vit.weights.SafeTensors;
import leanvit.vit.weights.SafeTensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code compare}, on the demo model and its pictures. */
class CompareCommandTest {

    @TempDir
    private Path directory;

    @Test
    void jsonAndPlotSayWhatWasMeasured() throws IOException {
        Path plot = directory.resolve("plot.png");
        List<Map<String, Object>> rows = Cli.run("compare", Cli.PICTURES, "--json", "--plot", plot, "--reducers",
                "none;tome:r=16").succeeded().objects();
        assertThat(rows).hasSize(2).allSatisfy(row -> {
            assertThat(row).containsOnlyKeys("reducer", "images", "top1", "top5", "agreement", "passes", "images_per_s",
                    "speedup", "gmacs", "tokens_out").containsEntry("images", 16L);
            assertThat((double) row.get("images_per_s")).isPositive().isFinite();
        });
        assertThat(rows.get(0)).containsEntry("reducer", "none").containsEntry("top1", 16L).containsEntry("top5", 16L)
                .containsEntry("agreement", 16L).containsEntry("speedup", 1.0).containsEntry("tokens_out", 145.0);
        assertThat(rows.get(1)).containsEntry("reducer", "tome:r=16").containsEntry("tokens_out", 49.0);
        assertThat((double) rows.get(1).get("gmacs")).isLessThan((double) rows.get(0).get("gmacs"));
        double ratio = (double) rows.get(1).get("images_per_s") / (double) rows.get(0).get("images_per_s");
        assertThat((double) rows.get(1).get("speedup")).isBetween(ratio * 0.999, ratio * 1.001);
        assertThat(Pictures.read(plot).width()).isGreaterThan(300);
        assertThat(Cli.files(directory)).containsExactly("plot.png");
    }

    @Test
    void aModelWithoutClassifierNamesNoClasses() throws IOException {
        Cli.copyDemo(directory);
        Path config = directory.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace("\"num_classes\":16", "\"num_classes\":0"));
        SafeTensorsWriter headless = new SafeTensorsWriter();
        try (SafeTensors all = SafeTensors.open(Cli.DEMO.resolve("model.safetensors"))) {
            for (String name : all.names()) {
                if (!name.startsWith("head.")) {
                    headless.floats(name, all.floats(name), all.shape(name));
                }
            }
        }
        headless.write(directory.resolve("model.safetensors"));
        for (String command : new String[] {"classify", "compare", "calibrate"}) {
            Cli.run(command, command.equals("classify") ? Cli.PICTURES.resolve("cup.png") : Cli.PICTURES, "--model",
                    directory).failed("model vit_demo_patch8_96 has no classifier, so that it names no classes; run, "
                    + "embed, bench, info and compare --embeddings take it");
        }
        assertThat(Cli.run("info", "--model", directory, "--reducers", "none").succeeded().out()).contains("0 classes");
    }

    @Test
    void embeddingsAreComparedWithoutLabels() throws IOException {
        Path plot = directory.resolve("plot.png");
        List<Map<String, Object>> rows = Cli.run("compare", Cli.PICTURES, "--embeddings", "--json", "--plot", plot,
                "--reducers", "none;tome:r=16;tome:r=2").succeeded().objects();
        assertThat(rows).hasSize(3).allSatisfy(row -> assertThat(row).containsOnlyKeys("reducer", "images",
                "cosine_mean", "cosine_worst", "worst", "recall_at_1", "recall_at_10", "passes", "images_per_s",
                "speedup", "gmacs", "tokens_out"));
        assertThat(rows.get(0)).containsEntry("recall_at_1", 1.0).containsEntry("recall_at_10", 1.0)
                .containsEntry("speedup", 1.0);
        assertThat((double) rows.get(0).get("cosine_worst")).isGreaterThan(1 - 1e-9);
        assertThat((double) rows.get(1).get("cosine_mean")).isLessThan((double) rows.get(2).get("cosine_mean"))
                .isGreaterThan((double) rows.get(1).get("cosine_worst"));
        assertThat((String) rows.get(1).get("worst")).endsWith(".png");
        assertThat(Pictures.read(plot).width()).isGreaterThan(300);
        assertThat(Cli.run("compare", Cli.PICTURES, "--embeddings", "--reducers", "none").succeeded().out())
                .contains("cosine, mean", "recall@10", "100.0 %");
        Cli.run("compare", Cli.PICTURES.resolve("cup.png"), "--embeddings")
                .failed("one picture has no neighbours, expected two or more");
    }

    @Test
    void withoutPicturesTheBuiltInModelIsComparedOnDrawnOnes() throws IOException {
        List<Map<String, Object>> rows = Cli.run("compare", "--json", "--batch", 32, "--reducers",
                "none;ltmp:thresholds=demo/thresholds.safetensors;dtps:keep=0.5,predictors=demo/predictors.safetensors")
                .succeeded().objects();
        assertThat(rows).extracting(row -> row.get("images")).containsExactly(512L, 512L, 512L);
        assertThat((long) rows.get(0).get("top1")).as("97 % of 2,000, and not all").isBetween(491L, 506L);
        for (Map<String, Object> learnt : rows.subList(1, 3)) {
            assertThat((long) learnt.get("top1")).as("%s", learnt).isGreaterThan(465L);
            assertThat((double) learnt.get("gmacs")).isLessThan(0.6 * (double) rows.get(0).get("gmacs"));
        }
        Cli.run("compare", "--model", Cli.DEMO)
                .refused("compare", "expected PATH...: the drawn pictures are for the built-in model");
        Cli.run("compare", "--reducers", "ltmp:thresholds=demo/none.safetensors")
                .failed("demo/none.safetensors: no such file, nor is it one of the built-in model");
    }

    @Test
    void everyMethodIsAmongThoseThatTheBuiltInModelIsComparedWith() throws IOException {
        List<TokenReducer> reducers = DemoModel.reducers();
        assertThat(reducers).extracting(reducer -> reducer.spec().replaceAll("[:,].*", "")).containsExactly("none",
                "tome", "tome", "tome", "ltmp", "dtps", "etps", "evit", "topk", "pomt");
        try (Checkpoint checkpoint = DemoModel.open()) {
            reducers.forEach(VisionTransformer.of(checkpoint.config(), checkpoint).inference()::with);
        }
    }

    @Test
    void heldOutPicturesAreThoseOfTraining() throws IOException {
        List<Map<String, Object>> rows = Cli.run("compare", Cli.PICTURES, "--hold-out", 0.25, "--seed", 3, "--json",
                "--reducers", "none").succeeded().objects();
        assertThat(rows.get(0)).containsEntry("images", 4L).containsEntry("top1", 4L);
        Cli.run("compare", Cli.PICTURES, "--hold-out", 0.01)
                .refused("compare", "--hold-out: of 16 pictures none is held out");
        Cli.run("compare", Cli.PICTURES, "--seed", 3).refused("compare", "--seed goes with --hold-out");
        Cli.run("compare", "--hold-out", 0.5)
                .refused("compare", "--hold-out goes with PATH: the drawn pictures are all held out");
    }

    @Test
    void picturesWithoutLabelsMakeATableWithoutAccuracy() {
        assertThat(Cli.run("compare", Cli.PICTURES.resolve("cup.png"), "--markdown", "--reducers", "none").succeeded()
                .out())
                .startsWith("| reducer").contains("| none ", "1 (100.0 %)").doesNotContain("top-1");
        Cli.run("compare", Cli.PICTURES, "--json", "--markdown")
                .refused("compare", "--json and --markdown: give one of them");
    }
}
