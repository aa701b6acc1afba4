package leanvit.vit.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import leanvit.testdata.TestData;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.VitConfig.Pooling;
import org.junit.jupiter.api.Test;

/**
 * What each name of timm's plain Vision Transformers stands for: {@code families/timm-names.tsv} has what timm's own
 * constructors make of it, and a config may have nothing but the name.
 */
class TimmNamesTest {

    /** What is not done here, by name, and why. */
    private static final Map<String, String> REFUSED = Map.of(
            "vit_base_r26_s32_224", "a convolutional stem",
            "test_vit4", "RMSNorm");

    private static List<Map<String, String>> table() throws IOException {
        List<String> lines = Files.readAllLines(TestData.path("families/timm-names.tsv"));
        List<String> columns = Arrays.asList(lines.get(0).split("\t", -1));
        List<Map<String, String>> rows = new ArrayList<>();
        for (String line : lines.subList(1, lines.size())) {
            String[] fields = line.split("\t", -1);
            Map<String, String> row = new HashMap<>();
            for (int i = 0; i < fields.length; i++) {
                row.put(columns.get(i), fields[i]);
            }
            rows.add(row);
        }
        return rows;
    }

    private static ModelDescription read(String name) throws InvalidInputException {
        return TimmConfig.read(new Fields(Path.of("config.json"), "", Map.of("architecture", name)));
    }

    @Test
    void everyNameStandsForWhatTimmMakesOfIt() throws IOException {
        List<String> loads = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        for (Map<String, String> row : table()) {
            String name = row.get("name");
            try {
                VitConfig config = read(name).config();
                String problem = problem(row, config, ArchitectureName.parse(name));
                if (REFUSED.containsKey(name)) {
                    problems.add(name + ": read, but has " + REFUSED.get(name));
                } else if (!problem.isEmpty()) {
                    problems.add(name + ": " + problem);
                } else {
                    loads.add(name);
                }
            } catch (InvalidInputException e) {
                if (!REFUSED.containsKey(name)) {
                    problems.add(name + ": " + e.getMessage());
                }
            }
        }
        assertThat(problems).isEmpty();
        assertThat(loads).hasSizeGreaterThanOrEqualTo(table().size() - REFUSED.size());
    }

    private static String problem(Map<String, String> row, VitConfig config, ArchitectureName name) {
        Map<String, Object> got = new HashMap<>();
        got.put("embed_dim", config.width());
        got.put("depth", config.depth());
        got.put("heads", config.heads());
        got.put("fc1_rows", config.mlpRows());
        got.put("mlp", config.parts().gated() ? "GluMlp" : "Mlp");
        got.put("act", switch (config.parts().activation()) {
            case GELU -> "GELU";
            case GELU_TANH -> "GELUTanh";
            case QUICK_GELU -> "QuickGELU";
            case SILU -> "SiLU";
        });
        got.put("patch", config.patch());
        got.put("img_size", config.imageHeight() + "x" + config.imageWidth());
        got.put("global_pool", config.pooling() == Pooling.TOKEN ? "token"
                : config.pooling() == Pooling.AVERAGE ? "avg" : "map");
        got.put("class_token", name.classToken() ? 1 : 0);
        got.put("reg_tokens", name.registers());
        got.put("pre_norm", name.preNorm() ? 1 : 0);
        StringBuilder problem = new StringBuilder();
        got.forEach((column, value) -> {
            if (!row.get(column).equals(value.toString())) {
                problem.append(column).append(" ").append(row.get(column)).append(", came ").append(value)
                        .append("; ");
            }
        });
        boolean norm = !row.get("norm").equals("Identity") || !row.get("fc_norm").equals("Identity");
        if (norm != config.parts().finalNorm()) {
            problem.append("a final norm: ").append(norm);
        }
        if (!row.get("eps").isEmpty() && Float.parseFloat(row.get("eps")) != config.epsilon()) {
            problem.append("eps ").append(row.get("eps"));
        }
        return problem.toString();
    }

    /** timm's other Vision Transformers, each refused by the part that is not known. */
    @Test
    void whatIsRefusedNamesThePart() {
        Map<String, String> others = Map.of("vit_small_patch16_18x2_224", "18x2", "vit_base_patch16_xp_224", "xp",
                "vit_dlittle_patch16_reg1_gap_256", "differential attention",
                "vit_dpwee_patch16_reg1_gap_256", "differential attention",
                "vit_base_patch16_rope_reg1_gap_256", "rope", "vit_base_patch16_rpn_224", "rpn");
        others.forEach((name, part) -> assertThat(catchMessage(name)).as(name).contains(part));
        for (String name : Set.of("vit_relpos_base_patch16_224", "vit_base_r50_s16_224", "samvit_base_patch16",
                "eva02_base_patch14_224")) {
            assertThat(catchMessage(name)).as(name).contains("expected a plain ViT");
        }
    }

    private static String catchMessage(String name) {
        try {
            read(name);
            return "loads";
        } catch (InvalidInputException e) {
            return e.getMessage();
        }
    }
}
