package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import leanvit.kernels.Provider;
import org.junit.jupiter.api.Test;

class InfoCommandTest {

    @Test
    void theMachineIsTold() throws IOException {
        Map<String, Object> info = Cli.run("info", "--json").succeeded().object();
        assertThat(info).containsEntry("java", Runtime.version().toString())
                .containsEntry("simd", Provider.name().equals("simd"))
                .containsEntry("vector_bits", (long) Provider.vectorBits())
                .containsEntry("provider", Provider.name())
                .containsEntry("reason", Provider.reason())
                .doesNotContainKeys("model", "reducers");
        assertThat(Cli.run("info").succeeded().out()).contains(Runtime.version().toString(), Provider.describe());
    }

    @Test
    @SuppressWarnings("unchecked")
    void aModelIsTold() throws IOException {
        Map<String, Object> info = Cli.run("info", "--json", "--model", Cli.DEMO, "--reducers",
                "none;tome:r=16;ltmp:merge=0.9,prune=0.003").succeeded().object();
        Map<String, Object> model = (Map<String, Object>) info.get("model");
        assertThat(model).containsEntry("architecture", "vit_demo_patch8_96").containsEntry("image", List.of(96L, 96L))
                .containsEntry("patch", 8L).containsEntry("tokens", 145L).containsEntry("prefix", 1L)
                .containsEntry("width", 96L).containsEntry("depth", 6L).containsEntry("heads", 3L)
                .containsEntry("mlp_hidden", 192L).containsEntry("classes", 16L).containsEntry("parameters", 482_992L);
        assertThat((Map<String, Object>) model.get("preprocessing")).containsEntry("interpolation", "bicubic")
                .containsEntry("mean", List.of(0.5, 0.5, 0.5));
        List<Map<String, Object>> reducers = (List<Map<String, Object>>) info.get("reducers");
        assertThat(reducers).extracting(row -> row.get("reducer"))
                .containsExactly("none", "tome:r=16", "ltmp:merge=0.9,prune=0.003");
        assertThat(reducers).extracting(row -> row.get("depends_on_image")).containsExactly(false, false, true);
        assertThat(reducers.get(1)).containsEntry("tokens", List.of(129L, 113L, 97L, 81L, 65L, 49L));
        // n0·3p²·C + 6·(4·N·C² + 2·N²·C + 2·N·C·192) + C·16
        double dense = 144 * 192 * 96 + 6.0 * (4 * 145 * 9216 + 2 * 145 * 145 * 96 + 2 * 145 * 96 * 192) + 96 * 16;
        assertThat((double) reducers.get(0).get("gmacs")).isCloseTo(dense / 1e9, within(1e-12));
    }

    @Test
    void theTableHasARowAReducer() {
        assertThat(Cli.run("info", "--model", Cli.DEMO).succeeded().out())
                .contains("vit_demo_patch8_96", "482,992 parameters", "6 blocks of width 96", "96 x 96 pixels")
                .containsPattern("none +0.091 GMACs  tokens 145 x6\n").containsPattern("\npomt:r=41,layer=1 +0");
    }

    @Test
    void reducersThatCannotBeAreRefused() {
        Cli.run("info", "--reducers", "none").refused("info", "--reducers goes with --model");
        Cli.run("info", "--model", Cli.DEMO, "--reducers", "none;;")
                .refused("info",
                "--reducers: unknown reducer '', known are none, tome, ltmp, etps, dtps, evit, topk, pomt, "
                        + "tome-kth, tome-random");
        Cli.run("info", "--model", Cli.DEMO, "--reducers", "pomt:r=1,layer=6")
                .failed("pomt:r=1,layer=6: the model has no block 6, its 6 blocks are 0 to 5");
    }
}
